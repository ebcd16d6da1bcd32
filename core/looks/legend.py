"""The legend of a live layer, in the layer tree and in print layouts; QGIS makes none for vector tiles."""

from __future__ import annotations

from collections.abc import Iterator

from qgis.core import (
    QgsLayerTreeLayer,
    QgsLayerTreeModelLegendNode,
    QgsMapLayerLegend,
    QgsMarkerSymbolLayer,
    QgsSimpleLegendNode,
    QgsSymbolLayerUtils,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QIcon

from ..filters import CoverageFilter
from ..live.seen import Seen
from ..map_feature_values import label, value_matcher
from ..schema import MAP_FEATURE_TILESETS
from ..symbols import SymbolOf, generic_svg
from .classes import look_classes
from .colour_by import ColourBy
from .markers import Colour, Size, dot, marker, picture
from .notes import filter_notes

_MOST_VALUES = 20
_ICON = QSize(16, 16)
_SWATCH, _SYMBOL = (Size(0, millimetres, millimetres, is_native=True) for millimetres in (2.8, 4))


class LiveLegend(QgsMapLayerLegend):
    """The classes that are seen, each with its colour or symbol, and what the filter takes out."""

    def __init__(self, tileset: str, symbols: SymbolOf) -> None:
        super().__init__()
        self._tileset, self._symbols = tileset, symbols
        self._lines: list[tuple[str, QIcon]] = []

    def show(self, chosen: CoverageFilter, colour_by: ColourBy, seen: Seen) -> None:
        """Tell of another filter, other colours, or of what else is seen."""
        self._lines = [*self._entries(chosen, colour_by, seen)]
        self._lines += [(note, QIcon()) for note in filter_notes(self._tileset, chosen, colour_by)]
        self.itemsChanged.emit()

    def createLayerTreeModelLegendNodes(  # noqa: N802
        self, node_layer: QgsLayerTreeLayer
    ) -> list[QgsLayerTreeModelLegendNode]:
        """A node for each line; QGIS asks for them and owns them."""
        nodes = [
            QgsSimpleLegendNode(node_layer, text, icon, None, f"line {number}")
            for number, (text, icon) in enumerate(self._lines)
        ]
        for node in nodes:
            sip.transferto(node, None)
        return nodes

    def _entries(self, chosen: CoverageFilter, colour_by: ColourBy, seen: Seen) -> Iterator[tuple[str, QIcon]]:
        if self._tileset not in MAP_FEATURE_TILESETS:
            for each in look_classes(colour_by, seen):
                yield each.label, _icon(dot(Colour(each.colour), _SWATCH))
            return
        matches = value_matcher(chosen.values)
        values = [value for value, _ in seen.values.most_common() if matches(value)]
        generic = generic_svg(MAP_FEATURE_TILESETS[self._tileset].name)
        for value in values[:_MOST_VALUES]:
            yield label(value), _icon(picture(self._symbols(value) or generic, _SYMBOL))
        if len(values) > _MOST_VALUES:
            yield f"{len(values) - _MOST_VALUES:,} more", QIcon()


def _icon(layer: QgsMarkerSymbolLayer) -> QIcon:
    return QgsSymbolLayerUtils.symbolPreviewIcon(marker(layer), _ICON)
