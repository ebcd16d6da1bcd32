"""The tiles of one tileset where live coverage has them: in the cache as they came, and in the file that QGIS draws."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Optional

from ..area.tiling import TileId
from ..download.tile_reader import check_layers
from ..errors import DamagedTileError, DisplayFileError
from ..looks.seen import Seen
from ..mapillary.schema import IMAGE, MAP_FEATURE_LAYERS
from ..mvt import decode
from ..mvt.display import displayable
from ..network.access import CacheSettings
from ..tiles.tile_cache import FetchedTile, TileCache


@dataclass(frozen=True)
class Standing:
    """Whether a tile is drawn, and as it is now; `seen` is there where that was changed this very moment."""

    is_shown: bool
    is_fresh: bool
    seen: Optional[Seen] = None


class TileShelf:
    """Opens both files, making them where they are not there; for any thread."""

    def __init__(self, settings: CacheSettings, url: str, tileset: str) -> None:
        self.cache = TileCache(settings, url, tileset)
        self._display = DisplayTiles(settings, url, tileset)
        self._tileset = tileset

    @property
    def is_usable(self) -> bool:
        """Whether QGIS reads what is put in: nobody removed the files, and nothing kept them from being written."""
        return self._display.problem is None and self._display.path.exists() and self.cache.path.exists()

    def look(self, tile: TileId) -> Standing:
        """Have what the cache holds of a tile drawn, however old. Raises DisplayFileError."""
        cached, shown = self.cache.time_of(tile), self._display.time_of(tile)
        is_fresh = shown is not None and self.cache.is_fresh(shown)
        stored = None if is_fresh or cached in (None, shown) else self.cache.find(tile, however_old=True)
        if stored is not None:
            try:
                return Standing(True, self.cache.is_fresh((stored.fetched_at, stored.reason)), self._show(tile, stored))
            except DamagedTileError:
                self.cache.forget(tile)
        return Standing(shown is not None, is_fresh)

    def take(self, tile: TileId, fetched: FetchedTile) -> Seen:
        """Keep and draw what the server sent, if it is a tile of this tileset.

        Raises DamagedTileError, ForeignTileError and DisplayFileError.
        """
        decoded = decode(fetched.body, ())
        check_layers(decoded, self._tileset)
        seen = self._show(tile, fetched)
        self.cache.keep(tile, fetched, sum(decoded.counts.get(layer.name, 0) for layer in (IMAGE, *MAP_FEATURE_LAYERS)))
        return seen

    def seen(self, tile: TileId) -> Seen:
        """What occurs in a tile that is drawn; of a damaged one nothing."""
        stored = self.cache.find(tile, however_old=True) or self._display.find(tile, however_old=True)
        try:
            return Seen.of_tile(stored.body, self._tileset) if stored else Seen()
        except DamagedTileError:
            return Seen()

    def close(self) -> None:
        """Let go of the files."""
        self.cache.close()
        self._display.close()

    def _show(self, tile: TileId, fetched: FetchedTile) -> Seen:
        seen = Seen.of_tile(fetched.body, self._tileset)
        self._display.put(tile, fetched)
        if self._display.problem:
            raise DisplayFileError(self._display.problem)
        return seen


class TileShelves:
    """The shelves of one server that are open, for any thread."""

    def __init__(self, settings: CacheSettings, url: str) -> None:
        self._settings = settings
        self._url = url
        self._lock = threading.Lock()
        self._open: dict[str, TileShelf] = {}

    def __len__(self) -> int:
        return len(self._open)

    def of(self, tileset: str) -> TileShelf:
        """Of a tileset, opened where it is not, and anew where that may help."""
        with self._lock:
            shelf = self._open.get(tileset)
            if shelf is not None and not shelf.is_usable:
                # Before the new one is opened: SQLite removes what belongs to a file by its name.
                shelf.close()
                shelf = None
            if shelf is None:
                shelf = self._open[tileset] = TileShelf(self._settings, self._url, tileset)
            return shelf

    def taken(self) -> list[TileShelf]:
        """All that are open, for the caller to close when nobody uses them."""
        shelves, self._open = self._open, {}
        return list(shelves.values())


class DisplayTiles(TileCache):
    """One file, for any thread; it is there, for QGIS to open at `path`, as soon as this is made, unless `problem` says
    why not.
    """

    variant = ".display"
    consequence = "Live coverage cannot be drawn, since its tiles cannot be stored"

    def put(self, tile: TileId, fetched: FetchedTile) -> None:
        """Have a tile that was found to be sound drawn from now on. Raises DamagedTileError."""
        self.keep(tile, replace(fetched, body=displayable(fetched.body)), 0)
