"""An area as polygons that can be drawn."""

from __future__ import annotations

from qgis.core import QgsGeometry

from .area import Area
from .polygon_area import rectangle_of


def geometry_of(area: Area) -> QgsGeometry:
    """The area's polygons in EPSG:4326, within -180 to 180 degrees of longitude and 85.0511 of latitude."""
    if area.outline is None:
        return QgsGeometry.unaryUnion([rectangle_of(box) for box in area.boxes])
    return area.outline.geometry()
