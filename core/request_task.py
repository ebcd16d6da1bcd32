"""A few requests off the main thread, as a task of QGIS' task manager: testing a token, signing in, estimating."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional

from qgis.core import QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from .errors import CancelledError, MapillaryError
from .network.network_settings import NetworkSettings

if TYPE_CHECKING:
    from .network.session import HttpSession

_CONNECTIONS = 2


class RequestTask(QgsTask):
    """Does `work` with a session of its own, or with None where `network` is None.

    `ended` fires once on the main thread, however it ends; then `result` is what `work` gave, or `error` says why not.
    Neither is there after an unexpected exception, which QGIS logs.
    """

    ended = pyqtSignal()

    def __init__(self, description: str, network: Optional[NetworkSettings], work: Callable[[Any], Any]) -> None:
        # Without QGIS' notice "Task complete"; 3.22 cannot leave it out, nor hide the task.
        flags = QgsTask.Flag.CanCancel
        for name in ("Silent", "Hidden"):
            flags = flags | getattr(QgsTask.Flag, name, QgsTask.Flag.CanCancel)
        super().__init__(description, flags)
        self.result: Any = None
        self.error: Optional[MapillaryError] = None
        self._network = network
        self._work = work
        self._session: Optional[HttpSession] = None

    def run(self) -> bool:
        """In a thread of the task manager."""
        if self._network is not None:
            # requests takes 0.15 s to import, which QGIS' start should not pay for.
            from .network.session import HttpSession

            self._session = HttpSession(_CONNECTIONS, self._network)
        try:
            if self.isCanceled():
                raise CancelledError()
            self.result = self._work(self._session)
        except MapillaryError as error:
            self.error = error
            return False
        finally:
            if self._session is not None:
                self._session.close()
        return True

    def cancel(self) -> None:
        """End the requests that wait."""
        if self._session is not None:
            self._session.abort()
        super().cancel()

    def finished(self, succeeded: bool) -> None:
        """On the main thread."""
        self.ended.emit()
