"""The map tool that a person clicks images and map features with."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsPointXY
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool
from qgis.PyQt.QtCore import QPoint, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QCursor, QIcon
from qgis.PyQt.QtWidgets import QApplication

from ....core.about import PLUGIN_FOLDER

ICON = PLUGIN_FOLDER / "resources" / "icons" / "image_tool.svg"
_SIZE = QSize(24, 24)
_CROSSHAIR = (6, 6)
"""The pixel in the middle of the icon's crosshair."""


class ImageTool(QgsMapTool):
    """`clicked` gives the place of a click in the CRS of the map. Dragging with Shift zooms, the right button opens the
    canvas' own menu, and the middle button and the space bar pan, as with QGIS' tools.
    """

    clicked = pyqtSignal(QgsPointXY)

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._pressed: Optional[QPoint] = None
        self.setCursor(QCursor(QIcon(str(ICON)).pixmap(_SIZE), *_CROSSHAIR))

    def flags(self) -> QgsMapTool.Flags:
        """Called by QGIS."""
        return QgsMapTool.Flag.AllowZoomRect | QgsMapTool.Flag.ShowContextMenu

    def canvasPressEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802
        """Called by QGIS."""
        self._pressed = QPoint(event.pos()) if event.button() == Qt.MouseButton.LeftButton else None

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802
        """Called by QGIS."""
        pressed, self._pressed = self._pressed, None
        if pressed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if (event.pos() - pressed).manhattanLength() < QApplication.startDragDistance():
            # The event's own point ends with the event.
            self.clicked.emit(QgsPointXY(event.mapPoint()))

    def deactivate(self) -> None:
        """Called by QGIS."""
        self._pressed = None
        super().deactivate()
