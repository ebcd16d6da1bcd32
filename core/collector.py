"""From the kept features of single tiles to the features of the run: images once each, sequences in one piece."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from .schema import SourceLayer
from .tiling import TileId, tile_at


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


def collect_images(layer: SourceLayer, tables: Sequence[Table], elsewhere: Collection[TileId] = ()) -> Table:
    """The images of all tiles that lie in the area, each id once, without those that lie in tiles `elsewhere`.

    Tiles repeat their neighbours' images in a buffer, at slightly other positions; the copy inside its own tile wins.
    Images without an id are all kept: none can be known to be another.
    """
    joined = _join(layer, tables)
    ids, in_tile = joined.columns["id"], joined.in_tile
    chosen: dict[Any, int] = {}
    for row, image_id in enumerate(ids):
        key = image_id if image_id is not None else row
        first = chosen.setdefault(key, row)
        if first != row and in_tile[row] and not in_tile[first]:
            chosen[key] = row
    rows = [row for row in chosen.values() if joined.in_area[row]]
    if elsewhere:
        rows = [row for row in rows if in_tile[row] or tile_at(*joined.geometries[row]) not in elsewhere]
    return joined.take(rows)


def collect_sequences(layer: SourceLayer, tables: Sequence[Table]) -> Table:
    """The sequences of all tiles, the parts of each id merged, of those that touch the area anywhere.

    A value that one tile's part lacks is taken from the next. Sequences without an id are not merged.
    """
    joined = _join(layer, tables)
    rows_of: dict[Any, list[int]] = {}
    for row, sequence_id in enumerate(joined.columns["id"]):
        rows_of.setdefault(sequence_id if sequence_id is not None else row, []).append(row)
    groups = [rows for rows in rows_of.values() if any(joined.in_area[row] for row in rows)]
    merged = joined.take([rows[0] for rows in groups])
    for position, rows in enumerate(groups):
        if len(rows) > 1:
            merged.geometries[position] = [part for row in rows for part in joined.geometries[row]]
            for column, values in zip(merged.columns.values(), joined.columns.values()):
                if column[position] is None:
                    column[position] = _first(values, rows)
    return merged


def _first(values: Sequence[Any], rows: Sequence[int]) -> Optional[Any]:
    return next((values[row] for row in rows if values[row] is not None), None)


def _join(layer: SourceLayer, tables: Sequence[Table]) -> Table:
    joined = Table.empty(layer)
    for table in tables:
        for name, column in joined.columns.items():
            column.extend(table.columns[name])
        joined.geometries.extend(table.geometries)
        joined.in_tile.extend(table.in_tile)
        joined.in_area.extend(table.in_area)
    return joined
