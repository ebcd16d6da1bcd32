"""A few threads that ask the graph and fetch pictures while somebody looks at images. Plain Python, no qgis.

QGIS' task manager has as few threads as the computer has cores, and a download can hold them for minutes; a click
should not wait for that. Connections stay open from one image to the next, and one request can be ended alone.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, Optional

from .. import threads
from ..errors import CancelledError, MapillaryError
from ..network.access import Access
from ..threads import Caught

if TYPE_CHECKING:
    from ..graph.graph_client import GraphClient
    from ..network.oauth import Renewal
    from ..network.session import HttpSession

THREADS = 4

Ask = Callable[["GraphClient"], Any]
OnEnded = Callable[["Job", Any, Optional[MapillaryError]], None]


class Job:
    """One piece of work. `is_cancelled` says that nobody waits for it any more."""

    def __init__(self, ask: Ask, on_ended: OnEnded, cancel: Callable[[Job], None]) -> None:
        self.ask = ask
        self.on_ended = on_ended
        self.is_cancelled = False
        self.session: Optional[HttpSession] = None
        """While it runs."""
        self._cancel = cancel

    def cancel(self) -> None:
        """Take it from the queue. Where it runs, its request goes on until its thread is needed: the reply may be on
        its way, and a new connection takes longer.
        """
        self._cancel(self)


class RequestThreads:
    """Threads start with the first work and end with `close`."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._waiting: deque[Job] = deque()
        self._running: set[Job] = set()
        self._changed = threading.Condition()
        self._count = 0
        self._idle = 0
        self._is_closed = False
        self._renewing = threading.Lock()
        self._renewal = access.renewal

    def start(self, ask: Ask, on_ended: OnEnded, is_urgent: bool = True) -> Job:
        """Have `ask(client)` called in one of the threads, before all that waits where it is urgent, and there then
        `on_ended(job, result, error)`, unless the job is cancelled by then.
        """
        job = Job(ask, on_ended, self._cancel)
        with self._changed:
            if self._is_closed:
                job.is_cancelled = True
                return job
            if is_urgent:
                self._waiting.appendleft(job)
            else:
                self._waiting.append(job)
            if self._idle < len(self._waiting) and self._count < THREADS:
                self._count += 1
                threads.start(self._work, f"mapillary_image_{self._count}")
            self._make_room()
            self._changed.notify()
        return job

    def renew_with(self, renewal: Optional[Renewal]) -> None:
        """The token has become due."""
        self._renewal = renewal

    def close(self) -> None:
        """End all requests and threads, without waiting for them."""
        with self._changed:
            self._is_closed = True
            for job in (*self._waiting, *self._running):
                job.is_cancelled = True
                _abort(job)
            self._waiting.clear()
            self._changed.notify_all()

    def _cancel(self, job: Job) -> None:
        with self._changed:
            job.is_cancelled = True
            if job in self._waiting:
                self._waiting.remove(job)
            self._make_room()

    def _make_room(self) -> None:
        """End a request that nobody waits for, where work waits for a thread."""
        if len(self._waiting) > self._idle and self._count == THREADS:
            for job in [job for job in self._running if job.is_cancelled][: len(self._waiting) - self._idle]:
                _abort(job)

    def _work(self) -> None:
        """One of the threads, with a session of its own."""
        session: Optional[HttpSession] = None
        try:
            while True:
                job = self._next()
                if job is None:
                    return
                session = self._do(job, session)
                # What the job holds, such as a picture, would stay until this thread has other work.
                del job
        finally:
            if session is not None:
                session.close()

    def _next(self) -> Optional[Job]:
        with self._changed:
            self._idle += 1
            while not self._waiting and not self._is_closed:
                self._changed.wait()
            self._idle -= 1
            if self._is_closed:
                return None
            job = self._waiting.popleft()
            self._running.add(job)
            return job

    def _do(self, job: Job, session: Optional[HttpSession]) -> Optional[HttpSession]:
        """One job. Gives the session for the next."""
        result = None
        with Caught() as caught:
            session = self._usable(session)
            result = self._ask(job, session)
        with self._changed:
            job.session = None
            self._running.discard(job)
        if not job.is_cancelled:
            with Caught():
                job.on_ended(job, result, caught.error)
        return session

    def _usable(self, session: Optional[HttpSession]) -> HttpSession:
        """The session, or another one where it was aborted."""
        from ..network.session import HttpSession

        if session is not None:
            if not session.stop.is_set():
                return session
            session.close()
        return HttpSession(1, self.access.network)

    def _ask(self, job: Job, session: HttpSession) -> Any:
        from ..graph.graph_client import GraphClient

        with self._changed:
            if job.is_cancelled:
                raise CancelledError()
            job.session = session
        self._renew(session)
        return job.ask(GraphClient(self.access.server, session, self.access.traffic, self.access.pauses))

    def _renew(self, session: HttpSession) -> None:
        """Renew a token that is due, once. Raises MapillaryError."""
        with self._renewing:
            renewal, self._renewal = self._renewal, None
            if renewal is not None:
                renewal.renew(session)


def _abort(job: Job) -> None:
    if job.session is not None:
        job.session.abort()
