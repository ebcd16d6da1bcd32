"""What a run is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..area.area import Area
from ..area.tiling import MOST_TILES, TileAddress, count_tiles, tiles_of
from ..errors import InvalidRequestError
from ..mapillary.schema import (
    COVERAGE_TILESETS,
    DEFAULT_POSITION,
    IMAGE,
    MAP_FEATURE_POINT,
    MAP_FEATURE_TILESETS,
    SEQUENCE,
    TRAFFIC_SIGN,
    SourceLayer,
)
from .filters import CoverageFilter


@dataclass(frozen=True)
class CoverageRequest:
    """Images and sequences of an area, at `original` or `computed` positions, and its map features: points, which are
    objects that are no signs, and traffic signs.

    Raises InvalidRequestError where nothing or too much is asked for.
    """

    area: Area
    position: str = DEFAULT_POSITION
    filter: CoverageFilter = field(default_factory=CoverageFilter)
    images: bool = True
    sequences: bool = True
    points: bool = False
    traffic_signs: bool = False
    tile_count: int = field(init=False, compare=False)
    """How many tiles the request needs."""

    def __post_init__(self) -> None:
        if self.position not in COVERAGE_TILESETS:
            raise InvalidRequestError(f"The position can be {' or '.join(COVERAGE_TILESETS)}, not “{self.position}”.")
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
    def source_layers(self) -> tuple[SourceLayer, ...]:
        """The layers asked for."""
        chosen = {
            IMAGE: self.images,
            SEQUENCE: self.sequences,
            MAP_FEATURE_POINT: self.points,
            TRAFFIC_SIGN: self.traffic_signs,
        }
        return tuple(layer for layer, is_chosen in chosen.items() if is_chosen)

    @property
    def tilesets(self) -> dict[str, tuple[SourceLayer, ...]]:
        """The layers that have to be read, by the tileset that holds them."""
        images = self.images or (self.sequences and self.filter.names_sequences)
        coverage = (IMAGE,) * images + (SEQUENCE,) * self.sequences
        tilesets = {COVERAGE_TILESETS[self.position]: coverage}
        for tileset, layer in MAP_FEATURE_TILESETS.items():
            tilesets[tileset] = (layer,) if layer in self.source_layers else ()
        return {tileset: layers for tileset, layers in tilesets.items() if layers}

    def addresses(self) -> list[TileAddress]:
        """Every tile that is needed, one tileset after the other."""
        tiles = tiles_of(self.area)
        return [TileAddress(tileset, tile) for tileset in self.tilesets for tile in tiles]

    def __str__(self) -> str:
        what = _joined([f"{layer.name.replace('_', ' ')}s" for layer in self.source_layers])
        where = f" at {self.position} positions" if self.images or self.sequences else ""
        return f"{what}{where}, {self.filter}, in {self.area}"


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
