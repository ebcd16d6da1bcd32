"""Secrets in QGIS' authentication database. Only on the main thread: QGIS may ask for its master password.

QGIS gives nothing both where a configuration does not exist and where the database stays locked, so existence is asked
for first: that needs no password.
"""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication, QgsAuthMethodConfig

from ..errors import CredentialNotStoredError, LockedDatabaseError, UnknownConfigurationError

_HEADER_METHOD = "APIHeader"
_SCHEME = "oauth "


def exists(config_id: str) -> bool:
    """Whether the database has this configuration."""
    return bool(config_id) and config_id in QgsApplication.authManager().configIds()


def check(config_id: str) -> None:
    """Raises UnknownConfigurationError where the database does not have this configuration."""
    if not exists(config_id):
        raise UnknownConfigurationError(
            f"QGIS has no authentication configuration “{config_id}”. Settings > Options > Authentication lists them."
        )


def load(config_id: str) -> tuple[str, str]:
    """User name and password of a configuration; of one with the method API Header, the header's name and value.

    Raises UnknownConfigurationError and LockedDatabaseError.
    """
    check(config_id)
    loaded, config = QgsApplication.authManager().loadAuthenticationConfig(config_id, QgsAuthMethodConfig(), True)
    if not loaded or not config.configMap():
        raise LockedDatabaseError()
    user, word = _header(config) if config.method() == _HEADER_METHOD else _basic(config)
    if not word:
        raise UnknownConfigurationError(
            f"The authentication configuration “{config_id}” holds no token. It has to be of the method Basic, with the"
            " token as its password."
        )
    return user, word


def _basic(config: QgsAuthMethodConfig) -> tuple[str, str]:
    return config.config("username"), config.config("password")


def _header(config: QgsAuthMethodConfig) -> tuple[str, str]:
    for name, value in config.configMap().items():
        if name.lower() == "authorization":
            return name, value[len(_SCHEME) :].strip() if value.lower().startswith(_SCHEME) else value
    return "", ""


def store(config_id: str, name: str, user: str, word: str) -> str:
    """Keep user name and password under this id, or a new one where it is not there; gives the id.

    Raises CredentialNotStoredError.
    """
    auth = QgsApplication.authManager()
    config = QgsAuthMethodConfig("Basic")
    config.setName(name)
    config.setConfig("username", user)
    config.setConfig("password", word)
    if exists(config_id):
        config.setId(config_id)
        stored = auth.updateAuthenticationConfig(config)
    else:
        config.setId(auth.uniqueConfigId())
        stored = auth.storeAuthenticationConfig(config)
    if not (stored[0] if isinstance(stored, tuple) else stored):
        raise CredentialNotStoredError()
    return str(config.id())


def remove(config_id: str) -> Optional[bool]:
    """Delete a configuration; whether that worked, None where there was none."""
    return bool(QgsApplication.authManager().removeAuthenticationConfig(config_id)) if exists(config_id) else None


def is_open() -> bool:
    """Whether secrets can be read without asking for the master password."""
    return bool(QgsApplication.authManager().masterPasswordIsSet())
