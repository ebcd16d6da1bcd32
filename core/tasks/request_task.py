"""A few requests off the main thread: testing a token, signing in, estimating."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional

from ..errors import CancelledError
from ..network.network_settings import NetworkSettings
from .task import PluginTask

if TYPE_CHECKING:
    from ..network.session import HttpSession

_CONNECTIONS = 2


class RequestTask(PluginTask):
    """Does `function` with a session of its own; `result` is what it gave."""

    def __init__(self, description: str, network: NetworkSettings, function: Callable[[HttpSession], Any]) -> None:
        super().__init__(description, is_hidden=True)
        self.result: Any = None
        self._network = network
        self._function = function
        self._session: Optional[HttpSession] = None

    def work(self) -> None:
        """In a thread of the task manager."""
        from ..network.session import HttpSession

        self._session = HttpSession(_CONNECTIONS, self._network)
        try:
            if self.isCanceled():
                raise CancelledError()
            self.result = self._function(self._session)
        finally:
            self._session.close()

    def cancel(self) -> None:
        """End the requests that wait."""
        super().cancel()
        if self._session is not None:
            self._session.abort()
