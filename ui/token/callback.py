"""Waits on loopback for the browser to come back from Mapillary's consent page. Event-driven, on the main thread."""

from __future__ import annotations

from typing import Callable, Optional

from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal
from qgis.PyQt.QtNetwork import QHostAddress, QTcpServer, QTcpSocket

from ...core.errors import SignInError

WAIT_MINUTES = 10

_MOST_BYTES = 16_384
_PAGE = (
    "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Mapillary Coverage</title></head>"
    "<body style='font-family:sans-serif;margin:3em'><p>You can close this page and go back to QGIS.</p></body></html>"
)


class Callback(QObject):
    """Listens on 127.0.0.1 until the first GET whose path and query are an answer; `answered` gives them once.

    `strayed` fires for what looks like one and is none, `expired` after ten minutes without one. Raises SignInError
    where the port is in use.
    """

    answered = pyqtSignal(str)
    strayed = pyqtSignal()
    expired = pyqtSignal()

    def __init__(self, port: int, is_answer: Callable[[str], bool], parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._is_answer = is_answer
        self._server = QTcpServer(self)
        self._server.newConnection.connect(self._accept)
        if not self._server.listen(QHostAddress(QHostAddress.SpecialAddress.LocalHost), port):
            raise SignInError(
                f"Port {port} of this computer is in use, so the browser's answer could not be received. Close the"
                " program that uses it, perhaps another QGIS that is signing in, or choose another port in Settings >"
                " Options > Mapillary and register its address with your application."
            )
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._expire)
        self._timer.start(WAIT_MINUTES * 60_000)

    def close(self) -> None:
        """Stop listening."""
        self._timer.stop()
        self._server.close()

    def _expire(self) -> None:
        self.close()
        self.expired.emit()

    def _accept(self) -> None:
        while self._server.hasPendingConnections():
            connection = self._server.nextPendingConnection()
            connection.readyRead.connect(lambda connection=connection: self._read(connection))
            connection.disconnected.connect(connection.deleteLater)

    def _read(self, connection: QTcpSocket) -> None:
        """The request line is enough; a browser also asks for an icon, which is no answer."""
        received = bytes(connection.peek(_MOST_BYTES))
        if b"\r\n" not in received:
            if len(received) >= _MOST_BYTES:
                connection.abort()
            return
        words = received.split(b"\r\n", 1)[0].decode("ascii", "replace").split(" ")
        is_get = len(words) == 3 and words[0] == "GET"
        is_answer = is_get and self._is_answer(words[1])
        # What is left unread would have the connection reset before the browser has the page.
        connection.readAll()
        _reply(connection, _PAGE if is_answer else "")
        if is_answer:
            # The browser may bring it twice, over connections that it opened in advance.
            if self._server.isListening():
                self.close()
                self.answered.emit(words[1])
        elif is_get and ("code=" in words[1] or "error=" in words[1]):
            self.strayed.emit()


def _reply(connection: QTcpSocket, page: str) -> None:
    body = page.encode()
    status = "200 OK" if page else "404 Not Found"
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    connection.write(head.encode() + body)
    connection.flush()
    connection.disconnectFromHost()
