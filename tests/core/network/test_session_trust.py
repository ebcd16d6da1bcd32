"""Certificates over real https: who is trusted, and that nothing is sent to anyone else."""

from urllib.parse import urlsplit

import pytest

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.errors import UntrustedServerError
from mapillary_coverage.core.network.access import Access
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.network.network_settings import NetworkSettings
from tests.conftest import NO_PAUSES, access_to, request_for
from tests.emulator import Proxy
from tests.emulator.certificates import authority, self_signed, signed_by

FIRST, LAST = TileId(14, 8528, 5974), TileId(14, 8529, 5975)
HOST = "tiles.made-up.test"


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody vouches for."""
    return self_signed(tmp_path_factory.mktemp("alone"))


def pem(*certificates):
    return "".join(certificate[0].read_text() for certificate in certificates)


def run(server, authorities=None, **network):
    access = access_to(server, network=NetworkSettings(authorities=authorities, **network))
    return download_coverage(request_for(FIRST, LAST), access)


def assert_refused(result, server, host="127.0.0.1"):
    assert type(result.stopped_by) is UntrustedServerError
    assert f"The certificate of {host} is not trusted, so the token was not sent." in str(result.failure)
    assert server.requests == []


@pytest.mark.parametrize("authorities", [False, True], ids=["requests' own", "given"])
def test_a_self_signed_certificate_is_refused_and_nothing_is_sent(emulator, alone, signer, authorities):
    server = emulator(certificate=alone)
    assert_refused(run(server, pem(signer) if authorities else None), server)


def test_a_self_signed_certificate_that_is_known_is_accepted(emulator, alone, signer):
    server = emulator(certificate=alone)
    assert {record.status for record in run(server, pem(signer, alone)).ledger} == {"ok"}


def test_a_certificate_of_a_known_authority_is_accepted(emulator, signer, tmp_path):
    server = emulator(certificate=signed_by(signer, tmp_path))
    assert {record.status for record in run(server, pem(signer)).ledger} == {"ok"}


def test_a_servers_own_certificate_is_enough_without_its_authority(emulator, signer, tmp_path):
    signed = signed_by(signer, tmp_path)
    server = emulator(certificate=signed)
    assert {record.status for record in run(server, pem(signed)).ledger} == {"ok"}


@pytest.mark.parametrize("is_signed", [False, True], ids=["self-signed", "signed"])
def test_a_known_certificate_for_another_host_is_refused(emulator, signer, tmp_path, is_signed):
    other = signed_by(signer, tmp_path, HOST) if is_signed else self_signed(tmp_path, HOST)
    server = emulator(certificate=other)
    assert_refused(run(server, pem(signer, other)), server)


def test_a_certificate_for_another_host_is_refused_whoever_says_what_is_trusted(emulator, tmp_path, monkeypatch):
    other = self_signed(tmp_path, HOST)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other[0]))
    server = emulator(certificate=other)
    assert_refused(run(server), server)


def test_a_certificate_is_checked_behind_a_proxy_as_well(emulator, signer, tmp_path):
    server = emulator(certificate=self_signed(tmp_path, HOST))
    with Proxy(resolve={HOST: urlsplit(server.address).port}) as proxy:
        network = NetworkSettings(proxy=proxy.address, authorities=pem(signer))
        access = Access(Server(f"https://{HOST}", Credential(server.credential)), network, pauses=NO_PAUSES)
        result = download_coverage(request_for(FIRST, LAST), access)
    assert proxy.seen
    assert_refused(result, server, HOST)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_given_authorities_are_the_only_ones(emulator, alone, signer, monkeypatch, variable):
    monkeypatch.setenv(variable, str(alone[0]))
    server = emulator(certificate=alone)
    assert_refused(run(server, pem(signer)), server)


def test_without_given_authorities_the_environments_are_trusted(emulator, alone, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(alone[0]))
    assert {record.status for record in run(emulator(certificate=alone)).ledger} == {"ok"}


def test_a_bundle_of_the_environment_that_is_not_there_does_not_matter(emulator, alone, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    assert {record.status for record in run(emulator(certificate=alone), pem(alone)).ledger} == {"ok"}


def test_a_bundle_of_the_environment_that_is_not_there_is_a_sentence(emulator, alone, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    server = emulator(certificate=alone)
    assert run(server).failure is not None
    assert server.requests == []
