"""What all runs and the live display of one QGIS share: a few requests at once, their pace and their count."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Optional

from .endpoint import Server
from .errors import CancelledError
from .usage import Usage

CONNECTIONS = 6
"""Requests at once."""

_LOOK_SECONDS = 0.2


class Traffic:
    """Lets requests for tiles through."""

    def __init__(self, usage: Optional[Usage] = None, connections: int = CONNECTIONS) -> None:
        self.usage = usage or Usage(None)
        self.connections = connections
        self._gate = threading.Semaphore(connections)

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
