"""How the live layers look: the form's filter and colours as their styles, at once and without a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qgis.core import QgsVectorTileBasicRenderer, QgsVectorTileLayer

from ...core.filters import CoverageFilter
from ...core.live.live_layers import live_tileset
from ...core.live.seen import Seen
from ...core.looks.classes import look_classes
from ...core.looks.colour_by import ColourBy
from ...core.looks.filter_expression import tile_filter
from ...core.looks.legend import LiveLegend
from ...core.looks.live_style import live_renderer
from ...core.request import TileAddress
from ...core.schema import (
    COVERAGE_TILESETS,
    COVERAGE_ZOOM,
    FIRST_SEQUENCE_ZOOM,
    IMAGE,
    MAP_FEATURE_TILESETS,
    OVERVIEW,
    SEQUENCE,
)
from ...core.symbols import symbol_svg


@dataclass(frozen=True)
class Look:
    """What the form says: `images` and `sequences`, which of them coverage shows from zoom 6 on."""

    chosen: CoverageFilter
    colour_by: ColourBy
    images: bool
    sequences: bool


class LiveLook:
    """Remembers what each layer shows, so that nothing is drawn anew without need."""

    def __init__(self) -> None:
        self._applied: dict[str, object] = {}

    def apply(self, layers: Iterable[QgsVectorTileLayer], look: Look, seen: Seen) -> None:
        """Style the layers; `seen` is what occurs on the map, for colours and symbols that fit."""
        classes = look_classes(look.colour_by, seen)
        for layer in layers:
            tileset = live_tileset(layer)
            is_coverage = tileset in COVERAGE_TILESETS.values()
            key = (tileset, look, classes if is_coverage else frozenset(seen.values))
            if self._applied.get(layer.id()) == key:
                continue
            self._applied[layer.id()] = key
            renderer = live_renderer(tileset, look.chosen, look.colour_by, seen, symbol_svg)
            _enable(renderer, {IMAGE.name: look.images, SEQUENCE.name: look.sequences})
            layer.setRenderer(renderer)
            legend = layer.legend()
            if not isinstance(legend, LiveLegend):
                legend = LiveLegend(tileset, symbol_svg)
                layer.setLegend(legend)
            legend.show(look.chosen, look.colour_by, seen)
            layer.triggerRepaint()

    def forget(self) -> None:
        """Style every layer anew the next time."""
        self._applied = {}


def unanswered(shown: Iterable[TileAddress], chosen: CoverageFilter) -> list[str]:
    """What of the filter cannot be done with these tiles, by name."""
    layers = {
        layer for tileset, zoom in {(each.tileset, each.tile.z) for each in shown} for layer in _drawn(tileset, zoom)
    }
    return list(dict.fromkeys(name for layer in sorted(layers) for name in tile_filter(chosen, layer).unanswered))


def _drawn(tileset: str, zoom: int) -> list[str]:
    """The source layers in tiles of a zoom. https://www.mapillary.com/developer/api-documentation (vector tiles)"""
    if tileset in MAP_FEATURE_TILESETS:
        return [MAP_FEATURE_TILESETS[tileset].name]
    if zoom < FIRST_SEQUENCE_ZOOM:
        return [OVERVIEW.name]
    return [SEQUENCE.name, IMAGE.name] if zoom == COVERAGE_ZOOM else [SEQUENCE.name]


def _enable(renderer: QgsVectorTileBasicRenderer, enabled: Mapping[str, bool]) -> None:
    styles = renderer.styles()
    for style in styles:
        style.setEnabled(enabled.get(style.layerName(), True))
    renderer.setStyles(styles)
