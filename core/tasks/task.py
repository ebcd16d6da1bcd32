"""What the plugin's tasks share: they end in one way, and no exception leaves their thread."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ..errors import CancelledError, MapillaryError
from ..threads import Caught


class PluginTask(QgsTask):
    """A task of QGIS' task manager; a subclass has `work`. `ended` fires once on the main thread, however it ends, and
    `error` then says what kept it from succeeding.

    An exception that left the thread would be shown by QGIS 3.22 from there, which crashes it.
    """

    ended = pyqtSignal()

    def __init__(self, description: str, is_hidden: bool = False) -> None:
        # Without the notice "Task complete", which would cover ours, and out of the status bar where it is brief; QGIS
        # 3.22 can do neither.
        flags = QgsTask.Flag.CanCancel
        for name in ("Silent", "Hidden") if is_hidden else ("Silent",):
            flags = flags | getattr(QgsTask.Flag, name, QgsTask.Flag.CanCancel)
        super().__init__(description, flags)
        self.error: Optional[MapillaryError] = None

    def work(self) -> None:
        """In a thread of the task manager. Raises MapillaryError."""
        raise NotImplementedError

    def run(self) -> bool:
        """Called by QGIS."""
        with Caught() as caught:
            self.work()
        self.error = caught.error
        return self.error is None

    def finished(self, succeeded: bool) -> None:
        """Called by QGIS, on the main thread; also where the task was cancelled before it began."""
        if not succeeded and self.error is None:
            self.error = CancelledError()
        self.ended.emit()
