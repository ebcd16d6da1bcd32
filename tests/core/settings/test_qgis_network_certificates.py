"""The certificates that QGIS trusts, and those that the person told it to trust, are those that the plugin trusts."""

import ssl
from urllib.parse import urlsplit

import pytest
from qgis.core import (
    QgsAuthCertUtils,
    QgsAuthConfigSslServer,
    QgsProcessingContext,
    QgsProcessingFeedback,
)
from qgis.PyQt.QtNetwork import QSslCertificate, QSslError

from mapillary_coverage.core.algorithms.download_coverage import DownloadCoverageAlgorithm
from mapillary_coverage.core.area.tiling import TileId, tile_box
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.errors import UntrustedServerError
from mapillary_coverage.core.settings import Settings
from mapillary_coverage.core.settings.qgis_network import network_settings
from tests.conftest import access_to, request_for
from tests.emulator import Proxy, Town
from tests.emulator.certificates import authority, self_signed, signed_by
from tests.whole.profile import empty_database, read_certificates_anew, untouched_settings

pytestmark = pytest.mark.qgis

HOST = "tiles.made-up.test"
TILE = TileId(14, 8529, 5975)
BOX = tile_box(TILE)


@pytest.fixture
def database(qgis_app):
    with empty_database() as auth:
        yield auth


@pytest.fixture
def server(emulator, tmp_path):
    """An https server whose certificate nobody vouches for."""
    return emulator(Town(images_per_tile=20), certificate=self_signed(tmp_path))


def as_qt(certificate):
    return QSslCertificate(certificate[0].read_bytes())


def trust(auth, certificate, policy=QgsAuthCertUtils.Trusted):
    assert auth.storeCertAuthority(as_qt(certificate))
    assert auth.storeCertTrustPolicy(as_qt(certificate), policy)
    read_certificates_anew(auth)


def accept(auth, server, *ignored):
    """As QGIS does when its question about a certificate is answered with Save."""
    config = QgsAuthConfigSslServer()
    config.setSslCertificate(as_qt(server.certificate))
    config.setSslHostPort(f"127.0.0.1:{urlsplit(server.address).port}")
    config.setSslIgnoredErrorEnums(list(ignored))
    assert auth.storeSslCertCustomConfig(config)


def run(server):
    access = access_to(server, network=network_settings(server.tiles_url))
    return download_coverage(request_for(TILE), access)


def assert_refused(server):
    assert type(run(server).stopped_by) is UntrustedServerError
    assert server.requests == []


def test_the_operating_systems_certificates_are_trusted(qgis_app):
    known = network_settings("https://tiles.mapillary.com").authorities
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=known)
    assert context.cert_store_stats()["x509_ca"] > 20


def test_a_certificate_that_nobody_vouches_for_is_refused(server, database):
    assert_refused(server)


def test_a_certificate_that_was_imported_as_trusted_is_accepted(server, database):
    trust(database, server.certificate)
    assert run(server).ledger[0].status == "ok"


def test_a_certificate_of_an_authority_that_was_imported_is_accepted(emulator, database, tmp_path):
    signer = authority(tmp_path)
    server = emulator(certificate=signed_by(signer, tmp_path))
    assert_refused(server)
    trust(database, signer)
    assert run(server).ledger[0].status == "ok"


def test_a_certificate_that_was_imported_as_not_trusted_is_refused(emulator, database, tmp_path):
    signer = authority(tmp_path)
    server = emulator(certificate=signed_by(signer, tmp_path))
    trust(database, signer, QgsAuthCertUtils.Untrusted)
    assert_refused(server)


def test_a_certificate_that_was_accepted_for_this_server_is_accepted(server, database):
    accept(database, server, QSslError.SelfSignedCertificate)
    assert run(server).ledger[0].status == "ok"


def test_a_certificate_that_was_accepted_for_one_server_is_refused_from_another(server, database, emulator):
    accept(database, server, QSslError.SelfSignedCertificate)
    assert_refused(emulator(certificate=server.certificate))


def test_another_certificate_than_the_accepted_one_is_refused(server, database, emulator, tmp_path):
    accept(database, server, QSslError.SelfSignedCertificate)
    other = tmp_path / "other"
    other.mkdir()
    port = urlsplit(server.address).port
    server.__exit__()
    assert_refused(emulator(certificate=self_signed(other), port=port))


def test_a_server_with_settings_but_without_an_exception_is_refused(server, database):
    accept(database, server)
    assert_refused(server)


def test_an_accepted_certificate_for_another_name_is_refused(emulator, database, tmp_path):
    server = emulator(certificate=self_signed(tmp_path, HOST))
    accept(database, server, QSslError.SelfSignedCertificate, QSslError.HostNameMismatch)
    assert_refused(server)


@pytest.fixture
def options(qgis_app):
    with untouched_settings("proxy/", "qgis/networkAndProxy") as settings:
        yield settings


def set_proxy(options, proxy):
    port = str(urlsplit(proxy.address).port)
    values = {"Enabled": True, "Type": "HttpProxy", "Host": "127.0.0.1", "Port": port}
    for name, value in {**values, "User": proxy.user, "Password": proxy.word}.items():
        options.setValue(f"proxy/proxy{name}", value)


def test_the_algorithm_goes_through_qgis_proxy_and_trusts_its_certificates(
    emulator, database, options, qgis_processing, monkeypatch, tmp_path
):
    signer = authority(tmp_path)
    server = emulator(Town(images_per_tile=20), certificate=signed_by(signer, tmp_path, HOST))
    trust(database, signer)
    monkeypatch.setenv("MAPILLARY_TILES_URL", f"https://{HOST}/maps/vtp")
    monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", server.credential)
    extent = f"{BOX.west!r},{BOX.east!r},{BOX.south!r},{BOX.north!r} [EPSG:4326]"
    algorithm = DownloadCoverageAlgorithm(Settings()).create()
    with Proxy("somebody", "m@ne", {HOST: urlsplit(server.address).port}) as proxy:
        set_proxy(options, proxy)
        parameters = {"EXTENT": extent, "IMAGES": "memory:", "SEQUENCES": "memory:", "TILES": "memory:"}
        outputs, ok = algorithm.run(parameters, QgsProcessingContext(), QgsProcessingFeedback(False), {}, False)
    assert ok
    assert (outputs["TILE_COUNT"], outputs["FAILED_COUNT"]) == (1, 0)
    assert outputs["IMAGE_COUNT"] > 0
    assert proxy.seen == [("CONNECT", f"{HOST}:443", True)]
    assert [seen.status for seen in server.requests] == [200]
