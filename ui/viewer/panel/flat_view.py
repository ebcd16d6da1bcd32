"""A picture as the camera took it, to zoom and to pan, with detections over it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from qgis.PyQt.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from qgis.PyQt.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from qgis.PyQt.QtWidgets import QWidget

from ....core.graph.detection_geometry import Polygons
from ....core.viewing.detection import Detection
from .picture_view import PictureView

_MOST_MAGNIFIED = 16
"""Pixels of the widget for one of the picture."""

_STEP = 1.25
_WHEEL_STEP = 120
_PANNED_SHARE = 0.15
_FACTORS = {Qt.Key.Key_Plus: _STEP, Qt.Key.Key_Equal: _STEP, Qt.Key.Key_Minus: 1 / _STEP}
_DIRECTIONS = {
    Qt.Key.Key_Left: QPointF(1, 0),
    Qt.Key.Key_Right: QPointF(-1, 0),
    Qt.Key.Key_Up: QPointF(0, 1),
    Qt.Key.Key_Down: QPointF(0, -1),
}


class FlatView(PictureView):
    """Wheel, + and - zoom; dragging and Shift with an arrow key pan; 0 and a double click show all of the picture.

    Plain arrow keys are left to the widgets around it.
    """

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Picture")
        self._levels: list[QPixmap] = []
        self._place = QRectF()
        self._is_fitted = True
        self._dragged_from: Optional[QPointF] = None
        self._shapes: dict[str, QPainterPath] = {}

    def set_picture(self, image: QImage, keep_view: bool = False) -> None:
        """Show all of this picture; with `keep_view`, the part that was seen of the one before, whatever their sizes.

        An image without pixels shows nothing.
        """
        self._levels = [] if image.isNull() else [QPixmap.fromImage(image)]
        self._is_fitted = self._is_fitted or not keep_view
        self._put(self._place)

    def show_detections(self, detections: Iterable[Detection]) -> None:
        """Draw these, and no others."""
        shown = tuple(detections)
        self._shapes = {detection.detection_id: _shape(detection.polygons) for detection in shown}
        super().show_detections(shown)

    def fit(self) -> None:
        """Show all of the picture, as large as the widget allows."""
        self._is_fitted = True
        self._put(self._place)

    def zoom(self, factor: float, around: QPointF) -> None:
        """Magnify by a factor, as far as the limits allow; what is at a place in the widget stays there."""
        if not self._levels:
            return
        fitted = self._fitted_size().width()
        most = max(self._place.width(), _MOST_MAGNIFIED * self._levels[0].width())
        width = min(max(factor * self._place.width(), fitted), most)
        self._is_fitted = width <= fitted
        factor = width / self._place.width()
        self._put(QRectF(around + (self._place.topLeft() - around) * factor, self._place.size() * factor))

    def pan(self, way: QPointF) -> None:
        """Move the picture by pixels of the widget, but not away from its edges."""
        self._put(self._place.translated(way))

    def paint_picture(self, painter: QPainter) -> None:
        """Draw the part that is in view."""
        shown = self._place.intersected(QRectF(self.rect()))
        if not self._levels or shown.isEmpty():
            return
        picture = self._level(self._place.width() * self.devicePixelRatioF())
        to_picture = QTransform.fromScale(
            picture.width() / self._place.width(), picture.height() / self._place.height()
        )
        source = to_picture.mapRect(shown.translated(-self._place.topLeft()))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(shown, picture, source)

    def outline(self, detection: Detection) -> QPainterPath:
        """All parts of a detection in pixels of the widget, holes left open; empty without a picture."""
        if not self._levels:
            return QPainterPath()
        place = self._place
        to_widget = QTransform(place.width(), 0, 0, place.height(), place.left(), place.top())
        return to_widget.map(self._shapes[detection.detection_id])

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Called by Qt. What is in the middle stays there."""
        grown = event.size() - event.oldSize() if event.oldSize().isValid() else event.size()
        self._put(self._place.translated(grown.width() / 2, grown.height() / 2))
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Called by Qt."""
        self.zoom(_STEP ** (event.angleDelta().y() / _WHEEL_STEP), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Called by Qt."""
        if event.button() == Qt.MouseButton.LeftButton and not self._is_fitted:
            self._dragged_from = QPointF(event.pos())
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Called by Qt."""
        if self._dragged_from is not None:
            here = QPointF(event.pos())
            self.pan(here - self._dragged_from)
            self._dragged_from = here
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Called by Qt."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged_from = None
            self._show_cursor()
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Called by Qt."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Called by Qt."""
        has_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in _FACTORS:
            self.zoom(_FACTORS[event.key()], QRectF(self.rect()).center())
        elif event.key() == Qt.Key.Key_0:
            self.fit()
        elif has_shift and event.key() in _DIRECTIONS:
            self.pan(_DIRECTIONS[event.key()] * _PANNED_SHARE * min(self.width(), self.height()))
        else:
            super().keyPressEvent(event)

    def _put(self, place: QRectF) -> None:
        """Show the picture at a place in the widget, or as near to it as it may be."""
        fitted = self._fitted_size()
        self._is_fitted = self._is_fitted or place.width() < fitted.width()
        width = fitted.width() if self._is_fitted else place.width()
        height = width * fitted.height() / fitted.width() if fitted.width() else 0.0
        middle = place.center()
        self._place = QRectF(
            _within(middle.x() - width / 2, width, self.width()),
            _within(middle.y() - height / 2, height, self.height()),
            width,
            height,
        )
        self._show_cursor()
        self.view_changed()

    def _fitted_size(self) -> QSizeF:
        """The size at which all of the picture just fits into the widget; none without a picture."""
        if not self._levels:
            return QSizeF(0, 0)
        return QSizeF(self._levels[0].size()).scaled(QSizeF(self.size()), Qt.AspectRatioMode.KeepAspectRatio)

    def _level(self, width: float) -> QPixmap:
        """The picture, halved as often as it stays wider than this: shrunk at once to less, it would flicker."""
        wanted = 0
        while self._levels[0].width() >> (wanted + 1) >= width:
            wanted += 1
        while len(self._levels) <= wanted:
            half = (self._levels[-1].size() / 2).expandedTo(QSize(1, 1))
            self._levels.append(
                self._levels[-1].scaled(
                    half, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
                )
            )
        return self._levels[wanted]

    def _show_cursor(self) -> None:
        if self._dragged_from is None:
            self.setCursor(Qt.CursorShape.ArrowCursor if self._is_fitted else Qt.CursorShape.OpenHandCursor)


def _within(start: float, length: float, room: float) -> float:
    """Where what is longer than the room starts so that it fills it; what is not goes into its middle."""
    return (room - length) / 2 if length <= room else min(max(start, room - length), 0.0)


def _shape(polygons: Polygons) -> QPainterPath:
    """Polygons in shares of the picture."""
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    for polygon in polygons:
        for ring in polygon:
            path.addPolygon(QPolygonF([QPointF(x, y) for x, y in ring]))
            path.closeSubpath()
    return path
