"""The shown image on the map: its mark, and the canvas that follows it."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsCsException, QgsPointXY, QgsProject
from qgis.gui import QgsMapCanvas

from ....core.area.extent import DEGREES
from ....core.viewing.street_image import StreetImage
from .canvas_marker import CanvasMarker

_COARSEST_SCALE = 25_000.0
_CLOSE_SCALE = 2_500.0


class ImageMark:
    """Marks where one looks from, and in which direction."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self._canvas = canvas
        self._marker = CanvasMarker(canvas)

    def mark(self, image: StreetImage, heading: Optional[float], field_of_view: Optional[float]) -> None:
        """Degrees clockwise from north, and across."""
        if image.place is None:
            self._marker.hide()
            return
        lon, lat = image.place
        self._marker.show_at(lon, lat, heading, field_of_view)

    def follow(self) -> None:
        """Pan where the mark would be out of view."""
        self._marker.follow()

    def go_to(self, image: StreetImage) -> None:
        """Show the place in the middle of the map, from near."""
        if image.place is None:
            return
        crs = self._canvas.mapSettings().destinationCrs()
        to_map = QgsCoordinateTransform(QgsCoordinateReferenceSystem(DEGREES), crs, QgsProject.instance())
        try:
            centre = to_map.transform(QgsPointXY(*image.place))
        except QgsCsException:
            return
        self._canvas.setCenter(centre)
        if self._canvas.scale() > _COARSEST_SCALE:
            self._canvas.zoomScale(_CLOSE_SCALE)
        self._canvas.refresh()

    def hide(self) -> None:
        """Mark nothing."""
        self._marker.hide()

    def close_down(self) -> None:
        """Before the canvas or the panel is deleted."""
        self._marker.close_down()
