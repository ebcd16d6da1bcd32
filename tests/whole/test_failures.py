"""Each known failure over real HTTP: what the ledger says, what the user reads, how often the server was asked."""

import logging
import socket
import traceback

import pytest

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.download.report import remarks, result_line, warnings
from mapillary_coverage.core.errors import MalformedCredentialError, UnsafeEndpointError
from mapillary_coverage.core.network.access import Access
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.network.network_settings import NetworkSettings
from tests.conftest import NO_PAUSES, access_to, request_for
from tests.emulator import Town
from tests.emulator.server import made_up_token

TILE = TileId(14, 8529, 5975)
FIRST, LAST = TileId(14, 8528, 5974), TileId(14, 8531, 5977)


def run(server, first=TILE, last=None, **options):
    return download_coverage(request_for(first, last), access_to(server, **options))


def somewhere(url):
    return Access(Server(url, Credential(made_up_token())), pauses=NO_PAUSES)


@pytest.mark.parametrize(
    ("fault", "sentence", "tries"),
    [
        ("bad-token", "Mapillary refused the token", 1),
        ("unparsable-token", "Mapillary refused the token", 1),
        ("unverified-token", "Mapillary refused the token", 1),
        ("revoked-token", "no longer allowed to use your account", 1),
        ("unauthorized", "Mapillary refused the token", 1),
        ("forbidden", "Mapillary refused the token", 1),
        ("login-redirect", "redirect to a login page", 1),
        ("nameless-redirect", "redirect to a login page", 1),
        ("quoting", "Malformed access token: [token]", 1),
        ("quota", "used up its Mapillary quota", 1),
        ("blocked", "Mapillary blocks requests", 1),
        ("no-such-object", "Mapillary has no such object", 1),
        ("no-such-field", "Mapillary refused the request: Tried accessing", 1),
        ("area-too-large", "Mapillary refused the request: Bounding box area is too large", 1),
        ("reduce-amount", "Mapillary refused the request: Please reduce the amount", 1),
        ("html", "a web page or text instead of a vector tile", 1),
        ("html-as-tile", "a web page or text instead of a vector tile", 1),
        ("json", "a web page or text instead of a vector tile", 1),
        ("half-tile", "not a whole vector tile", 1),
        ("random-bytes", "not a", 1),
        ("half-gzip", "compressed tile is damaged or cut off", 1),
        ("bomb", "unpacks to more than 32 MB", 1),
        ("oversized", "larger than 32 MB", 1),
        ("v3-tile", "API v3, which was retired in 2021", 1),
        ("foreign-tile", "holds no Mapillary coverage", 1),
        ("unavailable", "could not answer for the moment: Service temporarily unavailable", 5),
        ("server-error", "could not answer for the moment (status 500)", 5),
        ("bad-gateway", "could not answer for the moment (status 502)", 5),
        ("busy", "could not answer for the moment (status 503)", 5),
        ("half-reply", "The connection broke before the whole reply was there", 5),
        ("reset", "The connection broke before the whole reply was there", 5),
    ],
)
def test_a_tile_that_fails_is_failed_with_its_reason(emulator, fault, sentence, tries):
    server = emulator()
    server.fail(fault)
    result = run(server)
    (record,) = result.ledger
    assert record.status == "failed"
    assert sentence in record.reason
    assert sentence in str(result.failure)
    assert len(server.requests) == tries
    assert len(result.images) == len(result.sequences) == 0


@pytest.mark.parametrize(
    ("fault", "reason"), [("empty", ""), ("no-content", ""), ("empty-layer", ""), ("not-found", "404")]
)
def test_a_tile_without_coverage_is_empty_and_no_failure(emulator, fault, reason):
    server = emulator()
    server.fail(fault)
    result = run(server)
    assert (result.ledger[0].status, result.ledger[0].reason) == ("empty", reason)
    assert result.failure is None
    assert len(server.requests) == 1


def test_an_image_far_outside_its_tile_is_left_out_and_said(emulator):
    server = emulator()
    server.fail("far-away")
    result = run(server)
    assert result.ledger[0].status == "ok"
    assert remarks(result)[0] == "1 image without a usable position: left out."


def test_a_server_that_has_nothing_but_404_may_be_the_wrong_one(emulator):
    server = emulator()
    server.fail("not-found")
    assert remarks(run(server, FIRST, LAST))[0].endswith("or the server address is wrong.")


def test_a_netrc_file_is_not_sent(emulator, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine")
    monkeypatch.setenv("NETRC", str(netrc))
    assert run(emulator()).ledger[0].status == "ok"


@pytest.mark.parametrize("credential", ["MLY|1|\udcff", "MLY|1|ä", "MLY|1|\n"])
def test_a_token_of_impossible_characters_is_a_sentence(credential):
    with pytest.raises(MalformedCredentialError, match="characters that no Mapillary token has"):
        Credential(credential)


@pytest.mark.parametrize("fault", ["gzip-without-header", "gzip-with-header"])
def test_compressed_tiles_are_read(emulator, fault):
    plain = run(emulator())
    server = emulator()
    server.fail(fault)
    result = run(server)
    assert result.images == plain.images
    assert result.ledger[0].bytes < plain.ledger[0].bytes


@pytest.mark.parametrize("fault", ["busy", "half-reply", "reset", "unavailable", "server-error"])
def test_what_passes_is_tried_again_and_leaves_no_trace(emulator, fault):
    server = emulator()
    server.fail(fault, times=2)
    result = run(server)
    assert result.ledger[0].status == "ok"
    assert warnings(result) == []
    assert len(server.requests) == 3


def test_a_wait_that_the_server_asks_for_is_kept(emulator):
    server = emulator()
    server.fail("too-many", times=1)
    assert run(server).ledger[0].status == "ok"


def test_one_failed_tile_leaves_the_others_and_is_said(emulator):
    server = emulator()
    whole = run(server, FIRST, LAST)
    server.fail("half-tile", tile=str(TILE))
    result = run(server, FIRST, LAST)
    assert [str(r.tile) for r in result.ledger if r.status == "failed"] == [str(TILE)]
    assert 0 < len(result.images) < len(whole.images)
    assert result.failure is None
    assert result_line(result).endswith("16 tiles: 15 ok, 1 failed.")
    assert warnings(result) == [
        "The result is partial: 1 tile could not be read.",
        "The reply is not a whole vector tile.",
    ]


def test_a_login_redirect_stops_the_run_and_keeps_what_is_there(emulator):
    server = emulator(Town(images_per_tile=20, size=10))
    server.fail("login-redirect", start=20)
    result = run(server, FIRST, TileId(14, 8537, 5983))
    statuses = [record.status for record in result.ledger]
    assert len(server.requests) <= 26
    assert statuses.count("ok") == 19
    assert statuses.count("skipped") == 100 - len(server.requests)
    assert statuses.count("failed") == len(server.requests) - 19
    assert "redirect to a login page" in next(r.reason for r in result.ledger if r.status == "skipped")
    assert result.failure is None
    assert warnings(result)[0].startswith("The run was stopped, so the result is partial.")


def test_a_wrong_token_is_asked_about_by_the_requests_in_flight_only(emulator):
    server = emulator(delay=0.05)
    result = download_coverage(request_for(FIRST, LAST), access_to(server, made_up_token(9)))
    assert "Mapillary refused the token" in str(result.failure)
    assert len(server.requests) <= 6
    assert {record.status for record in result.ledger} == {"failed", "skipped"}


def test_when_every_tile_fails_the_reasons_come_with_their_counts(emulator):
    server = emulator()
    server.fail("html")
    result = run(server, FIRST, LAST)
    assert str(result.failure).startswith("None of the 16 tiles could be read.")
    assert "(16 tiles)" in str(result.failure)


def test_a_refused_connection_is_a_sentence_and_ends(emulator):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        result = download_coverage(request_for(FIRST, LAST), somewhere(f"http://127.0.0.1:{unused.getsockname()[1]}"))
    assert str(result.failure).startswith("No connection to 127.0.0.1.")
    assert {record.status for record in result.ledger} == {"failed", "skipped"}


def test_a_host_without_an_address_is_a_sentence():
    result = download_coverage(request_for(TILE), somewhere("https://tiles.invalid"))
    assert str(result.failure).startswith("No connection to tiles.invalid.")


def test_a_server_that_never_answers_is_given_up(emulator):
    server = emulator()
    server.fail("hang")
    result = run(server, network=NetworkSettings(read_seconds=0.2))
    assert "did not answer within" in result.ledger[0].reason
    assert len(server.requests) == 5


def test_a_server_that_drips_is_given_up(emulator):
    server = emulator()
    server.fail("drip")
    result = run(server, network=NetworkSettings(reply_seconds=1))
    assert "was not complete after 1 seconds" in result.ledger[0].reason


def test_a_proxy_of_the_environment_does_not_see_requests_to_this_computer(emulator, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert run(emulator()).ledger[0].status == "ok"


@pytest.mark.parametrize(
    "url",
    [
        "http://tiles.mapillary.com/maps/vtp",
        "ftp://127.0.0.1",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "https://user:pass@example.org",
        "https://example.org/?x=1",
        "https://example.org/#x",
        "https://",
        "https://example.org:port",
        "nonsense",
        "",
    ],
)
def test_no_token_is_sent_to_an_unsafe_address(url):
    with pytest.raises(UnsafeEndpointError, match="only be sent to an https address"):
        Server(url, Credential(made_up_token()))


@pytest.mark.parametrize("url", ["https://tiles.mapillary.com/maps/vtp/", "http://127.0.0.1:1/x", "http://[::1]:5"])
def test_https_and_this_computer_are_safe(url):
    assert Server(url, Credential(made_up_token())).url == url.rstrip("/")


@pytest.mark.parametrize("fault", ["reset", "busy", "html", "login-redirect", "bad-token", "quoting", None])
def test_the_token_is_in_no_log_and_no_exception(emulator, caplog, fault):
    caplog.set_level(logging.DEBUG)
    server = emulator()
    if fault:
        server.fail(fault)
    result = run(server)
    if result.failure:
        try:
            raise result.failure
        except Exception as error:
            shown = "".join(traceback.format_exception(error)) + repr(error.args) + repr(error.__context__)
            assert server.credential.split("|")[2] not in shown
    told = " ".join([caplog.text, repr(result), str(result.request), *remarks(result), *warnings(result)])
    assert fault == "reset" or "access_token=[token]" in caplog.text, "urllib3 did log the request"
    assert server.credential.split("|")[2] not in told
