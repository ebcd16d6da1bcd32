"""Which map feature or sign on the map is looked at."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsCoordinateTransform, QgsCsException, QgsPointXY, QgsProject
from qgis.gui import QgsMapCanvas, QgsVertexMarker
from qgis.PyQt import sip
from qgis.PyQt.QtGui import QColor

from ....core.area.extent import degrees_crs

_COLOUR = QColor(255, 127, 14)
_PIXELS = 26
_PEN_PIXELS = 3


class FeatureMark:
    """A ring on the canvas; once QGIS has deleted the canvas all calls do nothing."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self._canvas = canvas
        self._place: Optional[QgsPointXY] = None
        self._ring = QgsVertexMarker(canvas)
        self._ring.setIconType(QgsVertexMarker.IconType.ICON_CIRCLE)
        self._ring.setIconSize(_PIXELS)
        self._ring.setPenWidth(_PEN_PIXELS)
        self._ring.setColor(_COLOUR)
        self._ring.hide()
        canvas.destinationCrsChanged.connect(self._draw)

    def show_at(self, place: Optional[tuple[float, float]]) -> None:
        """Around a longitude and latitude (WGS 84, degrees); None shows none."""
        self._place = None if place is None else QgsPointXY(*place)
        self._draw()

    def close_down(self) -> None:
        """Take the ring off the canvas for good."""
        if not sip.isdeleted(self._ring):
            self._canvas.destinationCrsChanged.disconnect(self._draw)
            self._canvas.scene().removeItem(self._ring)

    def _draw(self) -> None:
        if sip.isdeleted(self._ring):
            return
        self._ring.hide()
        if self._place is None:
            return
        crs = self._canvas.mapSettings().destinationCrs()
        try:
            self._ring.setCenter(
                QgsCoordinateTransform(degrees_crs(), crs, QgsProject.instance()).transform(self._place)
            )
        except QgsCsException:
            return
        self._ring.show()
