"""Recorded tiles: a folder laid out TILESET/z/x/y.mvt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class TileSource(Protocol):
    """Anything that has a tile's bytes, empty where there is no coverage."""

    def tile(self, tileset: str, z: int, x: int, y: int) -> bytes: ...


@dataclass(frozen=True)
class RecordedTiles:
    """The tiles in a folder; what is not there is empty."""

    folder: Path

    def tile(self, tileset: str, z: int, x: int, y: int) -> bytes:
        path = self.folder / tileset / str(z) / str(x) / f"{y}.mvt"
        return path.read_bytes() if path.is_file() else b""
