"""The folder with all cached tiles: how much room it takes, and how room is made."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from .mbtiles import ForeignFileError, MbtilesFile

_FULL_SHARE = 0.9
"""How much of the limit is left in use when room is made, so that it need not be made again at once."""


@dataclass(frozen=True)
class CacheSettings:
    """Where tiles are kept, for how long they count as fresh, and how much room they may take."""

    folder: Path
    fresh_seconds: float = 24 * 3600
    max_bytes: int = 2 * 2**30


def used_bytes(folder: Path) -> int:
    """The size of all files of tiles."""
    return sum(path.stat().st_size for path in folder.glob("*/*.mbtiles*") if path.is_file())


def clear(folder: Path) -> None:
    """Remove all tiles. Raises OSError where a file cannot be removed."""
    for path in folder.glob("*/*.mbtiles*"):
        path.unlink(missing_ok=True)


def prune(settings: CacheSettings) -> None:
    """Remove the oldest tiles, of whatever endpoint and tileset, where all together pass the limit."""
    files = _open_all(settings.folder)
    try:
        sizes = sorted((size for file in files for size in file.sizes()), reverse=True)
        if sum(size for _, size in sizes) <= settings.max_bytes:
            return
        room = settings.max_bytes * _FULL_SHARE
        for fetched_at, size in sizes:
            room -= size
            if room < 0:
                for file in files:
                    file.remove_until(fetched_at)
                return
    finally:
        for file in files:
            file.close()


def _open_all(folder: Path) -> list[MbtilesFile]:
    files = []
    for path in folder.glob("*/*.mbtiles"):
        try:
            files.append(MbtilesFile(path, path.stem))
        except (ForeignFileError, sqlite3.Error, OSError):
            # A damaged or foreign file is dealt with by who uses it.
            continue
    return files
