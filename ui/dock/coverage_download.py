"""One download at a time: the question before a large one, the run, its layers, and the retry of what is missing."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QMessageBox

from ...core.download.estimate import Estimate, estimate
from ...core.download.report import remarks, result_line, warnings
from ...core.download.result import CoverageResult
from ...core.errors import (
    CancelledError,
    MapillaryError,
    MissingCredentialError,
    RevokedCredentialError,
    UnexpectedError,
)
from ...core.log import log
from ...core.network.access import Access
from ...core.request.request import CoverageRequest
from ...core.settings import Settings
from ...core.tasks.coverage_task import CoverageTask
from ...core.tasks.request_task import RequestTask
from ..layers.project_layers import LayerSteps
from ..messages import Messages
from .coverage_panel import CoveragePanel
from .last_layers import LastLayers


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
        self._steps: Optional[LayerSteps] = None
        self._partial: Optional[CoverageResult] = None
        self._layers = LastLayers()
        panel.downloadButton.clicked.connect(self.start)
        panel.cancelButton.clicked.connect(self.cancel)
        panel.retryButton.clicked.connect(self.retry)
        panel.retryButton.setVisible(False)

    def start(self) -> None:
        """Start the download that the form asks for, after a question where it is large."""
        if self.is_running():
            return
        self._begin()
        try:
            request = self._panel.request()
            into = self._layers.into(self._panel.into())
            self._forget_partial()
            task = CoverageTask(request, self._settings.tile_access(), self._graph_access(request), into=into)
        except MapillaryError as error:
            self.fail(error)
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
            into = self._layers.retried()
            earlier = self._partial if into else None
            request = self._partial.request
            task = CoverageTask(request, self._settings.tile_access(), self._graph_access(request), earlier, into)
        except MapillaryError as error:
            self.fail(error)
            return
        self._run(task)

    def is_running(self) -> bool:
        """Whether a download, the look or the question before it, or the change of layers after it is under way."""
        return any((self._looking, self._question, self._task, self._steps))

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
        if self._steps is not None:
            self._steps.stop()
            self._steps = None
            self._panel.set_running(False)
        self._forget_partial()
        self._layers.forget()

    def _graph_access(self, request: CoverageRequest) -> Optional[Access]:
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
            self.fail(task.error or UnexpectedError())
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
                self.fail(task.error or UnexpectedError())
        elif task.changes:
            self._change_layers(task, result)
        else:
            self._layers.take(task, result, self._panel.colour_by())
            self._show(result)

    def _change_layers(self, task: CoverageTask, result: CoverageResult) -> None:
        """What was read is in the cache, so that the same can be run again where this does not work."""
        try:
            revisions = self._layers.revisions(task, "Retry" if task.completes else "Download")
        except MapillaryError as error:
            self._end()
            self.fail(error)
            return
        self._panel.cancelButton.setEnabled(False)
        self._panel.say("Changing the layers…")
        self._steps = LayerSteps(revisions, lambda layer: self._layers.tell(layer, task, result), self)
        self._steps.ended.connect(lambda: self._on_changed(task, result))

    def _on_changed(self, task: CoverageTask, result: CoverageResult) -> None:
        steps, self._steps = self._steps, None
        if steps is None:
            return
        steps.deleteLater()
        if steps.error is not None:
            # The layers are half changed; complete ones come as new layers.
            self._layers.forget()
            self._end()
            self.fail(steps.error)
        else:
            self._layers.take(task, result, self._panel.colour_by())
            self._show(result)

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

    def _forget_partial(self) -> None:
        self._partial = None
        self._panel.retryButton.setVisible(False)

    def fail(self, error: MapillaryError) -> None:
        """Say in the panel and in the message bar what went wrong."""
        if isinstance(error, MissingCredentialError):
            self._panel.tokenPanel.tokenButton.setFocus()
        if isinstance(error, RevokedCredentialError):
            self._settings.credentials.sign_out()
        self._panel.say(str(error))
        self._messages.fail(str(error))
