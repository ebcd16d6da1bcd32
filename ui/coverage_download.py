"""One download at a time: the question before a large one, the run, its layers, and the retry of what is missing."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QMessageBox

from ..core.coverage_task import CoverageTask
from ..core.errors import (
    CancelledError,
    MapillaryError,
    MissingCredentialError,
    RevokedCredentialError,
    UnexpectedError,
)
from ..core.estimate import Estimate, estimate
from ..core.graph_access import GraphAccess
from ..core.layer_changes import LayerChanges
from ..core.log import log
from ..core.report import remarks, result_line, warnings
from ..core.request import CoverageRequest
from ..core.request_task import RequestTask
from ..core.result import CoverageResult
from ..core.settings import Settings
from .coverage_panel import CoveragePanel
from .messages import Messages
from .project_layers import LayerUpdate, add_layers, present_layers


class CoverageDownload(QObject):
    """Drives the panel's buttons and result line; `close_down` ends what runs.

    `started` fires with the CoverageRequest, `finished` with the CoverageResult that is in the project.
    """

    started = pyqtSignal(object)
    finished = pyqtSignal(object)

    def __init__(self, panel: CoveragePanel, settings: Settings, messages: Messages) -> None:
        super().__init__(panel)
        self._panel = panel
        self._settings = settings
        self._messages = messages
        self._looking: Optional[RequestTask] = None
        self._question: Optional[QMessageBox] = None
        self._task: Optional[CoverageTask] = None
        self._update: Optional[LayerUpdate] = None
        self._partial: Optional[CoverageResult] = None
        self._layer_ids: dict[str, str] = {}
        panel.downloadButton.clicked.connect(self.start)
        panel.cancelButton.clicked.connect(self.cancel)
        panel.retryButton.clicked.connect(self.retry)
        panel.retryButton.setVisible(False)

    def start(self) -> None:
        """Start the download that the form asks for, after a question where it is large."""
        if self.is_running():
            return
        self._begin()
        self._forget_partial()
        try:
            request = self._panel.request()
            task = CoverageTask(request, self._settings.tile_access(), self._graph_access(request))
        except MapillaryError as error:
            self._fail(error)
            return
        if task.request.tile_count > self._settings.question_tiles() and not task.access.offline:
            self._look(task)
        else:
            self._run(task)

    def retry(self) -> None:
        """Read the tiles that the last download lacks, and add what they hold to its layers."""
        if self._partial is None or self.is_running():
            return
        self._begin()
        try:
            self._check_not_edited()
            earlier = self._partial if self._present() else None
            request = self._partial.request
            task = CoverageTask(request, self._settings.tile_access(), self._graph_access(request), earlier)
        except MapillaryError as error:
            self._fail(error)
            return
        self._run(task)

    def is_running(self) -> bool:
        """Whether a download, the look or the question before it, or the update of layers after it is under way."""
        return any((self._looking, self._question, self._task, self._update))

    def cancel(self) -> None:
        """End the download; what was read until now comes into the project."""
        if self._looking is not None:
            self._drop_look()
            self._panel.set_running(False)
        if self._task is not None:
            self._task.cancel()

    def close_down(self) -> None:
        """End everything, and add nothing more to the project."""
        self._drop_look()
        if self._question is not None:
            self._question.reject()
        if self._task is not None:
            self._task.progressChanged.disconnect(self._on_progress)
            self._task.ended.disconnect(self._on_ended)
            self._task.abandon()
            self._task = None
            self._panel.set_running(False)
        if self._update is not None:
            self._update.stop()
            self._update = None
            self._panel.set_running(False)
        self._forget_partial()

    def _graph_access(self, request: CoverageRequest) -> Optional[GraphAccess]:
        """Only names of users have to be asked for."""
        return self._settings.graph_access() if request.filter.creators else None

    def _look(self, download: CoverageTask) -> None:
        """See what the download takes before asking; a tile of a low zoom can tell where nothing else is known."""
        self._panel.set_running(True)
        self._panel.say("Looking at what this takes…")
        access = download.access
        task = RequestTask(
            "Mapillary: estimating",
            access.network,
            lambda session: estimate(download.request, access, access.server.credential.fingerprint(), session),
        )
        task.ended.connect(lambda: self._on_looked(download))
        self._looking = task
        QgsApplication.taskManager().addTask(task)

    def _on_looked(self, download: CoverageTask) -> None:
        task, self._looking = self._looking, None
        if task is None:
            return
        self._panel.say("")
        self._panel.set_running(False)
        found = task.result
        if found is None:
            self._fail(task.error or UnexpectedError())
        elif found.missing > self._settings.question_tiles():
            self._ask(found, download)
        else:
            self._run(download)

    def _ask(self, found: Estimate, download: CoverageTask) -> None:
        question = QMessageBox(self._panel.window())
        question.setIcon(QMessageBox.Icon.Question)
        question.setWindowTitle("Mapillary coverage")
        question.setText(f"Download {found.missing:,} tiles?")
        question.setInformativeText(str(found))
        question.setStandardButtons(QMessageBox.StandardButton.Ok | QMessageBox.StandardButton.Cancel)
        question.button(QMessageBox.StandardButton.Ok).setText("Download")
        question.setDefaultButton(QMessageBox.StandardButton.Cancel)
        question.finished.connect(lambda answer: self._on_answered(answer, download))
        self._question = question
        question.open()

    def _on_answered(self, answer: int, download: CoverageTask) -> None:
        question, self._question = self._question, None
        if question is not None:
            question.deleteLater()
        if answer == QMessageBox.StandardButton.Ok:
            self._run(download)

    def _drop_look(self) -> None:
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.ended.disconnect()
            looking.cancel()
            self._panel.say("")

    def _run(self, task: CoverageTask) -> None:
        self._task = task
        task.progressChanged.connect(self._on_progress)
        task.ended.connect(self._on_ended)
        self.started.emit(task.request)
        self._panel.say("")
        self._panel.retryButton.setVisible(False)
        self._panel.set_running(True)
        QgsApplication.taskManager().addTask(task)

    def _on_progress(self, percent: float) -> None:
        self._panel.progressBar.setValue(int(percent))

    def _on_ended(self) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        result = task.result
        if result is None:
            self._end()
            if isinstance(task.error, CancelledError):
                self._panel.say("The download was cancelled before a tile was read; nothing was added.")
            else:
                self._fail(task.error or UnexpectedError())
        elif task.changes:
            self._change_layers(task.changes, result)
        else:
            self._layer_ids = add_layers(QgsProject.instance(), task.layers, result)
            self._show(result)

    def _change_layers(self, changes: dict[str, LayerChanges], result: CoverageResult) -> None:
        """Complete the layers; what was read is in the cache, so a retry can follow where that does not work."""
        try:
            self._check_present()
        except MapillaryError as error:
            self._end()
            self._fail(error)
            return
        self._panel.cancelButton.setEnabled(False)
        self._panel.say("Adding to the layers…")
        self._update = LayerUpdate(self._present(), changes, result, self)
        self._update.ended.connect(lambda: self._on_changed(result))

    def _on_changed(self, result: CoverageResult) -> None:
        update, self._update = self._update, None
        if update is None:
            return
        update.deleteLater()
        if update.error is not None:
            # The layers are half changed; complete ones come as new layers.
            self._layer_ids = {}
            self._end()
            self._fail(update.error)
        else:
            self._show(result)

    def _check_present(self) -> None:
        if not self._present():
            raise MapillaryError("The layers were removed meanwhile. Press Retry to have them again, complete.")
        self._check_not_edited()

    def _check_not_edited(self) -> None:
        edited = [layer.name() for layer in self._present().values() if layer.isEditable()]
        if edited:
            raise MapillaryError(f"The layer {edited[0]} is being edited. Save or discard the edits, then retry.")

    def _begin(self) -> None:
        self._messages.clear()
        self._panel.tokenPanel.clear_answer()

    def _show(self, result: CoverageResult) -> None:
        self._partial = result if result.is_partial else None
        self._end()
        self.finished.emit(result)
        problems, found = warnings(result), [result_line(result), *remarks(result)]
        self._panel.say("\n".join([*found, *problems]))
        if isinstance(result.stopped_by, RevokedCredentialError):
            self._settings.credentials.sign_out()
        if problems and not isinstance(result.stopped_by, CancelledError):
            self._messages.warn(" ".join([*problems, *found]))
        else:
            log(" ".join([*found, *problems]))

    def _end(self) -> None:
        self._panel.set_running(False)
        self._panel.retryButton.setVisible(self._partial is not None)
        if self._partial is not None:
            self._panel.retryButton.setText(f"Retry {self._partial.missing_count:,} missing")

    def _present(self) -> dict[str, QgsVectorLayer]:
        return present_layers(QgsProject.instance(), self._layer_ids)

    def _forget_partial(self) -> None:
        self._partial, self._layer_ids = None, {}
        self._panel.retryButton.setVisible(False)

    def _fail(self, error: MapillaryError) -> None:
        if isinstance(error, MissingCredentialError):
            self._panel.tokenPanel.tokenButton.setFocus()
        if isinstance(error, RevokedCredentialError):
            self._settings.credentials.sign_out()
        self._panel.say(str(error))
        self._messages.fail(str(error))
