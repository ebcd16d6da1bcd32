"""Polygons of any CRS as an area in degrees, across the antimeridian too."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsGeometryEngine,
    QgsLineString,
    QgsPoint,
    QgsPointXY,
    QgsRectangle,
    QgsUnitTypes,
    QgsWkbTypes,
)

from ..errors import InvalidRequestError
from .area import MAX_LATITUDE, Area, Box, LonLat
from .extent import DEGREES, corners_of

_STEP_METRES = 500.0
"""Edges are straight in their own CRS. In pieces of 500 m they stay so to a centimetre: 500^2 / (8 * 6,371,000)."""

_STEP_DEGREES = 0.01
_MOST_PIECES = 200_000
_HAIR = 1e-9
_WKT_DECIMALS = 9


class PolygonOutline:
    """Polygons in EPSG:4326, within -180 to 180 degrees of longitude."""

    def __init__(self, geometry: QgsGeometry) -> None:
        self._geometry = geometry
        self._lock = threading.Lock()
        self._engine: QgsGeometryEngine = QgsGeometry.createGeometryEngine(geometry.constGet())
        self._engine.prepareGeometry()

    def overlaps(self, box: Box) -> bool:
        """Whether any of the box lies in the polygons."""
        # A hair smaller, for an edge in common is not enough; to ask GEOS whether they touch takes far longer.
        inner = rectangle_of(Box(box.west + _HAIR, box.south + _HAIR, box.east - _HAIR, box.north - _HAIR))
        with self._lock:
            return self._engine.intersects(inner.constGet())

    def covers(self, box: Box) -> bool:
        """Whether all of the box lies in the polygons."""
        rectangle = rectangle_of(box)
        with self._lock:
            return self._engine.contains(rectangle.constGet())

    def contains(self, lon: float, lat: float) -> bool:
        """Whether the point lies in the polygons, edges included."""
        with self._lock:
            return self._engine.intersects(QgsPoint(lon, lat))

    def touches(self, parts: Iterable[Sequence[LonLat]]) -> bool:
        """Whether any part of a line lies in the polygons."""
        lines = [QgsLineString([QgsPoint(*place) for place in part]) for part in parts]
        with self._lock:
            return any(self._engine.intersects(line) for line in lines)

    def definition(self) -> dict[str, Any]:
        """`polygons`: WKT in degrees, to a tenth of a millimetre."""
        return {"polygons": self._geometry.asWkt(_WKT_DECIMALS)}

    def near(self, box: Box) -> PolygonOutline:
        """What of the polygons lies in the box."""
        return PolygonOutline(self._geometry.intersection(rectangle_of(box)))

    def geometry(self) -> QgsGeometry:
        """The polygons themselves."""
        return QgsGeometry(self._geometry)


def area_of_polygons(
    geometries: Iterable[QgsGeometry],
    crs: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
    name: str,
) -> Area:
    """The area that polygons cover together, clipped exactly at their edges, which are straight in `crs`.

    Raises InvalidRequestError where there is no polygon with an area, or no place for it on the map of the tiles.
    """
    if not crs.isValid():
        raise InvalidRequestError(f"{name} has no coordinate reference system. Set one in the layer's properties.")
    polygons = list(_polygons(geometries))
    if not polygons:
        raise InvalidRequestError(f"{name} has no polygon. Choose a layer, or features, with polygons.")
    try:
        whole = QgsGeometry.unaryUnion([_in_degrees(polygon, crs, context) for polygon in polygons])
    except QgsCsException:
        raise InvalidRequestError(
            f"{name} lies where {crs.authid() or 'its coordinate reference system'} cannot be turned into longitude and"
            " latitude."
        ) from None
    whole = within_one_turn(whole)
    cut = whole.intersection(rectangle_of(Box(-180.0, -MAX_LATITUDE, 180.0, MAX_LATITUDE)))
    cut.convertGeometryCollectionToSubclass(QgsWkbTypes.GeometryType.PolygonGeometry)
    if cut.isEmpty() or not cut.area():
        raise InvalidRequestError(
            f"{name} lies wholly beyond 85.0511 degrees of latitude, where Mapillary has no tiles, or has no area."
        )
    bounds = whole.boundingBox()
    is_cut = bounds.yMinimum() < -MAX_LATITUDE or bounds.yMaximum() > MAX_LATITUDE
    return Area(tuple(_boxes(cut)), is_cut, PolygonOutline(cut), name)


def _polygons(geometries: Iterable[QgsGeometry]) -> Iterator[QgsGeometry]:
    """Each polygon on its own, valid and without arcs."""
    for geometry in geometries:
        if geometry.isEmpty() or geometry.type() != QgsWkbTypes.GeometryType.PolygonGeometry:
            continue
        straight = QgsGeometry(geometry.constGet().segmentize())
        valid = straight if straight.isGeosValid() else straight.makeValid()
        for part in valid.asGeometryCollection():
            if part.type() == QgsWkbTypes.GeometryType.PolygonGeometry and part.area() > 0:
                yield part


def _in_degrees(
    polygon: QgsGeometry, crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext
) -> QgsGeometry:
    if crs.authid() == DEGREES:
        return polygon
    per_metre = QgsUnitTypes.fromUnitToUnitFactor(QgsUnitTypes.DistanceUnit.DistanceMeters, crs.mapUnits())
    step = _STEP_DEGREES if crs.isGeographic() else _STEP_METRES * per_metre
    dense = polygon.densifyByDistance(max(step, polygon.length() / _MOST_PIECES))
    dense.transform(QgsCoordinateTransform(crs, QgsCoordinateReferenceSystem(DEGREES), context))
    if not dense.boundingBox().isFinite():
        raise QgsCsException("no place on the earth")
    if crs.isGeographic():
        return dense
    rings = dense.asPolygon()
    outer = _unrolled(rings[0], rings[0][0].x())
    return QgsGeometry.fromPolygonXY([outer, *(_unrolled(ring, outer[0].x()) for ring in rings[1:])]).makeValid()


def _unrolled(ring: list[QgsPointXY], start: float) -> list[QgsPointXY]:
    """The ring without jumps of 360 degrees, begun near the longitude `start`. Raises InvalidRequestError."""
    unrolled = []
    last = start
    for point in ring:
        last += (point.x() - last + 180) % 360 - 180
        unrolled.append(QgsPointXY(last, point.y()))
    if abs(unrolled[-1].x() - unrolled[0].x()) > 180:
        raise InvalidRequestError("A polygon around a pole cannot be used as area. Cut it, or choose an extent.")
    return unrolled


def within_one_turn(geometry: QgsGeometry) -> QgsGeometry:
    """What lies beyond 180 degrees east or west, brought back."""
    bounds = geometry.boundingBox()
    if bounds.xMinimum() >= -180 and bounds.xMaximum() <= 180:
        return geometry
    turns = range(int((bounds.xMinimum() + 180) // 360), int((bounds.xMaximum() + 180) // 360) + 1)
    parts = []
    for turn in turns:
        part = geometry.intersection(rectangle_of(Box(-180 + 360 * turn, -90, 180 + 360 * turn, 90)))
        if not part.isEmpty():
            part.translate(-360 * turn, 0)
            parts.append(part)
    return QgsGeometry.unaryUnion(parts)


def _boxes(geometry: QgsGeometry) -> Iterator[Box]:
    """One box around all, or one in the east and one in the west where it reaches around more than half the world."""
    if geometry.boundingBox().width() <= 180:
        yield Box(*corners_of(geometry.boundingBox()))
        return
    for half in (Box(0.0, -90.0, 180.0, 90.0), Box(-180.0, -90.0, 0.0, 90.0)):
        part = geometry.intersection(rectangle_of(half))
        if not part.isEmpty():
            yield Box(*corners_of(part.boundingBox()))


def rectangle_of(box: Box) -> QgsGeometry:
    """The box as QGIS has it."""
    return QgsGeometry.fromRect(QgsRectangle(box.west, box.south, box.east, box.north))


def geometry_of(area: Area) -> QgsGeometry:
    """The area's polygons in EPSG:4326, within -180 to 180 degrees of longitude and 85.0511 of latitude."""
    if area.outline is None:
        return QgsGeometry.unaryUnion([rectangle_of(box) for box in area.boxes])
    return area.outline.geometry()
