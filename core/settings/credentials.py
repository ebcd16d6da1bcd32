"""The token in force: where it comes from, how it is kept, renewed and forgotten."""

from __future__ import annotations

from enum import Enum
from typing import Optional

from qgis.core import Qgis
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..errors import (
    CredentialError,
    ExpiredCredentialError,
    MalformedCredentialError,
    MissingCredentialError,
    SignInError,
)
from ..log import log
from ..network.credential import Credential, check_shape, tidied
from ..network.oauth import Application, Renewal, UserToken
from . import authentication
from .preferences import from_environment, read_text, write

_VARIABLE = "MAPILLARY_ACCESS_TOKEN"
_CREDENTIAL_NAME = "Mapillary Coverage: token"
_APPLICATION_NAME = "Mapillary Coverage: client id and secret"

_CONFIG, _TIMES, _FINGERPRINT = "credential_config", "credential_times", "credential_fingerprint"
_APPLICATION, _CLIENT_ID = "application_config", "client_id"

_LAST_SECOND = 2.0**33


class CredentialState(Enum):
    """Where the token in force comes from."""

    NONE = "none"
    SESSION = "session"
    ENVIRONMENT = "environment"
    STORED = "stored"
    SIGNED_IN = "signed in"


class Credentials(QObject):
    """Use it on the main thread: reading and storing may have QGIS ask for its master password.

    The token in force is one object for the whole session, so a replaced one is used by the next request of whatever
    runs.
    """

    changed = pyqtSignal()
    _renewed = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self._credential = Credential()
        self._is_entered = False
        self._is_loaded = False
        # A renewal happens in a run's thread; this has it stored on the thread that this object lives in.
        self._renewed.connect(self._store_renewed)

    def state(self) -> CredentialState:
        """Where the token comes from; does not open the authentication database."""
        if self._is_entered:
            return CredentialState.SESSION
        if from_environment(_VARIABLE):
            return CredentialState.ENVIRONMENT
        if not authentication.exists(read_text(_CONFIG)):
            return CredentialState.NONE
        return CredentialState.SIGNED_IN if self._times() else CredentialState.STORED

    def is_at_hand(self) -> bool:
        """Whether there is a token that can be read without QGIS asking for its master password."""
        state = self.state()
        if state in (CredentialState.STORED, CredentialState.SIGNED_IN):
            return self._is_loaded or authentication.is_open()
        return state is not CredentialState.NONE

    def current(self, config_id: str = "") -> Credential:
        """The token in force, or that of a named configuration. Raises CredentialError."""
        if config_id:
            return _checked(Credential(tidied(authentication.load(config_id)[1])))
        state = self.state()
        if state is CredentialState.NONE:
            raise MissingCredentialError()
        if state is CredentialState.ENVIRONMENT:
            self._credential.replace(tidied(from_environment(_VARIABLE)))
            self._is_loaded = False
        elif state is not CredentialState.SESSION and not self._is_loaded:
            client_id = self.client_id() if state is CredentialState.SIGNED_IN else ""
            self._credential.replace(authentication.load(read_text(_CONFIG))[1], client_id)
            self._is_loaded = True
        if state is not CredentialState.SIGNED_IN:
            return _checked(self._credential)
        if UserToken("", *self._times()).is_over():
            raise ExpiredCredentialError()
        return self._credential

    def known_fingerprint(self) -> str:
        """The fingerprint of the token in force; empty where there is none. Does not open the database."""
        state = self.state()
        if state in (CredentialState.STORED, CredentialState.SIGNED_IN) and not self._is_loaded:
            return read_text(_FINGERPRINT)
        try:
            return self.current().fingerprint()
        except CredentialError:
            return ""

    def enter(self, text: str) -> None:
        """Keep a token for this session only. Raises MissingCredentialError and MalformedCredentialError."""
        self._credential.replace(self._accepted(text))
        self._is_entered, self._is_loaded = True, False
        self.changed.emit()

    def store(self, text: str) -> None:
        """Keep a token in the authentication database, in place of the one that is there.

        Raises MissingCredentialError, MalformedCredentialError and CredentialNotStoredError.
        """
        self._store(self._accepted(text), ())

    def forget(self) -> bool:
        """Forget token and sign-in, in memory and in the database; False where the database did not let go of all.

        That of the environment stays.
        """
        kept = [authentication.remove(read_text(key)) for key in (_CONFIG, _APPLICATION)]
        self._drop(() if False in kept else (_CONFIG, _TIMES, _FINGERPRINT, _APPLICATION, _CLIENT_ID))
        return False not in kept

    def is_stored(self) -> bool:
        """Whether the database holds a token, be it in force or not."""
        return authentication.exists(read_text(_CONFIG))

    def check_configuration(self, config_id: str) -> None:
        """Raises UnknownConfigurationError for a name that the authentication database does not have."""
        authentication.check(config_id)

    # Signing in

    def signed_in_until(self) -> float:
        """When the sign-in expires, in seconds since 1970; 0 without one."""
        return self._times()[1] if self._times() else 0.0

    def client_id(self) -> str:
        """The number of the person's application; no secret."""
        return read_text(_CLIENT_ID)

    def has_application(self) -> bool:
        """Whether client id and secret are stored."""
        return authentication.exists(read_text(_APPLICATION))

    def application(self) -> Application:
        """The person's registered application. Raises CredentialError and SignInError."""
        return Application(*authentication.load(read_text(_APPLICATION)))

    def store_application(self, application: Application) -> None:
        """Keep client id and secret. Raises CredentialNotStoredError."""
        config_id = authentication.store(
            read_text(_APPLICATION), _APPLICATION_NAME, application.client_id, application.client_secret
        )
        write(_APPLICATION, config_id)
        write(_CLIENT_ID, application.client_id)

    def sign_in(self, token: UserToken) -> None:
        """Keep the token of a signed-in person. Raises CredentialNotStoredError."""
        self._store(token.text, (token.issued_at, token.expires_at))

    def sign_out(self) -> None:
        """Forget the token of a sign-in that Mapillary no longer accepts; client id and secret stay."""
        if self.state() is CredentialState.SIGNED_IN:
            authentication.remove(read_text(_CONFIG))
            self._drop((_CONFIG, _TIMES, _FINGERPRINT))

    def renewal(self, graph_url: str) -> Optional[Renewal]:
        """What renews the token in force, where it is a sign-in that is soon over and can be renewed."""
        if self.state() is not CredentialState.SIGNED_IN or not UserToken("", *self._times()).is_due():
            return None
        try:
            return Renewal(self.application(), graph_url, self._credential, self._renewed.emit)
        except (CredentialError, SignInError):
            return None

    def _store_renewed(self, token: UserToken) -> None:
        if self.state() is not CredentialState.SIGNED_IN or self._credential.current() != token.text:
            return
        try:
            self.sign_in(token)
        except CredentialError as error:
            log(f"The renewed sign-in holds for this session only. {error}", Qgis.MessageLevel.Warning)

    def _times(self) -> tuple[float, ...]:
        """When the token of a signed-in person was issued and when it expires; empty for a client token."""
        try:
            issued, expires = (float(part) for part in read_text(_TIMES).split())
        except ValueError:
            return ()
        is_possible = 0 <= issued <= expires < _LAST_SECOND
        return (issued, expires) if is_possible else ()

    def _store(self, token: str, times: tuple[float, ...]) -> None:
        config_id = authentication.store(read_text(_CONFIG), _CREDENTIAL_NAME, "", token)
        write(_CONFIG, config_id)
        kept = Credential()
        kept.replace(token, self.client_id() if times else "")
        write(_FINGERPRINT, kept.fingerprint())
        write(_TIMES, " ".join(f"{seconds:.0f}" for seconds in times))
        self._is_entered = False
        if self.state() is not CredentialState.ENVIRONMENT:
            self._credential.replace(token, self.client_id() if times else "")
            self._is_loaded = True
        self.changed.emit()

    def _drop(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            write(key, "")
        self._is_entered = self._is_loaded = False
        self._credential.replace(None)
        self.changed.emit()

    def _accepted(self, text: str) -> str:
        """The token in a pasted text. Raises MalformedCredentialError for what is none, also for the secret of the
        person's own application, which looks just the same.
        """
        found = tidied(text)
        check_shape(found)
        if authentication.is_open() and self.has_application() and self.application().client_secret == found:
            raise MalformedCredentialError(
                "This is the client secret of your application, not a token. Copy the client token, which stands beside"
                " it on www.mapillary.com/dashboard/developers."
            )
        return found


def _checked(credential: Credential) -> Credential:
    check_shape(credential.current())
    return credential
