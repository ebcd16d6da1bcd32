"""The tests' own QGIS profile, left as it was found."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from qgis.core import QgsApplication, QgsAuthManager, QgsSettings


@contextmanager
def empty_database() -> Iterator[QgsAuthManager]:
    """The authentication database, open and empty; afterwards it is empty again and without a master password."""
    auth = QgsApplication.authManager()
    _empty(auth)
    try:
        if not auth.setMasterPassword(secrets.token_hex(8), True):
            raise RuntimeError("QGIS did not open its authentication database")
        yield auth
    finally:
        _empty(auth)


def _empty(auth: QgsAuthManager) -> None:
    """QgsAuthManager.eraseAuthenticationDatabase of QGIS 3.22 leaves a database that takes nothing any more."""
    path = auth.authenticationDatabasePath()
    if ".qgis-settings" not in path:
        raise RuntimeError(f"{path} is not the tests' own authentication database")
    with closing(sqlite3.connect(path)) as connection, connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'auth\\_%' ESCAPE '\\'").fetchall()
        for (table,) in tables:
            connection.execute(f"DELETE FROM {table}")
    auth.clearMasterPassword()
    auth.clearAllCachedConfigs()
    auth.updateConfigAuthMethods()
    read_certificates_anew(auth)


def read_certificates_anew(auth: QgsAuthManager) -> None:
    """QgsAuthManager keeps in memory what its database said."""
    auth.rebuildCaCertsCache()
    auth.rebuildCertTrustCache()
    auth.rebuildTrustedCaCertsCache()


@contextmanager
def untouched_settings(*prefixes: str) -> Iterator[QgsSettings]:
    """QGIS' settings without those that begin like this; afterwards those are what they were."""
    settings = QgsSettings()
    before = {key: settings.value(key) for key in settings.allKeys() if key.startswith(prefixes)}
    for key in before:
        settings.remove(key)
    try:
        yield settings
    finally:
        for key in settings.allKeys():
            if key.startswith(prefixes):
                settings.remove(key)
        for key, value in before.items():
            settings.setValue(key, value)
