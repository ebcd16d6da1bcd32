"""The file that QGIS draws live coverage from: the tiles of the cache in a form that each QGIS can read.

It lies beside the cache's own file and is counted, pruned and cleared with it. QGIS reads it by itself and sees at each
repaint what was put in since.
"""

from __future__ import annotations

from dataclasses import replace

from ..mvt.display import displayable
from ..tile_cache import FetchedTile, TileCache
from ..tiling import TileId


class DisplayTiles(TileCache):
    """One file, for any thread; it is there, for QGIS to open at `path`, as soon as this is made, unless `problem` says
    why not.
    """

    variant = ".display"
    consequence = "Live coverage cannot be drawn, since its tiles cannot be stored"

    def put(self, tile: TileId, fetched: FetchedTile) -> None:
        """Have a tile that was found to be sound drawn from now on. Raises DamagedTileError."""
        self.keep(tile, replace(fetched, body=displayable(fetched.body)), 0)
