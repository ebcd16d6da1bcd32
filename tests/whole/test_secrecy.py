"""What goes over the wire with a request, and what of it is printed or logged on the way."""

import http.client
import logging

import pytest

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.graph.graph_client import GraphClient
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.network.network_settings import NetworkSettings
from mapillary_coverage.core.network.session import HttpSession
from mapillary_coverage.core.network.traffic import Traffic
from tests.conftest import NO_PAUSES, access_to, request_for
from tests.emulator import Town
from tests.emulator.certificates import self_signed
from tests.emulator.exchange import Answer
from tests.emulator.graph import CHECKED_IMAGE
from tests.emulator.tokens import made_up_token
from tests.emulator.wire import Wire

TILE = TileId(14, 8529, 5975)
NOISY_LOGGERS = ("", "requests", "urllib3", "urllib3.connectionpool", "http.client")


@pytest.fixture
def debugging(monkeypatch, caplog):
    """Everything on that people switch on to see what goes wrong with a request."""
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    for name in NOISY_LOGGERS:
        caplog.set_level(logging.DEBUG, logger=name)


@pytest.fixture
def session():
    opened = HttpSession(1)
    yield opened
    opened.close()


@pytest.fixture(params=["http", "https"])
def server(request, emulator, tmp_path):
    certificate = self_signed(tmp_path) if request.param == "https" else None
    return emulator(Town(images_per_tile=20), certificate=certificate, recorded=[])


def settings_for(server, **options):
    known = server.certificate[0].read_text() if server.certificate else None
    return NetworkSettings(authorities=known, **options)


def download(server, **options):
    return download_coverage(request_for(TILE), access_to(server, network=settings_for(server, **options)))


def graph_of(server, session):
    return GraphClient(Server(server.graph_url, Credential(server.credential)), session, Traffic(), NO_PAUSES)


def secret_part(token):
    return token.split("|")[2]


def test_debugging_shows_no_token_of_a_download(server, debugging, capfd, caplog):
    assert download(server).ledger[0].status == "ok"
    told = "".join([*capfd.readouterr(), caplog.text])
    assert "access_token=[token]" in told, "the request itself is logged"
    assert secret_part(server.credential) not in told


@pytest.mark.parametrize("fault", ["bad-token", "reset", "quoting", "login-redirect"])
def test_debugging_shows_no_token_of_a_download_that_fails(emulator, fault, debugging, capfd, caplog):
    server = emulator()
    server.fail(fault)
    assert download(server).ledger[0].status == "failed"
    assert secret_part(server.credential) not in "".join([*capfd.readouterr(), caplog.text])


def test_debugging_shows_no_token_of_a_question_to_the_graph(emulator, session, debugging, capfd, caplog):
    server = emulator()
    assert graph_of(server, session).entity(CHECKED_IMAGE, ["id"]) == {"id": CHECKED_IMAGE}
    told = "".join([*capfd.readouterr(), caplog.text])
    assert f"/{CHECKED_IMAGE}?fields=id" in told, "the request itself is logged"
    assert secret_part(server.credential) not in told


@pytest.mark.parametrize("is_right", [True, False], ids=["accepted", "refused"])
def test_debugging_shows_neither_a_forms_secret_nor_the_headers(emulator, session, is_right, debugging, capfd, caplog):
    server = emulator()
    user_token, secret = server.issue_user_token(), server.client_secret if is_right else made_up_token(9)
    form = {"client_id": server.client_id, "grant_type": "refresh_token", "refresh_token": user_token}
    reply = session.post(f"{server.graph_url}/token", form, secret)
    assert reply.status == (200 if is_right else 401)
    told = "".join([*capfd.readouterr(), caplog.text])
    assert "/token" in told, "the request itself is logged"
    assert user_token not in told
    assert secret not in told


def test_one_run_that_ends_leaves_the_log_of_another_clean(emulator, session, debugging, caplog):
    server = emulator()
    HttpSession(1).close()
    session.get(f"{server.graph_url}/{CHECKED_IMAGE}", {"access_token": server.credential})
    assert secret_part(server.credential) not in caplog.text


def test_the_program_is_named_as_the_settings_say(server):
    download(server, user_agent="Somebody/1.0 QGIS/34400")
    assert [request.headers["User-Agent"] for request in server.recorded] == ["Somebody/1.0 QGIS/34400"]


def test_the_program_is_named_without_settings_too(server):
    download(server)
    assert server.recorded[0].headers["User-Agent"].startswith("MapillaryCoverage/")


def test_silence_lasts_as_long_as_the_settings_say(emulator):
    server = emulator()
    server.fail("hang")
    assert download(server, read_seconds=0.3).ledger[0].reason == "127.0.0.1 did not answer within 0.3 seconds."


def test_a_download_sends_its_token_in_the_query_only(server):
    download(server)
    (request,) = server.recorded
    assert request.query == {"access_token": server.credential}
    assert secret_part(server.credential) not in str(request.headers)
    assert {"authorization", "cookie", "proxy-authorization"}.isdisjoint(name.lower() for name in request.headers)


def test_the_graph_gets_the_token_in_the_header_only(emulator, session):
    server = emulator(recorded=[])
    graph_of(server, session).entity(CHECKED_IMAGE, ["id"])
    (request,) = server.recorded
    assert request.query == {"fields": "id"}
    assert request.headers["Authorization"] == f"OAuth {server.credential}"


def test_a_picture_is_fetched_without_any_token(emulator, session, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password mine")
    monkeypatch.setenv("NETRC", str(netrc))
    seen = []

    def answer(request):
        seen.append(request)
        return Answer(200, b"\xff\xd8picture", {"Content-Type": "image/jpeg", "Set-Cookie": "a=b"})

    pictures, graph = Wire(0, answer, lambda: 0.0, None), emulator()
    pictures.start()
    url = f"http://127.0.0.1:{pictures.server_address[1]}/thumbnail"
    try:
        graph_of(graph, session).entity(CHECKED_IMAGE, ["id"])
        replies = [session.get(url, {}) for _ in range(2)]
    finally:
        pictures.close()
    assert {reply.body for reply in replies} == {b"\xff\xd8picture"}
    assert [(request.path, request.query, request.body) for request in seen] == [("/thumbnail", {}, b"")] * 2
    for request in seen:
        assert secret_part(graph.credential) not in str(request.headers)
        assert {"authorization", "cookie"}.isdisjoint(name.lower() for name in request.headers)
