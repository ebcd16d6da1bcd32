"""The live layers in the project: at the bottom of our group, found again wherever a person has moved them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Optional

from qgis.core import QgsProject, QgsVectorTileLayer

from ...core.area.tiling import SCALE_OF_ZOOM_0
from ...core.live.live_layers import live_tileset, make_live_layer, switch_tileset
from ...core.mapillary.schema import COVERAGE_TILESETS, COVERAGE_ZOOM, MAP_FEATURE_TILESETS
from ..layers.project_layers import mapillary_group, place_layer

FEATURES_BELOW_SCALE = SCALE_OF_ZOOM_0 / 2 ** (COVERAGE_ZOOM - 0.5) // 1_000 * 1_000
"""Where QGIS draws tiles of zoom 14, in round numbers: there are no objects and signs in those of lower zooms."""

PathOf = Callable[[str], Path]
"""The file that QGIS reads a tileset from. Raises MapillaryError where there can be none."""


def live_layers(project: QgsProject) -> list[QgsVectorTileLayer]:
    """All live layers of the project, copies that a person made among them."""
    return [layer for layer in project.mapLayers().values() if live_tileset(layer)]


def add_live_layers(project: QgsProject, position: str, path_of: PathOf) -> None:
    """Add those that are missing: map features, the last tileset on top, over coverage. Raises MapillaryError before
    any is added.
    """
    present = {live_tileset(layer) for layer in live_layers(project)}
    has_coverage = bool(present & set(COVERAGE_TILESETS.values()))
    wanted = [COVERAGE_TILESETS[position]] * (not has_coverage) + list(MAP_FEATURE_TILESETS)
    made = [make_live_layer(tileset, path_of(tileset)) for tileset in wanted if tileset not in present]
    for layer in made:
        tileset = live_tileset(layer)
        if tileset in MAP_FEATURE_TILESETS:
            layer.setScaleBasedVisibility(True)
            layer.setMinimumScale(FEATURES_BELOW_SCALE)
        place_layer(project, layer, is_expanded=tileset not in MAP_FEATURE_TILESETS)


def remove_live_layers(project: QgsProject) -> None:
    """Remove them, and our group where nothing else is in it."""
    project.removeMapLayers([layer.id() for layer in live_layers(project)])
    group = mapillary_group(project)
    if not group.children():
        group.parent().removeChildNode(group)


def show_position(project: QgsProject, position: str, path_of: Callable[[str], Optional[Path]]) -> None:
    """Have the coverage at `original` or `computed` positions."""
    tileset = COVERAGE_TILESETS[position]
    for layer in live_layers(project):
        if live_tileset(layer) in COVERAGE_TILESETS.values() and live_tileset(layer) != tileset:
            switch_tileset(layer, tileset, path_of(tileset))


def show_only(project: QgsProject, tilesets: Iterable[str]) -> None:
    """Tick these in the layer tree, and take the ticks of the other live layers away."""
    shown = set(tilesets)
    for layer in live_layers(project):
        node = project.layerTreeRoot().findLayer(layer.id())
        if node is not None:
            node.setItemVisibilityChecked(live_tileset(layer) in shown)
