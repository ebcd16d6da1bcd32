"""An area as values that JSON has, and made of them again. Boxes need no qgis; circles and polygons do."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from .area import MAX_LATITUDE, Area, Box

_LONGEST_NAME = 200
_MOST_DEGREES = 360.0
"""What lies further east or west was not written here, and would be turned back turn by turn without end."""

_POLYGONS = re.compile(r"(Multi)?Polygon ?Z?M? ?\(+[-\d]")
"""Other WKT, such as collections in collections without end, never gets to QGIS."""


def definition_of(area: Area) -> dict[str, Any]:
    """`boxes`, each as west, south, east, north in degrees (EPSG:4326), or what the outline is made of."""
    where: dict[str, Any] = {"boxes": [[box.west, box.south, box.east, box.north] for box in area.boxes]}
    if area.outline is not None:
        where = {**area.outline.definition(), "name": area.name}
    return {**where, "cut_at_poles": area.cut_at_poles}


def area_of_definition(found: dict[str, Any]) -> Area:
    """The area of which `definition_of` told. Anybody can have written it: raises KeyError, OverflowError, TypeError,
    ValueError or InvalidRequestError for anything else.
    """
    is_cut = found["cut_at_poles"] is True
    if "circle" in found:
        from .circle_area import area_of_circle

        return area_of_circle(*map(_number, found["circle"]))
    if "polygons" in found:
        return replace(_polygons(found["polygons"], str(found["name"])[:_LONGEST_NAME]), cut_at_poles=is_cut)
    boxes = tuple(_box(corners) for corners in found["boxes"])
    if len(boxes) not in (1, 2):
        raise ValueError(len(boxes))
    return Area(boxes, is_cut)


def _polygons(wkt: str, name: str) -> Area:
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransformContext, QgsGeometry

    from .extent import DEGREES
    from .polygon_area import area_of_polygons

    if not _POLYGONS.match(wkt):
        raise ValueError(wkt[:_LONGEST_NAME])
    polygons = QgsGeometry.fromWkt(wkt)
    bounds = polygons.boundingBox()
    if not max(abs(bounds.xMinimum()), abs(bounds.xMaximum())) <= _MOST_DEGREES:
        raise ValueError(_MOST_DEGREES)
    return area_of_polygons([polygons], QgsCoordinateReferenceSystem(DEGREES), QgsCoordinateTransformContext(), name)


def _box(corners: list[Any]) -> Box:
    box = Box(*map(_number, corners))
    world = Box(-180.0, -MAX_LATITUDE, 180.0, MAX_LATITUDE)
    if not (world.covers(box) and box.west < box.east and box.south < box.north):
        raise ValueError(corners)
    return box


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(value)
    return float(value)
