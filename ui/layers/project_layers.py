"""Our layers in the project: one group in a stable order, their names, and changes to them made step by step."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Callable, Optional

from qgis.core import (
    QgsLayerMetadata,
    QgsLayerTreeGroup,
    QgsMapLayer,
    QgsProject,
    QgsProviderRegistry,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...core.download.result import CoverageResult
from ...core.errors import MapillaryError
from ...core.layers.kinds import kind_of_layer
from ...core.layers.layer_changes import Revision
from ...core.log import log
from ...core.looks.colour_by import ColourBy
from ...core.looks.layer_style import apply_style, renew_look
from ...core.looks.seen import Seen
from ...core.mapillary.schema import IMAGES, KINDS, TILES, kinds_of
from ...core.threads import Caught

_END = object()
_GROUP_KEY = "mapillary_coverage/group"
_NAME_KEY = "mapillary_coverage/name"


def mapillary_group(project: QgsProject) -> QgsLayerTreeGroup:
    """The group of our layers, made anew at the top where there is none; a person may rename or move it."""
    root = project.layerTreeRoot()
    found = next((group for group in root.findGroups(True) if group.customProperty(_GROUP_KEY)), None)
    if found is not None:
        return found
    group = root.insertGroup(0, "Mapillary")
    group.setCustomProperty(_GROUP_KEY, True)
    return group


def place_layer(project: QgsProject, layer: QgsMapLayer, is_expanded: bool = False) -> None:
    """Add a layer to the project in our group: above the earlier ones of its kind and of the kinds that lie lower."""
    project.addMapLayer(layer, False)
    group = mapillary_group(project)
    ranks = [_rank(node.layer()) if hasattr(node, "layer") else 0 for node in group.children()]
    own = _rank(layer)
    index = next((index for index, rank in enumerate(ranks) if rank >= own), len(ranks))
    node = group.insertLayer(index, layer)
    node.setCustomProperty("showFeatureCount", isinstance(layer, QgsVectorLayer))
    node.setExpanded(is_expanded)
    if len(ranks) == 0:
        # The layer tree shows a new group folded, whatever the group says, and hears of changes only.
        group.setExpanded(False)
        group.setExpanded(True)


def add_layers(
    project: QgsProject,
    layers: Mapping[str, QgsVectorLayer],
    result: CoverageResult,
    seen: Mapping[str, Seen],
    colour_by: ColourBy,
) -> dict[str, str]:
    """Add the layers that hold anything; of a partial result all of them, since a retry may fill them. The ledger
    always, since it says why others are empty. `seen` is what occurs in each. Gives the layers' ids by kind.
    """
    added = {}
    kinds = [kind for kind in kinds_of(result.request.source_layers) if kind in layers]
    for kind in kinds:
        layer = layers[kind]
        if kind != TILES and layer.featureCount() == 0 and not result.is_partial:
            continue
        apply_style(layer, kind, colour_by, seen[kind])
        layer.setCustomProperty(_NAME_KEY, layer.name())
        place_layer(project, layer, is_expanded=kind == IMAGES)
        added[kind] = layer.id()
    return added


def rename(layer: QgsMapLayer, name: str) -> None:
    """Unless a person has given the layer a name of their own."""
    if layer.name() == layer.customProperty(_NAME_KEY):
        layer.setName(name)
        layer.setCustomProperty(_NAME_KEY, name)


def set_metadata(layer: QgsMapLayer, metadata: QgsLayerMetadata) -> None:
    """Of the layer, and of the GeoPackage that it lies in."""
    layer.setMetadata(metadata)
    if is_in_geopackage(layer):
        saved, reason = QgsProviderRegistry.instance().saveLayerMetadata("ogr", layer.source(), metadata)
        if not saved:
            log(f"The metadata of {layer.name()} could not be stored in its file: {reason}.")


def is_in_geopackage(layer: QgsMapLayer) -> bool:
    """Whether the layer is a table of a GeoPackage."""
    return layer.providerType() == "ogr" and ".gpkg" in layer.source().lower()


def present_layers(project: QgsProject, ids: Mapping[str, str]) -> dict[str, QgsVectorLayer]:
    """Those of the layers that are still in the project."""
    found = {kind: project.mapLayer(layer_id) for kind, layer_id in ids.items()}
    return {kind: layer for kind, layer in found.items() if layer is not None}


def check_not_edited(layers: Iterable[QgsVectorLayer]) -> None:
    """Raises MapillaryError where one of the layers is being edited."""
    edited = [layer.name() for layer in layers if layer.isEditable()]
    if edited:
        raise MapillaryError(f"The layer {edited[0]} is being edited. Save or discard the edits, then try again.")


class LayerSteps(QObject):
    """Makes changes, given by the layers' ids, in steps, so that QGIS stays fluid; `on_changed` gets each layer once it
    has changed. `ended` fires when all are made, or when `error` says why not.
    """

    ended = pyqtSignal()

    def __init__(
        self,
        revisions: Mapping[str, Revision],
        on_changed: Callable[[QgsVectorLayer], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.error: Optional[MapillaryError] = None
        self._steps = _steps(revisions, on_changed)
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
    revisions: Mapping[str, Revision], on_changed: Callable[[QgsVectorLayer], None]
) -> Generator[None, None, None]:
    project = QgsProject.instance()
    for layer_id, revision in revisions.items():
        layer = project.mapLayer(layer_id)
        if layer is None:
            continue
        check_not_edited([layer])
        for _ in revision.apply(layer):
            yield
            if project.mapLayer(layer_id) is None:
                break
        else:
            renew_look(layer, kind_of_layer(layer) or "")
            _count_anew(project, layer)
            on_changed(layer)


def _count_anew(project: QgsProject, layer: QgsVectorLayer) -> None:
    """The layer tree counts features when it is told to show their number."""
    node = project.layerTreeRoot().findLayer(layer.id())
    if node is not None and node.customProperty("showFeatureCount"):
        node.setCustomProperty("showFeatureCount", False)
        node.setCustomProperty("showFeatureCount", True)


def _rank(layer: Optional[QgsMapLayer]) -> int:
    """What is not one of the kinds lies below them."""
    kind = kind_of_layer(layer)
    return KINDS.index(kind) if kind is not None else len(KINDS)
