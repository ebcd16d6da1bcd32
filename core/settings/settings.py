"""What the person has set, for all who need it: endpoints, network, token, cache, pace."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..network.access import Access, CacheSettings
from ..network.credential import Credential
from ..network.endpoint import Server, check_endpoint
from ..network.network_settings import NetworkSettings
from ..network.oauth import CONNECT_URL
from ..network.traffic import Traffic
from ..network.usage import Pace, Usage
from . import preferences
from .credentials import Credentials
from .preferences import read_text, write
from .qgis_network import network_settings

MAPILLARY_TILES_URL = "https://tiles.mapillary.com/maps/vtp"
MAPILLARY_GRAPH_URL = "https://graph.mapillary.com"


class Settings(QObject):
    """The plugin makes one and hands it to all who need it. Use it on the main thread.

    `changed` fires when the options were changed, or the cache was cleared.
    """

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.credentials = Credentials()
        self._traffic: Optional[Traffic] = None

    def tiles_url(self) -> str:
        """Where tiles come from: MAPILLARY_TILES_URL, else the setting, else Mapillary."""
        return preferences.TILES_URL.read() or MAPILLARY_TILES_URL

    def graph_url(self) -> str:
        """Where the graph is: MAPILLARY_GRAPH_URL, else the setting, else Mapillary."""
        return preferences.GRAPH_URL.read() or MAPILLARY_GRAPH_URL

    def connect_url(self) -> str:
        """Mapillary's consent page; with another graph, as a mirror or a test has, the one of that."""
        graph = self.graph_url()
        url = check_endpoint(graph)
        return CONNECT_URL if url == MAPILLARY_GRAPH_URL else f"{url}/connect"

    def callback_port(self) -> int:
        """The port of this computer that the browser comes back to."""
        return int(preferences.CALLBACK_PORT.read())

    def callback_url(self) -> str:
        """The address that has to be registered with the application."""
        return f"http://localhost:{self.callback_port()}/"

    def network(self, url: str) -> NetworkSettings:
        """QGIS' network settings for an address."""
        return network_settings(url)

    def tile_access(self, config_id: str = "", offline: Optional[bool] = None) -> Access:
        """All that a run needs to get tiles, with the token of a named configuration or the one in force.

        Raises UnsafeEndpointError and CredentialError; offline, as is set or asked for, no token is needed.
        """
        url, offline = self.tiles_url(), self.is_offline() if offline is None else offline
        return Access(
            Server(url, Credential() if offline else self.credentials.current(config_id)),
            NetworkSettings() if offline else self.network(url),
            self.traffic(),
            self.cache(),
            offline,
            None if offline or config_id else self.credentials.renewal(self.graph_url()),
        )

    def graph_server(self) -> Server:
        """The graph with the token in force. Raises UnsafeEndpointError and CredentialError."""
        return Server(self.graph_url(), self.credentials.current())

    def graph_access(self, config_id: str = "") -> Access:
        """All that a run needs to ask the graph, with the token of a named configuration or the one in force.

        Raises UnsafeEndpointError and CredentialError; offline no token is needed.
        """
        url, offline = self.graph_url(), self.is_offline()
        return Access(
            Server(url, Credential() if offline else self.credentials.current(config_id)),
            NetworkSettings() if offline else self.network(url),
            self.traffic(),
            self.cache(),
            offline,
            None if offline or config_id else self.credentials.renewal(url),
        )

    def traffic(self) -> Traffic:
        """The one gate of this QGIS, with its pace as set now."""
        pace = Pace(int(preferences.BURST.read()), preferences.PER_SECOND.read())
        if self._traffic is None:
            self._traffic = Traffic(Usage(self.cache().folder / "usage.sqlite", pace))
        self._traffic.usage.pace = pace
        return self._traffic

    def cache(self) -> CacheSettings:
        """MAPILLARY_CACHE_DIR, else the setting, else a folder in the profile."""
        chosen = preferences.CACHE_FOLDER.read()
        usual = Path(QgsApplication.qgisSettingsDirPath()) / "cache" / preferences.SETTINGS_GROUP
        folder = Path(chosen) if chosen else usual
        megabytes = preferences.CACHE_MEGABYTES.read()
        return CacheSettings(folder, preferences.FRESH_HOURS.read() * 3600, int(megabytes * 2**20))

    def is_offline(self) -> bool:
        """Whether to use the cache alone."""
        return read_text("work_offline") == "yes"

    def set_offline(self, is_offline: bool) -> None:
        """Use the cache alone, or the network as well."""
        write("work_offline", "yes" if is_offline else "")

    def note_image_panel(self) -> bool:
        """Whether the image panel was opened for the first time ever; QGIS keeps its place from then on."""
        is_first = not read_text("image_panel_opened")
        write("image_panel_opened", "yes")
        return is_first

    def question_tiles(self) -> int:
        """Above how many tiles the panel asks before it downloads."""
        return int(preferences.QUESTION_TILES.read())

    def close(self) -> None:
        """Let go of files, when the plugin is unloaded."""
        if self._traffic is not None:
            self._traffic.usage.close()
