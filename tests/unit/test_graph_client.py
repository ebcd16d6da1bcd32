"""The graph is left alone when the application has nearly used up its calls."""

import threading

import pytest

from mapillary_coverage.core.credential import Credential
from mapillary_coverage.core.endpoint import Server
from mapillary_coverage.core.errors import CancelledError, GraphBusyError
from mapillary_coverage.core.graph_client import GraphClient
from mapillary_coverage.core.network.session import HttpSession
from tests.emulator.graph import CHECKED_IMAGE


@pytest.fixture
def session():
    opened = HttpSession(1)
    yield opened
    opened.close()


def client(server, session, stop=None):
    return GraphClient(Server(server.graph_url, Credential(server.credential)), session, stop)


@pytest.mark.parametrize("percent", [95, 96, 100, 250])
def test_nothing_more_is_asked_when_nearly_all_is_used(emulator, session, percent):
    server = emulator(app_usage=percent)
    graph = client(server, session)
    assert graph.exists(CHECKED_IMAGE), "that it is nearly used up is only known from a reply"
    for _ in range(2):
        with pytest.raises(GraphBusyError, match=f"has used {percent} % of the requests"):
            graph.exists(CHECKED_IMAGE)
    assert len(server.requests) == 1


@pytest.mark.parametrize("percent", [0, 50, 94])
def test_there_is_no_rest_while_enough_is_left(emulator, session, percent):
    server = emulator(app_usage=percent)
    graph = client(server, session, threading.Event())
    assert [graph.entity(CHECKED_IMAGE, ["id"])["id"] for _ in range(3)] == [CHECKED_IMAGE] * 3
    assert len(server.requests) == 3


def test_a_refusal_counts_as_well(emulator, session):
    server = emulator(app_usage=97)
    server.fail("no-such-object", surface="graph")
    graph = client(server, session)
    assert not graph.exists(CHECKED_IMAGE)
    with pytest.raises(GraphBusyError):
        graph.exists(CHECKED_IMAGE)
    assert len(server.requests) == 1


def test_a_rest_ends_when_the_person_stops(emulator, session):
    server, stop = emulator(app_usage=96), threading.Event()
    graph = client(server, session, stop)
    graph.exists(CHECKED_IMAGE)
    stop.set()
    with pytest.raises(CancelledError):
        graph.exists(CHECKED_IMAGE)
    assert len(server.requests) == 1


def test_after_a_rest_it_goes_on(emulator, session, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.graph_client._REST_SECONDS", 0.01)
    server = emulator(app_usage=96)
    graph = client(server, session, threading.Event())
    assert [graph.exists(CHECKED_IMAGE) for _ in range(3)] == [True, True, True]
    assert len(server.requests) == 3
