"""User names become ids once and are remembered; what the graph said is kept for a day, whatever befalls the file."""

from dataclasses import replace

import pytest

from mapillary_coverage.core.errors import CancelledError, InvalidRequestError, OfflineError, RefusedCredentialError
from mapillary_coverage.core.graph.creators import with_creators
from mapillary_coverage.core.network.access import Access, CacheSettings
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.request.filters import CoverageFilter
from tests.conftest import NO_PAUSES
from tests.emulator import Town
from tests.emulator.tokens import made_up_token


@pytest.fixture
def access(emulator, tmp_path):
    server = emulator(Town(images_per_tile=40))
    made = Access(
        Server(server.graph_url, Credential(server.credential)), cache=CacheSettings(tmp_path), pauses=NO_PAUSES
    )
    return server, made


@pytest.fixture
def names(access):
    """Two users of the town, one with letters beyond ASCII, and their ids."""
    town = access[0].source
    users = {}
    for image in town.images(8529, 5975):
        user = town_user(access[0], str(image.properties["id"]))
        users[user["username"]] = user["id"]
    chosen = sorted(users, key=lambda name: name.isascii())[:2]
    access[0].requests.clear()
    return {name: users[name] for name in chosen}


def town_user(server, image_id):
    import requests

    reply = requests.get(
        f"{server.graph_url}/{image_id}",
        {"fields": "creator"},
        headers={"Authorization": f"OAuth {server.credential}"},
        timeout=10,
    )
    return reply.json()["creator"]


def test_each_name_is_looked_up_once_and_remembered(access, names):
    server, made = access
    chosen = CoverageFilter(creators=tuple(names))
    assert with_creators(chosen, made).creator_ids == tuple(names.values())
    assert len(server.requests) == len(names)
    assert with_creators(chosen, made).creator_ids == tuple(names.values())
    assert len(server.requests) == len(names)
    assert with_creators(chosen, replace(made, offline=True)).creator_ids == tuple(names.values())


def test_without_names_nothing_is_asked(access):
    chosen = CoverageFilter(panorama="only")
    assert with_creators(chosen, access[1]) is chosen
    assert access[0].requests == []


def test_a_name_that_nobody_has_is_a_sentence(access):
    with pytest.raises(InvalidRequestError, match="Mapillary knows no user “nobody-at-all” with images"):
        with_creators(CoverageFilter(creators=("nobody-at-all",)), access[1])


def test_offline_an_unknown_name_cannot_be_had(access):
    with pytest.raises(OfflineError, match="Work offline"):
        with_creators(CoverageFilter(creators=("someone",)), replace(access[1], offline=True))


def test_a_refused_token_is_said(access):
    server, made = access
    wrong = replace(made, server=Server(server.graph_url, Credential(made_up_token(8))))
    with pytest.raises(RefusedCredentialError):
        with_creators(CoverageFilter(creators=("someone",)), wrong)


def test_cancel_ends_the_look_up(access):
    access[0].delay = 30
    with pytest.raises(CancelledError):
        with_creators(CoverageFilter(creators=("someone",)), access[1], lambda: True)
