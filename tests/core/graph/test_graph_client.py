"""The graph in batches, in pieces where it refuses, and left alone when its calls are nearly used up."""

import threading
import time

import pytest

from mapillary_coverage.core.errors import (
    CancelledError,
    GraphBusyError,
    RefusedCredentialError,
    ServerBusyError,
    TooMuchAskedError,
    UnexpectedReplyError,
    UnknownFieldError,
    UnknownObjectError,
)
from mapillary_coverage.core.graph.graph_client import GraphClient
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.network.session import HttpSession
from mapillary_coverage.core.network.traffic import Traffic
from tests.conftest import NO_PAUSES
from tests.emulator import RecordedGraph, Town
from tests.emulator.exchange import api_error
from tests.emulator.fields import Refusal
from tests.emulator.graph import CHECKED_IMAGE


@pytest.fixture
def session():
    opened = HttpSession(1)
    yield opened
    opened.close()


def client(server, session, traffic=None, pauses=NO_PAUSES):
    server_and_token = Server(server.graph_url, Credential(server.credential))
    return GraphClient(server_and_token, session, traffic or Traffic(), pauses)


@pytest.fixture
def town():
    return Town(images_per_tile=60)


def image_ids(town, count):
    found = [image.properties for x in range(8528, 8532) for image in town.images(x, 5975)]
    return [str(properties["id"]) for properties in found][:count]


@pytest.mark.parametrize("percent", [95, 96, 100, 250])
def test_nothing_more_is_asked_by_any_client_when_nearly_all_is_used(emulator, session, percent):
    server, traffic = emulator(app_usage=percent), Traffic()
    assert client(server, session, traffic).exists(CHECKED_IMAGE), "that it is nearly used up is known from a reply"
    for _ in range(2):
        with pytest.raises(GraphBusyError, match=f"has used {percent} % of the requests"):
            client(server, session, traffic).entity(CHECKED_IMAGE, ["id"])
    assert len(server.requests) == 1


@pytest.mark.parametrize("percent", [0, 50, 94])
def test_it_goes_on_while_enough_is_left(emulator, session, percent):
    server = emulator(app_usage=percent)
    graph = client(server, session)
    assert [graph.entity(CHECKED_IMAGE, ["id"])["id"] for _ in range(3)] == [CHECKED_IMAGE] * 3


def test_a_refusal_counts_as_well(emulator, session):
    server, traffic = emulator(app_usage=97), Traffic()
    server.fail("no-such-object", surface="graph")
    assert not client(server, session, traffic).exists(CHECKED_IMAGE)
    with pytest.raises(GraphBusyError):
        client(server, session, traffic).exists(CHECKED_IMAGE)
    assert len(server.requests) == 1


def test_a_reply_that_does_not_name_the_usage_does_not_take_the_word_back(emulator, session, tmp_path):
    traffic = Traffic()

    class Meanwhile(RecordedGraph):
        def kind(self, node_id):
            """Another client hears of the usage before this one has its answer."""
            traffic.note_graph_usage(97)

    server = emulator(app_usage=None, graph=Meanwhile(tmp_path))
    graph = client(server, session, traffic)
    assert graph.exists(CHECKED_IMAGE)
    with pytest.raises(GraphBusyError):
        graph.exists(CHECKED_IMAGE)
    assert len(server.requests) == 1


def test_the_word_about_the_usage_is_believed_for_a_minute(emulator, session, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.network.traffic._USAGE_SECONDS", 0.0)
    server = emulator(app_usage=96)
    graph = client(server, session)
    assert [graph.exists(CHECKED_IMAGE) for _ in range(3)] == [True, True, True]


@pytest.mark.parametrize(("count", "requests"), [(1, 1), (50, 1), (51, 2), (120, 3)])
def test_fifty_ids_go_in_one_request(emulator, session, town, count, requests):
    server = emulator(town)
    ids = image_ids(town, count)
    got = client(server, session).entities(ids, ["captured_at", "sequence"])
    assert list(got.found) == ids
    assert got.gone == []
    assert all(set(found) == {"id", "captured_at", "sequence"} for found in got.found.values())
    assert len(server.requests) == requests


@pytest.mark.parametrize("refuses", [False, True], ids=["left out", "the whole batch refused"])
def test_ids_that_are_gone_are_told_apart(emulator, session, town, refuses):
    server = emulator(town)
    ids = image_ids(town, 100)
    server.gone = {ids[3], ids[70], ids[99]}
    server.gone_refuses_batch = refuses
    got = client(server, session).entities([*ids, "999"], ["captured_at"])
    assert got.gone == [ids[3], ids[70], ids[99], "999"]
    assert list(got.found) == [key for key in ids if key not in server.gone]


def test_a_batch_that_is_too_much_is_asked_in_pieces(emulator, session, town):
    server = emulator(town)
    server.batch_limit = 10
    ids = image_ids(town, 50)
    assert list(client(server, session).entities(ids, ["captured_at"]).found) == ids
    assert len(server.requests) == 15, "50, 2 x 25, 4 x 12 or 13, 8 x 6 or 7"


class HeavyGraph(RecordedGraph):
    """Any id is that of an image, and the one that ends with 7 is too much to answer."""

    def kind(self, node_id):
        return "Image"

    def entity(self, node_id, fields):
        if node_id.endswith("7"):
            raise Refusal(api_error(500, "Please reduce the amount of data you're asking for", 1))
        return b'{"id":"%s"}' % node_id.encode()


def test_an_object_that_is_too_much_even_alone_costs_no_other(emulator, session, tmp_path):
    server = emulator(graph=HeavyGraph(tmp_path))
    ids = [str(number) for number in range(100, 110)]
    got = client(server, session).entities(ids, ["captured_at"])
    assert list(got.found) == [key for key in ids if key != "107"]
    assert [(key, type(error)) for key, error in got.refused.items()] == [("107", TooMuchAskedError)]
    assert got.gone == []


def test_an_unknown_field_is_an_error_at_once(emulator, session, town):
    server = emulator(town)
    with pytest.raises(UnknownFieldError, match="nonexisting field"):
        client(server, session).entities(image_ids(town, 50), ["speed"])
    assert len(server.requests) == 1


def test_a_single_object_that_is_gone(emulator, session):
    with pytest.raises(UnknownObjectError, match="no such object"):
        client(emulator(), session).entity("12345", ["captured_at"])


def test_a_refused_token_is_not_tried_again(emulator, session):
    server = emulator()
    graph = GraphClient(Server(server.graph_url, Credential("MLY|1|" + "0" * 32)), session, Traffic(), NO_PAUSES)
    with pytest.raises(RefusedCredentialError):
        graph.entities(["1", "2"], ["captured_at"])
    assert len(server.requests) == 1


def test_what_passes_is_tried_again(emulator, session, town):
    server = emulator(town)
    server.fail("unavailable", surface="graph", times=3)
    ids = image_ids(town, 5)
    assert list(client(server, session).entities(ids, ["captured_at"]).found) == ids
    assert len(server.requests) == 4


def test_five_tries_are_all(emulator, session, town):
    server = emulator(town)
    server.fail("unavailable", surface="graph")
    with pytest.raises(ServerBusyError):
        client(server, session).entities(image_ids(town, 5), ["captured_at"])
    assert len(server.requests) == 5


def test_cancel_ends_a_wait_between_tries(emulator, session, town):
    server = emulator(town)
    server.fail("unavailable", surface="graph")
    graph = client(server, session, pauses=(60.0,) * 4)
    failures = []

    def ask():
        try:
            graph.entities(image_ids(town, 5), ["captured_at"])
        except (CancelledError, ServerBusyError) as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not server.requests:
        time.sleep(0.01)
    session.abort()
    thread.join(10)
    assert len(failures) == 1
    assert len(server.requests) == 1


def test_detections_come_from_all_pages(emulator, session):
    town = Town(images_per_tile=1, features_per_tile=900, size=1)
    server = emulator(town)
    (image,) = town.images(8528, 5974)
    image_id = str(image.properties["id"])
    found = client(server, session).edge(image_id, "detections", ["value", "geometry", "created_at"])
    assert len(found) > 100
    assert len({item["id"] for item in found}) == len(found)
    assert len(server.requests) == -(-len(found) // 100)


PAGES = {
    "cursor": '"paging":{"next":"https://graph.example/x","cursors":{"after":"B"}}',
    "address": '"paging":{"next":"https://graph.example/x?fields=id&after=B"}',
    "neither": '"paging":{"next":"https://graph.example/x"}',
    "wrong types": '"paging":{"next":7,"cursors":{"after":7}}',
    "bad address": '"paging":{"next":"http://[bad?after=B"}',
}


class PagedGraph(RecordedGraph):
    """An image with two pages of detections; `paging` is what the first says of the second."""

    paging = ""

    def kind(self, node_id):
        return "Image"

    def collection(self, name, query):
        if query.get("after") == "B":
            return b'{"data":[{"id":"2"}]}'
        return f'{{"data":[{{"id":"1"}}],{self.paging}}}'.encode()


@pytest.mark.parametrize(("form", "is_whole"), [(form, form in ("cursor", "address")) for form in PAGES])
def test_the_next_page_is_found_or_missed_aloud(emulator, session, tmp_path, monkeypatch, form, is_whole):
    monkeypatch.setattr(PagedGraph, "paging", PAGES[form])
    graph = client(emulator(graph=PagedGraph(tmp_path)), session)
    if is_whole:
        assert graph.edge("5", "detections", ["id"]) == [{"id": "1"}, {"id": "2"}]
    else:
        with pytest.raises(UnexpectedReplyError):
            graph.edge("5", "detections", ["id"])


class LongNumbers(RecordedGraph):
    def kind(self, node_id):
        return "Image"

    def entity(self, node_id, fields):
        return b'{"id":"%s","captured_at":%s}' % (node_id.encode(), b"9" * 4000)


def test_a_number_of_thousands_of_digits_is_no_reply(emulator, session, tmp_path):
    with pytest.raises(UnexpectedReplyError):
        client(emulator(graph=LongNumbers(tmp_path)), session).entities(["1"], ["captured_at"])


def test_names_of_users_become_ids(emulator, session, town):
    server = emulator(town)
    graph = client(server, session)
    creator = graph.entity(image_ids(town, 1)[0], ["creator"])["creator"]
    assert graph.creator_id(creator["username"]) == creator["id"]
    assert graph.creator_id("nobody-has-this-name") is None


@pytest.mark.parametrize("fault", ["html", "json", "random-bytes", "half-tile", "no-such-field", "foreign-tile"])
def test_other_replies_are_one_error(emulator, session, town, fault):
    server = emulator(town)
    server.fail(fault, surface="graph")
    with pytest.raises(UnexpectedReplyError):
        client(server, session).entities(image_ids(town, 5), ["captured_at"])
