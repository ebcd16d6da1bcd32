"""The symbols of images, sequences and map features, live and downloaded alike.

Each has a bright fill and a dark casing, so that it stands out on light, dark and aerial backgrounds. Sizes are
millimetres; a colour, size or switch may be an expression, which QGIS asks for each feature.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from qgis.core import (
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsProperty,
    QgsSimpleLineSymbolLayer,
    QgsSimpleMarkerSymbolLayer,
    QgsSimpleMarkerSymbolLayerBase,
    QgsSvgMarkerSymbolLayer,
    QgsSymbolLayer,
)
from qgis.PyQt.QtCore import QPointF, Qt
from qgis.PyQt.QtGui import QColor

from .palette import CASING

_Shape = QgsSimpleMarkerSymbolLayerBase.Shape
_Property = QgsSymbolLayer.Property


@dataclass(frozen=True)
class Colour:
    """A colour such as `#05cb63`, and the expression that tells it for each feature where it differs."""

    fixed: str
    expression: str = ""


def dots(colour: Colour, size: float, size_expression: str = "", is_pano: str = "") -> QgsMarkerSymbol:
    """Dots; with a ring around those that are panoramas."""
    layers = [_ring(colour, size, size_expression, is_pano)] if is_pano else []
    return marker(*layers, _marker(_Shape.Circle, colour, size, size_expression))


def marker(*layers: QgsSymbolLayer) -> QgsMarkerSymbol:
    """A symbol of these layers, the lowest first."""
    symbol = QgsMarkerSymbol()
    symbol.deleteSymbolLayer(0)
    for layer in layers:
        symbol.appendSymbolLayer(layer)
    return symbol


def arrow(colour: Colour, size: float, angle: str, is_shown: str = "", size_expression: str = "") -> QgsSymbolLayer:
    """The head of an arrow beside the dot, in the direction that the expression gives in degrees from north."""
    layer = _marker(_Shape.Triangle, colour, size, size_expression)
    layer.setOffset(QPointF(0, -0.62 * size))
    layer.setDataDefinedProperty(_Property.PropertyAngle, QgsProperty.fromExpression(angle))
    if size_expression:
        offset = f"array(0, -0.62 * ({size_expression}))"
        layer.setDataDefinedProperty(_Property.PropertyOffset, QgsProperty.fromExpression(offset))
    if is_shown:
        layer.setDataDefinedProperty(_Property.PropertyLayerEnabled, QgsProperty.fromExpression(is_shown))
    return layer


def line(colour: Colour, width: float, width_expression: str = "", opacity: float = 1) -> QgsLineSymbol:
    """A line with round ends."""
    layer = QgsSimpleLineSymbolLayer(QColor(colour.fixed), width)
    layer.setPenCapStyle(Qt.PenCapStyle.RoundCap)
    layer.setPenJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if colour.expression:
        layer.setDataDefinedProperty(_Property.PropertyStrokeColor, QgsProperty.fromExpression(colour.expression))
    if width_expression:
        layer.setDataDefinedProperty(_Property.PropertyStrokeWidth, QgsProperty.fromExpression(width_expression))
    symbol = QgsLineSymbol()
    symbol.changeSymbolLayer(0, layer)
    symbol.setOpacity(opacity)
    return symbol


def picture(svg: bytes, size: float, size_expression: str = "") -> QgsMarkerSymbol:
    """An SVG that is kept in the symbol itself."""
    layer = QgsSvgMarkerSymbolLayer(f"base64:{b64encode(svg).decode()}", size)
    if size_expression:
        layer.setDataDefinedProperty(_Property.PropertySize, QgsProperty.fromExpression(size_expression))
    return marker(layer)


def _ring(colour: Colour, size: float, size_expression: str, is_pano: str) -> QgsSymbolLayer:
    wider = f"1.9 * ({size_expression})" if size_expression else ""
    layer = _marker(_Shape.Circle, colour, 1.9 * size, wider)
    layer.setDataDefinedProperty(_Property.PropertyLayerEnabled, QgsProperty.fromExpression(is_pano))
    return layer


def _marker(
    shape: QgsSimpleMarkerSymbolLayerBase.Shape, colour: Colour, size: float, size_expression: str
) -> QgsSimpleMarkerSymbolLayer:
    layer = QgsSimpleMarkerSymbolLayer(shape, size)
    layer.setColor(QColor(colour.fixed))
    layer.setStrokeColor(QColor(CASING))
    layer.setStrokeWidth(0.2)
    if colour.expression:
        layer.setDataDefinedProperty(_Property.PropertyFillColor, QgsProperty.fromExpression(colour.expression))
    if size_expression:
        layer.setDataDefinedProperty(_Property.PropertySize, QgsProperty.fromExpression(size_expression))
    return layer
