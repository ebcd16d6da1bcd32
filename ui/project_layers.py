"""Puts the layers of a run into the project, as one styled group at the top."""

from __future__ import annotations

from collections.abc import Mapping

from qgis.core import QgsProject, QgsVectorLayer

from ..core.layers import IMAGES, SEQUENCES, TILES, apply_style
from ..core.request import CoverageRequest

_TOP_TO_BOTTOM = (IMAGES, SEQUENCES, TILES)


def group_name(request: CoverageRequest) -> str:
    """What the layers are, such as `Mapillary coverage, original positions, panoramas only`."""
    parts = ["Mapillary coverage", f"{request.position} positions"]
    return ", ".join([*parts, str(request.filter)] if request.filter.is_active else parts)


def add_layers(project: QgsProject, layers: Mapping[str, QgsVectorLayer], request: CoverageRequest) -> None:
    """Add the layers that hold anything; the ledger always, since it says why others are empty."""
    group = project.layerTreeRoot().insertGroup(0, group_name(request))
    for kind in _TOP_TO_BOTTOM:
        layer = layers.get(kind)
        if layer is None or (kind != TILES and layer.featureCount() == 0):
            continue
        apply_style(layer, kind)
        project.addMapLayer(layer, False)
        node = group.addLayer(layer)
        node.setCustomProperty("showFeatureCount", True)
        node.setExpanded(kind == IMAGES)
    # The layer tree shows a new group folded, whatever the group says, and hears of changes only.
    group.setExpanded(False)
    group.setExpanded(True)
