"""Who the map has its data from, on the map canvas while a layer of ours is shown there."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsExpression, QgsExpressionContext, QgsExpressionContextUtils, QgsProject
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QFontInfo, QFontMetricsF, QPainter
from qgis.PyQt.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ...core.layers.kinds import has_our_rights
from ...core.mapillary.licence import RIGHTS

_PAPER = QColor(255, 255, 255, 190)
_INK = QColor(40, 50, 45)
_SHARE_OF_FONT = 0.8
_PADDING = 3.0
_ABOVE_ALL = 90.0

_DECORATION = "CopyrightLabel"
"""Where a project keeps the copyright label of View > Decorations."""

_BOTTOM_RIGHT = 3


class Attribution(QgsMapCanvasItem):
    """A line in the lower right corner, or in the lower left one where QGIS' own copyright label is at the right; none
    where that label names our rights, as map_credits() does.

    After `close_down`, or once QGIS has deleted the canvas, all calls do nothing.
    """

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._font = canvas.font()
        self._font.setPixelSize(round(QFontInfo(self._font).pixelSize() * _SHARE_OF_FONT))
        text = QFontMetricsF(self._font).boundingRect(RIGHTS)
        self._size = QRectF(0, 0, text.width() + 4 * _PADDING, text.height() + 2 * _PADDING)
        self.setZValue(_ABOVE_ALL)
        self._is_left = False
        canvas.layersChanged.connect(self._look)
        canvas.mapCanvasRefreshed.connect(self._look)
        self._look()

    def close_down(self) -> None:
        """Take the line off the canvas for good."""
        if self._is_on_canvas():
            self._canvas.layersChanged.disconnect(self._look)
            self._canvas.mapCanvasRefreshed.disconnect(self._look)
            self._canvas.scene().removeItem(self)

    def updatePosition(self) -> None:  # noqa: N802
        """Called by QGIS when the view changes: the line stays in its corner."""
        if not self._is_on_canvas():
            return
        view = self._canvas.viewport().rect()
        left = 0.0 if self._is_left else view.width() - self._size.width()
        self.setPos(QPointF(left, view.height() - self._size.height()))

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Called by Qt."""
        return self._size

    def paint(
        self,
        painter: QPainter,
        option: Optional[QStyleOptionGraphicsItem] = None,
        widget: Optional[QWidget] = None,
    ) -> None:
        """Called by QGIS and Qt."""
        painter.fillRect(self._size, _PAPER)
        painter.setFont(self._font)
        painter.setPen(_INK)
        painter.drawText(self._size, Qt.AlignmentFlag.AlignCenter, RIGHTS)

    def _look(self) -> None:
        """See what the map shows; a change of QGIS' label is followed by a refresh."""
        if not self._is_on_canvas():
            return
        label = self._label()
        placement, _ = QgsProject.instance().readNumEntry(_DECORATION, "/Placement", _BOTTOM_RIGHT)
        self._is_left = bool(label) and placement == _BOTTOM_RIGHT
        scale = self._canvas.scale()
        has_ours = any(has_our_rights(layer) and layer.isInScaleRange(scale) for layer in self._canvas.layers())
        self.setVisible(has_ours and RIGHTS not in label)
        self.updatePosition()

    def _label(self) -> str:
        """What QGIS' copyright label says on the map."""
        project = QgsProject.instance()
        if not project.readBoolEntry(_DECORATION, "/Enabled")[0]:
            return ""
        label, _ = project.readEntry(_DECORATION, "/Label")
        context = QgsExpressionContext()
        context.appendScope(QgsExpressionContextUtils.globalScope())
        context.appendScope(QgsExpressionContextUtils.projectScope(project))
        context.appendScope(QgsExpressionContextUtils.mapSettingsScope(self._canvas.mapSettings()))
        return str(QgsExpression.replaceExpressionText(label, context))

    def _is_on_canvas(self) -> bool:
        return not sip.isdeleted(self) and self.scene() is not None
