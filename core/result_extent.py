"""Where on the earth the features of a result lie."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from .area import Area, Box, LonLat
from .result import CoverageResult
from .schema import Shape


def extent_of(result: CoverageResult) -> tuple[Box, ...]:
    """The box of all features in degrees (EPSG:4326), or one on each side of the antimeridian where the area asked for
    crosses it; the boxes of that area where there are no features.
    """
    area = result.request.area
    places = list(_places(result))
    split = _split_of(area)
    sides = ([p for p in places if p[0] >= split], [p for p in places if p[0] < split])
    return tuple(_box(side) for side in sides if side) or area.boxes


def _places(result: CoverageResult) -> Iterator[LonLat]:
    for table in result.tables.values():
        if table.layer.shape is Shape.POINT:
            yield from table.geometries
        else:
            yield from chain.from_iterable(chain.from_iterable(table.geometries))


def _split_of(area: Area) -> float:
    """The longitude that parts what lies east of the antimeridian from what lies west of it, far from the area."""
    first, last = area.boxes[0], area.boxes[-1]
    return (first.west + last.east) / 2 if len(area.boxes) > 1 else -180.0


def _box(places: list[LonLat]) -> Box:
    lons, lats = zip(*places)
    return Box(min(lons), min(lats), max(lons), max(lats))
