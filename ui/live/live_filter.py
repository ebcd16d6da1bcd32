"""The filter of the form for live coverage: tiles know creators by id only, so names are looked up first."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import MapillaryError, UnexpectedError
from ...core.graph.creators import with_creators
from ...core.request.filters import CoverageFilter
from ...core.settings import Settings
from ...core.tasks.request_task import RequestTask


class LiveFilter(QObject):
    """`changed` fires when `chosen` is another filter, or `problem`, which says why it is not the form's."""

    changed = pyqtSignal()

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self.chosen = CoverageFilter()
        self.problem = ""
        self._settings = settings
        self._task: Optional[RequestTask] = None

    def set(self, chosen: CoverageFilter) -> None:
        """Take a filter; until its creators are known, nobody's images pass."""
        self.drop()
        self.chosen, self.problem = chosen, ""
        if chosen.creators:
            self._look_up(chosen)
        self.changed.emit()

    def refuse(self, reason: str) -> None:
        """Keep the last filter, because what the form shows makes no sense."""
        self.drop()
        self.problem = reason
        self.changed.emit()

    def drop(self) -> None:
        """Wait for no creators any more."""
        task, self._task = self._task, None
        if task is not None:
            task.ended.disconnect()
            task.cancel()

    def _look_up(self, chosen: CoverageFilter) -> None:
        try:
            access = self._settings.graph_access()
        except MapillaryError as error:
            self.problem = str(error)
            return
        task = RequestTask(
            "Mapillary: looking up users",
            access.network,
            lambda session: with_creators(chosen, access, session.stop.is_set),
        )
        task.ended.connect(self._on_ended)
        self._task = task
        self.problem = "Looking up the creators…"
        QgsApplication.taskManager().addTask(task)

    def _on_ended(self) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        if task.result is None:
            self.problem = str(task.error or UnexpectedError())
        else:
            self.chosen, self.problem = task.result, ""
        self.changed.emit()
