"""The HTTP server: checks the token as Mapillary does, serves tiles, and serves faults on demand."""

from __future__ import annotations

import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional
from urllib.parse import parse_qs, urlsplit

from .faults import FAULTS, Answer, FaultRule, api_error, as_tile
from .tiles import TileSource
from .town import Town

TILESETS = ("mly1_public", "mly1_computed_public")
TILE_PATH = re.compile(r"^/maps/vtp/(?P<tileset>\w+)/2/(?P<z>\d+)/(?P<x>\d+)/(?P<y>\d+)$")
TOKEN_SHAPE = re.compile(r"MLY\|\d+\|[0-9a-f]{32}")
HANG_SECONDS = 60


def made_up_token(seed: int = 1) -> str:
    """A token in the shape of Mapillary's that no application ever had."""
    return f"MLY|{10**15 + seed}|{sha256(b'emulator%d' % seed).hexdigest()[:32]}"


@dataclass(frozen=True)
class Seen:
    """One request as the server saw it, without its query."""

    path: str
    status: int
    fault: str = ""


@dataclass
class Emulator:
    """A server on loopback; use it as a context manager. `requests` lists what it was asked."""

    source: TileSource = field(default_factory=Town)
    credential: str = field(default_factory=made_up_token)
    faults: list[FaultRule] = field(default_factory=list)
    delay: float = 0.0
    port: int = 0
    requests: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._server: Optional[ThreadingHTTPServer] = None
        self._closing = threading.Event()

    @property
    def address(self) -> str:
        """Such as http://127.0.0.1:34567."""
        if self._server is None:
            raise RuntimeError("the emulator is not running")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def tiles_url(self) -> str:
        """What MAPILLARY_TILES_URL has to be."""
        return f"{self.address}/maps/vtp"

    def __enter__(self) -> Emulator:
        emulator = self

        class Handler(_Handler):
            pass

        Handler.emulator = emulator
        self._server = _Server(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def fail(self, fault: str, **when: Any) -> None:
        """Serve a fault from now on; see FaultRule."""
        self.faults.append(FaultRule(fault, **when))

    def answer(self, path: str, query: str, headers: Any) -> Answer:
        """The reply to a request, and a line in `requests`."""
        answer, fault = self._answer(path, query, headers)
        with self._lock:
            self.requests.append(Seen(path, answer.status, fault))
        return answer

    def wait(self, seconds: float) -> None:
        """Sleep, but not longer than the server lives."""
        self._closing.wait(seconds)

    def _answer(self, path: str, query: str, headers: Any) -> tuple[Answer, str]:
        match = TILE_PATH.match(path)
        if not match or match["tileset"] not in TILESETS:
            return Answer(404), ""
        refused = self._refusal(query, headers)
        if refused:
            return refused, ""
        z, x, y = int(match["z"]), int(match["x"]), int(match["y"])
        if z > 14 or x >= 2**z or y >= 2**z:
            return Answer(404), ""
        with self._lock:
            due: Iterable[str] = [rule.fault for rule in self.faults if rule.applies(f"{z}/{x}/{y}")]
        tile = self.source.tile(match["tileset"], z, x, y)
        for fault in due:
            answer = FAULTS[fault](tile)
            return replace(answer, body=answer.body.replace(b"{token}", self.credential.encode())), fault
        return as_tile(tile), ""

    def _refusal(self, query: str, headers: Any) -> Optional[Answer]:
        """Tiles take the token in the query only; a token in the header is forbidden."""
        if headers.get("Authorization"):
            return Answer(403)
        given = parse_qs(query).get("access_token", [""])[0]
        if not given:
            return api_error(500, "Invalid OAuth 2.0 Access Token", 190, error_data={})
        if not TOKEN_SHAPE.fullmatch(given):
            return api_error(400, "Cannot parse access token", 190)
        if given != self.credential:
            return api_error(400, "Error validating application", 190)
        return None


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of the server's."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "MapillaryEmulator"
    emulator: Emulator

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        answer = self.emulator.answer(parts.path, parts.query, self.headers)
        if self.emulator.delay:
            self.emulator.wait(self.emulator.delay)
        if answer.manner == "hang":
            self.emulator.wait(HANG_SECONDS)
            self.close_connection = True
            return
        if answer.manner == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        try:
            self._send(answer)
        except OSError:
            self.close_connection = True

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) if answer.announced is None else answer.announced))
        self.end_headers()
        if answer.manner == "drip":
            for index in range(len(answer.body)):
                self.wfile.write(answer.body[index : index + 1])
                time.sleep(1)
        elif answer.status != 204:
            self.wfile.write(answer.body)
        if answer.announced is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: the request line holds the token."""
