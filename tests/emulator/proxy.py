"""An HTTP proxy on loopback, which reaches nothing beyond it."""

from __future__ import annotations

import socket
import threading
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from typing import NamedTuple, Optional
from urllib.parse import urlsplit, urlunsplit

from tests.emulator.oauth import LOOPBACK_HOSTS
from tests.emulator.wire import LoopbackServer

CHUNK = 2**16
FOR_THE_PROXY = ("proxy-authorization", "proxy-connection", "connection", "keep-alive")


class Passed(NamedTuple):
    """One request as the proxy saw it: `target` is host:port of a tunnel, else the URL without its query."""

    method: str
    target: str
    allowed: bool


@dataclass
class Proxy:
    """Use it as a context manager. With a `user` it demands that name and `word`.

    `resolve` gives ports on loopback for host names that need not exist. `seen` lists what was asked.
    """

    user: Optional[str] = None
    word: Optional[str] = None
    resolve: Mapping[str, int] = field(default_factory=dict)
    seen: list[Passed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._server: Optional[_ProxyServer] = None

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("the proxy is not running")
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        """Such as http://127.0.0.1:34567."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Proxy:
        self._server = _ProxyServer(self)
        self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._server is not None:
            self._server.close()

    def admit(self, method: str, target: str, credentials: str) -> bool:
        """Whether the request may pass, and a line in `seen`."""
        allowed = self.user is None or credentials == f"Basic {b64encode(f'{self.user}:{self.word}'.encode()).decode()}"
        with self._lock:
            self.seen.append(Passed(method, target, allowed))
        return allowed

    def reach(self, host: str, port: int) -> socket.socket:
        """A connection to the host; OSError if it is not on this computer."""
        if host in self.resolve:
            return socket.create_connection(("127.0.0.1", self.resolve[host]))
        if host not in LOOPBACK_HOSTS:
            raise OSError(f"{host} is not on this computer")
        return socket.create_connection((host, port))


class _ProxyServer(LoopbackServer):
    def __init__(self, proxy: Proxy) -> None:
        super().__init__(0, _Handler)
        self.proxy = proxy


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _ProxyServer

    def do_CONNECT(self) -> None:
        parts = urlsplit(f"//{self.path}")
        reached = self._admitted(self.path, parts.hostname, parts.port or 443)
        if reached is None:
            return
        with reached, reached.makefile("rb") as reply:
            self.send_response(200, "Connection established")
            self.end_headers()
            back = threading.Thread(target=_pass_on, args=(_pieces(reply), self.connection))
            back.start()
            _pass_on(_pieces(self.rfile), reached)
            back.join()

    def do_GET(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def _forward(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
        host = parts.hostname if parts.scheme == "http" else None
        reached = self._admitted(target, host, parts.port or 80)
        if reached is None:
            return
        with reached, reached.makefile("rb") as reply:
            kept = [f"{name}: {value}" for name, value in self.headers.items() if name.lower() not in FOR_THE_PROXY]
            path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
            head = [f"{self.command} {path} HTTP/1.1", *kept, "Connection: close", "", ""]
            reached.sendall("\r\n".join(head).encode("latin-1") + body)
            status = reply.readline()
            if status:
                self.wfile.write(status + b"Connection: close\r\n")
            _pass_on(_pieces(reply), self.connection)

    def _admitted(self, target: str, host: Optional[str], port: int) -> Optional[socket.socket]:
        """A connection to where the request goes, or None if it was refused; nothing follows on this connection."""
        self.close_connection = True
        if not self.server.proxy.admit(self.command, target, self.headers.get("Proxy-Authorization", "")):
            self._refuse(407, {"Proxy-Authenticate": 'Basic realm="emulator"'})
            return None
        try:
            return self.server.proxy.reach(host or "", port)
        except OSError:
            self._refuse(502, {})
            return None

    def _refuse(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0", "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: the request line may hold a token."""


def _pieces(source: BufferedIOBase) -> Iterable[bytes]:
    """What arrives, as it arrives, until the other side ends or breaks off."""
    try:
        while piece := source.read1(CHUNK):
            yield piece
    except OSError:
        return


def _pass_on(pieces: Iterable[bytes], target: socket.socket) -> None:
    """Send each piece, then the end."""
    try:
        for piece in pieces:
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
