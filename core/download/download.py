"""A whole run: every tile of a request, in a few threads, into one result with its ledger. Plain Python, no qgis."""

from __future__ import annotations

import queue
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from typing import Callable, Optional

from ..area.tiling import TileAddress, TileId
from ..errors import CancelledError, InvalidRequestError, MapillaryError, MissingCredentialError, QuotaExceededError
from ..mapillary.schema import IMAGE, SEQUENCE
from ..network.access import Access
from ..network.session import HttpSession
from ..request.request import CoverageRequest
from ..threads import Crew, without_frames
from ..tiles.tile_cache import TileCache
from ..tiles.tile_client import TileClient
from .collector import Table, collect_points, collect_sequences, extent_of, points_of
from .ledger import EMPTY, OK, SKIPPED, TileRecord
from .result import CoverageResult, LayerCounts, TileOutcome
from .tile_reader import MatchingRows, TileReader

_NEVER_ASKED = (CancelledError, QuotaExceededError, MissingCredentialError)
"""What keeps a tile from being asked for at all."""


def download_coverage(
    request: CoverageRequest,
    access: Access,
    is_cancelled: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    only: Optional[Collection[TileAddress]] = None,
    earlier: Optional[CoverageResult] = None,
    matching_rows: Optional[MatchingRows] = None,
) -> CoverageResult:
    """Read, filter and collect all tiles of the request, or `only` some of them.

    Tiles that fail are in the ledger, not raised; the order of features does not depend on the order of replies. With
    `earlier`, a partial result of the same request, only what that lacks is read, and the result is of both together.
    `on_progress` gets the tiles done and their total. Within a second of `is_cancelled` the run ends with what there
    is. `matching_rows` answers expressions; see `tile_reader`.

    Raises QuotaExceededError before the first request where it would take more than is left of today's quota, and
    InvalidRequestError for an expression that nobody answers.
    """
    if matching_rows is None and any(map(request.filter.expression_for, request.source_layers)):
        raise InvalidRequestError("Expressions can only be asked in QGIS. Leave the expression out.")
    with ExitStack() as closing:
        caches = {}
        if access.cache:
            for tileset in request.tilesets:
                caches[tileset] = TileCache(access.cache, access.server.url, tileset)
                closing.callback(caches[tileset].close)
        addresses = [address for address in request.addresses() if only is None or address in only]
        cached = {
            TileAddress(tileset, tile)
            for tileset, cache in caches.items()
            for tile in cache.tiles_in(request.area, access.offline)
        }
        reader = TileReader(request, matching_rows)
        run = _Run(reader, access, addresses, earlier.read_outcomes() if earlier else {}, cached)
        if not access.offline:
            _check_quota(access, len(set(run.missing) - cached))
        session = HttpSession(access.traffic.connections, access.network)
        closing.callback(session.close)
        closing.callback(run.stop.set)
        clients = {
            tileset: TileClient(tileset, access, session, caches.get(tileset), run.stop) for tileset in request.tilesets
        }
        run.read(clients, session, is_cancelled, on_progress)
        problems = (*(cache.problem for cache in caches.values()), access.traffic.usage.problem)
        return run.result(list(dict.fromkeys(problem for problem in problems if problem)))


def _check_quota(access: Access, needed: int) -> None:
    usage = access.traffic.usage
    if needed:
        left = usage.left_today(access.server.credential.fingerprint())
        if needed > left:
            raise QuotaExceededError(needed, left, usage.pace.quota)


class _Run:
    """The threads of one run and what they have brought so far."""

    def __init__(
        self,
        reader: TileReader,
        access: Access,
        addresses: list[TileAddress],
        known: dict[TileAddress, TileOutcome],
        cached: set[TileAddress],
    ) -> None:
        self.stop = threading.Event()
        self._request = reader.request
        self._reader = reader
        self._access = access
        self._addresses = addresses
        self._outcomes = known
        self.missing = [address for address in addresses if address not in known]
        # Those in the cache cost nothing, and a stop then keeps them.
        self._waiting: Iterator[TileAddress] = iter(sorted(self.missing, key=lambda address: address not in cached))
        self._waiting_lock = threading.Lock()
        self._arrived: queue.SimpleQueue[TileOutcome] = queue.SimpleQueue()
        self._stopped_by: Optional[MapillaryError] = None

    def read(
        self,
        clients: Mapping[str, TileClient],
        session: HttpSession,
        is_cancelled: Callable[[], bool],
        on_progress: Callable[[int, int], None],
    ) -> None:
        """Read what is missing."""
        count = min(self._access.traffic.connections, len(self.missing))
        crew = Crew("mapillary_tiles")
        if count and self._access.renewal:
            crew.add(lambda: self._renew(session))
        for _ in range(count):
            crew.add(lambda: self._work(clients))
        try:
            is_done = crew.wait(is_cancelled, lambda: self._take_arrived(on_progress))
            self._take_arrived(on_progress)
            if not is_done:
                self._stopped_by = self._stopped_by or CancelledError()
        finally:
            self.stop.set()
            session.abort()

    def _renew(self, session: HttpSession) -> None:
        """Renew a sign-in that is soon over; the tiles that are asked for meanwhile go with the present token."""
        if self._access.renewal is None:
            return
        try:
            self._access.renewal.renew(session)
        except CancelledError:
            return
        except MapillaryError as error:
            self.stop.set()
            self._stopped_by = self._stopped_by or without_frames(error)

    def _work(self, clients: Mapping[str, TileClient]) -> None:
        """One thread: tile after tile until there are none, or the run is stopped."""
        while not self.stop.is_set():
            with self._waiting_lock:
                address = next(self._waiting, None)
            if address is None:
                return
            outcome = self._reader.read(clients[address.tileset], address)
            if outcome.error is not None and outcome.error.stops_run:
                self.stop.set()
            self._arrived.put(outcome)

    def _take_arrived(self, on_progress: Callable[[int, int], None]) -> None:
        while not self._arrived.empty():
            outcome = self._arrived.get()
            if self._stopped_by is None and outcome.error is not None and outcome.error.stops_run:
                self._stopped_by = outcome.error
            if not isinstance(outcome.error, _NEVER_ASKED):
                self._outcomes[TileAddress(outcome.record.tileset, outcome.record.tile)] = outcome
        if self.missing:
            on_progress(sum(address in self._outcomes for address in self.missing), len(self.missing))

    def result(self, notes: list[str]) -> CoverageResult:
        """What all tiles give together."""
        reason = f"Not read, because the run was stopped. {self._stopped_by}"
        outcomes = [
            self._outcomes.get(address) or TileOutcome(TileRecord(address.tile, address.tileset, SKIPPED, reason))
            for address in self._addresses
        ]
        counts = {layer.name: LayerCounts() for layer in self._request.source_layers}
        for outcome in outcomes:
            for name, tile_counts in outcome.counts.items():
                if name in counts:
                    counts[name].add(tile_counts)
        is_partial = any(outcome.record.status not in (OK, EMPTY) for outcome in outcomes)
        tables = self._tables(outcomes)
        return CoverageResult(
            self._request,
            tables,
            [outcome.record for outcome in outcomes],
            counts,
            self._stopped_by,
            self._access.offline,
            notes,
            outcomes if is_partial else [],
            extent_of(tables.values(), self._request.area),
        )

    def _tables(self, outcomes: list[TileOutcome]) -> dict[str, Table]:
        """By source layer, of the layers asked for."""
        tables: dict[str, Table] = {}
        named = None
        for tileset, layers in self._request.tilesets.items():
            for layer in layers:
                parts = [outcome.tables[layer.name] for outcome in outcomes if layer.name in outcome.tables]
                if layer is SEQUENCE:
                    tables[layer.name] = collect_sequences(layer, parts, named)
                    continue
                points = collect_points(layer, parts, self._elsewhere(tileset))
                if layer is IMAGE:
                    named = self._request.filter.sequences_of(points.columns["sequence_id"])
                    points = points_of(points, named)
                tables[layer.name] = points
        return {layer.name: tables[layer.name] for layer in self._request.source_layers}

    def _elsewhere(self, tileset: str) -> set[TileId]:
        """Tiles of the area that belong to another run: it has their points, of which ours hold copies in buffers."""
        if len(self._addresses) == self._request.tile_count:
            return set()
        others = set(self._request.addresses()) - set(self._addresses)
        return {address.tile for address in others if address.tileset == tileset}
