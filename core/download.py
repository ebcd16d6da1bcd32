"""A whole run: every tile of a request, in a few threads, into one result with its ledger. Plain Python, no qgis."""

from __future__ import annotations

import queue
import threading
from collections.abc import Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Callable, Optional

from .collector import collect_images, collect_sequences
from .errors import CancelledError, MapillaryError, QuotaExceededError
from .ledger import EMPTY, OK, SKIPPED, TileRecord
from .network.session import HttpSession
from .request import CoverageRequest
from .result import CoverageResult, LayerCounts, TileOutcome
from .schema import IMAGE, SEQUENCE
from .tile_access import TileAccess
from .tile_cache import TileCache
from .tile_client import TileClient
from .tile_reader import read_tile
from .tiling import TileId, tiles_of

_POLL_SECONDS = 0.1


def download_coverage(
    request: CoverageRequest,
    access: TileAccess,
    is_cancelled: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    only: Optional[Collection[TileId]] = None,
    earlier: Optional[CoverageResult] = None,
) -> CoverageResult:
    """Read, filter and collect all tiles of the request, or `only` some of them.

    Tiles that fail are in the ledger, not raised; the order of features does not depend on the order of replies. With
    `earlier`, a partial result of the same request, only what that lacks is read, and the result is of both together.
    `on_progress` gets the tiles done and their total. Within a second of `is_cancelled` the run ends with what there
    is. Raises QuotaExceededError before the first request where it would take more than is left of today's quota.
    """
    stop = threading.Event()
    with ExitStack() as closing:
        cache = TileCache(access.cache, access.server.url, request.tileset) if access.cache else None
        if cache:
            closing.callback(cache.close)
        tiles = [tile for tile in tiles_of(request.area) if only is None or tile in only]
        run = _Run(request, access, tiles, earlier.read_outcomes() if earlier else {}, stop)
        if not access.offline:
            _check_quota(access, len(set(run.missing) - (cache.tiles_in(request.area) if cache else set())))
        session = HttpSession(access.traffic.connections, access.network)
        closing.callback(session.close)
        closing.callback(stop.set)
        if access.renewal and run.missing:
            access.renewal.renew(session)
        run.read(TileClient(request.tileset, access, session, cache, stop), session, is_cancelled, on_progress)
        problems = (cache and cache.problem, access.traffic.usage.problem)
        return run.result([problem for problem in problems if problem])


def _check_quota(access: TileAccess, needed: int) -> None:
    usage = access.traffic.usage
    if needed:
        left = usage.left_today(access.server.credential.fingerprint())
        if needed > left:
            raise QuotaExceededError(needed, left, usage.pace.quota)


class _Run:
    """The threads of one run and what they have brought so far."""

    def __init__(
        self,
        request: CoverageRequest,
        access: TileAccess,
        tiles: list[TileId],
        known: dict[TileId, TileOutcome],
        stop: threading.Event,
    ) -> None:
        self._request = request
        self._access = access
        self._stop = stop
        self._tiles = tiles
        self._outcomes = known
        self.missing = [tile for tile in tiles if tile not in known]
        self._waiting: Iterator[TileId] = iter(self.missing)
        self._waiting_lock = threading.Lock()
        self._arrived: queue.SimpleQueue[TileOutcome] = queue.SimpleQueue()
        self._stopped_by: Optional[MapillaryError] = None

    def read(
        self,
        client: TileClient,
        session: HttpSession,
        is_cancelled: Callable[[], bool],
        on_progress: Callable[[int, int], None],
    ) -> None:
        """Read what is missing."""
        count = min(self._access.traffic.connections, len(self.missing))
        pool = ThreadPoolExecutor(max(1, count), thread_name_prefix="mapillary_tiles")
        try:
            running = {pool.submit(self._work, client) for _ in range(count)}
            while running:
                if is_cancelled():
                    self._take_arrived(on_progress)
                    self._stopped_by = self._stopped_by or CancelledError()
                    break
                done, running = wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
                for worker in done:
                    worker.result()
                session.end_overdue()
                self._take_arrived(on_progress)
        finally:
            self._stop.set()
            session.abort()
            pool.shutdown(wait=False)

    def _work(self, client: TileClient) -> None:
        """One thread: tile after tile until there are none, or the run is stopped."""
        while not self._stop.is_set():
            with self._waiting_lock:
                tile = next(self._waiting, None)
            if tile is None:
                return
            outcome = read_tile(client, self._request, tile)
            if outcome.error is not None and outcome.error.stops_run:
                self._stop.set()
            self._arrived.put(outcome)

    def _take_arrived(self, on_progress: Callable[[int, int], None]) -> None:
        while not self._arrived.empty():
            outcome = self._arrived.get()
            if isinstance(outcome.error, CancelledError):
                continue
            self._outcomes[outcome.record.tile] = outcome
            if self._stopped_by is None and outcome.error is not None and outcome.error.stops_run:
                self._stopped_by = outcome.error
        read = sum(tile in self._outcomes for tile in self.missing)
        on_progress(read, len(self.missing))

    def result(self, notes: list[str]) -> CoverageResult:
        """What all tiles give together."""
        reason = f"Not read, because the run was stopped. {self._stopped_by}"
        outcomes = [
            self._outcomes.get(tile) or TileOutcome(TileRecord(tile, self._request.tileset, SKIPPED, reason))
            for tile in self._tiles
        ]
        counts = {layer.name: LayerCounts() for layer in self._request.source_layers}
        for outcome in outcomes:
            for name, tile_counts in outcome.counts.items():
                counts[name].add(tile_counts)
        is_partial = any(outcome.record.status not in (OK, EMPTY) for outcome in outcomes)
        return CoverageResult(
            self._request,
            collect_images(IMAGE, [o.tables[IMAGE.name] for o in outcomes if IMAGE.name in o.tables]),
            collect_sequences(SEQUENCE, [o.tables[SEQUENCE.name] for o in outcomes if SEQUENCE.name in o.tables]),
            [outcome.record for outcome in outcomes],
            counts,
            self._stopped_by,
            self._access.offline,
            notes,
            outcomes if is_partial else [],
        )
