"""A panorama that one looks into: turned and tilted by dragging or by keys, zoomed with the wheel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Optional

from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from qgis.PyQt.QtWidgets import QWidget

from ....core.viewing.detection import Detection
from ....core.viewing.facts import compass_point
from ....core.viewing.panorama import USUAL_FIELD_OF_VIEW, WIDEST_PANORAMA, Frame, View, render
from ....core.viewing.panorama_ring import PanoramaRing, project
from .picture_view import PictureView

if TYPE_CHECKING:
    import numpy as np

_REST_MS = 120
_WIDEST_COMPASS = "NW 359°"
_COMPASS_BACKGROUND = QColor(0, 0, 0, 180)
_WHEEL_NOTCH = 120
_ZOOM_STEP = 0.85
_TURNS_ACROSS = 8
"""How many turns by a key go around what is in view."""

_Move = Callable[[View], View]


def _turn(steps: int) -> _Move:
    return lambda view: replace(view, heading=view.heading + steps * view.field_of_view / _TURNS_ACROSS)


def _tilt(steps: int) -> _Move:
    return lambda view: replace(view, pitch=view.pitch + steps * view.field_of_view / _TURNS_ACROSS)


def _zoom(steps: float) -> _Move:
    return lambda view: replace(view, field_of_view=view.field_of_view * _ZOOM_STEP**steps)


def _level(view: View) -> View:
    return replace(view, pitch=0, field_of_view=USUAL_FIELD_OF_VIEW)


_KEYS: dict[int, _Move] = {
    Qt.Key.Key_A: _turn(-1),
    Qt.Key.Key_D: _turn(1),
    Qt.Key.Key_W: _tilt(1),
    Qt.Key.Key_S: _tilt(-1),
    Qt.Key.Key_Plus: _zoom(1),
    Qt.Key.Key_Equal: _zoom(1),
    Qt.Key.Key_Minus: _zoom(-1),
    Qt.Key.Key_0: _level,
}
_KEYS_WITH_SHIFT: dict[int, _Move] = {
    **_KEYS,
    Qt.Key.Key_Left: _turn(-1),
    Qt.Key.Key_Right: _turn(1),
    Qt.Key.Key_Up: _tilt(1),
    Qt.Key.Key_Down: _tilt(-1),
}


class PanoramaView(PictureView):
    """Needs numpy (`core.viewing.panorama.is_available`).

    While the view moves it is drawn at half its resolution, and finely once it rests. `looking` gives the compass
    heading of the view's middle and the horizontal field of view, in degrees, whenever either changes.
    """

    looking = pyqtSignal(float, float)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._view = View(0, 0, USUAL_FIELD_OF_VIEW, self.width(), self.height())
        self._has_direction = False
        self._knows_north = False
        self._frame = Frame(0, 180)
        self._pictures: list[QImage] = []
        self._drawn: Optional[QImage] = None
        self._around: dict[str, list[PanoramaRing]] = {}
        self._grabbed: Optional[QPoint] = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._draw_anew)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAccessibleName("Panorama")
        self.setAccessibleDescription("Drag, or press A, D, W and S, to look around; + and - to zoom, 0 to reset.")

    @property
    def heading(self) -> float:
        """Compass direction of the view's middle, degrees from 0 to below 360."""
        return self._view.heading

    @property
    def pitch(self) -> float:
        """Degrees that the view's middle is above the horizon."""
        return self._view.pitch

    @property
    def field_of_view(self) -> float:
        """Degrees from the view's left to its right edge."""
        return self._view.field_of_view

    def set_picture(self, image: QImage, heading: Optional[float]) -> None:
        """Look into this equirectangular picture; `heading` is the compass direction of its middle column. None is 0,
        but no compass is drawn.

        The first picture is looked at in that direction. After it, or after `look_at`, the direction stays.
        """
        if image.width() > WIDEST_PANORAMA:
            image = _scaled(image, WIDEST_PANORAMA)
        self._pictures = [] if image.isNull() else [image.convertToFormat(QImage.Format.Format_RGB32)]
        self._around = {}
        self._knows_north = heading is not None
        if self._pictures:
            self._frame = Frame.of_picture(image.width(), image.height(), heading)
            if not self._has_direction:
                self.look_at(self._frame.heading)
        self._draw_moving()

    def look_at(self, heading: float) -> None:
        """Turn to this compass direction, in degrees."""
        self._has_direction = True
        self._look(replace(self._view, heading=heading))

    def show_detections(self, detections: Iterable[Detection]) -> None:
        """Draw these, and no others."""
        self._around = {}
        super().show_detections(detections)

    def paint_picture(self, painter: QPainter) -> None:
        """Draw what is in view; nothing where there is no picture."""
        if not self._pictures:
            return
        if self._drawn is None:
            self._drawn = self._draw(is_fine=not self._rest.isActive())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self.rect(), self._drawn)

    def outline(self, detection: Detection) -> QPainterPath:
        """Where the detection is seen."""
        path = QPainterPath()
        if not self._pictures:
            return path
        if detection.detection_id not in self._around:
            rings = [PanoramaRing.of_ring(ring, self._frame) for polygon in detection.polygons for ring in polygon]
            self._around[detection.detection_id] = rings
        for ring in project(self._around[detection.detection_id], self._view):
            path.addPolygon(QPolygonF([QPointF(x, y) for x, y in ring.tolist()]))
            path.closeSubpath()
        return path

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Called by Qt."""
        super().paintEvent(event)
        if self._pictures and self._knows_north:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_compass(painter)
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Called by Qt."""
        self._look(replace(self._view, width=self.width(), height=self.height()))
        super().resizeEvent(event)

    def event(self, event: QEvent) -> bool:
        """Called by Qt; keys that look around come before the shortcuts of QGIS."""
        if event.type() == QEvent.Type.ShortcutOverride and _move_of(event):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Called by Qt; keys without a meaning here go on to the parent, the plain arrows among them."""
        move = _move_of(event)
        if move is None:
            event.ignore()
        else:
            self._look(move(self._view))

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Called by Qt."""
        self._look(_zoom(event.angleDelta().y() / _WHEEL_NOTCH)(self._view))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Called by Qt."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._grabbed = event.pos()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Called by Qt."""
        if self._grabbed is not None:
            start, end = self._grabbed, event.pos()
            self._grabbed = end
            self._look(self._view.dragged((start.x(), start.y()), (end.x(), end.y())))
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Called by Qt."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._grabbed = None
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        super().mouseReleaseEvent(event)

    def _look(self, view: View) -> None:
        before, self._view = self._view, view
        if view == before:
            return
        self._draw_moving()
        if (view.heading, view.field_of_view) != (before.heading, before.field_of_view):
            self.looking.emit(view.heading, view.field_of_view)

    def _draw_moving(self) -> None:
        """Coarsely until the view rests."""
        self._rest.start()
        self._drawn = None
        self.view_changed()

    def _draw_anew(self) -> None:
        self._drawn = None
        self.update()

    def _draw(self, is_fine: bool) -> QImage:
        view = self._view
        pixels = _pixels(self._halved(view.halvings(self._pictures[0].width())))
        if not is_fine:
            view = replace(view, width=view.width // 2, height=view.height // 2)
        drawn = render(pixels, self._frame, view, is_fine)
        return QImage(drawn.data, view.width, view.height, 4 * view.width, QImage.Format.Format_RGB32).copy()

    def _halved(self, times: int) -> QImage:
        while len(self._pictures) <= times:
            self._pictures.append(_scaled(self._pictures[-1], self._pictures[-1].width() // 2))
        return self._pictures[times]

    def _paint_compass(self, painter: QPainter) -> None:
        """The direction of the view's middle, above it."""
        degrees = round(self.heading) % 360
        text = f"{compass_point(degrees)} {degrees}°"
        metrics = painter.fontMetrics()
        box = QRectF(0, 6, metrics.horizontalAdvance(_WIDEST_COMPASS) + 12, metrics.height() + 4)
        box.moveCenter(QPointF(self.width() / 2, box.center().y()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_COMPASS_BACKGROUND)
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(Qt.GlobalColor.white)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _move_of(event: QKeyEvent) -> Optional[_Move]:
    """What a key does to the view."""
    held = event.modifiers()
    if held & (
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
    ):
        return None
    keys = _KEYS_WITH_SHIFT if held & Qt.KeyboardModifier.ShiftModifier else _KEYS
    return keys.get(event.key())


def _scaled(image: QImage, width: int) -> QImage:
    height = max(1, round(image.height() * width / image.width()))
    smooth = Qt.TransformationMode.SmoothTransformation
    return image.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)


def _pixels(picture: QImage) -> np.ndarray:
    """The pixels themselves, which last as long as the picture."""
    import numpy as np

    bits = picture.constBits()
    bits.setsize(picture.sizeInBytes())
    return np.frombuffer(bits, dtype=np.uint32).reshape(picture.height(), picture.width())
