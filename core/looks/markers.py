"""The symbols of images, sequences and map features, live and downloaded alike.

Each has a bright fill and a dark casing, so that it stands out on light, dark and aerial backgrounds. A colour or a
switch may be an expression, which QGIS asks for each feature; sizes follow the scale without one, which is faster.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from qgis.core import (
    QgsLineSymbol,
    QgsMapUnitScale,
    QgsMarkerSymbol,
    QgsMarkerSymbolLayer,
    QgsProperty,
    QgsSimpleLineSymbolLayer,
    QgsSimpleMarkerSymbolLayer,
    QgsSimpleMarkerSymbolLayerBase,
    QgsSvgMarkerSymbolLayer,
    QgsSymbolLayer,
    QgsUnitTypes,
)
from qgis.PyQt.QtCore import QPointF, Qt
from qgis.PyQt.QtGui import QColor

from .palette import CASING

_Shape = QgsSimpleMarkerSymbolLayerBase.Shape
_Property = QgsSymbolLayer.Property
_METRES = QgsUnitTypes.RenderUnit.RenderMetersInMapUnits


@dataclass(frozen=True)
class Colour:
    """A colour such as `#05cb63`, and the expression that tells it for each feature where it differs."""

    fixed: str
    expression: str = ""


@dataclass(frozen=True)
class Size:
    """Metres on the ground, but not less and not more than so many millimetres on the map."""

    metres: float
    least: float
    most: float

    def times(self, factor: float) -> Size:
        """So much larger."""
        return Size(factor * self.metres, factor * self.least, factor * self.most)

    @property
    def scale(self) -> QgsMapUnitScale:
        """The limits."""
        scale = QgsMapUnitScale()
        scale.minSizeMMEnabled = scale.maxSizeMMEnabled = True
        scale.minSizeMM, scale.maxSizeMM = self.least, self.most
        return scale


SPOT, DOT, ARROW = Size(40_000, 1.3, 2.0), Size(8, 1.0, 2.2), Size(8, 1.6, 2.2)
LINE, CASED = Size(20, 0.35, 0.6), Size(35, 0.6, 1.0)
SYMBOL = Size(25, 2.6, 7)

ARROWS_BELOW_SCALE = 3300
"""Where single images can be told apart."""

MOST_SYMBOLS = 100
"""Each value takes a while: in live layers it has a style of its own that goes through all features of a tile."""

_STROKE = Size(0.8, 0.1, 0.2)
_PUPIL = 0.45
_REACH = 0.68
"""How far before its image an arrow is, in sizes of the arrow."""


def dot(colour: Colour, size: Size) -> QgsMarkerSymbolLayer:
    """A round dot."""
    return _marker(_Shape.Circle, colour, size)


def pupil(size: Size, is_shown: str) -> QgsMarkerSymbolLayer:
    """What makes a dot of this size a panorama, where the expression is true."""
    layer = _marker(_Shape.Circle, Colour(CASING), size.times(_PUPIL))
    layer.setStrokeStyle(Qt.PenStyle.NoPen)
    layer.setDataDefinedProperty(_Property.PropertyLayerEnabled, QgsProperty.fromExpression(is_shown))
    return layer


def arrow(colour: Colour, size: Size, angle: str, is_shown: str = "") -> QgsMarkerSymbolLayer:
    """The head of an arrow before the dot, in the direction that the expression gives in degrees from north."""
    layer = _marker(_Shape.Triangle, colour, size)
    layer.setOffset(QPointF(0, -_REACH * size.metres))
    layer.setOffsetUnit(_METRES)
    layer.setOffsetMapUnitScale(size.times(_REACH).scale)
    layer.setDataDefinedProperty(_Property.PropertyAngle, QgsProperty.fromExpression(angle))
    if is_shown:
        layer.setDataDefinedProperty(_Property.PropertyLayerEnabled, QgsProperty.fromExpression(is_shown))
    return layer


def picture(svg: bytes, size: Size) -> QgsMarkerSymbolLayer:
    """An SVG, which is kept in the symbol itself."""
    return _sized(QgsSvgMarkerSymbolLayer(f"base64:{b64encode(svg).decode()}"), size)


def marker(*layers: QgsMarkerSymbolLayer) -> QgsMarkerSymbol:
    """A symbol of these layers, the lowest first."""
    symbol = QgsMarkerSymbol()
    symbol.deleteSymbolLayer(0)
    for layer in layers:
        symbol.appendSymbolLayer(layer)
    return symbol


def line(*strokes: tuple[Colour, Size]) -> QgsLineSymbol:
    """A line with round ends, of strokes one above the other."""
    symbol = QgsLineSymbol()
    symbol.deleteSymbolLayer(0)
    for colour, width in strokes:
        symbol.appendSymbolLayer(_stroke(colour, width))
    return symbol


def _stroke(colour: Colour, width: Size) -> QgsSimpleLineSymbolLayer:
    layer = QgsSimpleLineSymbolLayer(QColor(colour.fixed), width.metres)
    layer.setWidthUnit(_METRES)
    layer.setWidthMapUnitScale(width.scale)
    layer.setPenCapStyle(Qt.PenCapStyle.RoundCap)
    layer.setPenJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if colour.expression:
        layer.setDataDefinedProperty(_Property.PropertyStrokeColor, QgsProperty.fromExpression(colour.expression))
    return layer


def _marker(shape: QgsSimpleMarkerSymbolLayerBase.Shape, colour: Colour, size: Size) -> QgsSimpleMarkerSymbolLayer:
    layer = QgsSimpleMarkerSymbolLayer(shape)
    layer.setColor(QColor(colour.fixed))
    layer.setStrokeColor(QColor(CASING))
    layer.setStrokeWidth(_STROKE.metres)
    layer.setStrokeWidthUnit(_METRES)
    layer.setStrokeWidthMapUnitScale(_STROKE.scale)
    if colour.expression:
        layer.setDataDefinedProperty(_Property.PropertyFillColor, QgsProperty.fromExpression(colour.expression))
    return _sized(layer, size)


def _sized(layer: QgsMarkerSymbolLayer, size: Size) -> QgsMarkerSymbolLayer:
    layer.setSize(size.metres)
    layer.setSizeUnit(_METRES)
    layer.setSizeMapUnitScale(size.scale)
    return layer
