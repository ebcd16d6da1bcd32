"""One tile: from the cache, or from the server after the tries that make sense, or the error that kept it away."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Optional

from .errors import NotCachedError
from .replies import tile_body
from .retries import tried
from .tile_access import TileAccess
from .tile_cache import FetchedTile, TileCache
from .tiling import TileId

if TYPE_CHECKING:
    from .network.session import HttpSession


class TileClient:
    """Gets tiles of one tileset for the threads of a run. `stop` ends waits."""

    def __init__(
        self,
        tileset: str,
        access: TileAccess,
        session: HttpSession,
        cache: Optional[TileCache],
        stop: threading.Event,
    ) -> None:
        self._tileset = tileset
        self._access = access
        self._session = session
        self._cache = cache
        self._stop = stop

    def find(self, tile: TileId) -> Optional[FetchedTile]:
        """The tile from the cache, if it may be used."""
        return self._cache.find(tile, self._access.offline) if self._cache else None

    def alone(self, tile: TileId) -> AbstractContextManager[None]:
        """Waits until no other run and no live layer gets the same tile; then look for it in the cache again. Raises
        CancelledError.
        """
        return self._access.traffic.alone((self._access.server.url, self._tileset, tile), self._stop)

    def fetch(self, tile: TileId) -> FetchedTile:
        """The tile from the server, after up to five tries where the failure is transient. Raises MapillaryError."""
        if self._access.offline:
            raise NotCachedError()
        return tried(lambda: self.fetch_once(tile), self._access.pauses, self._stop)

    def keep(self, tile: TileId, fetched: FetchedTile, features: int) -> None:
        """Put a tile that was found to be sound into the cache; `features` counts its images or map features."""
        if self._cache and fetched.source == "network":
            self._cache.keep(tile, fetched, features)

    def fetch_once(self, tile: TileId) -> FetchedTile:
        """The tile from the server at the first try. Raises MapillaryError."""
        server = self._access.server
        url = f"{server.url}/{self._tileset}/2/{tile.z}/{tile.x}/{tile.y}"
        with self._access.traffic.request(server, self._stop):
            reply = self._session.get(url, {"access_token": server.credential.current()})
        return FetchedTile(
            tile_body(reply), "404" if reply.status == 404 else "", reply.received_bytes, int(time.time() * 1000)
        )
