"""A whole run: every tile of a request, in a few threads, into one result with its ledger. Plain Python, no qgis."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Callable, Optional

from .collector import collect_images, collect_sequences
from .endpoint import TileServer
from .errors import CancelledError, MapillaryError
from .ledger import SKIPPED, TileRecord
from .network import HttpSession
from .request import CoverageRequest
from .result import CoverageResult, LayerCounts
from .schema import IMAGE, SEQUENCE
from .tile_client import PAUSES_SECONDS, TileClient
from .tile_reader import TileOutcome, read_tile
from .tiling import TileId, tiles_of

CONNECTIONS = 6
"""Requests at once in one run."""

_POLL_SECONDS = 0.1


def download_coverage(
    request: CoverageRequest,
    server: TileServer,
    is_cancelled: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    pauses: Sequence[float] = PAUSES_SECONDS,
) -> CoverageResult:
    """Fetch, decode, filter and collect all tiles of the request.

    Tiles that fail are in the ledger, not raised; the order of features does not depend on the order of replies.
    `on_progress` gets the tiles done and their total. Raises CancelledError within a second of `is_cancelled`.
    """
    stop = threading.Event()
    session = HttpSession(CONNECTIONS)
    try:
        client = TileClient(session, server, stop, pauses)
        return _Run(request, client, session, stop).finish(is_cancelled, on_progress)
    finally:
        stop.set()
        session.close()


class _Run:
    """The threads of one run and what they have brought so far."""

    def __init__(
        self, request: CoverageRequest, client: TileClient, session: HttpSession, stop: threading.Event
    ) -> None:
        self._request = request
        self._client = client
        self._session = session
        self._stop = stop
        self._tiles = tiles_of(request.area)
        self._waiting: Iterator[TileId] = iter(self._tiles)
        self._waiting_lock = threading.Lock()
        self._arrived: queue.SimpleQueue[TileOutcome] = queue.SimpleQueue()
        self._outcomes: dict[TileId, TileOutcome] = {}
        self._stopped_by: Optional[MapillaryError] = None

    def finish(self, is_cancelled: Callable[[], bool], on_progress: Callable[[int, int], None]) -> CoverageResult:
        pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="mapillary_tiles")
        try:
            running = {pool.submit(self._work) for _ in range(min(CONNECTIONS, len(self._tiles)))}
            while running:
                if is_cancelled():
                    raise CancelledError()
                done, running = wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
                for worker in done:
                    worker.result()
                self._session.end_overdue()
                self._take_arrived(on_progress)
            return self._result()
        finally:
            self._stop.set()
            self._session.abort()
            pool.shutdown(wait=False)

    def _work(self) -> None:
        """One thread: tile after tile until there are none, or the run is stopped."""
        while not self._stop.is_set():
            with self._waiting_lock:
                tile = next(self._waiting, None)
            if tile is None:
                return
            outcome = read_tile(self._client, self._request, tile)
            if outcome.error is not None and outcome.error.stops_run:
                self._stop.set()
            self._arrived.put(outcome)

    def _take_arrived(self, on_progress: Callable[[int, int], None]) -> None:
        while not self._arrived.empty():
            outcome = self._arrived.get()
            self._outcomes[outcome.record.tile] = outcome
            if self._stopped_by is None and outcome.error is not None and outcome.error.stops_run:
                self._stopped_by = outcome.error
        on_progress(len(self._outcomes), len(self._tiles))

    def _result(self) -> CoverageResult:
        reason = f"Never asked for: the run was stopped. {self._stopped_by}"
        outcomes = [
            self._outcomes.get(tile) or TileOutcome(TileRecord(tile, self._request.tileset, SKIPPED, reason))
            for tile in self._tiles
        ]
        counts = {layer.name: LayerCounts() for layer in self._request.source_layers}
        for outcome in outcomes:
            for name, tile_counts in outcome.counts.items():
                counts[name].add(tile_counts)
        return CoverageResult(
            self._request,
            collect_images(IMAGE, [o.tables[IMAGE.name] for o in outcomes if IMAGE.name in o.tables]),
            collect_sequences(SEQUENCE, [o.tables[SEQUENCE.name] for o in outcomes if SEQUENCE.name in o.tables]),
            [outcome.record for outcome in outcomes],
            counts,
            self._stopped_by,
        )
