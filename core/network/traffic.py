"""What all runs and the live display of one QGIS share: a few requests at once, their pace and their count."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Optional

from ..errors import CancelledError, GraphBusyError
from .endpoint import Server
from .usage import Usage

CONNECTIONS = 6
"""Requests at once."""

MOST_USAGE_PERCENT = 95
"""Where other clients of the graph stop as well (JOSM): at 100 Mapillary refuses every request of the application."""

_LOOK_SECONDS = 0.2
_USAGE_SECONDS = 60.0
"""How long the graph's word about the usage is believed."""


class Traffic:
    """Lets requests for tiles through, and those to the graph while the application has some left."""

    def __init__(self, usage: Optional[Usage] = None, connections: int = CONNECTIONS) -> None:
        self.usage = usage or Usage(None)
        self.connections = connections
        self._gate = threading.Semaphore(connections)
        self._graph_usage = (0, 0.0)
        self._taken: set[Hashable] = set()
        self._given_back = threading.Condition()

    def note_graph_usage(self, percent: int) -> None:
        """Keep what the graph's last reply said of the application's usage."""
        self._graph_usage = (percent, time.monotonic())

    def check_graph_usage(self) -> None:
        """Raises GraphBusyError while the application has nearly used up its requests to the graph."""
        percent, noted = self._graph_usage
        if percent >= MOST_USAGE_PERCENT and time.monotonic() - noted < _USAGE_SECONDS:
            raise GraphBusyError(percent)

    @contextmanager
    def request(self, server: Server, stop: threading.Event) -> Iterator[None]:
        """Waits until one more tile may be asked for, and counts it.

        Raises CancelledError when `stop` is set first, QuotaExceededError, MissingCredentialError.
        """
        while not self._gate.acquire(timeout=_LOOK_SECONDS):
            if stop.is_set():
                raise CancelledError()
        try:
            early = _LOOK_SECONDS
            while early > 0:
                if stop.is_set():
                    raise CancelledError()
                early = self.usage.admit(server.credential.fingerprint(), server.host)
                stop.wait(min(early, _LOOK_SECONDS))
            yield
        finally:
            self._gate.release()

    @contextmanager
    def alone(self, what: Hashable, stop: threading.Event) -> Iterator[None]:
        """Waits until nobody else in this QGIS gets the same, so that it is in the cache then and not asked for twice.

        Raises CancelledError when `stop` is set first.
        """
        with self._given_back:
            while what in self._taken:
                if stop.is_set():
                    raise CancelledError()
                self._given_back.wait(_LOOK_SECONDS)
            self._taken.add(what)
        try:
            yield
        finally:
            with self._given_back:
                self._taken.discard(what)
                self._given_back.notify_all()
