"""The layers of a run in the project: one styled group at the top, and what a retry changes in it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Optional

from qgis.core import QgsLayerTreeGroup, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..core.caught import Caught
from ..core.errors import MapillaryError
from ..core.layer_changes import LayerChanges
from ..core.layers import PARTIAL, TILES, apply_style, kinds_of, layer_name, metadata_of
from ..core.request import CoverageRequest
from ..core.result import CoverageResult

_END = object()
_LONGEST_NAME = 160


def group_name(request: CoverageRequest, is_partial: bool = False) -> str:
    """What the layers are, such as `Mapillary coverage, original positions, panoramas only`."""
    has_images, has_features = request.images or request.sequences, request.points or request.traffic_signs
    parts = ["Mapillary " + " and ".join(["coverage"] * has_images + ["map features"] * has_features)]
    parts += [f"{request.position} positions"] * has_images + [str(request.filter)] * request.filter.is_active
    name = ", ".join(parts)
    return (name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…") + (PARTIAL if is_partial else "")


def add_layers(project: QgsProject, layers: Mapping[str, QgsVectorLayer], result: CoverageResult) -> dict[str, str]:
    """Add the layers that hold anything; of a partial result all of them, since a retry may fill them. The ledger
    always, since it says why others are empty. Gives the layers' ids by kind.
    """
    group = project.layerTreeRoot().insertGroup(0, group_name(result.request, result.is_partial))
    added = {}
    kinds = kinds_of(result.request)
    for kind in kinds:
        layer = layers.get(kind)
        if layer is None or (kind != TILES and layer.featureCount() == 0 and not result.is_partial):
            continue
        apply_style(layer, kind)
        project.addMapLayer(layer, False)
        node = group.addLayer(layer)
        node.setCustomProperty("showFeatureCount", True)
        node.setExpanded(kind == kinds[0])
        added[kind] = layer.id()
    # The layer tree shows a new group folded, whatever the group says, and hears of changes only.
    group.setExpanded(False)
    group.setExpanded(True)
    return added


def present_layers(project: QgsProject, ids: Mapping[str, str]) -> dict[str, QgsVectorLayer]:
    """Those of the layers that are still in the project."""
    found = {kind: project.mapLayer(layer_id) for kind, layer_id in ids.items()}
    return {kind: layer for kind, layer in found.items() if layer is not None}


class LayerUpdate(QObject):
    """Makes the changes of a retry in steps, so that QGIS stays fluid. `ended` fires when all are made, or when
    `error` says why not.
    """

    ended = pyqtSignal()

    def __init__(
        self,
        layers: Mapping[str, QgsVectorLayer],
        changes: Mapping[str, LayerChanges],
        result: CoverageResult,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.error: Optional[MapillaryError] = None
        self._steps = _steps(layers, changes, result)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._step)
        self._timer.start(0)

    def stop(self) -> None:
        """Make no further changes."""
        self._timer.stop()
        self._steps.close()

    def _step(self) -> None:
        with Caught() as caught:
            if next(self._steps, _END) is not _END:
                return
        self._timer.stop()
        self.error = caught.error
        self.ended.emit()


def _steps(
    layers: Mapping[str, QgsVectorLayer], changes: Mapping[str, LayerChanges], result: CoverageResult
) -> Generator[None, None, None]:
    project = QgsProject.instance()
    ids = {kind: layer.id() for kind, layer in layers.items()}
    for kind, layer_id in ids.items():
        layer = project.mapLayer(layer_id)
        if layer is None:
            continue
        for _ in changes[kind].apply(layer):
            yield
            if project.mapLayer(layer_id) is None:
                break
        else:
            _relabel(layer, kind, result)


def _relabel(layer: QgsVectorLayer, kind: str, result: CoverageResult) -> None:
    """The metadata tell of the new result; names that the person changed stay."""
    layer.setMetadata(metadata_of(result, kind))
    if layer.name() == layer_name(kind, is_partial=True):
        layer.setName(layer_name(kind, result.is_partial))
    group = _group_of(layer)
    if group is not None and group.name() == group_name(result.request, is_partial=True):
        group.setName(group_name(result.request, result.is_partial))


def _group_of(layer: QgsVectorLayer) -> Optional[QgsLayerTreeGroup]:
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    return node.parent() if node is not None else None
