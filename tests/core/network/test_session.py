"""Proxies over real HTTP: which requests go through one, what it is told, and what the person reads when it fails."""

import logging
import subprocess
import sys
import traceback
from urllib.parse import quote, urlsplit

import pytest

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.download.report import remarks, warnings
from mapillary_coverage.core.errors import ProxyCredentialError, UnreachableError
from mapillary_coverage.core.network.access import Access
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.network.network_settings import NetworkSettings
from tests.conftest import NO_PAUSES, ROOT, access_to, request_for
from tests.emulator import Proxy, Town
from tests.emulator.certificates import authority, signed_by

HOST = "tiles.made-up.test"
TILE = TileId(14, 8529, 5975)
FIRST, LAST = TileId(14, 8528, 5974), TileId(14, 8531, 5977)
USER = "somebody"
ODD_WORDS = ["plain", "p@ss:/ö", "100%?#&", "zażółć", "鍵"]


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """An authority's certificate as PEM, and a server's certificate for the made-up host that it signed."""
    folder = tmp_path_factory.mktemp("office")
    signer = authority(folder)
    return signer[0].read_text(), signed_by(signer, folder, HOST)


@pytest.fixture
def server(emulator, office):
    """An https server for the made-up host, which only a proxy can find."""
    return emulator(Town(images_per_tile=20), certificate=office[1])


@pytest.fixture(autouse=True)
def no_proxy_of_the_environment(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def resolving(server):
    return {HOST: urlsplit(server.address).port}


def run(server, office, last=None, host=HOST, **network):
    """One tile, or those up to `last`, from the made-up host."""
    access = Access(
        Server(f"https://{host}/maps/vtp", Credential(server.credential)),
        NetworkSettings(authorities=office[0], **network),
        pauses=NO_PAUSES,
    )
    return download_coverage(request_for(FIRST if last else TILE, last), access)


def with_word(proxy, word):
    """The proxy's URL as QGIS' settings are turned into one."""
    return proxy.address.replace("//", f"//{USER}:{quote(word, safe='')}@")


def shown_by(result):
    """All that a run says, and all that hangs on its failure."""
    try:
        raise result.failure
    except Exception as error:
        chain = "".join(traceback.format_exception(error)) + repr(error.args) + repr(error.__context__)
    reasons = [record.reason for record in result.ledger]
    return " ".join([chain, repr(result), *reasons, *remarks(result), *warnings(result)])


def test_a_proxy_leads_to_a_host_that_only_it_can_find(server, office):
    with Proxy(resolve=resolving(server)) as proxy:
        result = run(server, office, proxy=proxy.address)
    assert result.ledger[0].status == "ok"
    assert len(result.images) > 0
    assert proxy.seen == [("CONNECT", f"{HOST}:443", True)]


@pytest.mark.parametrize("word", [None, "yours"], ids=["none", "wrong"])
def test_a_proxy_that_wants_other_credentials_ends_the_run_at_once(server, office, word):
    with Proxy(USER, "mine", resolving(server)) as proxy:
        result = run(server, office, LAST, proxy=with_word(proxy, word) if word else proxy.address)
    assert type(result.stopped_by) is ProxyCredentialError
    assert "The proxy 127.0.0.1 asks for a user name and a password" in str(result.failure)
    assert 1 <= len(proxy.seen) <= 6
    assert {record.status for record in result.ledger} == {"failed", "skipped"}
    failed = [record for record in result.ledger if record.status == "failed"]
    assert len(proxy.seen) == len(failed), "nobody asked twice"
    assert server.requests == []


@pytest.mark.parametrize("word", ODD_WORDS)
def test_a_proxys_password_may_hold_any_character(server, office, word):
    with Proxy(USER, word, resolving(server)) as proxy:
        result = run(server, office, proxy=with_word(proxy, word))
    assert result.ledger[0].status == "ok"
    assert [passed.allowed for passed in proxy.seen] == [True]


@pytest.mark.parametrize("expected", ["recognisable@text", "another"], ids=["accepted", "refused"])
def test_a_proxys_password_is_in_no_log_and_no_exception(server, office, expected, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with Proxy(USER, expected, resolving(server)) as proxy:
        settings = NetworkSettings(proxy=with_word(proxy, "recognisable@text"))
        result = run(server, office, proxy=settings.proxy)
    assert (result.failure is None) == ("@" in expected)
    told = " ".join([caplog.text, *capfd.readouterr(), repr(settings), repr(result.ledger)])
    told += shown_by(result) if result.failure else ""
    assert "recognisable" not in told
    assert server.credential.split("|")[2] not in told


@pytest.mark.parametrize("word", ["recognisable", "recognisableł"])
def test_a_password_for_a_proxy_that_is_not_there_is_not_shown(server, office, word, caplog):
    caplog.set_level(logging.DEBUG)
    with Proxy() as proxy:
        gone = with_word(proxy, word)
    result = run(server, office, proxy=gone)
    assert "recognisable" not in shown_by(result) + caplog.text


def test_a_proxy_that_is_not_there_is_named(server, office):
    with Proxy() as proxy:
        gone = proxy.address
    result = run(server, office, LAST, proxy=gone)
    assert type(result.stopped_by) is UnreachableError
    assert f"No connection to {HOST} through 127.0.0.1. Check the network" in str(result.failure)


def test_a_proxy_without_an_address_is_named(server, office):
    result = run(server, office, proxy="http://proxy.invalid:8080")
    assert f"No connection to {HOST} through proxy.invalid." in str(result.failure)


def test_a_host_that_the_proxy_cannot_reach_is_named(server, office):
    with Proxy() as proxy:
        result = run(server, office, proxy=proxy.address)
    assert f"No connection to {HOST} through 127.0.0.1." in str(result.failure)
    assert len(proxy.seen) == 5


@pytest.mark.parametrize("prefix", [f"https://{HOST}", f"HTTPS://{HOST.upper()}/maps", "https://tiles.made"])
def test_an_excluded_address_goes_without_the_proxy(server, office, prefix):
    with Proxy(resolve=resolving(server)) as proxy:
        result = run(server, office, proxy=proxy.address, direct_prefixes=("https://other.test", prefix))
    assert proxy.seen == []
    assert str(result.failure).startswith(f"No connection to {HOST}. ")


def test_other_addresses_go_through_the_proxy(server, office):
    with Proxy(resolve=resolving(server)) as proxy:
        result = run(server, office, proxy=proxy.address, direct_prefixes=("https://other.test", HOST, "http://"))
    assert result.ledger[0].status == "ok"
    assert len(proxy.seen) == 1


def test_requests_to_this_computer_go_without_the_proxy(emulator):
    with Proxy() as proxy:
        access = access_to(emulator(), network=NetworkSettings(proxy=proxy.address))
        assert download_coverage(request_for(TILE), access).ledger[0].status == "ok"
    assert proxy.seen == []


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_the_environments_proxy_is_used_where_qgis_has_none(server, office, monkeypatch, variable):
    with Proxy(USER, "mine", resolving(server)) as proxy:
        monkeypatch.setenv(variable, with_word(proxy, "mine"))
        assert run(server, office).ledger[0].status == "ok"
    assert len(proxy.seen) == 1


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_the_environments_proxy_is_not_used_for_a_direct_connection(server, office, monkeypatch, variable):
    with Proxy(resolve=resolving(server)) as proxy:
        monkeypatch.setenv(variable, proxy.address)
        for settings in ({"proxy": ""}, {"direct_prefixes": ("https://",)}):
            assert f"No connection to {HOST}. " in str(run(server, office, **settings).failure)
    assert proxy.seen == []


def test_the_environments_exceptions_hold_for_its_proxy(server, office, monkeypatch):
    with Proxy(resolve=resolving(server)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.address)
        monkeypatch.setenv("no_proxy", ".made-up.test")
        run(server, office)
    assert proxy.seen == []


SOCKS_WITHOUT_ITS_PACKAGE = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "socks" or name.startswith("socks."):
            raise ImportError(name)

sys.meta_path.insert(0, Absent())
sys.path.insert(0, {str(ROOT)!r})
import conftest
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.network.network_settings import NetworkSettings
from tests.conftest import *
access = Access(Server("https://{HOST}", Credential(sys.stdin.read())), NetworkSettings(proxy=sys.argv[1]))
result = download_coverage(request_for(TileId(14, 8528, 5974), TileId(14, 8531, 5977)), access)
print(type(result.stopped_by).__name__, result.failure)
"""


@pytest.mark.parametrize("scheme", ["socks5h", "socks5"])
def test_a_socks_proxy_without_its_package_is_a_sentence(server, scheme):
    done = subprocess.run(
        [sys.executable, "-c", SOCKS_WITHOUT_ITS_PACKAGE, f"{scheme}://{USER}:mine@127.0.0.1:9"],
        input=server.credential,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("MissingProxySupportError "), done.stderr
    assert "needs the Python package PySocks" in done.stdout
