"""The renderers of downloaded layers: QGIS' own, which people can edit, in the colours of live coverage."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    NULL,
    QgsCategorizedSymbolRenderer,
    QgsFeatureRenderer,
    QgsMapLayer,
    QgsMarkerSymbol,
    QgsProperty,
    QgsReadWriteContext,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsSymbol,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QVariant
from qgis.PyQt.QtXml import QDomDocument

from ..about import PLUGIN_FOLDER
from ..layers.kinds import fields_of
from ..mapillary.map_feature_values import label
from ..mapillary.schema import IMAGES, MAP_FEATURE_LAYERS, MAP_FEATURES, SEQUENCES, TILES
from ..mapillary.symbols import SymbolOf, generic_svg, symbol_svg
from ..mapillary.tile_values import is_among
from .colour_by import ColourBy, LookClass
from .markers import (
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
    shown_where,
)
from .palette import CASING, OTHERS
from .seen import Seen

_DOT, _ARROW = (Size(0, size, size, is_native=True) for size in (1.7, 2.2))
"""The same at all scales, so that QGIS can draw 200,000 of them from one picture."""

_LOOK_KEY = "mapillary_coverage/look"
_ATTRIBUTE = re.compile(r'[\w:-]+="[^"]*"')


def apply_style(
    layer: QgsVectorLayer, kind: str, colour_by: ColourBy = ColourBy.NOTHING, seen: Optional[Seen] = None
) -> None:
    """All that a layer of ours has from its creation: look, fields, form, tip, actions, times. `seen` is what occurs in
    it; without that, the values of map features are read from the layer.
    """
    layer.loadNamedStyle(str(style_file(kind)))
    if kind != TILES:
        known = seen or (values_in(layer) if kind == MAP_FEATURES else Seen())
        set_look(layer, kind, colour_by, known, symbol_svg)


def set_look(layer: QgsVectorLayer, kind: str, colour_by: ColourBy, seen: Seen, symbols: SymbolOf) -> None:
    """Give `images`, `sequences` or `map_features` their look, with a legend of what was `seen` in them.

    `symbols` gives the SVG of a value, None for none. Takes no longer for large layers.
    """
    if kind == MAP_FEATURES:
        renderer = _by_value(seen.values, symbols)
    else:
        renderer = _by_class(kind, colour_by, colour_by.classes(seen))
    layer.setRenderer(renderer)
    layer.setCustomProperty(_LOOK_KEY, _fingerprint(layer))
    layer.triggerRepaint()
    layer.emitStyleChanged()


def renew_look(layer: QgsVectorLayer, kind: str) -> None:
    """After a layer of map features has changed: symbols for the values that it has now, unless a person has changed
    anything about its look.
    """
    if kind == MAP_FEATURES and layer.customProperty(_LOOK_KEY) == _fingerprint(layer):
        set_look(layer, kind, ColourBy.NOTHING, values_in(layer), symbol_svg)


def _fingerprint(layer: QgsVectorLayer) -> str:
    """Of the renderer; QGIS writes attributes in an order that differs from session to session."""
    document = QDomDocument()
    document.appendChild(layer.renderer().save(document, QgsReadWriteContext()))
    return sha256("".join(sorted(_ATTRIBUTE.findall(document.toString()))).encode()).hexdigest()


def values_in(layer: QgsVectorLayer) -> Seen:
    """The values of map features, as QGIS reads them from their layer: 60,000 take a tenth of a second."""
    values, _ = QgsVectorLayerUtils.getValues(layer, '"value"')
    return Seen(values=Counter(value for value in values if value != NULL))


def _by_class(kind: str, colour_by: ColourBy, classes: list[LookClass]) -> QgsFeatureRenderer:
    make = {IMAGES: _image, SEQUENCES: _sequence}[kind]
    if not colour_by.field:
        renderer: QgsFeatureRenderer = QgsSingleSymbolRenderer(make(classes[0].colour))
    else:
        categories = [_category(each.layer_values, make(each.colour), each.label) for each in classes]
        if all(each.layer_values for each in classes):
            categories.append(_category((), make(OTHERS), "Others"))
        renderer = QgsCategorizedSymbolRenderer(colour_by.layer_key, categories)
    renderer.setUsingSymbolLevels(kind == SEQUENCES)
    return renderer


def _category(values: tuple[str, ...], symbol: QgsSymbol, text: str) -> QgsRendererCategory:
    """QGIS takes one value, several as a list, and the empty text for all that has no other category."""
    return QgsRendererCategory(list(values) if len(values) > 1 else "".join(values[:1]), symbol, text)


def _image(colour: str) -> QgsSymbol:
    is_close = f"@map_scale < {ARROWS_BELOW_SCALE}"
    directions = arrow(Colour(colour), _ARROW, QgsProperty.fromField("compass_angle"))
    return marker(
        dot(Colour(colour), _DOT),
        shown_where(pupil(_DOT), QgsProperty.fromField("is_pano"), is_close),
        shown_where(directions, QgsProperty.fromExpression(is_close), f'{is_close} AND "compass_angle" IS NOT NULL'),
    )


def _sequence(colour: str) -> QgsSymbol:
    symbol = line((Colour(CASING), CASED.native()), (Colour(colour), LINE.native()))
    symbol.symbolLayer(1).setRenderingPass(1)
    return symbol


def _by_value(values: Counter[Any], symbols: SymbolOf) -> QgsFeatureRenderer:
    """The most frequent values that have a symbol, then the generic symbols."""
    found = ((value, symbols(value)) for value, _ in values.most_common())
    drawn = {value: svg for value, svg in found if svg is not None}
    shown = list(drawn)[:MOST_SYMBOLS]
    categories = [QgsRendererCategory(value, _picture(drawn[value]), label(value)) for value in shown]
    categories += [
        QgsRendererCategory(layer.name, _picture(generic_svg(layer.name)), f"Other {layer.noun}s")
        for layer in MAP_FEATURE_LAYERS
    ]
    has_own = is_among('"value"', shown)
    return QgsCategorizedSymbolRenderer(f'CASE WHEN {has_own} THEN "value" ELSE "kind" END', categories)


def _picture(svg: bytes) -> QgsMarkerSymbol:
    return marker(picture(svg, SYMBOL.native()))


def set_times(layer: QgsVectorLayer, kind: str) -> None:
    """Have images and sequences shown at `captured_at`, map features from `first_seen_at` to `last_seen_at`, both UTC,
    as the style of the kind says.

    A layer without these fields, or with other things than date-times in them, stays as it is: it would vanish as soon
    as the controller moves. QGIS shows features without a time at any time.
    """
    fields = layer.fields()
    times = [field.name() for field in fields_of(kind) if field.type() == QVariant.DateTime]
    if all(name in fields.names() and fields.field(name).type() == QVariant.DateTime for name in times):
        layer.loadNamedStyle(str(style_file(kind)), False, QgsMapLayer.StyleCategory.Temporal)


def style_file(kind: str) -> Path:
    """The QML file for layers of this kind: their fields, form, tip, actions and times; of tiles also their look."""
    return PLUGIN_FOLDER / "resources" / "styles" / f"{kind}.qml"
