"""What the decoder hands on: one column per property, not one dictionary per feature."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

Point = tuple[int, int]
Line = list[Point]


@dataclass
class Features:
    """The features of one source layer, in the order of the tile.

    `properties` has, for each property asked for, as many values as there are features, None where a feature lacks it.
    `geometries` are tile units from the top left corner, y down, 0 to `tile_extent` inside the tile: a point as
    (x, y), a line as a list of parts, None where there is no geometry of the layer's shape.
    """

    tile_extent: int
    properties: dict[str, list[Any]]
    geometries: list[Any] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.geometries)


@dataclass
class Tile:
    """A decoded tile. `counts` has the number of the features of every layer, read or not."""

    counts: dict[str, int]
    layers: dict[str, Features]

    def features(self, name: str) -> Optional[Features]:
        """The features of a layer, None where the tile has none."""
        return self.layers.get(name)
