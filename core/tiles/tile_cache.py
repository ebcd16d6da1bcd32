"""The tiles of earlier runs: which still hold, and what happens when the file does not work.

A run goes on without its cache where that fails, and `problem` says why.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from gzip import compress
from hashlib import sha256
from pathlib import Path
from typing import Callable, Optional, TypeVar
from urllib.parse import urlsplit

from ..area.area import Area
from ..area.tiling import TileId, TileRange, tile_box, tile_ranges
from ..errors import MapillaryError
from ..inflate import inflate
from ..network.access import CacheSettings
from ..network.database import DatabaseFile, is_damaged, is_locked
from .cache_folder import prune
from .mbtiles import ForeignFileError, MbtilesFile, StoredTile

NOT_FOUND_SECONDS = 600
"""A 404 can be a passing fault of the server, so it is believed for minutes only."""

NEIGHBOUR_TILES = 8
"""How far around an area stored tiles tell what to expect in it."""

_PRUNE_BYTES = 64 * 2**20
_COMPRESSION = 3

_T = TypeVar("_T")

FetchTime = tuple[int, str]
"""When a tile was fetched, in milliseconds since 1970 UTC, and the reason why it is empty, if there is one."""


@dataclass(frozen=True)
class FetchedTile:
    """A tile's bytes, empty where it has no coverage; `reason` is `404` where that is how the server said so."""

    body: bytes
    reason: str
    received_bytes: int
    fetched_at: int
    """Milliseconds since 1970 UTC."""

    source: str = "network"


def cache_path(settings: CacheSettings, url: str, tileset: str, variant: str = "") -> Path:
    """The file of an endpoint and tileset, so that a mirror, a demo and Mapillary never mix; there may be a `variant`
    of it beside it.
    """
    host = "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in urlsplit(url).hostname or "")
    return settings.folder / f"{host}-{sha256(url.encode()).hexdigest()[:8]}" / f"{tileset}{variant}.mbtiles"


class TileCache:
    """The tiles of one endpoint and tileset; shared by the threads of a run."""

    variant = ""
    consequence = "Tiles are not kept for the next time"

    def __init__(self, settings: CacheSettings, url: str, tileset: str) -> None:
        self.problem: Optional[str] = None
        """Why tiles are not kept, as a sentence."""
        self._settings = settings
        self.path = cache_path(settings, url, tileset, self.variant)
        self._tileset = tileset
        self._file = DatabaseFile(self.path, lambda: MbtilesFile(self.path, self._tileset))
        self._written = 0
        self._open()

    def find(self, tile: TileId, however_old: bool = False) -> Optional[FetchedTile]:
        """The tile, if it is there and fresh, or `however_old`."""
        stored = self._ask(lambda file: file.read(tile), None)
        if stored is None or not (however_old or self.is_fresh((stored.fetched_at, stored.reason))):
            return None
        try:
            body = inflate(stored.blob)
        except MapillaryError:
            self.forget(tile)
            return None
        return FetchedTile(body, stored.reason, stored.received_bytes, stored.fetched_at, "cache")

    def time_of(self, tile: TileId) -> Optional[FetchTime]:
        """When the stored tile was fetched; None where it is not stored."""
        alone = TileRange(tile.z, tile.x, tile.x, tile.y, tile.y)
        nothing: dict[TileId, FetchTime] = {}
        return self._ask(lambda file: file.times(alone), nothing).get(tile)

    def is_fresh(self, time_of_fetch: FetchTime) -> bool:
        """Whether what was fetched then still holds. A time in the future, as after a wrong clock was set right, is
        not fresh.
        """
        fetched_at, reason = time_of_fetch
        longest = self._settings.fresh_seconds
        return -60 <= time.time() - fetched_at / 1000 < (min(NOT_FOUND_SECONDS, longest) if reason else longest)

    def keep(self, tile: TileId, fetched: FetchedTile, features: int) -> None:
        """Store a tile that was found to be sound; `features` counts its images or map features."""
        blob = compress(fetched.body, _COMPRESSION, mtime=0) if fetched.body else b""
        stored = StoredTile(blob, fetched.reason, fetched.fetched_at, fetched.received_bytes, features)
        self._change(lambda file: file.write(tile, stored))
        self._written += len(blob)
        if self._written > _PRUNE_BYTES:
            self._make_room()

    def forget(self, tile: TileId) -> None:
        """Remove a tile that turned out to be damaged."""
        self._change(lambda file: file.remove(tile))

    def tiles_in(self, area: Area, however_old: bool = False) -> set[TileId]:
        """The tiles of an area that `find` would find."""
        nothing: list[dict[TileId, FetchTime]] = []
        found = self._ask(lambda file: [file.times(block) for block in tile_ranges(area)], nothing)
        return {
            tile
            for times in found
            for tile, when in times.items()
            if (however_old or self.is_fresh(when)) and area.overlaps(tile_box(tile))
        }

    def average_around(self, area: Area, least: int = 1) -> Optional[tuple[float, float]]:
        """The mean number of features and received bytes of the stored tiles in and near an area, if there are at
        least so many: a few tiles of a town tell nothing of the country around it.
        """
        blocks = [block.widened(NEIGHBOUR_TILES) for block in tile_ranges(area)]
        nothing: list[Optional[tuple[float, float]]] = []
        found = self._ask(lambda file: [file.average(block, least) for block in blocks], nothing)
        return next(filter(None, found), None)

    def close(self) -> None:
        """Let go of the file, after making room where the limit of size is passed."""
        self._file.close()
        if self._written:
            self._make_room()

    def _make_room(self) -> None:
        self._written = 0
        if self._file.is_writable:
            prune(self._settings)

    def _open(self) -> None:
        """Another program's file is left alone; one that cannot be written to is read."""
        try:
            self._file.open()
        except ForeignFileError as error:
            self._note(error)
        except (sqlite3.Error, OSError) as error:
            if not (is_locked(error) or is_damaged(error)):
                self._open_unchanging()
            self._note(error)

    def _open_unchanging(self) -> None:
        """The file, or its folder, cannot be written to; perhaps it can be read."""
        self._file = DatabaseFile(self.path, lambda: MbtilesFile(self.path, self._tileset, is_writable=False))
        self._file.is_writable = False
        with suppress(ForeignFileError, sqlite3.Error):
            self._file.open()

    def _ask(self, question: Callable[[MbtilesFile], _T], otherwise: _T) -> _T:
        try:
            return self._file.ask(question, otherwise)
        except (ForeignFileError, sqlite3.Error, OSError) as error:
            self._note(error)
        return otherwise

    def _change(self, change: Callable[[MbtilesFile], None]) -> None:
        """Write something; the first failure, such as a full disk or a lock that stays, ends all writing."""

        def attempt(file: MbtilesFile) -> None:
            try:
                change(file)
            except sqlite3.OperationalError as error:
                self._file.is_writable = False
                self._note(error)

        if self._file.is_writable:
            self._ask(attempt, None)

    def _note(self, reason: object) -> None:
        self.problem = f"{self.consequence}: {reason}."
