"""What the person set in Settings > Options > Network is how the plugin reaches the internet."""

from urllib.parse import unquote, urlsplit

import pytest
from qgis.core import Qgis, QgsAuthMethodConfig, QgsNetworkAccessManager

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.settings import Settings
from mapillary_coverage.core.settings.qgis_network import network_settings
from tests.conftest import access_to, request_for
from tests.emulator.tokens import made_up_token
from tests.whole.profile import empty_database, untouched_settings

pytestmark = pytest.mark.qgis

URL = "https://tiles.mapillary.com/maps/vtp"
USER_AGENT = "qgis/networkAndProxy/userAgent"
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
def options(qgis_app):
    """QGIS' settings, with those of the network as they come."""
    with untouched_settings("proxy/", "qgis/networkAndProxy") as settings:
        yield settings


@pytest.fixture(autouse=True)
def no_proxy_of_the_environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def database(qgis_app):
    with empty_database() as auth:
        yield auth


def named(user, word):
    return {"proxyUser": user, "proxyPassword": word}


def set_proxy(options, kind="HttpProxy", **values):
    given = {"proxyEnabled": True, "proxyType": kind, "proxyHost": "proxy.office.test", "proxyPort": "8080", **values}
    for name, value in given.items():
        options.setValue(f"proxy/{name}", value)


def proxy():
    return network_settings(URL).proxy


def credentials(url):
    parts = urlsplit(url)
    return unquote(parts.username), unquote(parts.password)


def basic(auth, user, word):
    """The id of a new configuration."""
    config = QgsAuthMethodConfig("Basic")
    config.setName("proxy")
    config.setConfig("username", user)
    config.setConfig("password", word)
    config.setId(auth.uniqueConfigId())
    auth.storeAuthenticationConfig(config)
    return config.id()


def test_without_a_proxy_in_qgis_it_is_up_to_the_environment(options):
    assert proxy() is None
    set_proxy(options, proxyEnabled=False)
    assert proxy() is None


@pytest.mark.parametrize("kind", ["HttpProxy", "HttpCachingProxy"])
def test_an_http_proxy_is_used(options, kind):
    set_proxy(options, kind)
    assert proxy() == "http://proxy.office.test:8080"


def test_a_socks_proxy_finds_the_host_itself(options):
    set_proxy(options, "Socks5Proxy", proxyPort="1080")
    assert proxy() == "socks5h://proxy.office.test:1080"


@pytest.mark.parametrize("word", ["plain", "p@ss:/ö", "100%?#&", "a, b; c", "鍵"])
def test_user_and_password_may_hold_any_character(options, word):
    set_proxy(options, **named("some:body@office", word))
    assert credentials(proxy()) == ("some:body@office", word)
    assert urlsplit(proxy()).hostname == "proxy.office.test"


def test_the_proxys_password_is_not_shown(options):
    set_proxy(options, **named("somebody", "recognisable"))
    assert "recognisable" not in repr(network_settings(URL))


def test_credentials_of_the_authentication_database_are_used(options, database):
    set_proxy(options, authcfg=basic(database, "somebody", "m@ne"))
    assert credentials(proxy()) == ("somebody", "m@ne")
    assert urlsplit(proxy()).netloc.endswith("@proxy.office.test:8080")


def test_credentials_of_the_authentication_database_come_first(options, database):
    set_proxy(options, authcfg=basic(database, "somebody", "mine"), **named("other", "theirs"))
    assert credentials(proxy()) == ("somebody", "mine")


def test_a_configuration_that_is_gone_leaves_the_proxy(options, database):
    set_proxy(options, authcfg="gone123")
    assert proxy() == "http://proxy.office.test:8080"


def test_a_locked_database_leaves_the_proxy(options, database):
    set_proxy(options, authcfg=basic(database, "somebody", "mine"))
    database.clearMasterPassword()
    database.clearAllCachedConfigs()
    assert proxy() == "http://proxy.office.test:8080"


def test_the_systems_proxy_is_the_environments(options, monkeypatch):
    set_proxy(options, "DefaultProxy")
    assert proxy() == ""
    monkeypatch.setenv("http_proxy", "http://plain.test:3127")
    monkeypatch.setenv("https_proxy", "http://somebody:mine@secure.test:3128")
    assert proxy() == "http://somebody:mine@secure.test:3128"
    assert network_settings("http://127.0.0.1:1").proxy in ("", "http://plain.test:3127")
    monkeypatch.setenv("no_proxy", "tiles.mapillary.com")
    assert proxy() == ""


def test_the_systems_proxy_may_be_a_socks_proxy(options, monkeypatch):
    set_proxy(options, "DefaultProxy")
    monkeypatch.setenv("https_proxy", "socks5://socks.test:1080")
    assert proxy() == "socks5h://socks.test:1080"


@pytest.mark.parametrize("key", ["noProxyUrls", "proxyExcludedUrls"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["https://a.test", " https://b.test "], ("https://a.test", "https://b.test")),
        ("https://a.test|https://b.test|", ("https://a.test", "https://b.test")),
        (["https://a.test"], ("https://a.test",)),
        ("https://a.test", ("https://a.test",)),
        (["", " "], ()),
        ([], ()),
        ("", ()),
    ],
)
def test_excluded_addresses_are_known_in_each_form(options, key, value, expected):
    set_proxy(options, **{key: value})
    assert network_settings(URL).direct_prefixes == expected


def test_an_excluded_address_goes_direct(options):
    set_proxy(options, noProxyUrls=["https://tiles.mapillary.com"])
    settings = network_settings(URL)
    assert settings.proxies_for(URL) == {"http": "", "https": ""}
    assert settings.proxies_for("https://graph.mapillary.com")["https"] == settings.proxy


@pytest.mark.parametrize(("milliseconds", "seconds"), [(20_000, 20), (1, 1), (10**7, 300), (0, 60), (-5, 60)])
def test_the_timeout_is_used_within_reason(options, milliseconds, seconds):
    before = QgsNetworkAccessManager.timeout()
    QgsNetworkAccessManager.setTimeout(milliseconds)
    try:
        assert network_settings(URL).read_seconds == seconds
    finally:
        QgsNetworkAccessManager.setTimeout(before)


def test_without_a_timeout_it_is_a_minute(options):
    assert network_settings(URL).read_seconds == 60


def test_the_program_is_named_as_qgis_and_the_plugin(options):
    assert network_settings(URL).user_agent.startswith(f"Mozilla/5.0 QGIS/{Qgis.QGIS_VERSION_INT} MapillaryCoverage/")
    options.setValue(USER_AGENT, "Office/2")
    assert network_settings(URL).user_agent.startswith(f"Office/2 QGIS/{Qgis.QGIS_VERSION_INT} MapillaryCoverage/")


@pytest.mark.parametrize("agent", ["", " ", "Büro", "鍵", "a\nb: c", ["a", "b"]])
def test_an_odd_program_name_can_still_be_sent(options, emulator, monkeypatch, agent):

    options.setValue(USER_AGENT, agent)
    server = emulator(recorded=[])
    access = access_to(server, network=network_settings(server.tiles_url))
    assert download_coverage(request_for(TileId(14, 8529, 5975)), access).ledger[0].status == "ok"
    assert "MapillaryCoverage/" in server.recorded[0].headers["User-Agent"]


@pytest.mark.parametrize("port", ["abc", "", "-1", "0", "8080.5", "99999", "123456", "٣٣", ["1", "2"], None])
def test_an_impossible_port_does_no_harm(options, port):
    set_proxy(options, proxyPort=port)
    assert urlsplit(proxy()).hostname == "proxy.office.test"


def test_a_port_that_is_stored_as_a_number_is_used(options):
    set_proxy(options, proxyPort=3128)
    assert proxy() == "http://proxy.office.test:3128"


@pytest.mark.parametrize(
    "values",
    [
        {"proxyHost": ""},
        {"proxyHost": None},
        {"proxyHost": ["a", "b"]},
        {"proxyType": "Nonsense"},
        {"proxyType": ""},
        {"proxyType": ["HttpProxy", "b"]},
        {"proxyEnabled": "maybe", "proxyHost": ""},
    ],
    ids=repr,
)
def test_settings_that_name_no_proxy_mean_none(options, values):
    set_proxy(options, **values)
    assert proxy() == ""


@pytest.mark.parametrize("name", ["proxyUser", "proxyPassword", "noProxyUrls", "authcfg"])
@pytest.mark.parametrize("value", [["a", "b"], None], ids=repr)
def test_values_of_another_kind_do_no_harm(options, name, value):
    set_proxy(options, **{name: value})
    assert urlsplit(proxy()).hostname == "proxy.office.test"


def test_a_proxy_without_a_name_may_be_an_address(options):
    for host, expected in (("192.0.2.7", "http://192.0.2.7:8080"), ("2001:db8::7", "http://[2001:db8::7]:8080")):
        set_proxy(options, proxyHost=host)
        assert proxy() == expected


def test_the_plugins_settings_are_qgis_settings(options, monkeypatch):
    set_proxy(options)
    monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", made_up_token())
    assert Settings().network(URL) == Settings().tile_access().network == network_settings(URL)
