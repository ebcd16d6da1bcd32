"""From the kept features of single tiles to the features of the run: images once each, sequences in one piece."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Optional

from ..area.area import Area, Box, LonLat
from ..area.tiling import TileId, tile_at
from ..mapillary.schema import Shape, SourceLayer


@dataclass
class Table:
    """Features as cleaned columns, one for each field of the layer, and their geometries in degrees (EPSG:4326).

    `in_tile` tells, row by row, whether the feature lies in its tile and not in the buffer around it; `in_area`
    whether it lies in the area asked for.
    """

    layer: SourceLayer
    columns: dict[str, list[Any]]
    geometries: list[Any] = field(default_factory=list)
    in_tile: list[bool] = field(default_factory=list)
    in_area: list[bool] = field(default_factory=list)

    @classmethod
    def empty(cls, layer: SourceLayer) -> Table:
        """A table without rows."""
        return cls(layer, {field.name: [] for field in layer.fields})

    def __len__(self) -> int:
        return len(self.geometries)

    def take(self, rows: Sequence[int]) -> Table:
        """The table of these rows, in this order."""
        return Table(
            self.layer,
            {name: [column[row] for row in rows] for name, column in self.columns.items()},
            [self.geometries[row] for row in rows],
            [self.in_tile[row] for row in rows],
            [self.in_area[row] for row in rows],
        )


def collect_points(layer: SourceLayer, tables: Sequence[Table], elsewhere: Collection[TileId] = ()) -> Table:
    """The images, or map features, of all tiles that lie in the area, each id once, without those that lie in tiles
    `elsewhere`.

    Tiles repeat their neighbours' points in a buffer, at slightly other positions; the copy inside its own tile wins.
    Points without an id are all kept: none can be known to be another.
    """
    together = joined(layer, tables)
    ids, in_tile = together.columns["id"], together.in_tile
    chosen: dict[Any, int] = {}
    for row, point_id in enumerate(ids):
        key = point_id if point_id is not None else row
        first = chosen.setdefault(key, row)
        if first != row and in_tile[row] and not in_tile[first]:
            chosen[key] = row
    rows = [row for row in chosen.values() if together.in_area[row]]
    if elsewhere:
        rows = [row for row in rows if in_tile[row] or tile_at(*together.geometries[row]) not in elsewhere]
    return together.take(rows)


def points_of(images: Table, named: Optional[Collection[str]]) -> Table:
    """The images without those of other sequences than the `named`; None names all."""
    if named is None:
        return images
    rows = [row for row, key in enumerate(images.columns["sequence_id"]) if key is None or key in named]
    return images if len(rows) == len(images) else images.take(rows)


def collect_sequences(layer: SourceLayer, tables: Sequence[Table], named: Optional[Collection[str]] = None) -> Table:
    """The sequences of all tiles, the parts of each id merged, of those that touch the area anywhere; or those whose
    ids are `named`.

    A value that one tile's part lacks is taken from the next. Sequences without an id are not merged.
    """
    together = joined(layer, tables)
    rows_of: dict[Any, list[int]] = {}
    for row, sequence_id in enumerate(together.columns["id"]):
        rows_of.setdefault(sequence_id if sequence_id is not None else row, []).append(row)
    if named is None:
        groups = [rows for rows in rows_of.values() if any(together.in_area[row] for row in rows)]
    else:
        groups = [rows for key, rows in rows_of.items() if key in named]
    merged = together.take([rows[0] for rows in groups])
    for position, rows in enumerate(groups):
        if len(rows) > 1:
            merged.geometries[position] = [part for row in rows for part in together.geometries[row]]
            for column, values in zip(merged.columns.values(), together.columns.values()):
                if column[position] is None:
                    column[position] = _first(values, rows)
    return merged


def _first(values: Sequence[Any], rows: Sequence[int]) -> Optional[Any]:
    return next((values[row] for row in rows if values[row] is not None), None)


def joined(layer: SourceLayer, tables: Sequence[Table]) -> Table:
    """All rows of the tables, which have the fields of the layer."""
    whole = Table.empty(layer)
    for table in tables:
        for name, column in whole.columns.items():
            column.extend(table.columns[name])
        whole.geometries.extend(table.geometries)
        whole.in_tile.extend(table.in_tile)
        whole.in_area.extend(table.in_area)
    return whole


def extent_of(tables: Iterable[Table], area: Area) -> tuple[Box, ...]:
    """The box of all features in degrees (EPSG:4326), or one on each side of the antimeridian where the area asked for
    crosses it; the boxes of that area where there are no features.
    """
    places = list(chain.from_iterable(map(_places, tables)))
    if len(area.boxes) == 1:
        return (_around(places),) if places else area.boxes
    # Far from the area, on the other side of the earth.
    split = (area.boxes[0].west + area.boxes[-1].east) / 2
    sides = ([place for place in places if place[0] >= split], [place for place in places if place[0] < split])
    return tuple(_around(side) for side in sides if side) or area.boxes


def _places(table: Table) -> Iterator[LonLat]:
    if table.layer.shape is Shape.POINT:
        return iter(table.geometries)
    return chain.from_iterable(chain.from_iterable(table.geometries))


def _around(places: list[LonLat]) -> Box:
    lons, lats = [place[0] for place in places], [place[1] for place in places]
    return Box(min(lons), min(lats), max(lons), max(lats))
