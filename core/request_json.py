"""A request as JSON, for layers to remember what they were made from."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransformContext, QgsGeometry

from .area import MAX_LATITUDE, Area, Box
from .circle_area import area_of_circle
from .errors import InvalidRequestError
from .extent import DEGREES
from .filter_json import filter_of_values, values_of_filter
from .polygon_area import area_of_polygons
from .request import CoverageRequest
from .schema import IMAGE, MAP_FEATURE_POINT, SEQUENCE, TRAFFIC_SIGN

_LONGEST_NAME = 200
_MOST_DEGREES = 360.0
"""What lies further east or west was not written here, and would be turned back turn by turn without end."""

_POLYGONS = re.compile(r"(Multi)?Polygon ?Z?M? ?\(+[-\d]")
"""Other WKT, such as collections in collections without end, never gets to QGIS."""

_CHOICES = {
    IMAGE.name: "images",
    SEQUENCE.name: "sequences",
    MAP_FEATURE_POINT.name: "points",
    TRAFFIC_SIGN.name: "traffic_signs",
}


def request_to_json(request: CoverageRequest) -> str:
    """In one line. A filter by the last months stays one, so that a later run reads the months before that."""
    area = request.area
    where: dict[str, Any] = {"boxes": [[box.west, box.south, box.east, box.north] for box in area.boxes]}
    if area.outline is not None:
        where = {**area.outline.definition(), "name": area.name}
    return json.dumps(
        {
            "area": {**where, "cut_at_poles": area.cut_at_poles},
            "position": request.position,
            "layers": [layer.name for layer in request.source_layers],
            "filter": values_of_filter(request.filter),
        },
        ensure_ascii=False,
    )


def request_from_json(text: str) -> CoverageRequest:
    """The request that `request_to_json` wrote. Raises InvalidRequestError for any other text."""
    try:
        found = json.loads(text)
        layers = {_CHOICES[name] for name in found["layers"]}
        return CoverageRequest(
            _area(found["area"]),
            found["position"],
            filter_of_values(found["filter"]),
            **{choice: choice in layers for choice in _CHOICES.values()},
        )
    except (AttributeError, InvalidRequestError, KeyError, OverflowError, TypeError, ValueError, RecursionError):
        raise InvalidRequestError(
            "The request that the layer remembers cannot be read or makes no sense. Download the area anew."
        ) from None


def _area(found: dict[str, Any]) -> Area:
    is_cut = found["cut_at_poles"] is True
    if "circle" in found:
        return area_of_circle(*map(_number, found["circle"]))
    if "polygons" in found:
        if not _POLYGONS.match(found["polygons"]):
            raise ValueError(found["polygons"][:_LONGEST_NAME])
        polygons = QgsGeometry.fromWkt(found["polygons"])
        bounds = polygons.boundingBox()
        if not max(abs(bounds.xMinimum()), abs(bounds.xMaximum())) <= _MOST_DEGREES:
            raise ValueError(_MOST_DEGREES)
        degrees = QgsCoordinateReferenceSystem(DEGREES)
        name = str(found["name"])[:_LONGEST_NAME]
        return replace(
            area_of_polygons([polygons], degrees, QgsCoordinateTransformContext(), name), cut_at_poles=is_cut
        )
    boxes = tuple(_box(corners) for corners in found["boxes"])
    if len(boxes) not in (1, 2):
        raise ValueError(len(boxes))
    return Area(boxes, is_cut)


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
