"""The layers of the last download, which a retry completes and which a further download can replace or add to."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsProject, QgsVectorLayer

from ...core.download.result import CoverageResult
from ...core.errors import MapillaryError
from ...core.layers.layer_changes import Revision
from ...core.layers.metadata import PARTIAL, have_one_filter, layer_name, metadata_after, metadata_of, remembered
from ...core.looks.colour_by import ColourBy
from ...core.mapillary.schema import kinds_of
from ...core.tasks.coverage_task import CoverageTask, Into
from ..layers.project_layers import add_layers, check_not_edited, present_layers, rename, set_metadata

NEW, REPLACE, APPEND = "new", "replace", "append"


class LastLayers:
    """What a person removed stays removed, what is edited is not touched, and what was saved to a file is not
    replaced.
    """

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._last = Into()
        self._is_partial = False

    def present(self) -> dict[str, QgsVectorLayer]:
        """By kind, those that are still in the project."""
        return present_layers(QgsProject.instance(), self._ids)

    def into(self, word: str) -> Into:
        """Which layers take a download that is `new`, shall `replace` the last, or `append` to it. Raises
        MapillaryError.
        """
        taken = self.present() if word != NEW else {}
        if word == REPLACE:
            taken = {kind: layer for kind, layer in taken.items() if layer.providerType() == "memory"}
        check_not_edited(taken.values())
        appends = bool(taken) and word == APPEND
        return Into(frozenset(taken), appends, appends and (self._is_partial or self._last.lacks))

    def retried(self) -> Optional[Into]:
        """How the last download was added, None where nothing of it is left. Raises MapillaryError."""
        present = self.present()
        check_not_edited(present.values())
        return self._last if present else None

    def revisions(self, task: CoverageTask, again: str) -> dict[str, Revision]:
        """The changes of a task by the ids of the layers that are there. Raises MapillaryError where none is, or one
        is edited; `again` is the button that helps.
        """
        taken = {kind: layer for kind, layer in self.present().items() if kind in task.changes}
        if not taken:
            raise MapillaryError(f"The layers were removed meanwhile. Press {again} to have them again, complete.")
        check_not_edited(taken.values())
        return {layer.id(): task.changes[kind] for kind, layer in taken.items()}

    def tell(self, layer: QgsVectorLayer, task: CoverageTask, result: CoverageResult) -> None:
        """Say in the metadata and the name of a layer what it has become."""
        kind = next(kind for kind, layer_id in self._ids.items() if layer_id == layer.id())
        if not task.into.appends:
            set_metadata(layer, metadata_of(result, kind))
            rename(layer, layer_name(kind, result))
            return
        set_metadata(layer, metadata_after(layer.metadata(), [result], [result.request]))
        name = layer_name(kind, result, is_mixed=not have_one_filter(remembered(layer.metadata())))
        lacks = task.into.lacks and not result.is_partial
        rename(layer, name + PARTIAL * lacks)

    def take(self, task: CoverageTask, result: CoverageResult, colour_by: ColourBy) -> None:
        """Once the layers that are there have changed: add the others, and when a download was replaced remove what
        the new one does not have at all.
        """
        self._is_partial = result.is_partial
        if task.completes:
            return
        project, into = QgsProject.instance(), task.into
        present = self.present()
        if not into.kinds:
            self._ids = {}
        elif not into.appends:
            for kind in into.kinds - set(kinds_of(result.request.source_layers)):
                project.removeMapLayer(self._ids.pop(kind))
        removed = set(self._ids) - set(present)
        new = {kind: layer for kind, layer in task.layers.items() if kind not in removed}
        self._ids.update(add_layers(project, new, result, task.seen, colour_by))
        self._last = into

    def forget(self) -> None:
        """The next download makes new layers."""
        self._ids, self._last, self._is_partial = {}, Into(), False
