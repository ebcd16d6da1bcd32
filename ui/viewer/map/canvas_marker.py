"""Where the image stands on the map and what it looks at."""

from __future__ import annotations

import math
from typing import Optional

from qgis.core import QgsCoordinateTransform, QgsCsException, QgsDistanceArea, QgsPointXY
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF, QRadialGradient
from qgis.PyQt.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ....core.area.extent import degrees_crs

_RADIUS = 60.0
_DOT = 6.0
_HALO = 2.5
_STEP_DEGREES = 5.0
_STEP_METRES = 10.0
_ELLIPSOID = "WGS84"
_ABOVE_ALL = 100.0
_GREEN = QColor(5, 203, 99)
_WHITE = QColor(255, 255, 255)
_DARK = QColor(20, 40, 30, 200)


class CanvasMarker(QgsMapCanvasItem):
    """A dot with a cone of `_RADIUS` pixels, drawn on the canvas and not on the map.

    After `close_down`, or once QGIS has deleted the canvas, all calls do nothing.
    """

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._place: Optional[QgsPointXY] = None
        self._heading: Optional[float] = None
        self._field_of_view: Optional[float] = None
        self._on_map = QgsPointXY()
        self._north, self._east = QPointF(0, -1), QPointF(1, 0)
        self._ruler = QgsDistanceArea()
        self._ruler.setEllipsoid(_ELLIPSOID)
        self.setZValue(_ABOVE_ALL)
        self.setVisible(False)
        canvas.destinationCrsChanged.connect(self.updatePosition)

    def show_at(self, lon: float, lat: float, heading: Optional[float], field_of_view: Optional[float]) -> None:
        """Draw at a place (WGS 84, degrees) the direction, in degrees clockwise from true north, and the horizontal
        field of view around it: a line where that is None, a ring where it is 360 degrees. Without a heading only the
        place is drawn. A pole, and a place that the CRS of the map does not have, are not shown.
        """
        self._place, self._heading, self._field_of_view = QgsPointXY(lon, lat), heading, field_of_view
        self.updatePosition()

    def hide(self) -> None:
        """Draw nothing."""
        self._place = None
        self.updatePosition()

    def follow(self, margin: float = 24.0) -> None:
        """Pan the canvas to the place where that is outside the view, or less than `margin` pixels inside."""
        if not self._is_on_canvas() or not self.isVisible():
            return
        inside = QRectF(self._canvas.viewport().rect()).adjusted(margin, margin, -margin, -margin)
        if not inside.contains(self.pos()):
            self._canvas.setCenter(self._on_map)
            self._canvas.refresh()

    def close_down(self) -> None:
        """Take the marker off the canvas for good."""
        if self._is_on_canvas():
            self._canvas.destinationCrsChanged.disconnect(self.updatePosition)
            self._canvas.scene().removeItem(self)

    def updatePosition(self) -> None:  # noqa: N802
        """Called by QGIS when the view or its CRS changes."""
        if not self._is_on_canvas():
            return
        is_shown = self._place is not None and self._locate(self._place)
        self.setVisible(is_shown)
        if is_shown:
            self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Called by Qt."""
        reach = _RADIUS + 2 * _HALO
        return QRectF(-reach, -reach, 2 * reach, 2 * reach)

    def paint(
        self,
        painter: QPainter,
        option: Optional[QStyleOptionGraphicsItem] = None,
        widget: Optional[QWidget] = None,
    ) -> None:
        """Called by QGIS and Qt."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._heading is not None:
            self._paint_view(painter, self._heading, self._field_of_view)
        painter.setPen(QPen(_DARK, 1))
        painter.setBrush(_WHITE)
        painter.drawEllipse(QPointF(0, 0), _DOT + _HALO, _DOT + _HALO)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_GREEN)
        painter.drawEllipse(QPointF(0, 0), _DOT, _DOT)

    def _paint_view(self, painter: QPainter, heading: float, field_of_view: Optional[float]) -> None:
        gradient = QRadialGradient(QPointF(0, 0), _RADIUS)
        gradient.setColorAt(0, QColor(5, 203, 99, 190))
        gradient.setColorAt(1, QColor(5, 203, 99, 70))
        shape = QPolygonF([QPointF(0, 0), self._towards(heading)])
        if field_of_view:
            width = min(field_of_view, 360.0)
            steps = max(2, math.ceil(width / _STEP_DEGREES))
            edge = [self._towards(heading + width * (step / steps - 0.5)) for step in range(steps + 1)]
            shape = QPolygonF([QPointF(0, 0), *edge] if width < 360 else edge)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, thickness in ((_DARK, 5.0), (_WHITE, 4.0)):
            painter.setPen(_pen(colour, thickness))
            painter.drawPolygon(shape)
        painter.setPen(_pen(_GREEN, 1.8))
        painter.setBrush(gradient)
        painter.drawPolygon(shape)

    def _towards(self, bearing: float) -> QPointF:
        """The point of the cone's edge in a direction on the ground."""
        angle = math.radians(bearing)
        point = self._north * math.cos(angle) + self._east * math.sin(angle)
        return point * (_RADIUS / math.hypot(point.x(), point.y()))

    def _locate(self, place: QgsPointXY) -> bool:
        """Find the place, north and east on the canvas; False where there is none of them."""
        if not abs(place.y()) < 90:
            return False
        settings = self._canvas.mapSettings()
        to_map = QgsCoordinateTransform(degrees_crs(), settings.destinationCrs(), settings.transformContext())
        try:
            on_map = to_map.transform(place)
            pixel = self.toCanvasCoordinates(on_map)
            north = self._step(place, pixel, 0.0, to_map)
            east = self._step(place, pixel, math.pi / 2, to_map)
        except QgsCsException:
            return False
        lengths = (math.hypot(north.x(), north.y()), math.hypot(east.x(), east.y()))
        if not all(0 < length < math.inf for length in lengths):
            return False
        self._on_map, self._north, self._east = on_map, north, east
        self.setPos(pixel)
        return True

    def _step(self, place: QgsPointXY, pixel: QPointF, bearing: float, to_map: QgsCoordinateTransform) -> QPointF:
        """How a few metres in a direction look on the canvas, in pixels.

        They are walked forth and back, and the shorter way counts: the other may lead across the edge of the map, where
        the antimeridian is, to its other side.
        """
        forth = self._pixel(self._ruler.computeSpheroidProject(place, _STEP_METRES, bearing), to_map) - pixel
        back = pixel - self._pixel(self._ruler.computeSpheroidProject(place, -_STEP_METRES, bearing), to_map)
        return min(forth, back, key=lambda step: math.hypot(step.x(), step.y()))

    def _pixel(self, place: QgsPointXY, to_map: QgsCoordinateTransform) -> QPointF:
        return self.toCanvasCoordinates(to_map.transform(place))

    def _is_on_canvas(self) -> bool:
        return not sip.isdeleted(self) and self.scene() is not None


def _pen(colour: QColor, thickness: float) -> QPen:
    return QPen(QBrush(colour), thickness, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
