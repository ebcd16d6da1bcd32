"""The token in QGIS' authentication database."""

from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings

from mapillary_coverage.core.errors import (
    ExpiredCredentialError,
    LockedDatabaseError,
    MalformedCredentialError,
    MissingCredentialError,
    UnknownConfigurationError,
)
from mapillary_coverage.core.network.oauth import Application, UserToken
from mapillary_coverage.core.settings import CredentialState, Settings
from tests.emulator.server import made_up_token

pytestmark = pytest.mark.qgis

TOKEN, OTHER = made_up_token(), made_up_token(2)


def stored_in_files():
    """All bytes of the profile's databases and settings."""
    QgsSettings().sync()
    folder = Path(QgsApplication.qgisSettingsDirPath())
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def store_config(name="mine", method="Basic", **values):
    config = QgsAuthMethodConfig(method)
    config.setName(name)
    for key, value in values.items():
        config.setConfig(key, value)
    config.setId(QgsApplication.authManager().uniqueConfigId())
    assert QgsApplication.authManager().storeAuthenticationConfig(config)[0]
    return config.id()


def test_a_stored_token_is_there_after_a_restart_and_in_no_file_in_clear(database):
    Settings().credentials.store(f'  "{TOKEN}"\n')
    again = Settings()
    assert again.credentials.state() is CredentialState.STORED
    assert again.credentials.current().current() == TOKEN
    assert TOKEN.split("|")[2].encode() not in stored_in_files()


def test_the_database_stays_closed_until_the_token_is_needed(database):
    Settings().credentials.store(TOKEN)
    database.clearMasterPassword()
    again = Settings()
    assert again.credentials.state() is CredentialState.STORED
    assert again.credentials.known_fingerprint()
    assert not database.masterPasswordIsSet()


def test_a_locked_database_is_not_taken_for_no_token(database):
    Settings().credentials.store(TOKEN)
    database.clearMasterPassword()
    with pytest.raises(LockedDatabaseError, match="the database is locked"):
        Settings().credentials.current()


def test_a_configuration_that_was_deleted_in_qgis_is_no_token(database):
    Settings().credentials.store(TOKEN)
    database.removeAllAuthenticationConfigs()
    assert Settings().credentials.state() is CredentialState.NONE
    with pytest.raises(MissingCredentialError):
        Settings().credentials.current()


def test_a_token_of_this_session_is_in_no_file_and_gone_after_a_restart(database):
    settings = Settings()
    settings.credentials.enter(TOKEN)
    assert settings.credentials.current().current() == TOKEN
    assert TOKEN.split("|")[2].encode() not in stored_in_files()
    assert Settings().credentials.state() is CredentialState.NONE


def test_a_replaced_token_takes_the_place_of_the_old_and_of_what_runs(database):
    settings = Settings()
    settings.credentials.store(TOKEN)
    in_use = settings.credentials.current()
    settings.credentials.store(OTHER)
    assert in_use.current() == OTHER
    assert len(database.configIds()) == 1
    assert Settings().credentials.current().current() == OTHER


def test_forgetting_removes_it_everywhere(database):
    settings = Settings()
    settings.credentials.store(TOKEN)
    in_use = settings.credentials.current()
    assert settings.credentials.forget()
    assert database.configIds() == []
    assert Settings().credentials.state() is CredentialState.NONE
    with pytest.raises(MissingCredentialError):
        in_use.current()


def test_which_token_wins(database, monkeypatch):
    settings = Settings()
    settings.credentials.store(TOKEN)
    monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", made_up_token(3))
    assert settings.credentials.state() is CredentialState.ENVIRONMENT
    assert settings.credentials.current().current() == made_up_token(3)
    settings.credentials.enter(made_up_token(4))
    assert settings.credentials.current().current() == made_up_token(4)
    named = store_config(password=OTHER)
    assert settings.credentials.current(named).current() == OTHER
    assert settings.credentials.current().current() == made_up_token(4)


def test_a_named_configuration_that_is_not_there_is_an_error(database):
    with pytest.raises(UnknownConfigurationError, match="has no authentication configuration “abcdefg”"):
        Settings().credentials.current("abcdefg")


def test_a_named_configuration_without_a_token_is_an_error(database):
    named = store_config(username="me")
    with pytest.raises(UnknownConfigurationError, match="holds no token"):
        Settings().credentials.current(named)


def test_a_header_configuration_is_accepted_where_qgis_has_them(database):
    if "APIHeader" not in database.authMethodsKeys():
        with pytest.raises(UnknownConfigurationError):
            Settings().credentials.current("APIHead")
        return
    named = store_config(method="APIHeader", Authorization=f"OAuth {TOKEN}")
    assert Settings().credentials.current(named).current() == TOKEN


def test_what_is_no_token_is_refused_before_it_is_stored(database):
    with pytest.raises(MalformedCredentialError, match="This is the client id"):
        Settings().credentials.store("4273218932723445")
    assert database.configIds() == []


def test_the_secret_of_the_own_application_is_recognised(database):
    settings = Settings()
    settings.credentials.store_application(Application("123", OTHER))
    with pytest.raises(MalformedCredentialError, match="This is the client secret of your application"):
        settings.credentials.enter(OTHER)
    settings.credentials.enter(TOKEN)
    assert OTHER.split("|")[2].encode() not in stored_in_files()


@pytest.fixture
def signed_in(database):
    """A person who signed in just now, for 9,000 seconds."""

    def sign_in(age=0.0):
        import time

        settings = Settings()
        settings.credentials.store_application(Application("123", OTHER))
        now = time.time() - age
        settings.credentials.sign_in(UserToken("opaque-user-word", now, now + 9000))
        return Settings()

    return sign_in


def test_a_sign_in_is_there_after_a_restart(signed_in):
    settings = signed_in()
    assert settings.credentials.state() is CredentialState.SIGNED_IN
    assert settings.credentials.current().current() == "opaque-user-word"
    assert settings.credentials.renewal("https://graph.mapillary.com") is None
    assert b"opaque-user-word" not in stored_in_files()


def test_a_sign_in_that_is_soon_over_is_renewed_and_stored(signed_in):
    settings = signed_in(age=5000)
    credential = settings.credentials.current()
    renewal = settings.credentials.renewal("https://graph.mapillary.com")
    assert renewal.credential is credential
    assert credential.renew("opaque-user-word", "next-user-word")
    renewal.on_renewed(UserToken("next-user-word", 1, 4e9))
    assert Settings().credentials.current().current() == "next-user-word"
    assert Settings().credentials.signed_in_until() == 4e9


def test_a_sign_in_that_is_over_is_said(signed_in):
    with pytest.raises(ExpiredCredentialError, match="The sign-in to Mapillary has expired"):
        signed_in(age=9001).credentials.current()


def test_signing_out_keeps_the_application(signed_in):
    settings = signed_in()
    settings.credentials.sign_out()
    assert settings.credentials.state() is CredentialState.NONE
    assert settings.credentials.application() == Application("123", OTHER)


@pytest.mark.parametrize("garbage", ["", "x", "nan", "1e999", "-5", "0"])
def test_garbage_in_the_settings_counts_as_the_default(database, garbage):
    for key in ("cache_fresh_hours", "cache_megabytes", "pace_burst", "pace_per_second", "question_tiles"):
        QgsSettings().setValue(f"mapillary_coverage/{key}", garbage)
    settings = Settings()
    assert settings.question_tiles() == 500
    assert settings.traffic().usage.pace.burst == 300
    assert settings.cache().max_bytes == 2 * 2**30
