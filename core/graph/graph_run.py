"""Many requests to the graph, a few at once, for as long as nobody cancels. Plain Python, no qgis."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, Generic, Optional, TypeVar

from ..errors import CancelledError, MapillaryError, OfflineError
from ..network.access import Access
from ..network.session import HttpSession
from ..threads import Crew, without_frames
from .graph_client import GraphClient

Job = TypeVar("Job")


@dataclass(frozen=True)
class Outcome(Generic[Job]):
    """What a job gave, or the `error` that kept it from giving anything."""

    job: Job
    value: Any = None
    error: Optional[MapillaryError] = None


def run_jobs(
    jobs: Sequence[Job],
    work: Callable[[GraphClient, Job], Any],
    access: Access,
    is_cancelled: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Outcome[Job]]:
    """Do each job in one of a few threads; the outcomes are in the order of the jobs.

    An error that makes further requests pointless is the outcome of all jobs that were not begun. Raises CancelledError
    within a second of `is_cancelled`; what was done until then is lost unless the work has kept it. Raises OfflineError
    where nothing may be asked.
    """
    if not jobs:
        return []
    if access.offline:
        raise OfflineError()
    session = HttpSession(access.traffic.connections, access.network)
    run = _Run(jobs, work, GraphClient(access.server, session, access.traffic, access.pauses))
    renewing = [partial(access.renewal.renew, session)] if access.renewal else []
    working = [run.work] * min(len(jobs), access.traffic.connections)
    try:
        for works in (renewing, working):
            crew = Crew("mapillary_graph")
            for work_of_thread in works:
                crew.add(work_of_thread)
            if not crew.wait(is_cancelled, lambda: on_progress(len(run.outcomes), len(jobs))):
                raise CancelledError()
        return run.in_order()
    finally:
        run.stop.set()
        session.abort()
        session.close()


class _Run(Generic[Job]):
    """The threads' jobs and outcomes."""

    def __init__(
        self,
        jobs: Sequence[Job],
        work: Callable[[GraphClient, Job], Any],
        client: GraphClient,
    ) -> None:
        self.stop = threading.Event()
        self.outcomes: dict[int, Outcome[Job]] = {}
        self._jobs = jobs
        self._work = work
        self._client = client
        self._waiting: Iterator[int] = iter(range(len(jobs)))
        self._lock = threading.Lock()
        self._stopped_by: Optional[MapillaryError] = None

    def work(self) -> None:
        """One thread: job after job until there are none, or the run is stopped."""
        while not self.stop.is_set():
            with self._lock:
                number = next(self._waiting, None)
            if number is None:
                return
            job = self._jobs[number]
            try:
                self.outcomes[number] = Outcome(job, self._work(self._client, job))
            except MapillaryError as error:
                self.outcomes[number] = Outcome(job, error=without_frames(error))
                if error.stops_run:
                    self._stopped_by = self._stopped_by or error
                    self.stop.set()

    def in_order(self) -> list[Outcome[Job]]:
        """One outcome for each job."""
        return [self.outcomes.get(n) or Outcome(job, error=self._stopped_by) for n, job in enumerate(self._jobs)]


def in_batches(items: Iterable[str], size: int) -> list[list[str]]:
    """The items in lists of at most so many."""
    everything = list(items)
    return [everything[start : start + size] for start in range(0, len(everything), size)]
