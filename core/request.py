"""What a run is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from .area import Area
from .errors import InvalidRequestError
from .filters import CoverageFilter
from .schema import COVERAGE_TILESETS, IMAGE, SEQUENCE, SourceLayer
from .tiling import count_tiles

MAX_TILES = 50_000
"""Mapillary's documented limit of tiles a day for one application."""


@dataclass(frozen=True)
class CoverageRequest:
    """Images, sequences or both of an area, at `original` or `computed` positions.

    Raises InvalidRequestError where nothing or too much is asked for.
    """

    area: Area
    position: str = "original"
    filter: CoverageFilter = field(default_factory=CoverageFilter)
    images: bool = True
    sequences: bool = True

    def __post_init__(self) -> None:
        if self.position not in COVERAGE_TILESETS:
            raise InvalidRequestError(f"The position can be {' or '.join(COVERAGE_TILESETS)}, not “{self.position}”.")
        if not self.source_layers:
            raise InvalidRequestError("Nothing was asked for. Choose images, sequences or both.")
        if self.tile_count > MAX_TILES:
            raise InvalidRequestError(
                f"The extent covers {self.tile_count:,} tiles, more than the {MAX_TILES:,} that Mapillary allows in a"
                " day. Choose a smaller extent, or zoom in."
            )

    @property
    def tileset(self) -> str:
        """The tileset that holds the positions asked for."""
        return COVERAGE_TILESETS[self.position]

    @property
    def source_layers(self) -> tuple[SourceLayer, ...]:
        """The layers of the tiles that have to be read."""
        return (IMAGE,) * self.images + (SEQUENCE,) * self.sequences

    @property
    def tile_count(self) -> int:
        """How many tiles the area needs."""
        return count_tiles(self.area)

    def __str__(self) -> str:
        what = " and ".join(f"{layer.name}s" for layer in self.source_layers)
        boxes = "; ".join(f"{b.west:.6f} {b.south:.6f} {b.east:.6f} {b.north:.6f}" for b in self.area.boxes)
        return f"{what} at {self.position} positions, {self.filter}, in {boxes} (west south east north, EPSG:4326)"
