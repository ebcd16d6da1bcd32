"""What reaches the port that waits for the browser, beyond what a sign-in in the dialog shows."""

import socket
from contextlib import closing

import pytest
from qgis.PyQt.QtNetwork import QTcpSocket

from mapillary_coverage.ui.token.callback import Callback

pytestmark = pytest.mark.qgis

ANSWER = "/?code=abc&state=mine"


def test_an_answer_that_comes_twice_is_one_answer(qtbot):
    callback = Callback(0, lambda target: target == ANSWER)
    answers, strays = [], []
    callback.answered.connect(answers.append)
    callback.strayed.connect(lambda: strays.append(True))
    port = callback._server.serverPort()
    with closing(_connected(port)) as one, closing(_connected(port)) as other:
        qtbot.waitUntil(lambda: len(callback._server.findChildren(QTcpSocket)) == 2)
        for connection in (one, other):
            connection.sendall(f"GET {ANSWER} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        qtbot.waitUntil(lambda: not callback._server.findChildren(QTcpSocket))
        assert one.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert other.recv(100).startswith(b"HTTP/1.1 200 OK")
    assert (answers, strays) == ([ANSWER], [])


def _connected(port):
    return socket.create_connection(("127.0.0.1", port), 5)
