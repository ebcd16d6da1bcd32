"""Entities of Mapillary's graph. The token goes in the header only."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

from .endpoint import Server
from .errors import CancelledError, GraphBusyError, UnknownObjectError
from .replies import app_usage, graph_object

if TYPE_CHECKING:
    from .network.session import HttpSession

MOST_USAGE_PERCENT = 95
"""Where other clients stop as well (JOSM): at 100 Mapillary refuses every request of the application."""

_REST_SECONDS = 60.0


class GraphClient:
    """Asks the graph, and rests while the application has nearly used up its calls."""

    def __init__(self, server: Server, session: HttpSession, stop: Optional[threading.Event] = None) -> None:
        self._server = server
        self._session = session
        self._stop = stop
        self._usage = 0

    def entity(self, object_id: str, fields: Sequence[str]) -> dict[str, Any]:
        """One object with these fields. Raises MapillaryError, UnknownObjectError where there is none."""
        return self._get(f"/{object_id}", {"fields": ",".join(fields)})

    def exists(self, object_id: str) -> bool:
        """Whether the graph gives this object to the holder of this token. Raises MapillaryError."""
        try:
            self.entity(object_id, ["id"])
        except UnknownObjectError:
            return False
        return True

    def _get(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        self._rest()
        reply = self._session.get(f"{self._server.url}{path}", query, self._server.credential.current())
        self._usage = app_usage(reply)
        return graph_object(reply)

    def _rest(self) -> None:
        """`x-app-usage` of the last reply says how much is used. Without `stop` to end the wait there is none."""
        if self._usage < MOST_USAGE_PERCENT:
            return
        if self._stop is None:
            raise GraphBusyError(self._usage)
        if self._stop.wait(_REST_SECONDS):
            raise CancelledError()
        self._usage = 0
