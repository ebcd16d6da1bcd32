"""The one module that touches settings, the environment and the token."""

from __future__ import annotations

import os
from typing import Optional

from qgis.core import QgsSettings

from .endpoint import TileServer
from .errors import MissingCredentialError

GROUP = "mapillary_coverage"
MAPILLARY_TILES_URL = "https://tiles.mapillary.com/maps/vtp"
CREDENTIAL_VARIABLE = "MAPILLARY_ACCESS_TOKEN"


class Settings:
    """Settings of this session: the plugin makes one and hands it to all who need it. Use it on the main thread."""

    def __init__(self) -> None:
        self._entered: Optional[str] = None

    def tiles_url(self) -> str:
        """Where tiles come from: MAPILLARY_TILES_URL, else the setting, else Mapillary."""
        stored = QgsSettings().value(f"{GROUP}/tiles_url", "", str)
        return os.environ.get("MAPILLARY_TILES_URL") or stored or MAPILLARY_TILES_URL

    def enter_credential(self, text: str) -> None:
        """Keep a token for this session only; an empty text forgets it."""
        self._entered = text.strip().strip("\"'").strip() or None

    def credential(self) -> str:
        """The token entered in this session, else the one in the environment. Raises MissingCredentialError."""
        found = self._entered or os.environ.get(CREDENTIAL_VARIABLE, "").strip()
        if not found:
            raise MissingCredentialError()
        return found

    def tile_server(self) -> TileServer:
        """Server and token together. Raises UnsafeEndpointError and MissingCredentialError."""
        return TileServer(self.tiles_url(), self.credential())

    def environment_has_credential(self) -> bool:
        """Whether MAPILLARY_ACCESS_TOKEN is set."""
        return bool(os.environ.get(CREDENTIAL_VARIABLE, "").strip())
