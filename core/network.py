"""The one module that opens sockets, and the one place where the token is taken out of what others may read.

https://requests.readthedocs.io
"""

from __future__ import annotations

import http.client
import logging
import re
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Optional
from urllib.parse import quote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from .about import user_agent
from .endpoint import is_loopback
from .errors import (
    CancelledError,
    ConnectionBrokenError,
    MapillaryError,
    SlowReplyError,
    UnexpectedReplyError,
    UnreachableError,
    UntrustedServerError,
)
from .inflate import MAX_BODY_BYTES, inflate

CONNECT_SECONDS = 10
READ_SECONDS = 30
REPLY_SECONDS = 300
"""The longest that one whole reply may take, however steadily it trickles in."""

_CHUNK_BYTES = 2**16
_SECRETS = re.compile(r"(?<=access_token=)[^&\s\"'<>]+|MLY(?:\||%7C)[^&\s\"'<>]+", re.IGNORECASE)


def redact(text: str) -> str:
    """The text without any token."""
    return _SECRETS.sub("[token]", text)


@dataclass(frozen=True)
class Reply:
    """What the server answered. `body` is unpacked; `received_bytes` counts what came over the network."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_bytes: int


class HttpSession:
    """A pool of connections for one run, shared by its threads; `abort` ends every request within moments."""

    def __init__(self, connections: int) -> None:
        self._sockets = _Sockets()
        self._log_filter = _RedactingFilter()
        logging.getLogger("urllib3.connectionpool").addFilter(self._log_filter)
        self._session = _Session()
        self._session.headers["User-Agent"] = user_agent()
        self._session.headers["Accept-Encoding"] = "gzip"
        self._session.auth = _no_authentication
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _AbortableAdapter(self._sockets, connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def get(self, url: str, query: Mapping[str, str]) -> Reply:
        """One GET, redirects not followed. `url` must have passed `check_endpoint`; secrets belong in `query` only.

        Raises UnreachableError, UntrustedServerError, ConnectionBrokenError, UnexpectedReplyError for a reply that is
        too large, DamagedTileError for broken gzip, and CancelledError after `abort`. None holds the URL, not even in
        its chain.
        """
        started = time.monotonic()
        try:
            return self._get(url, query, started)
        except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
            seconds = time.monotonic() - started
            failure = self._failure(error, urlsplit(url).hostname or "the server", seconds)
        raise failure

    def _get(self, url: str, query: Mapping[str, str], started: float) -> Reply:
        # A proxy of the environment must not see a request over plain http to this computer.
        proxies = {"http": "", "https": ""} if is_loopback(urlsplit(url).hostname or "") else None
        with self._session.get(
            url,
            params=query,
            stream=True,
            allow_redirects=False,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            proxies=proxies,
        ) as response:
            received = bytearray()
            for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=False):
                received += chunk
                if len(received) > MAX_BODY_BYTES:
                    raise UnexpectedReplyError(f"The reply is larger than {MAX_BODY_BYTES // 2**20} MB.")
            announced = response.headers.get("Content-Length", "")
            if announced.isdigit() and len(received) < int(announced):
                raise http.client.IncompleteRead(b"", int(announced) - len(received))
            if self._sockets.aborted or time.monotonic() - started > REPLY_SECONDS:
                raise OSError("The connection was shut down from this side.")
            body = _without_secrets(inflate(bytes(received)), query)
            return Reply(response.status_code, response.headers, body, len(received))

    def _failure(self, error: Exception, host: str, seconds: float) -> MapillaryError:
        if self._sockets.aborted:
            return CancelledError()
        if seconds > REPLY_SECONDS:
            return SlowReplyError(REPLY_SECONDS)
        if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
            return UntrustedServerError(host)
        cause = error.args[0] if error.args else None
        if isinstance(error, requests.ConnectTimeout) or isinstance(cause, urllib3.exceptions.MaxRetryError):
            return UnreachableError(host)
        if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
            return ConnectionBrokenError(f"{host} did not answer within {READ_SECONDS} seconds.")
        return ConnectionBrokenError("The connection broke before the whole reply was there.")

    def abort(self) -> None:
        """End all requests, also those that wait for a reply in other threads; they raise CancelledError."""
        self._sockets.abort()

    def end_overdue(self) -> None:
        """End replies that take longer than REPLY_SECONDS; to be called now and then, from any thread."""
        self._sockets.end_overdue()

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()
        logging.getLogger("urllib3.connectionpool").removeFilter(self._log_filter)


def _without_secrets(body: bytes, query: Mapping[str, str]) -> bytes:
    """A text body with what the query held taken out, since servers quote it in their errors."""
    if body[:1] not in (b"{", b"["):
        return body
    for value in query.values():
        for form in (value, quote(value, safe="")):
            body = body.replace(form.encode(), b"[token]")
    return body


class _Session(requests.Session):
    """requests reads, unpacks and follows a redirect's reply on its own, even where following is switched off."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No reply is a redirect to requests; what a 302 means is decided where replies are."""


def _no_authentication(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from sending what a .netrc file holds for the host."""
    return request


class _RedactingFilter(logging.Filter):
    """urllib3 logs every path with its query at level DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


class _Sockets:
    """The open sockets of a session, so that another thread can end a read that waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deadlines: dict[socket.socket, float] = {}
        self.aborted = False

    def watch(self, opened: Optional[socket.socket]) -> None:
        """A request begins on this socket."""
        with self._lock:
            if self.aborted or opened is None:
                raise OSError("The connection is closed.")
            self._deadlines = {known: deadline for known, deadline in self._deadlines.items() if known.fileno() >= 0}
            self._deadlines[opened] = time.monotonic() + REPLY_SECONDS

    def end_overdue(self) -> None:
        now = time.monotonic()
        with self._lock:
            for opened, deadline in self._deadlines.items():
                if deadline < now:
                    _shut_down(opened)

    def abort(self) -> None:
        with self._lock:
            self.aborted = True
            for opened in self._deadlines:
                _shut_down(opened)


def _shut_down(opened: socket.socket) -> None:
    try:
        # The base class's method: an SSL socket's own would drop its state under the thread that reads.
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
    except OSError:
        logging.getLogger(__name__).debug("The connection was closed already.")


class _AbortableAdapter(HTTPAdapter):
    """A requests adapter whose connections report their sockets."""

    def __init__(self, sockets: _Sockets, connections: int) -> None:
        self._pools = {
            "http": _reporting_pool(urllib3.HTTPConnectionPool, sockets),
            "https": _reporting_pool(urllib3.HTTPSConnectionPool, sockets),
        }
        super().__init__(pool_connections=2, pool_maxsize=connections, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _reporting_pool(pool_class: Any, sockets: _Sockets) -> Any:
    class ReportingConnection(pool_class.ConnectionCls):
        def connect(self) -> None:
            super().connect()
            sockets.watch(self.sock)

        def getresponse(self, *args: Any, **kwargs: Any) -> Any:
            sockets.watch(self.sock)
            return super().getresponse(*args, **kwargs)

    return type("ReportingPool", (pool_class,), {"ConnectionCls": ReportingConnection})
