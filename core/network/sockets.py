"""Connections whose sockets are known, so that another thread can end a read that waits."""

from __future__ import annotations

import errno
import logging
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Iterable
from selectors import EVENT_WRITE, DefaultSelector
from typing import Any, Optional

import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_auth_from_url
from urllib3.util.connection import allowed_gai_family

_SLICE_SECONDS = 0.1
_UNDER_WAY = (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR)
"""What a system says of a connect that is not refused at once; Windows the second."""


class Sockets:
    """The open sockets of a session. A whole reply may take `reply_seconds`, then `end_overdue` ends it."""

    def __init__(self, reply_seconds: float) -> None:
        self._reply_seconds = reply_seconds
        self._lock = threading.Lock()
        self._deadlines: dict[socket.socket, float] = {}
        self.aborted = False

    def watch(self, opened: Optional[socket.socket]) -> None:
        """A request begins on this socket."""
        with self._lock:
            if self.aborted or opened is None:
                raise OSError("The connection is closed.")
            self._deadlines = {known: deadline for known, deadline in self._deadlines.items() if known.fileno() >= 0}
            self._deadlines[opened] = time.monotonic() + self._reply_seconds

    def close(self, opened: socket.socket) -> None:
        """Never while `abort` shuts it down: by then its number may be that of another one."""
        with self._lock:
            self._deadlines.pop(opened, None)
            opened.close()

    def end_overdue(self) -> None:
        """End the requests that take too long."""
        now = time.monotonic()
        with self._lock:
            for opened, deadline in self._deadlines.items():
                if deadline < now:
                    _shut_down(opened)

    def abort(self) -> None:
        """End all requests and let no other begin."""
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


class AbortableAdapter(HTTPAdapter):
    """A requests adapter whose connections report their sockets, and trust these certificates where some are given."""

    def __init__(self, sockets: Sockets, connections: int, authorities: Optional[str]) -> None:
        self._pools = {
            "http": _reporting_pool(urllib3.HTTPConnectionPool, sockets),
            "https": _reporting_pool(urllib3.HTTPSConnectionPool, sockets),
        }
        self._trust = _trust(authorities) if authorities else None
        super().__init__(pool_connections=2, pool_maxsize=connections, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._trust, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._trust, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        """requests writes Latin-1, and fails on all else with an error that holds the password."""
        user, word = get_auth_from_url(proxy)
        if not user:
            return {}
        return {"Proxy-Authorization": f"Basic {b64encode(f'{user}:{word}'.encode()).decode()}"}

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """From requests 2.32 on, this too brings in the certificates that the environment names."""
        verify = verify if self._trust is None else True
        return super().build_connection_pool_key_attributes(request, verify, cert)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """requests would trust the certificates it brings along besides those of the context."""
        if self._trust is None:
            super().cert_verify(conn, url, verify, cert)
        elif url.lower().startswith("https"):
            conn.cert_reqs = "CERT_REQUIRED"


def _trust(authorities: str) -> ssl.SSLContext:
    """Trusts these certificates only, servers' own among them."""
    context = ssl.create_default_context(cadata=authorities)
    # urllib3 compares the name itself, as in its own contexts; Python's check fails where urllib3 1 gives it no name,
    # which is so for addresses in numbers.
    context.check_hostname = False
    # The constant came with Python 3.10. Python 3.13 refuses authorities that are not made strictly by the book, as
    # those of offices often are; QGIS does not.
    context.verify_flags |= getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0x80000)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _reporting_pool(pool_class: Any, sockets: Sockets) -> Any:
    class ReportingConnection(pool_class.ConnectionCls):
        debuglevel = 0
        """http.client prints whole requests, token and all, where debugging is switched on for everyone."""

        _copy: Optional[socket.socket] = None

        def _new_conn(self) -> socket.socket:
            """As urllib3's own, but `abort` ends it."""
            try:
                opened = _connected((self._dns_host, self.port), self.socket_options or (), self.timeout, sockets)
                self._watch_copy(opened)
            except UnicodeError:
                raise urllib3.exceptions.LocationParseError(self._dns_host) from None
            except socket.timeout:
                raise urllib3.exceptions.ConnectTimeoutError(self, "No connection in time.") from None
            except OSError as error:
                raise urllib3.exceptions.NewConnectionError(self, f"No connection: {error}") from None
            return opened

        def _watch_copy(self, opened: socket.socket) -> None:
            """TLS takes the socket itself over; shutting down a copy ends tunnel and handshake, too."""
            try:
                self._copy = opened.dup()
                sockets.watch(self._copy)
            except OSError:
                opened.close()
                raise

        def connect(self) -> None:
            self._copy = None
            try:
                super().connect()
            finally:
                if self._copy is not None:
                    sockets.close(self._copy)
            sockets.watch(self.sock)

        def getresponse(self, *args: Any, **kwargs: Any) -> Any:
            sockets.watch(self.sock)
            return super().getresponse(*args, **kwargs)

    return type("ReportingPool", (pool_class,), {"ConnectionCls": ReportingConnection})


def _connected(
    address: tuple[str, int], options: Iterable[tuple[Any, ...]], seconds: float, sockets: Sockets
) -> socket.socket:
    """A connection to the first of the host's addresses that answers, each in so many seconds; `abort` ends it, but for
    the look-up of the host's name. Raises OSError, and socket.timeout where the last one did not answer.
    """
    failure: OSError = OSError("The host has no address.")
    host, port = address[0].strip("[]"), address[1]
    found = socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM)
    for *kind, _, place in found:
        try:
            return _opened(kind, place, options, seconds, sockets)
        except OSError as error:
            failure = error
            if sockets.aborted:
                break
    raise failure


def _opened(
    kind: Iterable[Any], place: Any, options: Iterable[tuple[Any, ...]], seconds: float, sockets: Sockets
) -> socket.socket:
    opened = socket.socket(*kind)
    try:
        for option in options:
            opened.setsockopt(*option)
        opened.setblocking(False)
        _connect(opened, place, time.monotonic() + seconds, sockets)
        opened.settimeout(seconds)
    except OSError:
        opened.close()
        raise
    return opened


def _connect(opened: socket.socket, place: Any, deadline: float, sockets: Sockets) -> None:
    """In slices, since not every system ends a connect when its socket is shut down."""
    code = opened.connect_ex(place)
    if code in _UNDER_WAY:
        with DefaultSelector() as selector:
            selector.register(opened, EVENT_WRITE)
            while not selector.select(_SLICE_SECONDS):
                if sockets.aborted:
                    raise OSError("The connection is closed.")
                if time.monotonic() > deadline:
                    raise socket.timeout()
        code = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, errno.errorcode.get(code, "unknown"))
