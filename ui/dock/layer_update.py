"""“Update from Mapillary”: what the selected layers were made from is fetched again, and they change in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.core import QgsApplication, QgsMapLayer, QgsProject, QgsVectorDataProvider, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QAction

from ...core.download.report import remarks, result_line, warnings
from ...core.download.result import CoverageResult
from ...core.errors import CancelledError, MapillaryError, UnexpectedError
from ...core.layers.kinds import kind_of_layer
from ...core.layers.metadata import have_one_filter, layer_name, metadata_after, remembered
from ...core.mapillary.schema import TILES
from ...core.settings import Settings
from ...core.tasks.update_task import Remembering, UpdateTask
from ..layers.layer_menu import LayerMenu
from ..layers.project_layers import LayerSteps, check_not_edited, is_in_geopackage, rename, set_metadata
from ..messages import Messages
from .coverage_download import CoverageDownload
from .coverage_panel import CoveragePanel

_CAN_CHANGE = (
    QgsVectorDataProvider.Capability.AddFeatures
    | QgsVectorDataProvider.Capability.DeleteFeatures
    | QgsVectorDataProvider.Capability.ChangeAttributeValues
    | QgsVectorDataProvider.Capability.ChangeGeometries
)


def can_update(layer: QgsMapLayer) -> bool:
    """Whether it is a layer of ours, in memory or a GeoPackage, that remembers what it was made from."""
    if kind_of_layer(layer) is None or not remembered(layer.metadata()):
        return False
    return bool(layer.providerType() == "memory" or is_in_geopackage(layer))


class LayerUpdate(QObject):
    """The action in the context menu of layers, and the update that it starts, which is seen and cancelled in the
    panel; `started` fires when one begins, `close_down` ends both.
    """

    started = pyqtSignal()

    def __init__(
        self, iface: Any, settings: Settings, messages: Messages, panel: CoveragePanel, download: CoverageDownload
    ) -> None:
        super().__init__(iface.mainWindow())
        self._settings = settings
        self._messages = messages
        self._panel = panel
        self._download = download
        self._task: Optional[UpdateTask] = None
        self._steps: Optional[LayerSteps] = None
        self._action = QAction("Update from Mapillary", self)
        self._action.setObjectName("MapillaryUpdateAction")
        self._action.setToolTip("Fetch again what these layers were made from, and change in them what has changed")
        self._action.triggered.connect(self.update_chosen)
        self._menu = LayerMenu(iface, self._action, can_update)
        panel.cancelButton.clicked.connect(self.cancel)
        QgsProject.instance().cleared.connect(self._drop)

    def update_chosen(self) -> None:
        """Update the layers that are selected in the layer tree."""
        self.update(self._menu.chosen())

    def update(self, layers: Sequence[QgsVectorLayer]) -> None:
        """Update the layers, each request of theirs being run once."""
        if self.is_running() or self._download.is_running():
            self._messages.hint("Mapillary data are being fetched already. Wait until that is over, or cancel it.")
            return
        if not layers:
            self._messages.hint("Select layers that came from Mapillary, in memory or in a GeoPackage.")
            return
        self._messages.clear()
        self._panel.tokenPanel.clear_answer()
        try:
            _check_changeable(layers)
            remembering = {
                layer.id(): Remembering(str(kind_of_layer(layer)), remembered(layer.metadata())) for layer in layers
            }
            task = UpdateTask(remembering, self._settings.tile_access())
        except MapillaryError as error:
            self._download.fail(error)
            return
        self._task = task
        task.progressChanged.connect(self._on_progress)
        task.ended.connect(self._on_fetched)
        self.started.emit()
        self._panel.say("Fetching what the layers were made from…")
        self._panel.set_running(True)
        QgsApplication.taskManager().addTask(task)

    def is_running(self) -> bool:
        """Whether layers are being updated."""
        return self._task is not None

    def cancel(self) -> None:
        """End the update, if the layers are not being changed yet; nothing changes then."""
        if self._task is not None and self._steps is None:
            self._task.cancel()

    def close_down(self) -> None:
        """End what runs and take the action out."""
        self._drop()
        QgsProject.instance().cleared.disconnect(self._drop)
        self._panel.cancelButton.clicked.disconnect(self.cancel)
        self._menu.close_down()
        self.deleteLater()

    def _drop(self) -> None:
        """The project is closed, or the plugin is unloaded."""
        task, self._task = self._task, None
        if task is None:
            return
        if self._steps is not None:
            self._steps.stop()
            self._steps = None
        else:
            task.progressChanged.disconnect(self._on_progress)
            task.ended.disconnect(self._on_fetched)
            task.cancel()
        self._panel.set_running(False)
        self._panel.say("The update was stopped.")

    def _on_progress(self, percent: float) -> None:
        self._panel.progressBar.setValue(int(percent))

    def _on_fetched(self) -> None:
        task = self._task
        if task is None:
            return
        if isinstance(task.error, CancelledError):
            self._end("The update was cancelled; nothing was changed.")
            return
        if task.error is not None or not task.contents:
            self._fail(task.error or UnexpectedError())
            return
        present = [layer for layer in map(QgsProject.instance().mapLayer, task.contents) if layer is not None]
        try:
            _check_changeable(present)
        except MapillaryError as error:
            self._fail(error)
            return
        self._panel.cancelButton.setEnabled(False)
        self._panel.say("Comparing and changing the layers…")
        self._steps = LayerSteps(task.contents, lambda layer: _tell(layer, task.results[layer.id()]), self)
        self._steps.ended.connect(self._on_changed)

    def _on_changed(self) -> None:
        task, steps = self._task, self._steps
        if task is None or steps is None:
            return
        steps.deleteLater()
        if steps.error is not None:
            self._fail(steps.error)
            return
        problems = [sentence for result in _each_once(task) for sentence in warnings(result)]
        if problems:
            problems.append("What lies in tiles that are missing stays as it was.")
        changes = list(_changes(task))
        found = [sentence for result in _each_once(task) for sentence in (result_line(result), *remarks(result))]
        self._end("\n".join([*changes, *problems, *found]))
        if problems:
            self._messages.warn(" ".join([*problems, *changes]))
        else:
            self._messages.tell(" ".join([*changes, *found]))

    def _end(self, text: str) -> None:
        self._task, self._steps = None, None
        self._panel.set_running(False)
        self._panel.say(text)

    def _fail(self, error: MapillaryError) -> None:
        self._end("")
        self._download.fail(error)


def _check_changeable(layers: Sequence[QgsVectorLayer]) -> None:
    """Raises MapillaryError where a layer is edited, or cannot be changed."""
    check_not_edited(layers)
    for layer in layers:
        if layer.readOnly() or layer.dataProvider().capabilities() & _CAN_CHANGE != _CAN_CHANGE:
            raise MapillaryError(f"The layer {layer.name()} cannot be changed: it, or its file, is read-only.")


def _tell(layer: QgsVectorLayer, results: Sequence[CoverageResult]) -> None:
    """Say in the metadata and the name of a layer what it has become."""
    set_metadata(layer, metadata_after(layer.metadata(), results))
    lacking = next((result for result in results if result.is_partial), results[-1])
    is_mixed = not have_one_filter(remembered(layer.metadata()))
    rename(layer, layer_name(str(kind_of_layer(layer)), lacking, is_mixed))


def _each_once(task: UpdateTask) -> list[CoverageResult]:
    return list({id(result): result for results in task.results.values() for result in results}.values())


def _changes(task: UpdateTask) -> list[str]:
    """A sentence for each layer; that the ledger is another goes without saying."""
    sentences = []
    for layer_id, content in task.contents.items():
        layer = QgsProject.instance().mapLayer(layer_id)
        if layer is not None and content.kind != TILES:
            sentences.append(f"{layer.name()}: {content.difference}.")
    return sentences
