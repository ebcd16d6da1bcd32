"""Work off the main thread: the one place where threads are made, and where what goes wrong in a piece of work ends.

Two ways lead off the main thread: a task of QGIS' task manager (`core.tasks.task`), for work that a person sees there,
and the threads that are made here. No error leaves either.
"""

from __future__ import annotations

import logging
import queue
import threading
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Optional

from .errors import MapillaryError, UnexpectedError
from .redaction import redact

LOGGER = "mapillary_coverage"
"""Where the tracebacks of bugs go; in QGIS, `core.log` hands them on to its message log."""

_LOOK_SECONDS = 0.1


class Caught(AbstractContextManager["Caught"]):
    """Ends the `with` block at its first exception and keeps it in `error`; a bug's goes to the log, without any token,
    and UnexpectedError stands for it.
    """

    def __init__(self) -> None:
        self.error: Optional[MapillaryError] = None

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> bool:
        if isinstance(error, MapillaryError):
            self.error = without_frames(error)
        elif isinstance(error, Exception):
            logging.getLogger(LOGGER).error(redact("".join(traceback.format_exception(kind, error, trace))))
            self.error = UnexpectedError()
        return self.error is not None


def without_frames(error: MapillaryError) -> MapillaryError:
    """The error without its traceback and what it was made of, whose frames would keep replies in memory for as long as
    the error is kept, and the token with them.
    """
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def start(work: Callable[[], None], name: str, on_error: Callable[[MapillaryError], None] = lambda _: None) -> None:
    """Do the work in a thread of its own, which ends with QGIS; `on_error` gets, in that thread, what it raised."""

    def run() -> None:
        with Caught() as caught:
            work()
        if caught.error is not None:
            with Caught():
                on_error(caught.error)

    threading.Thread(target=run, name=name, daemon=True).start()


class Crew:
    """Threads that work side by side for a caller who waits for them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._running = 0
        self._ended: queue.SimpleQueue[Optional[MapillaryError]] = queue.SimpleQueue()

    def add(self, work: Callable[[], None]) -> None:
        """Have one more thread do this."""

        def run() -> None:
            with Caught() as caught:
                work()
            self._ended.put(caught.error)

        start(run, f"{self._name}_{self._running}")
        self._running += 1

    def wait(self, is_cancelled: Callable[[], bool], look: Callable[[], None]) -> bool:
        """Until all have ended: True; or until `is_cancelled`: False, and whoever still works is not waited for.
        `look` is called several times a second. Raises the first MapillaryError that one of them raised.
        """
        while self._running:
            if is_cancelled():
                return False
            error = self._take()
            if error is not None:
                raise error
            look()
        return True

    def _take(self) -> Optional[MapillaryError]:
        """How the next one ended, if that was a moment ago."""
        try:
            error = self._ended.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            return None
        self._running -= 1
        return error
