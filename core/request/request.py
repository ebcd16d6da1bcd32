"""What a run is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..area.area import Area
from ..area.tiling import MOST_TILES, TileAddress, count_tiles, tiles_of
from ..errors import InvalidRequestError
from ..mapillary.schema import (
    COVERAGE_LAYERS,
    COVERAGE_TILESETS,
    DEFAULT_POSITION,
    IMAGE,
    SEQUENCE,
    SOURCE_LAYERS,
    TILESETS,
    SourceLayer,
)
from ..wording import joined
from .filters import CoverageFilter


@dataclass(frozen=True)
class CoverageRequest:
    """Source layers of an area, in the order of SOURCE_LAYERS: images and sequences at `original` or `computed`
    positions, and map features.

    Raises InvalidRequestError where nothing or too much is asked for.
    """

    area: Area
    position: str = DEFAULT_POSITION
    filter: CoverageFilter = field(default_factory=CoverageFilter)
    source_layers: tuple[SourceLayer, ...] = COVERAGE_LAYERS
    tile_count: int = field(init=False, compare=False)
    """How many tiles the request needs."""

    def __post_init__(self) -> None:
        if self.position not in COVERAGE_TILESETS:
            raise InvalidRequestError(f"The position can be {' or '.join(COVERAGE_TILESETS)}, not “{self.position}”.")
        object.__setattr__(self, "source_layers", tuple(each for each in SOURCE_LAYERS if each in self.source_layers))
        if not self.source_layers:
            raise InvalidRequestError("Nothing was asked for. Choose images, sequences, points or traffic signs.")
        count = count_tiles(self.area) * len(self.tilesets)
        if count > MOST_TILES:
            amount = f"{count:,} tiles, " if self.area.outline is None else ""
            raise InvalidRequestError(
                f"The area needs {amount}more than the {MOST_TILES:,} tiles that Mapillary allows in a day. Choose a"
                " smaller area, or zoom in."
            )
        object.__setattr__(self, "tile_count", count)

    @property
    def tilesets(self) -> dict[str, tuple[SourceLayer, ...]]:
        """The layers that have to be read, by the tileset that holds them."""
        read = set(self.source_layers)
        if SEQUENCE in read and self.filter.names_sequences:
            read.add(IMAGE)
        of_position = (each for each in TILESETS if each.position in ("", self.position))
        tilesets = {each.name: tuple(layer for layer in each.layers if layer in read) for each in of_position}
        return {tileset: layers for tileset, layers in tilesets.items() if layers}

    def addresses(self) -> list[TileAddress]:
        """Every tile that is needed, one tileset after the other."""
        tiles = tiles_of(self.area)
        return [TileAddress(tileset, tile) for tileset in self.tilesets for tile in tiles]

    def __str__(self) -> str:
        what = joined([f"{layer.name.replace('_', ' ')}s" for layer in self.source_layers])
        where = f" at {self.position} positions" if set(self.source_layers) & set(COVERAGE_LAYERS) else ""
        return f"{what}{where}, {self.filter}, in {self.area}"
