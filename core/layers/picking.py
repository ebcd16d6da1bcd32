"""What lies under a click on the map: an image or a map feature of the layers that are shown.

On the main thread; places are in the CRS of the map, distances in pixels of the canvas.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Optional

from qgis.core import (
    Qgis,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsDistanceArea,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSource,
    QgsMapLayer,
    QgsMapSettings,
    QgsPointXY,
    QgsRectangle,
    QgsVectorLayer,
)

from ..area.extent import degrees_crs
from ..mapillary.cleaning import object_id
from ..mapillary.schema import IMAGES, MAP_FEATURES
from .kinds import has_points, kind_of_layer

_ENTITIES = {IMAGES: "image", MAP_FEATURES: "map_feature"}
_ELLIPSOID = "WGS84"
_GROWING = (1 / 64, 1 / 16, 1 / 4, 1.0)
"""Shares of the tolerance that are searched in turn, so that few features are looked at where they are dense."""

_MOST_LOOKED_AT = 10_000
"""Features of one search; where more lie within a part of a pixel, it does not matter which is nearest."""


@dataclass(frozen=True)
class Picked:
    """An image or a map feature (`entity` is `image` or `map_feature`) and where it is, in degrees (WGS 84)."""

    entity: str
    object_id: str
    lon: float
    lat: float
    layer_id: str


def pick(
    layers: Sequence[QgsMapLayer],
    place: QgsPointXY,
    settings: QgsMapSettings,
    tolerance: float,
    context: QgsCoordinateTransformContext,
) -> Optional[Picked]:
    """The image or map feature that is nearest to a place on the map, at most `tolerance` pixels away.

    `layers` are those that are shown, top first; sequences and ledgers among them are left out. Of two at the same
    distance, an image comes before a map feature, and then the upper layer before the lower.
    """
    found = []
    for layer in layers:
        entity = _ENTITIES.get(kind_of_layer(layer) or "")
        if entity is not None and has_points(layer) and layer.isInScaleRange(settings.scale()):
            search = _Search(layer, entity, place, settings, context)
            found += [(distance, entity, picked) for distance, picked in search.nearest(tolerance)]
    # The sort is stable, and the names of the entities are in the order that is wanted.
    found.sort(key=lambda candidate: candidate[:2])
    return found[0][2] if found else None


def lon_lat(settings: QgsMapSettings, place: QgsPointXY) -> Optional[tuple[float, float]]:
    """A place on the map in degrees (WGS 84); None where the map's CRS has no such place."""
    transform = QgsCoordinateTransform(settings.destinationCrs(), degrees_crs(), settings.transformContext())
    found = _transformed(place, transform)
    if found is None or abs(found.x()) > 180 or abs(found.y()) > 90:
        return None
    return found.x(), found.y()


def metres_per_pixel(settings: QgsMapSettings, place: QgsPointXY) -> float:
    """The length of a pixel on the ground (WGS 84 ellipsoid) at a place on the map, in the direction where it is
    longer; 0 where it cannot be told.
    """
    ruler = QgsDistanceArea()
    ruler.setEllipsoid(_ELLIPSOID)
    start, pixel = lon_lat(settings, place), settings.mapUnitsPerPixel()
    ends = [
        lon_lat(settings, QgsPointXY(place.x() + dx, place.y() + dy))
        for dx, dy in ((pixel, 0.0), (0.0, pixel), (-pixel, 0.0), (0.0, -pixel))
    ]
    if start is None:
        return 0.0
    lengths = [ruler.measureLine(QgsPointXY(*start), QgsPointXY(*end)) for end in ends if end is not None]
    return max(lengths, default=0.0)


class _Search:
    """The nearest feature of one layer."""

    def __init__(
        self,
        layer: QgsVectorLayer,
        entity: str,
        place: QgsPointXY,
        settings: QgsMapSettings,
        context: QgsCoordinateTransformContext,
    ) -> None:
        self._layer, self._entity = layer, entity
        self._id_index = layer.fields().lookupField("id")
        self._place = place
        self._to_pixel = settings.mapToPixel()
        self._pixel = self._to_pixel.transform(place)
        self._to_map = QgsCoordinateTransform(layer.crs(), settings.destinationCrs(), context)
        self._to_degrees = QgsCoordinateTransform(layer.crs(), degrees_crs(), context)

    def nearest(self, tolerance: float) -> Iterator[tuple[float, Picked]]:
        """The distance in pixels and the feature, if there is one."""
        is_indexed = self._layer.hasSpatialIndex() == QgsFeatureSource.SpatialIndexPresence.SpatialIndexPresent
        for share in _GROWING if is_indexed else _GROWING[-1:]:
            found = self._nearest_within(tolerance * share)
            if found is not None:
                yield found
                return

    def _nearest_within(self, reach: float) -> Optional[tuple[float, Picked]]:
        best, chosen = math.inf, None
        for identifier, position, distance in self._around(reach):
            if distance <= reach and distance < best:
                degrees = _transformed(position, self._to_degrees)
                if degrees is not None:
                    best = distance
                    chosen = Picked(self._entity, identifier, degrees.x(), degrees.y(), self._layer.id())
        return None if chosen is None else (best, chosen)

    def _around(self, reach: float) -> Iterator[tuple[str, QgsPointXY, float]]:
        """Id, position in the layer's CRS and distance of features that may be within reach."""
        box = self._box(reach)
        if box is None:
            return
        request = QgsFeatureRequest(box).setSubsetOfAttributes([self._id_index]).setLimit(_MOST_LOOKED_AT)
        for feature in self._layer.getFeatures(request):
            identifier = object_id(feature[self._id_index])
            if identifier is None:
                continue
            for position in _positions(feature):
                on_map = _transformed(position, self._to_map)
                if on_map is not None:
                    yield identifier, position, self._to_pixel.transform(on_map).distance(self._pixel)

    def _box(self, reach: float) -> Optional[QgsRectangle]:
        """A box in the layer's CRS around all that is within reach.

        Its corners, sides and middle alone say too little where a pole or the antimeridian is near, so the box that
        they span is taken three times as wide and high.
        """
        reach *= self._to_pixel.mapUnitsPerPixel()
        x, y = self._place.x(), self._place.y()
        corners = [
            _transformed(QgsPointXY(x + dx, y + dy), self._to_map, Qgis.TransformDirection.Reverse)
            for dx in (-reach, 0.0, reach)
            for dy in (-reach, 0.0, reach)
        ]
        known = [corner for corner in corners if corner is not None]
        if not known:
            return None
        west, east = min(corner.x() for corner in known), max(corner.x() for corner in known)
        south, north = min(corner.y() for corner in known), max(corner.y() for corner in known)
        width, height = east - west, north - south
        return QgsRectangle(west - width, south - height, east + width, north + height)


def _positions(feature: QgsFeature) -> list[QgsPointXY]:
    return [QgsPointXY(vertex) for vertex in feature.geometry().vertices()]


def _transformed(
    position: QgsPointXY,
    transform: QgsCoordinateTransform,
    direction: Qgis.TransformDirection = Qgis.TransformDirection.Forward,
) -> Optional[QgsPointXY]:
    """The position in the other CRS; None where that has no such position."""
    try:
        found = transform.transform(position, direction)
    except QgsCsException:
        return None
    return found if math.isfinite(found.x()) and math.isfinite(found.y()) else None
