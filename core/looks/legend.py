"""The legend of a live layer, in the layer tree and in print layouts; QGIS makes none for vector tiles."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import shorten
from typing import Optional

from qgis.core import (
    QgsLayerTreeLayer,
    QgsLayerTreeModelLegendNode,
    QgsLegendSymbolItem,
    QgsMapLayerLegend,
    QgsMarkerSymbol,
    QgsSimpleLegendNode,
    QgsSymbolLegendNode,
)
from qgis.PyQt import sip
from qgis.PyQt.QtGui import QIcon

from ..mapillary.map_feature_values import label, value_matcher
from ..mapillary.schema import IMAGE, MAP_FEATURE_TILESETS
from ..mapillary.symbols import SymbolOf, generic_svg
from ..request.filters import CoverageFilter
from .colour_by import ColourBy
from .markers import Colour, Size, dot, marker, picture
from .seen import Seen

_MOST_VALUES = 20
_LONGEST_NOTE = 44
"""Longer ones would give the layer tree a scroll bar; the panel says all."""

_SWATCH, _SYMBOL = (Size(0, millimetres, millimetres, is_native=True) for millimetres in (2.8, 4))

_Line = tuple[str, Optional[QgsMarkerSymbol]]


class LiveLegend(QgsMapLayerLegend):
    """The classes that are seen, each with its colour or symbol, and that there is a filter.

    At most nine lines for coverage: QGIS folds a legend of ten.
    """

    def __init__(self, tileset: str, symbols: SymbolOf) -> None:
        super().__init__()
        self._tileset, self._symbols = tileset, symbols
        self._lines: list[_Line] = []

    def show(self, chosen: CoverageFilter, colour_by: ColourBy, seen: Seen) -> None:
        """Tell of another filter, other colours, or of what else is seen."""
        said = chosen.said_of(MAP_FEATURE_TILESETS.get(self._tileset, IMAGE))
        note: list[_Line] = [(shorten(f"Filter: {said}", _LONGEST_NOTE, placeholder="…"), None)] if said else []
        self._lines = [*self._entries(chosen, colour_by, seen), *note]
        self.itemsChanged.emit()

    def createLayerTreeModelLegendNodes(  # noqa: N802
        self, node_layer: QgsLayerTreeLayer
    ) -> list[QgsLayerTreeModelLegendNode]:
        """A node for each line; QGIS asks for them and owns them."""
        nodes = [_node(node_layer, *line, f"line {number}") for number, line in enumerate(self._lines)]
        for node in nodes:
            sip.transferto(node, None)
        return nodes

    def _entries(self, chosen: CoverageFilter, colour_by: ColourBy, seen: Seen) -> Iterator[_Line]:
        if self._tileset not in MAP_FEATURE_TILESETS:
            for each in colour_by.classes(seen):
                yield each.label, marker(dot(Colour(each.colour), _SWATCH))
            return
        matches = value_matcher(chosen.values)
        values = [value for value, _ in seen.values.most_common() if matches(value)]
        generic = generic_svg(MAP_FEATURE_TILESETS[self._tileset].name)
        for value in values[:_MOST_VALUES]:
            yield label(value), marker(picture(self._symbols(value) or generic, _SYMBOL))
        if len(values) > _MOST_VALUES:
            yield f"{len(values) - _MOST_VALUES:,} more", None


def _node(
    node_layer: QgsLayerTreeLayer, text: str, symbol: Optional[QgsMarkerSymbol], key: str
) -> QgsLayerTreeModelLegendNode:
    """Symbols are drawn by QGIS at any size, in print layouts too."""
    if symbol is None:
        return QgsSimpleLegendNode(node_layer, text, QIcon(), None, key)
    return QgsSymbolLegendNode(node_layer, QgsLegendSymbolItem(symbol, text, key))
