"""Whether Mapillary accepts the token: one request for a tile and one to the graph, which check it differently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from ..area.tiling import TileId
from ..errors import MapillaryError
from ..graph.graph_client import GraphClient
from ..mapillary.schema import COVERAGE_TILESETS, COVERAGE_ZOOM, DEFAULT_POSITION
from ..network.access import Access
from ..network.endpoint import Server
from ..network.traffic import Traffic
from ..tiles.tile_client import TileClient

if TYPE_CHECKING:
    from ..network.session import HttpSession

_TILESET = COVERAGE_TILESETS[DEFAULT_POSITION]
_TILE = TileId(COVERAGE_ZOOM, 8192, 8191)
"""In the Gulf of Guinea, where no street is: a small tile, or none."""

_IMAGE = "1933525276802129"
"""The image by which Mapillary's own Python SDK checks tokens."""


@dataclass(frozen=True)
class CredentialCheck:
    """What became of either request; None is fine."""

    tiles: Optional[MapillaryError]
    graph: Optional[MapillaryError]

    @property
    def is_fine(self) -> bool:
        """Whether both servers accepted the token."""
        return self.tiles is None and self.graph is None

    def __str__(self) -> str:
        if self.is_fine:
            return "The token works: the tile server and the graph accept it."
        if self.tiles is not None and str(self.tiles) == str(self.graph):
            return str(self.tiles)
        return " ".join(
            f"{name}: {error or 'accepts the token.'}"
            for name, error in (("Tile server", self.tiles), ("Graph", self.graph))
        )


def check_credential(access: Access, graph: Server, session: HttpSession) -> CredentialCheck:
    """Ask both servers once; nothing is tried again."""
    return CredentialCheck(_check_tiles(access, session), _check_graph(graph, access.traffic, session))


def _check_tiles(access: Access, session: HttpSession) -> Optional[MapillaryError]:
    try:
        TileClient(_TILESET, access, session, None, session.stop).fetch_once(_TILE)
    except MapillaryError as error:
        return error
    return None


def _check_graph(graph: Server, traffic: Traffic, session: HttpSession) -> Optional[MapillaryError]:
    try:
        GraphClient(graph, session, traffic).exists(_IMAGE)
    except MapillaryError as error:
        return error
    return None
