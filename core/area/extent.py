"""Extents of any CRS to the area in degrees, across the antimeridian too.

QGIS turns a box with xmin > xmax into nearly the whole world, and its `handle180Crossover` (3.22) breaks boxes across
Greenwich, so whether a box crosses is decided here.
"""

from __future__ import annotations

import re

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsPointXY,
    QgsRectangle,
)

from ..errors import InvalidRequestError
from .area import Area, area_of_box
from .tiling import lon_lat_of_web_mercator

DEGREES = "EPSG:4326"
_WEB_MERCATOR = ("EPSG:3857", "EPSG:900913", "EPSG:3785")
_NUMBER = r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*"
_EXTENT_TEXT = re.compile(rf"^{','.join([_NUMBER] * 4)}(?:\[(.+)\])?\s*$")
_GRID = 16

Corners = tuple[float, float, float, float]
"""West, south, east and north; west may be greater than east."""


def is_extent_text(given: object) -> bool:
    """Whether this is QGIS' text form of an extent; a layer's name or path is none."""
    return isinstance(given, str) and _EXTENT_TEXT.match(given) is not None


def parse_extent(text: str) -> tuple[Corners, str]:
    """QGIS' text form `xmin,xmax,ymin,ymax [CRS]` as corners and CRS, which may be empty.

    Raises InvalidRequestError for other texts.
    """
    match = _EXTENT_TEXT.match(text)
    if not match:
        raise InvalidRequestError(
            f"“{text}” is not an extent. Write it as xmin,xmax,ymin,ymax [EPSG:4326], or choose it on the map."
        )
    west, east, south, north = (float(number) for number in match.groups()[:4])
    return (west, south, east, north), match[5] or ""


def corners_of(rectangle: QgsRectangle) -> Corners:
    """The corners of QGIS' rectangle."""
    return rectangle.xMinimum(), rectangle.yMinimum(), rectangle.xMaximum(), rectangle.yMaximum()


def area_of_extent(corners: Corners, crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext) -> Area:
    """The area in degrees of a box in any CRS. Raises InvalidRequestError."""
    if not crs.isValid():
        raise InvalidRequestError(
            "The extent has no coordinate reference system. Set one in Project > Properties > CRS, or name one."
        )
    west, south, east, north = corners
    if south >= north or west == east or (west > east and not crs.isGeographic()):
        raise InvalidRequestError(
            "The extent has no area: its sides have to be longer than zero, and ymin smaller than ymax."
        )
    if crs.authid() == DEGREES:
        return area_of_box(*corners)
    if crs.authid() in _WEB_MERCATOR:
        return area_of_box(*lon_lat_of_web_mercator(west, south), *lon_lat_of_web_mercator(east, north))
    transform = QgsCoordinateTransform(crs, QgsCoordinateReferenceSystem(DEGREES), context)
    try:
        if crs.isGeographic():
            return area_of_box(*_shifted(corners, transform))
        return area_of_box(*_unprojected(QgsRectangle(*corners), transform))
    except QgsCsException:
        raise InvalidRequestError(
            f"The extent lies where {crs.authid() or 'its coordinate reference system'} cannot be turned into longitude"
            " and latitude. Choose an extent inside the area that it is made for."
        ) from None


def _shifted(corners: Corners, transform: QgsCoordinateTransform) -> Corners:
    """Degrees on another datum: each edge moved by what its ends move, which no antimeridian can upset."""
    west, south, east, north = corners
    moves = {}
    for x in (west, east):
        for y in (south, north):
            point = transform.transform(QgsPointXY(x, y))
            moves[x, y] = ((point.x() - x + 180) % 360 - 180, point.y() - y)
    return (
        west + min(moves[west, south][0], moves[west, north][0]),
        south + min(moves[west, south][1], moves[east, south][1]),
        east + max(moves[east, south][0], moves[east, north][0]),
        north + max(moves[west, north][1], moves[east, north][1]),
    )


def _unprojected(box: QgsRectangle, transform: QgsCoordinateTransform) -> Corners:
    crossing = _crosses_antimeridian(box, transform)
    west, south, east, north = corners_of(transform.transformBoundingBox(box, handle180Crossover=crossing))
    poles = [latitude for latitude in (-90.0, 90.0) if _holds_pole(box, latitude, transform)]
    if poles:
        return -180.0, min(south, *poles), 180.0, max(north, *poles)
    return west, south, east, north


def _crosses_antimeridian(box: QgsRectangle, transform: QgsCoordinateTransform) -> bool:
    """Whether the longitude jumps between neighbours of a grid over the box."""
    xs = [box.xMinimum() + step / _GRID * box.width() for step in range(_GRID + 1)]
    ys = [box.yMinimum() + step / _GRID * box.height() for step in range(_GRID + 1)]
    rows = [[transform.transform(QgsPointXY(x, y)).x() for x in xs] for y in ys]
    return any(abs(first - second) > 180 for line in (*rows, *zip(*rows)) for first, second in zip(line, line[1:]))


def _holds_pole(box: QgsRectangle, latitude: float, transform: QgsCoordinateTransform) -> bool:
    try:
        pole = transform.transform(QgsPointXY(0, latitude), Qgis.TransformDirection.Reverse)
    except QgsCsException:
        return False
    return box.contains(pole)


def degrees_crs() -> QgsCoordinateReferenceSystem:
    """The CRS of all layers, EPSG:4326."""
    return QgsCoordinateReferenceSystem(DEGREES)
