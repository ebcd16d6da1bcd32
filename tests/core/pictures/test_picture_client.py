"""Fetching a picture: only from where it is safe, never with the token, and nothing but a picture."""

import logging

import pytest

from mapillary_coverage.core.errors import ExpiredPictureError, ServerBusyError, SlowReplyError, UnexpectedReplyError
from mapillary_coverage.core.network.endpoint import is_safe_address
from mapillary_coverage.core.network.network_settings import NetworkSettings
from mapillary_coverage.core.network.session import HttpSession
from mapillary_coverage.core.pictures.picture_client import fetch_picture
from tests.conftest import NO_PAUSES
from tests.emulator.drawing import draw


@pytest.fixture
def session():
    opened = HttpSession(1)
    yield opened
    opened.close()


def url_of(server):
    return server.picture_url("7", "256", (4000, 3000))


def test_the_whole_picture_and_no_token(emulator, session, caplog):
    caplog.set_level(logging.DEBUG)
    server = emulator(recorded=[])
    url = url_of(server)
    assert fetch_picture(session, url) == draw("7", 256, 192)
    (request,) = server.recorded
    assert "Authorization" not in request.headers
    assert "Cookie" not in request.headers
    assert set(request.query) == {"oe", "oh"}
    assert "/pictures/7/256.jpg" in caplog.text
    assert request.query["oh"] not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "http://scontent.example.org/p.jpg?oh=1",
        "ftp://127.0.0.1/p.jpg",
        "file:///etc/passwd",
        "https://anna@example.org/p.jpg",
        "https:///p.jpg",
        "https://exa mple.org/p.jpg",
        "https://a..b/p.jpg",
        "https://*.example.org/p.jpg",
        "https://example.org:0/p.jpg",
        "https://example.org:99999/p.jpg",
        "https://[::1/p.jpg",
        "https://example.org/p.jpg\r\nX: y",
        "https://example.org/" + "p" * 9000,
        "p.jpg",
        "",
    ],
)
def test_addresses_that_are_not_safe_are_not_asked(session, url):
    with pytest.raises(UnexpectedReplyError, match="is not safe to ask") as caught:
        fetch_picture(session, url)
    assert "example" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://scontent-fra3-1.xx.fbcdn.net/v/a.jpg?oe=1&oh=2", "http://localhost:1/a?b=c"])
def test_addresses_with_a_query_are_safe_as_others(url):
    assert is_safe_address(url)


def test_an_expired_address_is_told_apart(emulator, session):
    server = emulator()
    url = url_of(server)
    server.fail("forbidden", surface="pictures", times=1)
    with pytest.raises(ExpiredPictureError):
        fetch_picture(session, url)
    server.expire_pictures()
    with pytest.raises(ExpiredPictureError):
        fetch_picture(session, url)


@pytest.mark.parametrize("fault", ["html", "json", "empty", "random-bytes", "not-found", "login-redirect", "half-gzip"])
def test_what_is_no_picture_is_asked_for_once(emulator, session, fault):
    server = emulator()
    server.fail(fault, surface="pictures")
    with pytest.raises(UnexpectedReplyError):
        fetch_picture(session, url_of(server), NO_PAUSES)
    assert len(server.requests) == 1


def test_what_passes_is_tried_five_times(emulator, session):
    server = emulator()
    server.fail("half-reply", surface="pictures", times=2)
    server.fail("server-error", surface="pictures", start=3, times=2)
    assert fetch_picture(session, url_of(server), NO_PAUSES) == draw("7", 256, 192)
    server.fail("busy", surface="pictures")
    with pytest.raises(ServerBusyError, match="status 503"):
        fetch_picture(session, url_of(server), NO_PAUSES)
    assert len(server.requests) == 10


def test_a_picture_that_trickles_in_ends(emulator):
    session = HttpSession(1, NetworkSettings(reply_seconds=1.0))
    server = emulator()
    server.fail("drip", surface="pictures")
    with pytest.raises(SlowReplyError):
        fetch_picture(session, url_of(server), NO_PAUSES)
    session.close()
