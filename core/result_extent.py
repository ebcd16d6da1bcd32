"""Where on the earth the features of a result lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from .area import Area, Box, LonLat
from .collector import Table
from .schema import Shape


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
