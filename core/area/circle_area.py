"""A circle around a point as an area, its radius measured on the ellipsoid.

In the azimuthal equidistant projection around the point, distances from it are those along the ellipsoid; see
https://proj.org/operations/projections/aeqd.html.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
)

from ..errors import InvalidRequestError
from .area import MAX_LATITUDE, Area, Box, LonLat, area_of_box
from .extent import DEGREES
from .polygon_area import rectangle_of, within_one_turn

LARGEST_RADIUS_METRES = 1_000_000.0

_EDGE_PIECES = 8
_LARGE_DEGREES = 5.0
"""Tiles larger than this are looked at more closely further down."""

_DIRECTIONS = 72
_ROUNDING = 1.002
"""The circle's box is found from some of its points; between two of them it reaches 1 - cos(2.5 degrees) further."""


class CircleOutline:
    """All that is at most `radius` metres from (`lon`, `lat`)."""

    def __init__(self, lon: float, lat: float, radius: float) -> None:
        plane = QgsCoordinateReferenceSystem.fromProj(
            f"+proj=aeqd +lat_0={lat!r} +lon_0={lon!r} +datum=WGS84 +units=m +no_defs"
        )
        self._centre = (lon, lat)
        self._radius = radius
        self._to_plane = QgsCoordinateTransform(
            QgsCoordinateReferenceSystem(DEGREES), plane, QgsCoordinateTransformContext()
        )

    def overlaps(self, box: Box) -> bool:
        """Whether any of the box lies in the circle; of large boxes it may say so wrongly."""
        if box.east - box.west > _LARGE_DEGREES or box.contains(*self._centre):
            return True
        return self._reaches([self._place(lon, lat) for lon, lat in _edge(box)])

    def covers(self, box: Box) -> bool:
        """Whether all of the box surely lies in the circle."""
        is_small = box.east - box.west <= _LARGE_DEGREES
        return is_small and all(math.hypot(*self._place(lon, lat)) < 0.999 * self._radius for lon, lat in _edge(box))

    def contains(self, lon: float, lat: float) -> bool:
        """Whether the point is at most the radius away."""
        return math.hypot(*self._place(lon, lat)) <= self._radius

    def touches(self, parts: Iterable[Sequence[LonLat]]) -> bool:
        """Whether any part of a line comes as near."""
        return any(self._reaches([self._place(*place) for place in part]) for part in parts)

    def definition(self) -> dict[str, Any]:
        """`circle`: longitude and latitude of the centre, and the radius in metres."""
        return {"circle": [*self._centre, self._radius]}

    def near(self, box: Box) -> CircleOutline:
        """The circle itself: it is as quick to ask everywhere."""
        return self

    def geometry(self) -> QgsGeometry:
        """A polygon with a corner every five degrees; around a pole, all up to where the map of the tiles ends."""
        lon, lat = self._centre
        ring = []
        for place in self._ring(self._radius):
            lon += (place.x() - lon + 180) % 360 - 180
            ring.append(QgsPointXY(lon, place.y()))
        if abs(ring[-1].x() - ring[0].x()) > 180:
            pole = math.copysign(90.0, lat)
            ring += [QgsPointXY(ring[-1].x(), pole), QgsPointXY(ring[0].x(), pole)]
        whole = within_one_turn(QgsGeometry.fromPolygonXY([ring]))
        return whole.intersection(rectangle_of(Box(-180.0, -MAX_LATITUDE, 180.0, MAX_LATITUDE)))

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north in degrees; west can be below -180, and east above 180."""
        lon, lat = self._centre
        pole = math.copysign(90.0, lat)
        holds_pole = self.contains(lon, pole)
        places = self._ring(self._radius * _ROUNDING)
        lats = [place.y() for place in places] + [pole] * holds_pole
        if holds_pole:
            return -180.0, min(lats), 180.0, max(lats)
        lons = [lon + (place.x() - lon + 180) % 360 - 180 for place in places]
        return min(lons), min(lats), max(lons), max(lats)

    def _ring(self, radius: float) -> list[QgsPointXY]:
        """Places so many metres away, clockwise from the north and back to it."""
        directions = [2 * math.pi * step / _DIRECTIONS for step in range(_DIRECTIONS + 1)]
        points = [QgsPointXY(radius * math.sin(direction), radius * math.cos(direction)) for direction in directions]
        return [self._to_plane.transform(point, Qgis.TransformDirection.Reverse) for point in points]

    def _place(self, lon: float, lat: float) -> tuple[float, float]:
        """Metres to the east and to the north of the centre."""
        try:
            place = self._to_plane.transform(QgsPointXY(lon, lat))
        except QgsCsException:
            return math.inf, math.inf
        return place.x(), place.y()

    def _reaches(self, line: Sequence[tuple[float, float]]) -> bool:
        if len(line) == 1:
            return math.hypot(*line[0]) <= self._radius
        return any(_distance_from_origin(start, end) <= self._radius for start, end in zip(line, line[1:]))


def area_of_circle(lon: float, lat: float, radius: float) -> Area:
    """The area within `radius` metres of a point in degrees. Raises InvalidRequestError."""
    if not all(map(math.isfinite, (lon, lat, radius))):
        raise InvalidRequestError("The point and its radius have to be numbers.")
    if radius <= 0:
        raise InvalidRequestError("The radius has to be greater than 0 metres.")
    if radius > LARGEST_RADIUS_METRES:
        raise InvalidRequestError(f"The radius can be at most {LARGEST_RADIUS_METRES / 1000:,.0f} km.")
    if abs(lat) > MAX_LATITUDE:
        raise InvalidRequestError(
            "The point lies beyond 85.0511 degrees of latitude, where Mapillary has no tiles. It is written"
            " longitude,latitude."
        )
    lon = (lon + 180) % 360 - 180
    outline = CircleOutline(lon, lat, radius)
    box = area_of_box(*outline.bounds())
    return Area(box.boxes, box.cut_at_poles, outline, f"{radius:g} m around {lon:.6f}, {lat:.6f} (EPSG:4326)")


def _edge(box: Box) -> Iterator[LonLat]:
    corners = [(box.west, box.south), (box.east, box.south), (box.east, box.north), (box.west, box.north)]
    for (x, y), (next_x, next_y) in zip(corners, [*corners[1:], corners[0]]):
        for step in range(_EDGE_PIECES):
            share = step / _EDGE_PIECES
            yield x + share * (next_x - x), y + share * (next_y - y)
    yield corners[0]


def _distance_from_origin(start: tuple[float, float], end: tuple[float, float]) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    share = 0.0 if not length else min(1.0, max(0.0, -(start[0] * dx + start[1] * dy) / length))
    return math.hypot(start[0] + share * dx, start[1] + share * dy)
