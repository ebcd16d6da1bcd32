"""The renderers of downloaded layers: QGIS' own, which people can edit, in the colours of live coverage."""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable, Optional

from qgis.core import (
    NULL,
    QgsCategorizedSymbolRenderer,
    QgsFeatureRenderer,
    QgsMarkerSymbol,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsSymbol,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)

from ..layers import IMAGES, MAP_FEATURES, SEQUENCES
from ..live.seen import Seen
from ..map_feature_values import label
from ..moments import moment
from ..symbols import generic_svg
from .classes import ALWAYS, LookClass, look_classes
from .colour_by import ColourBy
from .markers import (
    ARROW,
    ARROWS_BELOW_SCALE,
    CASED,
    LINE,
    MOST_SYMBOLS,
    SYMBOL,
    Colour,
    Size,
    arrow,
    dot,
    line,
    marker,
    picture,
    pupil,
)
from .palette import CASING, OTHERS
from .tile_values import is_among, quoted

_DOT = Size(0, 1.7, 1.7, is_native=True)
"""The same at all scales, so that QGIS can draw 200,000 of them from one picture."""

_GENERIC = {"point": "Other objects", "traffic_sign": "Other traffic signs"}
_OTHER = ""


def set_look(layer: QgsVectorLayer, kind: str, colour_by: ColourBy, symbols: Callable[[str], Optional[bytes]]) -> None:
    """Give `images`, `sequences` or `map_features` their look; `symbols` gives the SVG of a value, None for none.

    What occurs in the layer is counted for the legend, in the time that QGIS needs to read one field.
    """
    if kind == MAP_FEATURES:
        renderer = _by_value(_counted(layer, '"value"'), symbols)
    else:
        renderer = _by_class(kind, look_classes(colour_by, _seen_in(layer, colour_by)))
    layer.setRenderer(renderer)
    layer.triggerRepaint()
    layer.emitStyleChanged()


def _by_class(kind: str, classes: list[LookClass]) -> QgsFeatureRenderer:
    make = {IMAGES: _image, SEQUENCES: _sequence}[kind]
    if classes and classes[0].layer_expression == ALWAYS:
        renderer: QgsFeatureRenderer = QgsSingleSymbolRenderer(make(classes[0].colour))
    else:
        cases = " ".join(f"WHEN {each.layer_expression} THEN {quoted(each.label)}" for each in classes)
        categories = [QgsRendererCategory(each.label, make(each.colour), each.label) for each in classes]
        categories.append(QgsRendererCategory(_OTHER, make(OTHERS), "Others"))
        renderer = QgsCategorizedSymbolRenderer(f"CASE {cases} END" if cases else "NULL", categories)
    renderer.setUsingSymbolLevels(kind == SEQUENCES)
    return renderer


def _image(colour: str) -> QgsSymbol:
    is_close = f"coalesce(@map_scale < {ARROWS_BELOW_SCALE}, FALSE)"
    has_angle = f'{is_close} AND "compass_angle" IS NOT NULL'
    return marker(
        dot(Colour(colour), _DOT),
        pupil(_DOT, f'{is_close} AND "is_pano"'),
        arrow(Colour(colour), ARROW.native(), '"compass_angle"', has_angle),
    )


def _sequence(colour: str) -> QgsSymbol:
    symbol = line((Colour(CASING), CASED.native()), (Colour(colour), LINE.native()))
    symbol.symbolLayer(1).setRenderingPass(1)
    return symbol


def _by_value(values: Counter[Any], symbols: Callable[[str], Optional[bytes]]) -> QgsFeatureRenderer:
    """The most frequent values that have a symbol, then the generic symbols."""
    found = ((value, symbols(value)) for value, _ in values.most_common())
    drawn = {value: svg for value, svg in found if svg is not None}
    shown = list(drawn)[:MOST_SYMBOLS]
    categories = [QgsRendererCategory(value, _picture(drawn[value]), label(value)) for value in shown]
    categories += [QgsRendererCategory(kind, _picture(generic_svg(kind)), text) for kind, text in _GENERIC.items()]
    has_own = is_among('"value"', shown)
    return QgsCategorizedSymbolRenderer(f'CASE WHEN {has_own} THEN "value" ELSE "kind" END', categories)


def _picture(svg: bytes) -> QgsMarkerSymbol:
    return marker(picture(svg, SYMBOL.native()))


def _seen_in(layer: QgsVectorLayer, colour_by: ColourBy) -> Seen:
    if colour_by is ColourBy.AGE:
        times = _values(layer, 'epoch("captured_at")')
        years = Counter(moment(int(time)).year for time in times if time != NULL)
        return Seen(years=years, has_undated=sum(years.values()) < len(times))
    if colour_by is ColourBy.CREATOR:
        return Seen(creators=_counted(layer, '"creator_id"'))
    if colour_by is ColourBy.ORGANIZATION:
        organizations = _counted(layer, '"organization_id"')
        return Seen(organizations=organizations, has_no_organization=sum(organizations.values()) < layer.featureCount())
    return Seen()


def _counted(layer: QgsVectorLayer, expression: str) -> Counter[Any]:
    return Counter(value for value in _values(layer, expression) if value != NULL)


def _values(layer: QgsVectorLayer, expression: str) -> list[Any]:
    values, _ = QgsVectorLayerUtils.getValues(layer, expression)
    return values
