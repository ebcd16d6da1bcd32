"""The dock widget: starts and cancels downloads and shows what came of them."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication, QgsProject
from qgis.gui import QgsDockWidget, QgsMapCanvas
from qgis.PyQt.QtWidgets import QFrame, QScrollArea, QWidget

from ..core.coverage_task import CoverageTask
from ..core.errors import CancelledError, MapillaryError, MissingCredentialError
from ..core.log import log
from ..core.report import remarks, result_line, warnings
from ..core.settings import Settings
from .coverage_panel import CoveragePanel
from .messages import Messages
from .project_layers import add_layers


class CoverageDock(QgsDockWidget):
    """One download at a time; `close_down` ends it and lets go of the canvas and the project."""

    def __init__(
        self, canvas: QgsMapCanvas, settings: Settings, messages: Messages, parent: Optional[QWidget] = None
    ) -> None:
        super().__init__("Mapillary", parent)
        self.setObjectName("MapillaryCoverageDock")
        self._canvas = canvas
        self._settings = settings
        self._messages = messages
        self._task: Optional[CoverageTask] = None
        self.panel = CoveragePanel(canvas, settings)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.panel)
        scroll.setMinimumWidth(self.panel.minimumSizeHint().width() + scroll.verticalScrollBar().sizeHint().width())
        self.setWidget(scroll)
        self.panel.downloadButton.clicked.connect(self.start)
        self.panel.cancelButton.clicked.connect(self.cancel)
        self._canvas.extentsChanged.connect(self.panel.show_estimate)
        self._canvas.destinationCrsChanged.connect(self.panel.show_estimate)
        QgsProject.instance().cleared.connect(self._on_project_closed)

    def start(self) -> None:
        """Start the download that the form asks for."""
        self._messages.clear()
        try:
            request = self.panel.request()
            task = CoverageTask(request, self._settings.tile_server())
        except MapillaryError as error:
            if isinstance(error, MissingCredentialError):
                self.panel.tokenEdit.setFocus()
            self._show_failure(str(error))
            return
        self._task = task
        task.progressChanged.connect(self._on_progress)
        task.ended.connect(self._on_ended)
        self.panel.resultLabel.setText("")
        self.panel.set_running(True)
        QgsApplication.taskManager().addTask(task)

    def cancel(self) -> None:
        """Stop the download; nothing of it comes into the project."""
        if self._task is not None:
            self._task.cancel()

    def close_down(self) -> None:
        """Before the dock is deleted."""
        self._canvas.extentsChanged.disconnect(self.panel.show_estimate)
        self._canvas.destinationCrsChanged.disconnect(self.panel.show_estimate)
        QgsProject.instance().cleared.disconnect(self._on_project_closed)
        if self._task is not None:
            self._task.progressChanged.disconnect(self._on_progress)
            self._task.ended.disconnect(self._on_ended)
            self._task.cancel()
            self._task = None

    def _on_project_closed(self) -> None:
        self.cancel()

    def _on_progress(self, percent: float) -> None:
        self.panel.progressBar.setValue(int(percent))

    def _on_ended(self) -> None:
        task, self._task = self._task, None
        self.panel.set_running(False)
        if task is None:
            return
        if task.isCanceled() or isinstance(task.error, CancelledError):
            self.panel.resultLabel.setText("The download was cancelled; nothing was added to the project.")
        elif task.error is not None:
            self._show_failure(str(task.error))
        elif task.result is None:
            self._show_failure("The download failed unexpectedly. The details are in View > Panels > Log Messages.")
        else:
            add_layers(QgsProject.instance(), task.layers, task.request)
            problems = warnings(task.result)
            sentences = [result_line(task.result), *remarks(task.result), *problems]
            self.panel.resultLabel.setText("\n".join(sentences))
            log(" ".join(sentences))
            if problems:
                self._messages.warn(" ".join(problems))

    def _show_failure(self, text: str) -> None:
        self.panel.resultLabel.setText(text)
        self._messages.fail(text)
