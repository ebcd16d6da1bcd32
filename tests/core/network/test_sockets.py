"""A connection that is still being made ends when the session is aborted."""

import socket
import threading
import time
from contextlib import ExitStack

import pytest

from mapillary_coverage.core.errors import CancelledError, UnreachableError
from mapillary_coverage.core.network import session as session_module
from mapillary_coverage.core.network.network_settings import NetworkSettings
from mapillary_coverage.core.network.session import HttpSession

_NO_FAMILY = 9999


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


def abort_while_it_waits(url, tried, network=None):
    """The error with which a request ends that is aborted once `tried` has returned."""
    opened, caught = HttpSession(1, network), []

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


def test_a_tunnel_that_the_proxy_does_not_answer_ends_at_once(listener):
    host, port = listener.getsockname()
    accepted = []

    def accept():
        accepted.append(listener.accept()[0])
        assert accepted[0].recv(7) == b"CONNECT"

    network = NetworkSettings(proxy=f"http://{host}:{port}")
    assert type(abort_while_it_waits("https://tiles.invalid/", accept, network)) is CancelledError
    accepted[0].close()


def test_a_connect_that_nobody_answers_is_given_up(full, monkeypatch):
    monkeypatch.setattr(session_module, "CONNECT_SECONDS", 0.5)
    host, port = full.getsockname()
    opened = HttpSession(1)
    with pytest.raises(UnreachableError):
        opened.get(f"http://{host}:{port}/", {})
    opened.close()


def nobody_listens():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return socket.AF_INET, closed.getsockname()


@pytest.mark.parametrize(
    "first",
    [nobody_listens, lambda: (socket.AF_INET, ("255.255.255.255", 80)), lambda: (_NO_FAMILY, ("::1", 80))],
    ids=["nobody listens", "no way there", "no such addresses in this system"],
)
def test_the_next_address_of_a_host_is_tried(listener, monkeypatch, first):
    """As where a host has an address of each kind, and only one of them can be reached."""
    place = listener.getsockname()
    found = [(family, socket.SOCK_STREAM, 0, "", to) for family, to in (first(), (socket.AF_INET, place))]
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
    assert opened.get(f"http://127.0.0.1:{place[1]}/", {}).body == b"ok"
    thread.join(10)
    opened.close()
