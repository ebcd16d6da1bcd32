"""What the flat and the panoramic view share: detections over the picture, and which one the mouse is on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from qgis.PyQt.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

from ....core.viewing.detection import Detection, colour

_BACKGROUND = QColor(24, 24, 24)
_SEAM = QColor(0, 0, 0, 160)
_LABEL_BACKGROUND = QColor(0, 0, 0, 200)
_LABEL_WIDTH = 240
_LABEL_MARGIN = 4
_SMALLEST = (200, 130)
_MOST_SMOOTHED = 6000
"""Vertices. Smooth lines take twice as long, which nobody sees among so many but feels while panning."""


class PictureView(QWidget):
    """A subclass paints the picture and projects outlines; it calls `view_changed` whenever either would differ.

    `hovered` gives the id of the detection under the mouse, empty where there is none.
    """

    hovered = pyqtSignal(str)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._detections: tuple[Detection, ...] = ()
        self._highlighted = self._marked = self._hovered = ""
        self._paths: Optional[dict[str, QPainterPath]] = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(*_SMALLEST)

    def paint_picture(self, painter: QPainter) -> None:
        """Draw the picture on the widget."""
        raise NotImplementedError

    def outline(self, detection: Detection) -> QPainterPath:
        """All parts of a detection in pixels of the widget, holes left open; empty where it is out of view."""
        raise NotImplementedError

    def show_detections(self, detections: Iterable[Detection]) -> None:
        """Draw these, and no others."""
        self._detections = tuple(detections)
        self.view_changed()

    def mark(self, detection_id: str) -> None:
        """Fill the outline of one detection whenever no other is highlighted; an empty id fills none."""
        self._marked = detection_id
        self.highlight("")

    def highlight(self, detection_id: str) -> None:
        """Fill the outline of one detection; an empty id goes back to the marked one."""
        detection_id = detection_id or self._marked
        if detection_id != self._highlighted:
            self._highlighted = detection_id
            self.update()

    def view_changed(self) -> None:
        """Project and paint anew."""
        self._paths = None
        self.update()

    def detection_at(self, place: QPointF) -> str:
        """The id of the smallest detection around a place in the widget; empty where there is none."""
        around = [
            (path.boundingRect().width() * path.boundingRect().height(), detection_id)
            for detection_id, path in self._outlines().items()
            if path.contains(place)
        ]
        return min(around)[1] if around else ""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Called by Qt."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), _BACKGROUND)
        self.paint_picture(painter)
        self._paint_detections(painter)
        if self.hasFocus():
            painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Called by Qt."""
        if not event.buttons():
            self._hover(self.detection_at(QPointF(event.pos())))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Called by Qt."""
        self._hover("")
        super().leaveEvent(event)

    def _hover(self, detection_id: str) -> None:
        if detection_id != self._hovered:
            self._hovered = detection_id
            self.highlight(detection_id)
            self.hovered.emit(detection_id)

    def _outlines(self) -> dict[str, QPainterPath]:
        if self._paths is None:
            self._paths = {detection.detection_id: self.outline(detection) for detection in self._detections}
        return self._paths

    def _paint_detections(self, painter: QPainter) -> None:
        """The highlighted one last, over all others, but the first to have its label."""
        view = QRectF(self.rect())
        seen = [
            (detection, path)
            for detection in self._detections
            if (path := self._outlines()[detection.detection_id]).boundingRect().intersects(view)
        ]
        seen.sort(key=lambda found: found[0].detection_id == self._highlighted)
        vertices = sum(path.elementCount() for _, path in seen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, vertices <= _MOST_SMOOTHED)
        for detection, path in seen:
            self._paint_outline(painter, detection, path)
        taken: list[QRectF] = []
        for detection, path in reversed(seen):
            self._paint_label(painter, detection, path.boundingRect().intersected(view), taken)

    def _paint_outline(self, painter: QPainter, detection: Detection, path: QPainterPath) -> None:
        """A line with a dark seam, to be seen on bright and on dark."""
        shade = QColor(*colour(detection.value))
        painter.setPen(QPen(_SEAM, 3.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        painter.setPen(QPen(shade, 1.8))
        if detection.detection_id == self._highlighted:
            shade.setAlpha(110)
            painter.setBrush(shade)
        painter.drawPath(path)

    def _paint_label(self, painter: QPainter, detection: Detection, around: QRectF, taken: list[QRectF]) -> None:
        """Beside its outline, where there is room; a long one whole only while its detection is highlighted."""
        is_highlighted = detection.detection_id == self._highlighted
        widest = self.width() if is_highlighted else min(_LABEL_WIDTH, self.width() // 2)
        metrics = painter.fontMetrics()
        text = metrics.elidedText(detection.label, Qt.TextElideMode.ElideRight, widest - 3 * _LABEL_MARGIN)
        box = QRectF(0, 0, metrics.horizontalAdvance(text) + 3 * _LABEL_MARGIN, metrics.height() + 2)
        box.moveBottomLeft(around.topLeft())
        box.moveLeft(max(0.0, min(box.left(), self.width() - box.width())))
        box.moveTop(max(0.0, box.top()))
        if any(box.intersects(other) for other in taken):
            return
        taken.append(box)
        painter.fillRect(box, _LABEL_BACKGROUND)
        painter.fillRect(QRectF(box.left(), box.top(), _LABEL_MARGIN, box.height()), QColor(*colour(detection.value)))
        painter.setPen(Qt.GlobalColor.white)
        painter.drawText(box.adjusted(2 * _LABEL_MARGIN, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
