"""One tile from the server: its bytes, or the typed error that kept it away after the tries that make sense."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import SystemRandom

from .endpoint import TileServer
from .errors import MapillaryError, ServerBusyError
from .network import HttpSession, Reply
from .replies import tile_body
from .tiling import TileId

PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0)
"""Waits between the five tries; each is lengthened by up to half, so that threads do not come back all at once."""

LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class FetchedTile:
    """A tile's bytes, empty where it has no coverage; `reason` is `404` where that is how the server said so."""

    body: bytes
    reason: str
    received_bytes: int
    fetched_at: int
    """Milliseconds since 1970 UTC."""


class TileClient:
    """Fetches tiles of one tileset. `stop` ends waits between tries."""

    def __init__(
        self,
        session: HttpSession,
        server: TileServer,
        stop: threading.Event,
        pauses: Sequence[float] = PAUSES_SECONDS,
    ) -> None:
        self._session = session
        self._server = server
        self._stop = stop
        self._pauses = pauses

    def fetch(self, tileset: str, tile: TileId) -> FetchedTile:
        """The tile, after up to five tries where the failure is transient. Raises MapillaryError."""
        for pause in self._pauses:
            try:
                return self._fetch_once(tileset, tile)
            except MapillaryError as error:
                if not error.is_transient or self._stop.wait(_lengthened(pause, error)):
                    raise
        return self._fetch_once(tileset, tile)

    def _fetch_once(self, tileset: str, tile: TileId) -> FetchedTile:
        url = f"{self._server.url}/{tileset}/2/{tile.z}/{tile.x}/{tile.y}"
        reply: Reply = self._session.get(url, {"access_token": self._server.credential})
        return FetchedTile(
            tile_body(reply), "404" if reply.status == 404 else "", reply.received_bytes, int(time.time() * 1000)
        )


def _lengthened(pause: float, error: MapillaryError) -> float:
    if isinstance(error, ServerBusyError) and error.retry_after is not None:
        pause = min(max(pause, error.retry_after), LONGEST_PAUSE_SECONDS)
    return pause * SystemRandom().uniform(1.0, 1.5)
