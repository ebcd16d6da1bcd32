"""The folder with all cached tiles: how much room it takes, and how room is made."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from ..network.access import CacheSettings
from .mbtiles import ForeignFileError, MbtilesFile

GRAPH_FILE = "graph.sqlite"
"""What the graph said of single objects; see `entity_cache`."""

_ENDPOINT = re.compile(r".+-[0-9a-f]{8}")
_FULL_SHARE = 0.9
"""How much of the limit is left in use when room is made, so that it need not be made again at once."""


def used_bytes(folder: Path) -> int:
    """The size of all files of tiles, and of what the graph said."""
    return sum(path.stat().st_size for path in [*_files(folder), *_graph_files(folder)] if path.is_file())


def clear(folder: Path) -> None:
    """Remove all of it. Raises OSError where a file cannot be removed."""
    for path in [*_files(folder), *_graph_files(folder)]:
        path.unlink(missing_ok=True)


def prune(settings: CacheSettings) -> None:
    """Remove the oldest tiles, of whatever endpoint and tileset, where all together pass the limit."""
    paths = [path for path in _files(settings.folder) if path.suffix == ".mbtiles"]
    tiles = sorted((tile for path in paths for tile in _sizes_in(path)), reverse=True)
    if sum(size for _, size, _ in tiles) <= settings.max_bytes:
        return
    room = settings.max_bytes * _FULL_SHARE
    for fetched_at, size, _ in tiles:
        room -= size
        if room < 0:
            for path in {path for _, _, path in tiles}:
                with suppress(ForeignFileError, sqlite3.Error, OSError), closing(MbtilesFile(path, path.stem)) as file:
                    file.remove_until(fetched_at)
            return


def _files(folder: Path) -> list[Path]:
    """The cache's files and what SQLite keeps beside them. Other programs may have theirs in the same folder."""
    return [path for path in folder.glob("*/mly*.mbtiles*") if _ENDPOINT.fullmatch(path.parent.name)]


def _graph_files(folder: Path) -> list[Path]:
    return list(folder.glob(f"{GRAPH_FILE}*"))


def _sizes_in(path: Path) -> list[tuple[int, int, Path]]:
    """Fetch time and size of each tile of a file; none of a damaged or foreign one, which who uses it deals with."""
    try:
        with closing(MbtilesFile(path, path.stem)) as file:
            return [(fetched_at, size, path) for fetched_at, size in file.sizes()]
    except (ForeignFileError, sqlite3.Error, OSError):
        return []
