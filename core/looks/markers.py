"""The symbols of images, sequences and map features, live and downloaded alike.

Each has a bright fill and a dark casing, so that it stands out on light, dark and aerial backgrounds. A colour or a
switch may be an expression, which QGIS asks for each feature; sizes follow the scale without one, which is faster.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class Colour:
    """A colour such as `#05cb63`, and the expression that tells it for each feature where it differs."""

    fixed: str
    expression: str = ""


@dataclass(frozen=True)
class Size:
    """Metres on the ground, but not less and not more than so many millimetres on the map.

    Live layers have this as a unit of QGIS, which is fast. Where `is_native`, it is an expression over the scale, so
    that the symbols of downloaded layers are in millimetres: QGIS' legends cannot show others.
    """

    metres: float
    least: float
    most: float
    is_native: bool = False

    def native(self) -> Size:
        """The same in millimetres."""
        return replace(self, is_native=True)

    def times(self, factor: float) -> Size:
        """So much larger."""
        return Size(factor * self.metres, factor * self.least, factor * self.most, self.is_native)

    @property
    def amount(self) -> float:
        """In its unit."""
        return self.most if self.is_native else self.metres

    @property
    def unit(self) -> QgsUnitTypes.RenderUnit:
        """The unit of QGIS."""
        units = QgsUnitTypes.RenderUnit
        return units.RenderMillimeters if self.is_native else units.RenderMetersInMapUnits

    @property
    def limits(self) -> QgsMapUnitScale:
        """What sizes in metres are kept within."""
        scale = QgsMapUnitScale()
        if not self.is_native:
            scale.minSizeMMEnabled = scale.maxSizeMMEnabled = True
            scale.minSizeMM, scale.maxSizeMM = self.least, self.most
        return scale

    @property
    def by_scale(self) -> QgsProperty:
        """The size in millimetres at the scale of the map, the largest where there is no map."""
        return QgsProperty.fromExpression(
            f"coalesce(clamp({self.least:g}, {1000 * self.metres:g} / @map_scale, {self.most:g}), {self.most:g})"
        )


SPOT, DOT, ARROW = Size(40_000, 1.5, 2.2), Size(12, 1.7, 3.2), Size(8, 2.2, 3.2)
LINE, CASED = Size(20, 0.45, 0.65), Size(35, 0.8, 1.05)
SYMBOL = Size(25, 2.6, 7)

ARROWS_BELOW_SCALE = 3300
"""Where single images can be told apart."""

MOST_SYMBOLS = 100
"""Each value takes a while: in live layers it has a style of its own that goes through all features of a tile."""

_STROKE = Size(0.8, 0.07, 0.2)
_PUPIL = 0.45
_REACH = 0.85
"""How far before its image an arrow is, in sizes of the arrow."""


def dot(colour: Colour, size: Size) -> QgsMarkerSymbolLayer:
    """A round dot."""
    return _marker(_Shape.Circle, colour, size)


def pupil(size: Size) -> QgsMarkerSymbolLayer:
    """What makes a dot of this size a panorama."""
    layer = _marker(_Shape.Circle, Colour(CASING), size.times(_PUPIL))
    layer.setStrokeStyle(Qt.PenStyle.NoPen)
    return layer


def arrow(colour: Colour, size: Size, angle: QgsProperty) -> QgsMarkerSymbolLayer:
    """The head of an arrow before the dot, at this angle in degrees from north.

    It is for scales at which it has its full size.
    """
    layer = _marker(_Shape.Triangle, colour, size)
    layer.setOffset(QPointF(0, -_REACH * size.most))
    layer.setDataDefinedProperty(_Property.PropertyAngle, angle)
    return layer


def shown_where(layer: QgsMarkerSymbolLayer, is_shown: QgsProperty, has_size: str = "") -> QgsMarkerSymbolLayer:
    """The layer where both are true. Legends draw it whether it is shown or not, but with its size, so layers with
    legends have `has_size`, which is not true without a scale.

    QGIS asks `has_size` only where `is_shown`, and for a field faster than for an expression.
    """
    layer.setDataDefinedProperty(_Property.PropertyLayerEnabled, is_shown)
    if has_size:
        size = QgsProperty.fromExpression(f"CASE WHEN {has_size} THEN {layer.size():g} ELSE 0 END")
        layer.setDataDefinedProperty(_Property.PropertySize, size)
        layer.setSize(0)
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
    layer = QgsSimpleLineSymbolLayer(QColor(colour.fixed), width.amount)
    layer.setWidthUnit(width.unit)
    layer.setWidthMapUnitScale(width.limits)
    layer.setPenCapStyle(Qt.PenCapStyle.RoundCap)
    layer.setPenJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if width.is_native:
        layer.setDataDefinedProperty(_Property.PropertyStrokeWidth, width.by_scale)
    if colour.expression:
        layer.setDataDefinedProperty(_Property.PropertyStrokeColor, QgsProperty.fromExpression(colour.expression))
    return layer


def _marker(shape: QgsSimpleMarkerSymbolLayerBase.Shape, colour: Colour, size: Size) -> QgsSimpleMarkerSymbolLayer:
    layer = QgsSimpleMarkerSymbolLayer(shape)
    layer.setColor(QColor(colour.fixed))
    layer.setStrokeColor(QColor(CASING))
    stroke = replace(_STROKE, is_native=size.is_native)
    layer.setStrokeWidth(stroke.amount)
    layer.setStrokeWidthUnit(stroke.unit)
    layer.setStrokeWidthMapUnitScale(stroke.limits)
    if colour.expression:
        layer.setDataDefinedProperty(_Property.PropertyFillColor, QgsProperty.fromExpression(colour.expression))
    return _sized(layer, size)


def _sized(layer: QgsMarkerSymbolLayer, size: Size) -> QgsMarkerSymbolLayer:
    layer.setSize(size.amount)
    layer.setSizeUnit(size.unit)
    layer.setSizeMapUnitScale(size.limits)
    if size.is_native and size.least < size.most:
        layer.setDataDefinedProperty(_Property.PropertySize, size.by_scale)
    return layer
