"""The session that the threads of a feed share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Optional

from ..network.access import Access

if TYPE_CHECKING:
    from ..network.oauth import Renewal
    from ..network.session import HttpSession


class FeedSession:
    """Made when it is first needed."""

    def __init__(self, connections: int, access: Access) -> None:
        self._connections = connections
        self._network = access.network
        self._renewal = access.renewal
        self._lock = threading.Lock()
        self._session: Optional[HttpSession] = None
        self._is_ended = False

    def renew_with(self, renewal: Optional[Renewal]) -> None:
        """The token has become due."""
        self._renewal = renewal

    def opened(self) -> HttpSession:
        """With a token that is due renewed, once. Raises MapillaryError."""
        from ..network.session import HttpSession

        with self._lock:
            if self._session is None:
                self._session = HttpSession(self._connections, self._network)
            if self._is_ended:
                self._session.abort()
                self._session.close()
            renewal, self._renewal = self._renewal, None
        if renewal is not None:
            renewal.renew(self._session)
        return self._session

    def end(self) -> None:
        """End all requests and let no other begin."""
        self._is_ended = True
        if self._session is not None:
            self._session.abort()
            self._session.close()
