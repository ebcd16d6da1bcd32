"""What the person has set, for all who need it: endpoints, token, cache, pace."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..cache_folder import CacheSettings
from ..credential import Credential, check_shape, tidied
from ..endpoint import Server, check_endpoint
from ..errors import CredentialError, ExpiredCredentialError, MalformedCredentialError, MissingCredentialError
from ..network.network_settings import NetworkSettings
from ..oauth import CONNECT_URL, Application, Renewal, UserToken
from ..tile_access import TileAccess
from ..traffic import Traffic
from ..usage import Pace, Usage
from . import authentication, preferences
from .preferences import from_environment, read_text, write
from .qgis_network import network_settings

MAPILLARY_TILES_URL = "https://tiles.mapillary.com/maps/vtp"
MAPILLARY_GRAPH_URL = "https://graph.mapillary.com"

_CONFIG_NAME = "Mapillary Coverage: token"
_APPLICATION_NAME = "Mapillary Coverage: client id and secret"


class CredentialState(Enum):
    """Where the token in force comes from."""

    NONE = "none"
    SESSION = "session"
    ENVIRONMENT = "environment"
    STORED = "stored"
    SIGNED_IN = "signed in"


class Settings(QObject):
    """The plugin makes one and hands it to all who need it. Use it on the main thread."""

    credential_changed = pyqtSignal()
    _renewed = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self._credential = Credential()
        self._is_entered = False
        self._is_loaded = False
        self._traffic: Optional[Traffic] = None
        # A renewal happens in a run's thread; this has it stored on the thread that this object lives in.
        self._renewed.connect(self._store_renewed)

    # Endpoints

    def tiles_url(self) -> str:
        """Where tiles come from: MAPILLARY_TILES_URL, else the setting, else Mapillary."""
        return from_environment("MAPILLARY_TILES_URL") or read_text("tiles_url") or MAPILLARY_TILES_URL

    def graph_url(self) -> str:
        """Where the graph is: MAPILLARY_GRAPH_URL, else the setting, else Mapillary."""
        return from_environment("MAPILLARY_GRAPH_URL") or read_text("graph_url") or MAPILLARY_GRAPH_URL

    def network(self, url: str) -> NetworkSettings:
        """QGIS' network settings for an address."""
        return network_settings(url)

    # Access

    def tile_access(self, config_id: str = "", offline: Optional[bool] = None) -> TileAccess:
        """All that a run needs to get tiles, with the token of a named configuration or the one in force.

        Raises UnsafeEndpointError and CredentialError; offline, as is set or asked for, no token is needed.
        """
        url, offline = self.tiles_url(), self.is_offline() if offline is None else offline
        credential = Credential() if offline else self.credential(config_id)
        return TileAccess(
            Server(url, credential),
            self.network(url),
            self.traffic(),
            self.cache(),
            offline,
            None if offline or config_id else self._renewal(),
        )

    def graph_server(self) -> Server:
        """The graph with the token in force. Raises UnsafeEndpointError and CredentialError."""
        return Server(self.graph_url(), self.credential())

    def traffic(self) -> Traffic:
        """The one gate of this QGIS, with its pace as set now."""
        pace = Pace(int(preferences.BURST.read()), preferences.PER_SECOND.read())
        if self._traffic is None:
            self._traffic = Traffic(Usage(self.cache().folder / "usage.sqlite", pace))
        self._traffic.usage.pace = pace
        return self._traffic

    def cache(self) -> CacheSettings:
        """MAPILLARY_CACHE_DIR, else the setting, else a folder in the profile."""
        chosen = from_environment("MAPILLARY_CACHE_DIR") or read_text("cache_folder")
        folder = Path(chosen) if chosen else Path(QgsApplication.qgisSettingsDirPath()) / "cache" / preferences.GROUP
        megabytes = preferences.CACHE_MEGABYTES.read()
        return CacheSettings(folder, preferences.FRESH_HOURS.read() * 3600, int(megabytes * 2**20))

    def is_offline(self) -> bool:
        """Whether to use the cache alone."""
        return read_text("work_offline") == "yes"

    def set_offline(self, is_offline: bool) -> None:
        """Use the cache alone, or the network as well."""
        write("work_offline", "yes" if is_offline else "")

    def question_tiles(self) -> int:
        """Above how many tiles the panel asks before it downloads."""
        return int(preferences.QUESTION_TILES.read())

    # Token

    def credential_state(self) -> CredentialState:
        """Where the token comes from; does not open the authentication database."""
        if self._is_entered:
            return CredentialState.SESSION
        if from_environment("MAPILLARY_ACCESS_TOKEN"):
            return CredentialState.ENVIRONMENT
        if not authentication.exists(read_text("credential_config")):
            return CredentialState.NONE
        return CredentialState.SIGNED_IN if self._expiry() else CredentialState.STORED

    def credential(self, config_id: str = "") -> Credential:
        """The token in force; QGIS may ask for its master password. Raises CredentialError."""
        if config_id:
            return _checked(Credential(tidied(authentication.load(config_id)[1])))
        state = self.credential_state()
        if state is CredentialState.NONE:
            raise MissingCredentialError()
        if state is CredentialState.ENVIRONMENT:
            self._credential.replace(tidied(from_environment("MAPILLARY_ACCESS_TOKEN")))
            self._is_loaded = False
        elif state is not CredentialState.SESSION and not self._is_loaded:
            self._credential.replace(authentication.load(read_text("credential_config"))[1])
            self._is_loaded = True
        if state is CredentialState.SIGNED_IN and UserToken("", *self._expiry()).is_over():
            raise ExpiredCredentialError()
        return self._credential if state is CredentialState.SIGNED_IN else _checked(self._credential)

    def check_configuration(self, config_id: str) -> None:
        """Raises UnknownConfigurationError for a name that the authentication database does not have."""
        authentication.check(config_id)

    def enter_credential(self, text: str) -> None:
        """Keep a token for this session only. Raises MissingCredentialError and MalformedCredentialError."""
        self._check(text)
        self._credential.replace(tidied(text))
        self._is_entered, self._is_loaded = True, False
        self.credential_changed.emit()

    def store_credential(self, text: str) -> None:
        """Keep a token in the authentication database, in place of the one that is there.

        Raises MissingCredentialError, MalformedCredentialError and CredentialNotStoredError.
        """
        self._check(text)
        self._store(tidied(text), ())

    def forget_credential(self) -> bool:
        """Forget token and sign-in, in memory and in the database; False where the database did not let go of all.

        That of the environment stays.
        """
        kept = [authentication.remove(read_text(key)) for key in ("credential_config", "application_config")]
        keys = ("credential_config", "credential_times", "credential_fingerprint", "application_config", "client_id")
        self._forget_values(*(keys if False not in kept else ()))
        return False not in kept

    def known_fingerprint(self) -> str:
        """The fingerprint of the token in force, without opening the authentication database; empty where there is
        none.
        """
        state = self.credential_state()
        if state is CredentialState.NONE:
            return ""
        if state in (CredentialState.STORED, CredentialState.SIGNED_IN) and not self._is_loaded:
            return read_text("credential_fingerprint")
        try:
            return self.credential().fingerprint()
        except CredentialError:
            return ""

    # Sign-in

    def signed_in_until(self) -> float:
        """When the sign-in expires, in seconds since 1970; 0 without one."""
        return self._expiry()[1] if self._expiry() else 0.0

    def callback_port(self) -> int:
        """The port of this computer that the browser comes back to."""
        return int(preferences.CALLBACK_PORT.read())

    def callback_url(self) -> str:
        """The address that has to be registered with the application."""
        return f"http://localhost:{self.callback_port()}/"

    def connect_url(self) -> str:
        """Mapillary's consent page; with another graph, as a mirror or a test has, the one of that."""
        graph = self.graph_url()
        return CONNECT_URL if graph == MAPILLARY_GRAPH_URL else f"{check_endpoint(graph)}/connect"

    def client_id(self) -> str:
        """The number of the person's application; no secret."""
        return read_text("client_id")

    def has_application(self) -> bool:
        """Whether client id and secret are stored."""
        return authentication.exists(read_text("application_config"))

    def application(self) -> Application:
        """The person's registered application. Raises CredentialError and SignInError."""
        return Application(*authentication.load(read_text("application_config")))

    def store_application(self, application: Application) -> None:
        """Keep client id and secret in the authentication database. Raises CredentialNotStoredError."""
        config_id = authentication.store(
            read_text("application_config"), _APPLICATION_NAME, application.client_id, application.client_secret
        )
        write("application_config", config_id)
        write("client_id", application.client_id)

    def store_sign_in(self, token: UserToken) -> None:
        """Keep the token of a signed-in person. Raises CredentialNotStoredError."""
        self._store(token.text, (token.issued_at, token.expires_at))

    def forget_sign_in(self) -> None:
        """Forget the token of a sign-in that Mapillary no longer accepts; client id and secret stay."""
        if self.credential_state() is CredentialState.SIGNED_IN:
            authentication.remove(read_text("credential_config"))
            self._forget_values("credential_config", "credential_times", "credential_fingerprint")

    def _forget_values(self, *keys: str) -> None:
        for key in keys:
            write(key, "")
        self._is_entered = self._is_loaded = False
        self._credential.replace(None)
        self.credential_changed.emit()

    def _store_renewed(self, token: UserToken) -> None:
        if self.credential_state() is CredentialState.SIGNED_IN:
            self.store_sign_in(token)

    def _renewal(self) -> Optional[Renewal]:
        if self.credential_state() is not CredentialState.SIGNED_IN or not UserToken("", *self._expiry()).is_due():
            return None
        return Renewal(self.application(), self.graph_url(), self._credential, self._renewed.emit)

    def _expiry(self) -> tuple[float, ...]:
        """When the token of a signed-in person was issued and when it expires; empty for a client token."""
        try:
            issued, expires = (float(part) for part in read_text("credential_times").split())
        except ValueError:
            return ()
        return issued, expires

    def _store(self, token: str, times: tuple[float, ...]) -> None:
        config_id = authentication.store(read_text("credential_config"), _CONFIG_NAME, "", token)
        write("credential_config", config_id)
        write("credential_fingerprint", Credential(token).fingerprint())
        write("credential_times", " ".join(f"{seconds:.0f}" for seconds in times))
        self._is_entered = False
        if self.credential_state() is not CredentialState.ENVIRONMENT:
            self._credential.replace(token)
            self._is_loaded = True
        self.credential_changed.emit()

    def _check(self, text: str) -> None:
        """Raises MalformedCredentialError for what is no token, also for the secret of the person's own application."""
        found = tidied(text)
        check_shape(found)
        config_id = read_text("application_config")
        if authentication.is_open() and authentication.exists(config_id) and authentication.load(config_id)[1] == found:
            raise MalformedCredentialError(
                "This is the client secret of your application, not a token. Copy the client token, which stands beside"
                " it on www.mapillary.com/dashboard/developers."
            )


def _checked(credential: Credential) -> Credential:
    check_shape(credential.current())
    return credential
