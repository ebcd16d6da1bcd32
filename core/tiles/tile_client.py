"""One tile: from the cache, or from the server after the tries that make sense, or the error that kept it away."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Optional

from ..area.tiling import TileId
from ..errors import NotCachedError, ThrottledError, UnexpectedReplyError
from ..network.access import Access
from ..network.replies import check_error, status_error
from ..network.retries import tried
from .tile_cache import FetchedTile, TileCache

if TYPE_CHECKING:
    from ..network.session import HttpSession, Reply


_PAGE_TYPES = ("text/html", "application/json", "application/xhtml+xml")


class TileClient:
    """Gets tiles of one tileset for the threads of a run. `stop` ends waits."""

    def __init__(
        self,
        tileset: str,
        access: Access,
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


def tile_body(reply: Reply) -> bytes:
    """The bytes of the tile, empty where there is no coverage.

    Raises the MapillaryError that the reply stands for.
    """
    if 300 <= reply.status < 400:
        raise ThrottledError()
    check_error(reply)
    if reply.status in (200, 204):
        if _is_page(reply):
            raise UnexpectedReplyError("The server sent a web page or text instead of a vector tile.")
        return reply.body
    if reply.status == 404:
        return b""
    raise status_error(reply)


def _is_page(reply: Reply) -> bool:
    """No vector tile begins with < or {: as protobuf both would be wire types that tiles never use."""
    content_type = reply.headers.get("Content-Type", "").split(";")[0].strip().lower()
    return bool(reply.body) and (content_type in _PAGE_TYPES or reply.body[:64].lstrip()[:1] in (b"<", b"{", b"["))
