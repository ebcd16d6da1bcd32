"""Requests of the image panel, off the main thread, with what they give back on it."""

from __future__ import annotations

from typing import Any, Callable, Optional

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..core.errors import CancelledError, MapillaryError, OfflineError
from ..core.network.access import Access
from ..core.viewing.request_threads import Ask, Job, RequestThreads

Answer = Callable[[Any, Optional[MapillaryError]], None]


class _Ended(QObject):
    """Carries an answer to the main thread; it has no parent, since threads may outlive the panel."""

    fired = pyqtSignal(object, object, object, object)


class Background:
    """Asks for as long as it is open; `set_access` says whom."""

    def __init__(self) -> None:
        self._threads: Optional[RequestThreads] = None
        self._ended = _Ended()
        self._ended.fired.connect(_answer)

    def set_access(self, access: Access) -> None:
        """Raises OfflineError where nothing may be asked. What runs goes on unless it asks somebody else."""
        if access.offline:
            self.close()
            raise OfflineError()
        if self._threads is not None and _leads_elsewhere(self._threads.access, access):
            self.close()
        if self._threads is None:
            self._threads = RequestThreads(access)
        else:
            self._threads.renew_with(access.renewal)

    @property
    def access(self) -> Optional[Access]:
        """Whom it asks; None while it is closed."""
        return self._threads.access if self._threads else None

    def ask(self, ask: Ask, answer: Answer, is_urgent: bool = True) -> Optional[Job]:
        """Have `ask(client)` done, and `answer(result, error)` called on the main thread unless the job is cancelled.

        None, and no answer, while it is closed.
        """
        if self._threads is None:
            return None
        ended = self._ended
        return self._threads.start(
            ask, lambda job, result, error: ended.fired.emit(job, answer, result, error), is_urgent
        )

    def close(self) -> None:
        """End all requests; nothing is answered any more."""
        if self._threads is not None:
            self._threads.close()
            self._threads = None


def _answer(job: Job, answer: Answer, result: Any, error: Optional[MapillaryError]) -> None:
    if not job.is_cancelled and not isinstance(error, CancelledError):
        answer(result, error)


def _leads_elsewhere(old: Access, new: Access) -> bool:
    return (old.server.url, old.server.credential, old.network) != (new.server.url, new.server.credential, new.network)
