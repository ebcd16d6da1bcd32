"""Answers over HTTP and HTTPS on loopback, in each of the manners in which a connection can go wrong."""

from __future__ import annotations

import socket
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Optional
from urllib.parse import parse_qsl, urlsplit

from tests.emulator.exchange import Answer, Request

HANG_SECONDS = 60


class LoopbackServer(ThreadingHTTPServer):
    """Serves on 127.0.0.1 in threads of its own, from `start` to `close`."""

    daemon_threads = True
    request_queue_size = 128
    """Connections that come at once; beyond it they would wait for seconds."""

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self._closing = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._closing.set()
        self.shutdown()
        self.server_close()

    def wait(self, seconds: float) -> None:
        """Sleep, but not longer than the server lives."""
        self._closing.wait(seconds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or does not trust the certificate, is no error of the server's."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError)):
            super().handle_error(request, client_address)


class Wire(LoopbackServer):
    """Sends what `answer` gives, `delay()` seconds later."""

    def __init__(
        self,
        port: int,
        answer: Callable[[Request], Answer],
        delay: Callable[[], float],
        certificate: Optional[tuple[Path, Path]],
    ) -> None:
        super().__init__(port, _Handler)
        self.answer = answer
        self.delay = delay
        self.scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # The handshake is left to the connection's thread: a slow one must not keep others out.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "MapillaryEmulator"
    disable_nagle_algorithm = True
    server: Wire

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _respond(self, body: bytes = b"") -> None:
        parts = urlsplit(self.path)
        query = dict(reversed(parse_qsl(parts.query)))
        answer = self.server.answer(Request(self.command, parts.path, query, self.headers, body))
        self.server.wait(self.server.delay())
        if answer.manner == "hang":
            self.server.wait(HANG_SECONDS)
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
