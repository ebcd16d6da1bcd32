"""Each fault on some tiles of 16, on all, and once: what comes, what the ledger and the user are told, what is asked.

`far-away` is in test_failures.py, `big-bomb` in test_big_bomb.py.
"""

import time
from collections import Counter
from dataclasses import dataclass

import pytest

from mapillary_coverage.core.area.tiling import TileId, tiles_of
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.download.report import remarks, warnings
from mapillary_coverage.core.network.access import Access
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.network.network_settings import NetworkSettings
from mapillary_coverage.core.network.traffic import Traffic
from tests.conftest import NO_PAUSES, access_to, request_for
from tests.emulator import Town
from tests.emulator.faults import FAULTS
from tests.emulator.server import made_up_token

FIRST, LAST = TileId(14, 8528, 5974), TileId(14, 8531, 5977)
REQUEST = request_for(FIRST, LAST)
SPOILT = tiles_of(REQUEST.area)[2::3]
TRIES = 5


@dataclass(frozen=True)
class Course:
    """How a run goes: its statuses and its number of requests when the five tiles of SPOILT fail, and when all do."""

    some: dict[str, int]
    some_requests: int
    every: dict[str, int]
    every_requests: int
    connections: int = 6


READ = Course({"ok": 16}, 16, {"ok": 16}, 16)
EMPTY = Course({"ok": 11, "empty": 5}, 16, {"empty": 16}, 16)
FAILS = Course({"ok": 11, "failed": 5}, 11 + 5, {"failed": 16}, 16)
FAILS_AT_ONCE = Course(FAILS.some, FAILS.some_requests, FAILS.every, FAILS.every_requests, connections=16)
TRIED = Course({"ok": 11, "failed": 5}, 11 + 5 * TRIES, {"failed": 16}, 16 * TRIES)
TRIED_AT_ONCE = Course(TRIED.some, TRIED.some_requests, TRIED.every, TRIED.every_requests, connections=16)
STOPS = Course({"ok": 2, "failed": 1, "skipped": 13}, 3, {"failed": 1, "skipped": 15}, 1, connections=1)

REFUSED = "Mapillary refused the token."
BUSY = "Mapillary could not answer for the moment"
BROKEN = "The connection broke before the whole reply was there."
PAGE = "The server sent a web page or text instead of a vector tile."
NOTHING = "Mapillary has no coverage in this area."

MATRIX = {
    "gzip-without-header": (READ, ""),
    "gzip-with-header": (READ, ""),
    "empty": (EMPTY, NOTHING),
    "no-content": (EMPTY, NOTHING),
    "empty-layer": (EMPTY, NOTHING),
    "not-found": (EMPTY, "or the server address is wrong."),
    "html": (FAILS, PAGE),
    "html-as-tile": (FAILS, PAGE),
    "json": (FAILS, PAGE),
    "half-tile": (FAILS, "The reply is not a whole vector tile."),
    "half-gzip": (FAILS, "The compressed tile is damaged or cut off."),
    "random-bytes": (FAILS, "The reply is not a"),
    "oversized": (FAILS, "The reply is larger than 32 MB."),
    "bomb": (FAILS, "The tile unpacks to more than 32 MB."),
    "v3-tile": (FAILS, "Mapillary's API v3, which was retired in 2021."),
    "foreign-tile": (FAILS, "The vector tile holds no Mapillary coverage."),
    "bad-request": (FAILS, "The server answered with status 400 instead of what was asked for."),
    "markup": (FAILS, "Mapillary refused the request: Bad"),
    "quoting": (FAILS, "Mapillary refused the request: Malformed access token: [token] (code 1)."),
    "no-such-object": (FAILS, "Mapillary has no such object, or does not show it"),
    "no-such-field": (FAILS, "Mapillary refused the request: Tried accessing nonexisting field"),
    "bad-parameter": (FAILS, "Mapillary refused the request: Param z must be a number (code 100)."),
    "area-too-large": (FAILS, "Mapillary refused the request: Bounding box area is too large (code 1)."),
    "reduce-amount": (FAILS, "Mapillary refused the request: Please reduce the amount of data"),
    "drip": (FAILS_AT_ONCE, "The reply was not complete after 2 seconds."),
    "unavailable": (TRIED, f"{BUSY}: Service temporarily unavailable"),
    "unavailable-502": (TRIED, f"{BUSY}: Service temporarily unavailable"),
    "unavailable-503": (TRIED, f"{BUSY}: Service temporarily unavailable"),
    "server-error": (TRIED, f"{BUSY} (status 500). Try again later."),
    "bad-gateway": (TRIED, f"{BUSY} (status 502). Try again later."),
    "busy": (TRIED, f"{BUSY} (status 503). Try again later."),
    "too-many": (TRIED_AT_ONCE, f"{BUSY} (status 429). Try again later."),
    "retry-after-date": (TRIED_AT_ONCE, f"{BUSY} (status 429). Try again later."),
    "half-reply": (TRIED, BROKEN),
    "reset": (TRIED, BROKEN),
    "hang": (TRIED_AT_ONCE, "127.0.0.1 did not answer within 1 seconds."),
    "too-many-long": (STOPS, "The server asks to wait for 60 minutes before the next request."),
    "login-redirect": (STOPS, "redirect to a login page"),
    "nameless-redirect": (STOPS, "redirect to a login page"),
    "quota": (STOPS, "has used up its Mapillary quota"),
    "quota-in-french": (STOPS, "has used up its Mapillary quota"),
    "blocked": (STOPS, "Mapillary blocks requests from this application or address"),
    "blocked-by-oauth": (STOPS, "Mapillary blocks requests from this application or address"),
    "bad-token": (STOPS, REFUSED),
    "bad-token-400": (STOPS, REFUSED),
    "bad-token-401": (STOPS, REFUSED),
    "unparsable-token": (STOPS, REFUSED),
    "unparsable-token-190": (STOPS, REFUSED),
    "unverified-token": (STOPS, REFUSED),
    "unverified-token-190": (STOPS, REFUSED),
    "unissued-token": (STOPS, REFUSED),
    "unissued-token-400": (STOPS, REFUSED),
    "undecodable-token": (STOPS, REFUSED),
    "unauthorized": (STOPS, REFUSED),
    "forbidden": (STOPS, REFUSED),
    "expired-token": (STOPS, "The sign-in to Mapillary has expired."),
    "revoked-token": (STOPS, "no longer allowed to use your account"),
}
NETWORKS = {"hang": NetworkSettings(read_seconds=1), "drip": NetworkSettings(reply_seconds=2)}
SLOW = {"too-many", "retry-after-date", "hang"}
PASSING = sorted(fault for fault, (course, _) in MATRIX.items() if course in (TRIED, TRIED_AT_ONCE))
STOPPING = sorted(fault for fault, (course, _) in MATRIX.items() if course is STOPS)


@pytest.fixture
def server(emulator):
    return emulator(Town(images_per_tile=20))


def run(server, fault="", request=REQUEST, connections=6, **options):
    access = access_to(server, network=NETWORKS.get(fault, NetworkSettings()), traffic=Traffic(connections=connections))
    return download_coverage(request, access, **options)


def statuses(result):
    return dict(Counter(record.status for record in result.ledger))


def asked_tiles(server):
    return Counter(seen.path.split("/2/")[1] for seen in server.requests)


def holds_exactly_the_tiles_that_are_ok(server, result, request=REQUEST):
    server.faults.clear()
    server.delay = 0
    read = {record.tile for record in result.ledger if record.status == "ok"}
    for tile in tiles_of(request.area):
        if tile not in read:
            server.fail("not-found", tile=str(tile))
    sound = run(server, request=request)
    assert [record.status for record in sound.ledger].count("ok") == len(read)
    return (result.images, result.sequences) == (sound.images, sound.sequences)


def test_no_fault_is_left_out():
    assert {*MATRIX, "far-away", "big-bomb"} == set(FAULTS)


@pytest.mark.parametrize("fault", MATRIX)
def test_tiles_with_a_fault_are_told_apart_from_the_others(server, fault):
    course, sentence = MATRIX[fault]
    for tile in SPOILT:
        server.fail(fault, tile=str(tile))
    result = run(server, fault, connections=course.connections)
    assert statuses(result) == course.some
    assert len(server.requests) == course.some_requests
    assert result.failure is None
    missing = [record for record in result.ledger if record.status in ("failed", "skipped")]
    assert all(sentence in record.reason for record in missing)
    assert result.is_partial == bool(missing)
    told = " ".join(warnings(result))
    assert sentence in told if missing else told == ""
    assert 0 < len(result.images) <= 16 * 20
    assert holds_exactly_the_tiles_that_are_ok(server, result)


@pytest.mark.parametrize("fault", sorted(set(MATRIX) - SLOW))
def test_a_fault_of_all_tiles_is_the_failure_of_the_run(server, fault):
    course, sentence = MATRIX[fault]
    server.fail(fault)
    result = run(server, fault, connections=course.connections)
    assert statuses(result) == course.every
    assert len(server.requests) == course.every_requests
    if course in (READ, EMPTY):
        assert result.failure is None
        assert sentence in " ".join(remarks(result))
    else:
        assert sentence in str(result.failure)
    assert holds_exactly_the_tiles_that_are_ok(server, result)


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_costs_a_second_request_and_nothing_else(server, fault):
    for tile in tiles_of(REQUEST.area):
        server.fail(fault, tile=str(tile), times=1)
    result = run(server, fault, connections=16)
    assert statuses(result) == {"ok": 16}
    assert set(asked_tiles(server).values()) == {2}
    assert result.failure is None
    assert warnings(result) == []
    assert len(result.images) == 16 * 20
    assert holds_exactly_the_tiles_that_are_ok(server, result)


@pytest.mark.parametrize("fault", sorted(set(PASSING) - SLOW))
def test_the_fifth_try_is_still_good(server, fault):
    for tile in SPOILT:
        server.fail(fault, tile=str(tile), times=TRIES - 1)
    result = run(server, fault, connections=16)
    assert statuses(result) == {"ok": 16}
    assert len(server.requests) == 11 + 5 * TRIES
    assert warnings(result) == []
    assert holds_exactly_the_tiles_that_are_ok(server, result)


def test_a_run_waits_as_long_as_the_server_asks(server):
    server.fail("too-many", tile=str(FIRST), times=2)
    began = time.monotonic()
    assert statuses(run(server)) == {"ok": 16}
    assert time.monotonic() - began >= 2


@pytest.mark.parametrize("fault", STOPPING)
def test_what_stops_a_run_is_asked_by_each_connection_once_at_most(server, fault):
    server.fail(fault)
    result = run(server)
    asked = len(server.requests)
    assert 1 <= asked <= 6
    assert statuses(result) == {"failed": asked, "skipped": 16 - asked}
    assert MATRIX[fault][1] in str(result.failure)
    assert MATRIX[fault][1] in warnings(result)[0]


@pytest.mark.parametrize(
    ("rows", "redirected", "delay"),
    [(5, 1, 0.0), (5, 20, 0.0), (10, 20, 0.0), (10, 20, 0.05)],
    ids=["100 tiles, at once", "100 tiles, at the 20th", "200 tiles, at the 20th", "200 tiles, six in flight"],
)
def test_after_a_login_redirect_only_what_is_in_flight_reaches_the_server(emulator, rows, redirected, delay):
    server = emulator(Town(images_per_tile=20, size=20), delay=delay)
    server.fail("login-redirect", start=redirected)
    request = request_for(FIRST, TileId(14, FIRST.x + 19, FIRST.y + rows - 1))
    result = run(server, request=request)
    asked, read = len(server.requests), redirected - 1
    assert read < asked <= read + 6 < 26
    assert statuses(result) == Counter(ok=read, failed=asked - read, skipped=rows * 20 - asked) - Counter()
    told = str(result.failure) if read == 0 else warnings(result)[0]
    assert "redirect to a login page" in told
    assert set(asked_tiles(server).values()) == {1}
    assert holds_exactly_the_tiles_that_are_ok(server, result, request)


def test_a_host_without_an_address_is_tried_for_one_tile_and_no_other():
    server, traffic = Server("https://tiles.invalid", Credential(made_up_token())), Traffic(connections=1)
    result = download_coverage(REQUEST, Access(server, traffic=traffic, pauses=NO_PAUSES))
    assert statuses(result) == {"failed": 1, "skipped": 15}
    assert str(result.failure) == "No connection to tiles.invalid. Check the network connection, then try again."
    assert traffic.usage.used_today(server.credential.fingerprint()) == TRIES
    assert len(result.images) == len(result.sequences) == 0


def test_faults_of_all_kinds_at_once_do_not_touch_each_other(server):
    kinds = ["html", "busy", "half-tile", "reset", "not-found", "bomb", "no-such-object", "half-reply"]
    tiles = tiles_of(REQUEST.area)[::2]
    for tile, fault in zip(tiles, kinds):
        server.fail(fault, tile=str(tile))
    result = run(server)
    assert statuses(result) == {"ok": 8, "empty": 1, "failed": 7}
    records = {record.tile: record for record in result.ledger}
    for tile, fault in zip(tiles, kinds):
        assert records[tile].reason == "404" if fault == "not-found" else MATRIX[fault][1] in records[tile].reason
        assert asked_tiles(server)[str(tile)] == (TRIES if MATRIX[fault][0] is TRIED else 1)
    assert len(server.requests) == 8 + 5 + 3 * TRIES
    assert warnings(result)[0] == "The result is partial: 7 tiles could not be read."
    assert holds_exactly_the_tiles_that_are_ok(server, result)
