"""How the live layers look: the form's filter and colours as their styles, at once and without a request."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from qgis.core import QgsVectorTileBasicRenderer, QgsVectorTileLayer, QgsVectorTileRenderer

from ...core.area.tiling import TileAddress
from ...core.live.live_layers import live_tileset
from ...core.looks.colour_by import ColourBy
from ...core.looks.legend import LiveLegend
from ...core.looks.live_style import live_renderer
from ...core.looks.seen import Seen
from ...core.mapillary.schema import (
    COVERAGE_LAYERS,
    COVERAGE_TILESETS,
    COVERAGE_ZOOM,
    FIRST_SEQUENCE_ZOOM,
    IMAGE,
    MAP_FEATURE_TILESETS,
    OVERVIEW,
    SEQUENCE,
    SourceLayer,
    tileset_layers,
)
from ...core.mapillary.symbols import symbol_svg
from ...core.request.filters import CoverageFilter

_KEPT = 30
"""Renderers that outlive their use: those of some seconds."""


@dataclass(frozen=True)
class Look:
    """What the form says: `layers` are shown, as far as the tiles of a zoom hold them."""

    chosen: CoverageFilter
    colour_by: ColourBy
    layers: tuple[SourceLayer, ...]


class LiveLook:
    """Remembers what each layer shows, so that nothing is drawn anew without need."""

    def __init__(self) -> None:
        self._applied: dict[str, object] = {}
        self._years: Counter[int] = Counter()
        self._kept: deque[QgsVectorTileRenderer] = deque(maxlen=_KEPT)

    def apply(self, layers: Iterable[QgsVectorTileLayer], look: Look, seen_in: Callable[[str], Seen]) -> None:
        """Style the layers; `seen_in` tells what occurs on the map in a tileset, for colours and symbols that fit.

        The colour of a year stays what it is, also where the map shows fewer of them later.
        """
        for layer in layers:
            tileset = live_tileset(layer)
            seen = seen_in(tileset)
            self._years |= seen.years
            seen = replace(seen, years=self._years)
            is_coverage = tileset in COVERAGE_TILESETS.values()
            shown = look.colour_by.classes(seen) if is_coverage else frozenset(seen.values)
            legend = layer.legend()
            if self._applied.get(layer.id()) == (tileset, look, shown) and isinstance(legend, LiveLegend):
                continue
            self._applied[layer.id()] = (tileset, look, shown)
            self._set_renderer(layer, look, seen)
            if not isinstance(legend, LiveLegend):
                legend = LiveLegend(tileset, symbol_svg)
                layer.setLegend(legend)
            legend.show(look.chosen, look.colour_by, seen)
            layer.triggerRepaint()

    def forget(self) -> None:
        """Style every layer anew the next time."""
        self._applied, self._years = {}, Counter()

    def _set_renderer(self, layer: QgsVectorTileLayer, look: Look, seen: Seen) -> None:
        """QGIS 3.22 crashes where expressions are freed while another thread begins to draw with a copy of them, which
        QgsExpression::detach gives up before it has copied: a clone keeps them for a while.
        """
        renderer = live_renderer(live_tileset(layer), look.chosen, look.colour_by, seen, symbol_svg)
        _enable(renderer, {layer.name: layer in look.layers for layer in COVERAGE_LAYERS})
        self._kept.append(renderer.clone())
        layer.setRenderer(renderer)


def unanswered(shown: Iterable[TileAddress], chosen: CoverageFilter) -> list[str]:
    """What of the filter cannot be done with these tiles, by name."""
    drawn = {(each.tileset, each.tile.z) for each in shown}
    layers = sorted({layer for each in drawn for layer in _drawn(*each)}, key=lambda layer: layer.name)
    return list(dict.fromkeys(name for layer in layers for name in chosen.on_tiles(layer).unanswered))


def has_colours(shown: Iterable[TileAddress], colour_by: ColourBy) -> bool:
    """Whether these tiles tell what the colours stand for: those of the lowest zooms know little."""
    is_far_out = any(
        address.tileset not in MAP_FEATURE_TILESETS and address.tile.z < FIRST_SEQUENCE_ZOOM for address in shown
    )
    return not is_far_out or colour_by.is_told_by(OVERVIEW.fields)


def _drawn(tileset: str, zoom: int) -> Sequence[SourceLayer]:
    """The source layers in tiles of a zoom. https://www.mapillary.com/developer/api-documentation (vector tiles)"""
    if tileset in MAP_FEATURE_TILESETS:
        return tileset_layers(tileset)
    if zoom < FIRST_SEQUENCE_ZOOM:
        return [OVERVIEW]
    return [SEQUENCE, IMAGE] if zoom == COVERAGE_ZOOM else [SEQUENCE]


def _enable(renderer: QgsVectorTileBasicRenderer, enabled: Mapping[str, bool]) -> None:
    styles = renderer.styles()
    for style in styles:
        style.setEnabled(enabled.get(style.layerName(), True))
    renderer.setStyles(styles)
