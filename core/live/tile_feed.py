"""Brings the tiles that the map shows: from the cache at once, from the server as fast as that may be asked.

One thread looks into files, so that what is there is drawn without waiting for any request; four ask the server.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Callable, Optional

from .. import threads
from ..area.tiling import TileAddress
from ..errors import CancelledError, MapillaryError
from ..looks.seen import Seen, SeenTiles
from ..network.access import Access
from ..threads import Caught
from ..tiles.tile_cache import NOT_FOUND_SECONDS
from ..tiles.tile_client import TileClient
from .feed_session import FeedSession
from .refusals import Refusals
from .tile_shelf import Standing, TileShelves

if TYPE_CHECKING:
    from ..network.oauth import Renewal

REQUESTS_AT_ONCE = 4
"""Requests at once."""

_IDLE_SECONDS = 5.0
"""After so long the files are closed: then the cache can be cleared on every system."""


@dataclass(frozen=True)
class FeedState:
    """How many of the tiles that are wanted are still to come, how many cannot be had, and why."""

    waiting: int
    missing: int
    problem: Optional[MapillaryError]


class _Job:
    """One tile that is asked for. `stop` ends its waits, but not a request that is on its way."""

    def __init__(self, address: TileAddress) -> None:
        self.address = address
        self.stop = threading.Event()


class TileFeed:
    """The tiles of one server for all live layers. No method waits for a file or for the network.

    `on_arrived` is called when what is drawn of a tile has changed, `on_state` when `state` or what was seen has; both
    in the feed's threads. A failure that stops a run stops all requests until `retry`. Where settings or the token
    have changed, make a new feed in place of this one.
    """

    def __init__(self, access: Access, on_arrived: Callable[[TileAddress], None], on_state: Callable[[], None]) -> None:
        if access.cache is None:
            raise ValueError("QGIS draws live coverage from files in the cache.")
        self._access = access
        # Each arrival has the map painted and its tiles wanted again: they rest even where nothing counts as fresh.
        rested = replace(access.cache, fresh_seconds=max(NOT_FOUND_SECONDS, access.cache.fresh_seconds))
        self._shelves = TileShelves(rested, access.server.url)
        self._on_arrived = on_arrived
        self._on_state = on_state
        self._changed = threading.Condition()
        self._wanted: dict[TileAddress, None] = {}
        self._shown: set[TileAddress] = set()
        self._to_look: dict[TileAddress, None] = {}
        self._to_ask: set[TileAddress] = set()
        self._asking: set[_Job] = set()
        self._refusals = Refusals(access.offline)
        self._seen = SeenTiles()
        self._told = FeedState(0, 0, None)
        self._has_news = False
        self._is_closed = False
        self._is_looking = False
        self._askers = 0
        self._session = FeedSession(REQUESTS_AT_ONCE, access)

    def want(self, addresses: Iterable[TileAddress]) -> None:
        """What the map shows now, the most important first; nothing else is asked for any more."""
        with self._changed:
            if self._is_closed:
                return
            self._wanted = dict.fromkeys(addresses)
            self._shown &= self._wanted.keys()
            self._to_ask &= self._wanted.keys()
            for job in self._asking:
                if job.address not in self._wanted:
                    job.stop.set()
            self._look_again()

    def retry(self) -> None:
        """Ask again for what failed, and go on after what stopped all requests."""
        with self._changed:
            self._refusals.clear()
            self._look_again()

    def renew_with(self, renewal: Optional[Renewal]) -> None:
        """The token has become due."""
        self._session.renew_with(renewal)

    def state(self) -> FeedState:
        """Of the tiles that are wanted."""
        with self._changed:
            return self._state()

    def seen(self, addresses: Iterable[TileAddress]) -> Seen:
        """What occurs in those of the tiles that are drawn and were wanted lately."""
        with self._changed:
            parts = self._seen.of(addresses)
        return sum(parts, Seen())

    def close(self) -> None:
        """End all requests and threads, without waiting for them. Nothing is called any more."""
        with self._changed:
            self._is_closed = True
            self._wanted.clear()
            self._to_look.clear()
            self._to_ask.clear()
            for job in self._asking:
                job.stop.set()
            self._changed.notify_all()
        self._session.end()

    def _look_again(self) -> None:
        asked = self._asked()
        self._to_look = dict.fromkeys(address for address in self._wanted if address not in asked)
        if self._to_look and not self._is_looking:
            self._is_looking = True
            threads.start(self._look_along, "mapillary_live_files", self._on_looker_lost)
        self._changed.notify_all()

    def _on_looker_lost(self, error: MapillaryError) -> None:
        with self._changed:
            self._is_looking = False
            self._to_look.clear()
        self._stop_for(error)

    def _on_asker_lost(self, error: MapillaryError) -> None:
        with self._changed:
            self._askers -= 1
        self._stop_for(error)

    def _stop_for(self, error: MapillaryError) -> None:
        """No tile comes until `retry`, which begins anew."""
        with self._changed:
            self._to_ask.clear()
            self._refusals.stop(error)
            self._told = self._state()
            is_heard = not self._is_closed
        self._leave()
        if is_heard:
            self._on_state()

    def _look_along(self) -> None:
        """The thread that looks into files."""
        while not self._is_closed:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._to_look or self._is_closed, _IDLE_SECONDS if self._shelves else None
                )
                address = next(iter(self._to_look), None)
                is_idle = address is None and not self._to_ask and not self._asking
                idle = self._shelves.taken() if is_idle else []
            for shelf in idle:
                shelf.close()
            if address is not None:
                self._look(address)
        with self._changed:
            self._is_looking = False
        self._leave()

    def _look(self, address: TileAddress) -> None:
        standing, seen = Standing(False, False), None
        with Caught() as caught:
            shelf = self._shelves.of(address.tileset)
            standing = shelf.look(address.tile)
            is_new = standing.is_shown and standing.seen is None and address not in self._seen
            seen = shelf.seen(address.tile) if is_new else standing.seen
        with self._changed:
            if caught.error is not None:
                self._fail(address, caught.error)
            self._to_look.pop(address, None)
            if address in self._wanted:
                self._sort(address, standing)
            self._changed.notify_all()
        self._tell(address, seen, standing.seen is not None)

    def _sort(self, address: TileAddress, standing: Standing) -> None:
        """What is next for a tile whose files were looked at."""
        (self._shown.add if standing.is_shown else self._shown.discard)(address)
        if standing.is_fresh:
            self._refusals.forget(address)
            self._to_ask.discard(address)
        elif address not in self._asked() and not self._refusals.forbids(address):
            self._to_ask.add(address)
            if self._askers < min(REQUESTS_AT_ONCE, len(self._to_ask) + len(self._asking)):
                self._askers += 1
                threads.start(self._ask_along, f"mapillary_live_{self._askers}", self._on_asker_lost)

    def _asked(self) -> set[TileAddress]:
        """What will be there without being asked for once more."""
        return {job.address for job in self._asking if not job.stop.is_set()}

    def _ask_along(self) -> None:
        """One of the threads that ask the server."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next_to_ask() or self._is_closed)
                address = self._next_to_ask()
                if address is None:
                    break
                self._to_ask.discard(address)
                job = _Job(address)
                self._asking.add(job)
            seen = None
            with Caught() as caught:
                seen = self._ask(job)
            error = caught.error
            with self._changed:
                self._asking.discard(job)
                if error is not None:
                    was_cut_short = error.is_transient and job.stop.is_set()
                    self._fail(address, CancelledError() if was_cut_short else error)
                elif address in self._wanted:
                    self._sort(address, Standing(True, True))
            self._tell(address, seen, seen is not None)
        with self._changed:
            self._askers -= 1
        self._leave()

    def _next_to_ask(self) -> Optional[TileAddress]:
        """The most important tile; none while the files of a more important one are still to be looked at."""
        first = next((address for address in self._wanted if address in self._to_ask or address in self._to_look), None)
        return None if first in self._to_look else first

    def _ask(self, job: _Job) -> Optional[Seen]:
        """What occurs in the tile where it was drawn anew; its files may be others by then. Raises MapillaryError."""
        tileset, tile = job.address
        session, shelf = self._session.opened(), self._shelves.of(tileset)
        client = TileClient(tileset, self._access, session, shelf.cache, job.stop)
        with client.alone(tile):
            standing = shelf.look(tile)
            fetched = None if standing.is_fresh else client.fetch(tile)
            return self._shelves.of(tileset).take(tile, fetched) if fetched else standing.seen

    def _fail(self, address: TileAddress, error: MapillaryError) -> None:
        """One that was only cancelled may be wanted again by now."""
        if isinstance(error, CancelledError):
            if address in self._wanted:
                self._to_look[address] = None
                self._changed.notify_all()
            return
        self._refusals.note(address, error)
        if error.stops_run:
            self._to_ask.clear()
            for job in self._asking:
                job.stop.set()

    def _state(self) -> FeedState:
        waiting = {job.address for job in self._asking} | self._to_ask | self._to_look.keys()
        missing = [address for address in self._wanted if address not in self._shown and address not in waiting]
        problem = self._refusals.stopped_by() or next(map(self._refusals.reason, missing), None)
        return FeedState(len(waiting & self._wanted.keys()), len(missing), problem)

    def _tell(self, address: TileAddress, seen: Optional[Seen], has_arrived: bool) -> None:
        """Call what wants to know, once for all the files that were looked at."""
        with self._changed:
            if self._is_closed:
                return
            if seen is not None:
                self._seen.keep(address, seen)
                self._has_news = True
            state = self._state()
            has_state = not self._to_look and (state != self._told or self._has_news)
            if has_state:
                self._told, self._has_news = state, False
        if has_arrived:
            self._on_arrived(address)
        if has_state:
            self._on_state()

    def _leave(self) -> None:
        """The last thread closes the files."""
        with self._changed:
            shelves = [] if self._is_looking or self._askers else self._shelves.taken()
        for shelf in shelves:
            shelf.close()
