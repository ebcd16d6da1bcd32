"""A connection that is still being made ends when the session is aborted."""

import socket
import threading
import time
from contextlib import ExitStack

import pytest

from mapillary_coverage.core.errors import CancelledError, UnreachableError
from mapillary_coverage.core.network import session as session_module
from mapillary_coverage.core.network.session import HttpSession


@pytest.fixture
def listener():
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        opened.listen(0)
        yield opened


@pytest.fixture
def full(listener):
    """Takes no connection more: what comes further waits for an answer that the system does not give."""
    with ExitStack() as closing:
        for _ in range(8):
            waiting = closing.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        time.sleep(0.2)
        yield listener


def abort_while_it_waits(url, tried):
    """The error with which a request ends that is aborted once `tried` says so, and how long that took."""
    opened, caught = HttpSession(1), []

    def get():
        try:
            opened.get(url, {})
        except (CancelledError, UnreachableError) as error:
            caught.append(error)

    thread = threading.Thread(target=get)
    thread.start()
    tried()
    opened.abort()
    thread.join(session_module.CONNECT_SECONDS / 2)
    assert not thread.is_alive(), "the connection goes on being made"
    opened.close()
    return caught[0]


def test_a_connect_that_nobody_answers_ends_at_once(full):
    host, port = full.getsockname()
    assert type(abort_while_it_waits(f"http://{host}:{port}/", lambda: time.sleep(0.5))) is CancelledError


def test_a_handshake_that_nobody_answers_ends_at_once(listener):
    host, port = listener.getsockname()
    accepted = []

    def accept():
        accepted.append(listener.accept()[0])
        assert accepted[0].recv(1)  # The handshake has begun.

    error = abort_while_it_waits(f"https://{host}:{port}/", accept)
    assert type(error) is CancelledError
    accepted[0].close()


def test_a_connect_that_nobody_answers_is_given_up(full, monkeypatch):
    monkeypatch.setattr(session_module, "CONNECT_SECONDS", 0.5)
    host, port = full.getsockname()
    opened = HttpSession(1)
    with pytest.raises(UnreachableError):
        opened.get(f"http://{host}:{port}/", {})
    opened.close()


def test_the_next_address_of_a_host_is_tried(listener, monkeypatch):
    """As where a host has an address of each kind, and listens at one only."""
    host, port = listener.getsockname()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = closed.getsockname()
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in (dead, (host, port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(reply)

    thread = threading.Thread(target=serve)
    thread.start()
    opened = HttpSession(1)
    assert opened.get(f"http://127.0.0.1:{port}/", {}).body == b"ok"
    thread.join(10)
    opened.close()
