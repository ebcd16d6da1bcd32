"""The dialog that exports our layers: what, into which format, where, and what will be lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsMapLayer, QgsProject, QgsVectorLayer
from qgis.gui import QgsFileWidget, QgsProjectionSelectionWidget
from qgis.PyQt import uic
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QListWidgetItem, QMessageBox, QWidget

from ...core.errors import CancelledError, UnexpectedError
from ...core.export.errors import ExportError
from ...core.export.formats import FORMATS, Format
from ...core.export.losses import losses
from ...core.export.placing import present_files
from ...core.export.plan import Existing, ExportPlan, layers_in, plan_export, target_paths
from ...core.export.snapshot import summary_of
from ...core.layers.kinds import is_ours
from ...core.tasks.export_task import ExportTask
from ...core.wording import counted
from ..messages import Messages

_LAYER_ID = Qt.ItemDataRole.UserRole


class ExportDialog(QDialog):
    """Open it with `open_for`; it lets QGIS be used meanwhile. `close_down` ends what runs."""

    def __init__(self, messages: Messages, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(Path(__file__).with_suffix(".ui")), self)
        self._messages = messages
        self._task: Optional[ExportTask] = None
        self._question: Optional[QMessageBox] = None
        self._watched: set[str] = set()
        for known in FORMATS:
            self.formatCombo.addItem(f"{known.label} (*{known.suffix})", known)
        self.fileWidget.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.fileWidget.setConfirmOverwrite(False)
        self.crsWidget.setOptionVisible(QgsProjectionSelectionWidget.CrsOption.CrsNotSet, True)
        self.crsWidget.setNotSetText("Each layer's own")
        self.crsWidget.setCrs(QgsCoordinateReferenceSystem())
        self.exportButton = self.buttons.addButton("&Export", QDialogButtonBox.ButtonRole.ActionRole)
        self.exportButton.setDefault(True)
        self.exportButton.clicked.connect(self.export)
        self.buttons.rejected.connect(self._cancel_or_close)
        self.formatCombo.currentIndexChanged.connect(self._on_format_changed)
        self.layersList.itemChanged.connect(self._show_choice)
        self.selectedCheck.toggled.connect(self._show_choice)
        project = QgsProject.instance()
        project.layersAdded.connect(self._list_layers)
        project.layersRemoved.connect(self._list_layers)
        self._on_format_changed()
        self._set_running(False)

    def open_for(self, layers: Sequence[QgsMapLayer]) -> None:
        """Show the dialog with these layers ticked; while an export runs, just show it."""
        if not self.is_running():
            self._note("")
            self.layersList.clear()
            self._list_layers()
            wanted = {layer.id() for layer in layers}
            for item in self._items():
                ticked = item.data(_LAYER_ID) in wanted
                item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        self.show()
        self.raise_()
        self.activateWindow()

    def is_running(self) -> bool:
        """Whether an export, or the question before it, is under way."""
        return self._task is not None or self._question is not None

    def export(self) -> None:
        """Start what the form says, after a question where a file is there."""
        if self.is_running():
            return
        self._note("")
        target = self.format()
        try:
            paths = target_paths([name for _, name in self._chosen()], target, self.fileWidget.filePath())
        except ExportError as error:
            self._note(str(error))
            return
        there = [path for path in paths if not path.is_dir() and present_files(path, target)]
        if there:
            self._ask(there)
        else:
            self._start(Existing.KEEP)

    def format(self) -> Format:
        """The chosen format."""
        return FORMATS[self.formatCombo.currentIndex()]

    def reject(self) -> None:
        """Close; an export that runs is cancelled."""
        if self._task is not None:
            self._task.cancel()
        super().reject()

    def close_down(self) -> None:
        """Before the dialog is deleted."""
        project = QgsProject.instance()
        project.layersAdded.disconnect(self._list_layers)
        project.layersRemoved.disconnect(self._list_layers)
        if self._question is not None:
            self._question.reject()
        if self._task is not None:
            self._task.progressChanged.disconnect(self._on_progress)
            self._task.ended.disconnect(self._on_ended)
            self._task.cancel()
            self._task = None
        self.hide()

    def _items(self) -> list[QListWidgetItem]:
        return [self.layersList.item(row) for row in range(self.layersList.count())]

    def _chosen(self) -> list[tuple[QgsVectorLayer, str]]:
        """The ticked layers and what they shall be called."""
        project = QgsProject.instance()
        return [
            (project.mapLayer(item.data(_LAYER_ID)), item.text().strip() or "layer")
            for item in self._items()
            if item.checkState() == Qt.CheckState.Checked
        ]

    def _list_layers(self, *_: object) -> None:
        """Keep to the layers of the project, without touching what was ticked and named."""
        nodes = QgsProject.instance().layerTreeRoot().findLayers()
        layers = {node.layerId(): node.layer() for node in nodes if is_ours(node.layer())}
        for item in self._items():
            if layers.pop(item.data(_LAYER_ID), None) is None:
                self.layersList.takeItem(self.layersList.row(item))
        for layer in layers.values():
            item = QListWidgetItem(layer.name())
            item.setData(_LAYER_ID, layer.id())
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled
                | Qt.ItemFlag.ItemIsSelectable
                | Qt.ItemFlag.ItemIsUserCheckable
                | Qt.ItemFlag.ItemIsEditable
            )
            item.setCheckState(Qt.CheckState.Unchecked)
            self.layersList.addItem(item)
            if layer.id() not in self._watched:
                self._watched.add(layer.id())
                layer.selectionChanged.connect(self._show_choice)
        self._show_choice()

    def _on_format_changed(self) -> None:
        target = self.format()
        self.fileWidget.setFilter(f"{target.label} (*{target.suffix})")
        path = self.fileWidget.filePath()
        if path and Path(path).suffix in {known.suffix for known in FORMATS}:
            self.fileWidget.setFilePath(str(Path(path).with_suffix(target.suffix)))
        self.crsWidget.setEnabled(not target.degrees_only)
        self.crsWidget.setToolTip(f"{target.label} is always in EPSG:4326" if target.degrees_only else "")
        self.addCheck.setEnabled(target.gives_geometries_back)
        self._show_choice()

    def _show_choice(self, *_: object) -> None:
        layers = [layer for layer, _ in self._chosen()]
        selected = sum(layer.selectedFeatureCount() for layer in layers)
        self.selectedCheck.setText(f"Only &selected features ({selected:,})")
        only_selected = self.selectedCheck.isChecked()
        sentences = losses(self.format(), [summary_of(layer, only_selected) for layer in layers])
        self.lossesText.setPlainText("\n".join(f"• {sentence}" for sentence in sentences))
        self.lossesText.setPlaceholderText(self._without_losses(bool(layers)))

    def _without_losses(self, has_layers: bool) -> str:
        if not self.layersList.count():
            return "The project has no Mapillary layers. Download some first."
        if not has_layers:
            return "Tick the layers to export."
        return f"{self.format().label} holds everything: values, styles, credit, and what was asked for."

    def _ask(self, there: Sequence[Path]) -> None:
        adds = self.format().is_database
        question = QMessageBox(self)
        question.setIcon(QMessageBox.Icon.Question)
        question.setWindowTitle(self.windowTitle())
        question.setTextFormat(Qt.TextFormat.PlainText)
        question.setText(
            "\n".join(
                ["The file exists already:" if len(there) == 1 else "These files exist already:"]
                + [str(path) for path in there]
            )
        )
        if adds:
            question.setInformativeText("Add the layers to it, and keep what it holds? Or replace all of it?")
            add = question.addButton("&Add layers", QMessageBox.ButtonRole.YesRole)
        replace = question.addButton("&Replace", QMessageBox.ButtonRole.DestructiveRole)
        question.setDefaultButton(question.addButton(QMessageBox.StandardButton.Cancel))
        answers = {replace: Existing.REPLACE, **({add: Existing.ADD} if adds else {})}
        question.finished.connect(lambda _: self._on_answered(answers.get(question.clickedButton())))
        self._question = question
        question.open()

    def _on_answered(self, existing: Optional[Existing]) -> None:
        question, self._question = self._question, None
        if question is not None:
            question.deleteLater()
        if existing is not None:
            self._start(existing)

    def _start(self, existing: Existing) -> None:
        crs = self.crsWidget.crs()
        try:
            plan = plan_export(
                QgsProject.instance(),
                self._chosen(),
                self.format(),
                self.fileWidget.filePath(),
                crs=crs if crs.isValid() else None,
                only_selected=self.selectedCheck.isChecked(),
                existing=existing,
            )
        except ExportError as error:
            self._note(str(error))
            return
        self._task = ExportTask(plan)
        self._task.progressChanged.connect(self._on_progress)
        self._task.ended.connect(self._on_ended)
        self._set_running(True)
        QgsApplication.taskManager().addTask(self._task)

    def _on_progress(self, percent: float) -> None:
        self.progressBar.setValue(int(percent))

    def _on_ended(self) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        self._set_running(False)
        if task.paths:
            self._finish(task.plan, task.paths)
            return
        error = task.error or UnexpectedError()
        self._note(str(error))
        if not isinstance(error, CancelledError):
            self._messages.fail(str(error))

    def _finish(self, plan: ExportPlan, paths: Sequence[Path]) -> None:
        project = QgsProject.instance()
        for path in paths:
            for layer in layers_in(project, path):
                layer.dataProvider().reloadData()
                layer.reload()
                layer.triggerRepaint()
        if self.addCheck.isChecked() and self.addCheck.isEnabled():
            project.addMapLayers(_exported(plan))
        layers = [layer.summary for file in plan.files for layer in file.layers]
        amount = f"{counted(len(layers), 'layer')} with {sum(layer.count for layer in layers):,} features"
        self._messages.tell(f"Exported {amount} to {', '.join(map(str, paths))}")
        self.accept()

    def _cancel_or_close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        else:
            self.reject()

    def _set_running(self, is_running: bool) -> None:
        for widget in (self.layersList, self.formatCombo, self.fileWidget, self.selectedCheck, self.exportButton):
            widget.setEnabled(not is_running)
        self.crsWidget.setEnabled(not is_running and not self.format().degrees_only)
        self.addCheck.setEnabled(not is_running and self.format().gives_geometries_back)
        self.progressBar.setVisible(is_running)
        self.progressBar.setValue(0)

    def _note(self, text: str) -> None:
        self.noteLabel.setText(text)
        self.noteLabel.setVisible(bool(text))


def _exported(plan: ExportPlan) -> list[QgsVectorLayer]:
    """The layers as they are in the files."""
    layers = []
    for file in plan.files:
        for layer in file.layers:
            name = layer.summary.name
            path = plan.format.main_file(file.path, layer.summary.is_table)
            layers.append(QgsVectorLayer(plan.format.source(path, name), name, "ogr"))
    return layers
