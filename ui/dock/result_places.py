"""Where the last download was: its area drawn on the map, and the way to what it gave."""

from __future__ import annotations

import math
from typing import Optional

from qgis.core import (
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsMapToPixelSimplifier,
    QgsProject,
    QgsRectangle,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor

from ...core.area.area import MAX_LATITUDE, Box
from ...core.area.extent import degrees_crs
from ...core.area.polygon_area import geometry_of
from ...core.download.result import CoverageResult
from ...core.request.request import CoverageRequest
from .coverage_panel import CoveragePanel

_GREEN = QColor(5, 160, 80)
_HALO = QColor(255, 255, 255, 200)
_PEN_PIXELS = 2
_PIECES = 64
"""An edge that is straight in degrees is bent in other CRSs; it is drawn in about so many straight ones."""

_MOST_VERTICES = 5_000
"""The canvas draws more of them too slowly whenever it is moved."""

_FINENESS = 4_000

_MARGIN = 0.05
_LEAST_MARGIN_DEGREES = 0.0005
_GAP = 1.5
"""The two sides of the antimeridian are far apart on a map that is so many times as wide as both."""


class ResultPlaces:
    """Serves the panel's `zoomButton` and `outlineCheck`. Once QGIS has deleted the canvas all calls do nothing."""

    def __init__(self, canvas: QgsMapCanvas, panel: CoveragePanel) -> None:
        self._canvas = canvas
        self._panel = panel
        self._extent: tuple[Box, ...] = ()
        self._area: Optional[QgsGeometry] = None
        self._band = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        self._band.setStrokeColor(_GREEN)
        self._band.setSecondaryStrokeColor(_HALO)
        self._band.setWidth(_PEN_PIXELS)
        self._band.setBrushStyle(Qt.BrushStyle.NoBrush)
        panel.zoomButton.setVisible(False)
        panel.zoomButton.clicked.connect(self.zoom)
        panel.outlineCheck.toggled.connect(self._draw)
        canvas.destinationCrsChanged.connect(self._draw)

    def show_area(self, request: CoverageRequest) -> None:
        """Draw the area that is asked for."""
        self._area = _drawable(geometry_of(request.area))
        self._draw()

    def offer(self, result: CoverageResult) -> None:
        """Let the person go to what a download gave."""
        self._extent = result.extent
        self._panel.zoomButton.setVisible(True)

    def zoom(self) -> None:
        """Show all features of the result on the map; where the antimeridian is the map's edge, the wider side."""
        try:
            view = self._view()
        except QgsCsException:
            self._panel.say(
                "The map's coordinate reference system has no place where the result lies. Choose another one in"
                " Project > Properties > CRS."
            )
            return
        self._canvas.setExtent(_turned(view, self._canvas.rotation()))
        self._canvas.refresh()

    def forget(self) -> None:
        """Draw and offer nothing, as before the first download."""
        self._extent, self._area = (), None
        self._panel.zoomButton.setVisible(False)
        self._draw()

    def close_down(self) -> None:
        """Take the area off the canvas for good."""
        if self._is_on_canvas():
            self._canvas.destinationCrsChanged.disconnect(self._draw)
            self._canvas.scene().removeItem(self._band)

    def _view(self) -> QgsRectangle:
        """In the map's CRS. Raises QgsCsException."""
        to_map = self._to_map()
        sides = [to_map.transformBoundingBox(_with_margin(box)) for box in self._extent]
        if not all(side.isFinite() for side in sides):
            raise QgsCsException("no place on the map")
        whole = QgsRectangle(sides[0])
        for side in sides[1:]:
            whole.combineExtentWith(side)
        if whole.width() > _GAP * sum(side.width() for side in sides):
            return max(sides, key=lambda side: side.width())
        return whole

    def _draw(self) -> None:
        if not self._is_on_canvas():
            return
        self._band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
        if self._area is None or not self._panel.outlineCheck.isChecked():
            return
        drawn = QgsGeometry(self._area)
        try:
            drawn.transform(self._to_map())
        except QgsCsException:
            return
        if drawn.boundingBox().isFinite():
            self._band.setToGeometry(drawn, None)

    def _is_on_canvas(self) -> bool:
        return not sip.isdeleted(self._band) and self._band.scene() is not None

    def _to_map(self) -> QgsCoordinateTransform:
        return QgsCoordinateTransform(degrees_crs(), self._canvas.mapSettings().destinationCrs(), QgsProject.instance())


def _drawable(area: QgsGeometry) -> QgsGeometry:
    """With edges that can bend, and without details that are small beside the whole where there are very many."""
    box = area.boundingBox()
    size = max(box.width(), box.height())
    tolerance = size / _FINENESS
    while area.constGet().nCoordinates() > _MOST_VERTICES and tolerance < size:
        area = QgsMapToPixelSimplifier(QgsMapToPixelSimplifier.SimplifyFlag.SimplifyGeometry, tolerance).simplify(area)
        tolerance *= 4
    return area.densifyByDistance(size / _PIECES)


def _with_margin(box: Box) -> QgsRectangle:
    """A little wider on all sides, so that nothing lies on the edge, and a single place is seen from near."""
    across = max(_MARGIN * (box.east - box.west), _LEAST_MARGIN_DEGREES)
    up = max(_MARGIN * (box.north - box.south), _LEAST_MARGIN_DEGREES)
    return QgsRectangle(
        max(-180.0, box.west - across),
        max(-MAX_LATITUDE, box.south - up),
        min(180.0, box.east + across),
        min(MAX_LATITUDE, box.north + up),
    )


def _turned(view: QgsRectangle, degrees: float) -> QgsRectangle:
    """What a map that is turned has to show to show all of the view."""
    cosine, sine = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    width = view.width() * cosine + view.height() * sine
    height = view.width() * sine + view.height() * cosine
    return QgsRectangle.fromCenterAndSize(view.center(), width, height)
