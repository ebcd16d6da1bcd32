"""User names become ids once and are remembered; what the graph said is kept for a day, whatever befalls the file."""

import sqlite3
from dataclasses import replace

import pytest

from mapillary_coverage.core.cache_folder import GRAPH_FILE, CacheSettings
from mapillary_coverage.core.creators import with_creators
from mapillary_coverage.core.credential import Credential
from mapillary_coverage.core.endpoint import Server
from mapillary_coverage.core.entity_cache import EntityCache
from mapillary_coverage.core.errors import CancelledError, InvalidRequestError, OfflineError, RefusedCredentialError
from mapillary_coverage.core.filters import CoverageFilter
from mapillary_coverage.core.graph_access import GraphAccess
from tests.conftest import NO_PAUSES
from tests.emulator import Town
from tests.emulator.tokens import made_up_token


@pytest.fixture
def access(emulator, tmp_path):
    server = emulator(Town(images_per_tile=40))
    made = GraphAccess(
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


URL = "https://graph.example"


def cache_in(folder, **options):
    return EntityCache(CacheSettings(folder, **options), URL)


def test_objects_are_found_with_the_fields_they_were_read_with(tmp_path):
    cache = cache_in(tmp_path)
    cache.keep("image", ["make", "merge_cc"], {"1": {"id": "1", "make": "zoë", "merge_cc": 4.546427159383e18}})
    found = cache.find("image", ["1", "2"], ["make"])
    assert found == {"1": {"id": "1", "make": "zoë", "merge_cc": "4.546427159383e+18"}}
    assert cache.find("image", ["1"], ["make", "model"]) == {}
    assert cache.find("map_feature", ["1"], ["make"]) == {}
    assert EntityCache(CacheSettings(tmp_path), "https://other.example").find("image", ["1"], ["make"]) == {}
    cache.close()


def test_what_is_too_old_is_not_found_and_goes(tmp_path):
    cache = cache_in(tmp_path)
    cache.keep("image", ["make"], {"1": {"make": "a"}})
    cache.close()
    later = cache_in(tmp_path, fresh_seconds=0)
    assert later.find("image", ["1"], ["make"]) == {}
    later.close()
    connection = sqlite3.connect(tmp_path / GRAPH_FILE)
    assert connection.execute("SELECT count(*) FROM object").fetchone() == (0,)


def test_there_is_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.entity_cache.MOST_OBJECTS", 10)
    cache = cache_in(tmp_path)
    for number in range(30):
        cache.keep("image", ["make"], {str(number): {"make": "a"}})
    cache.close()
    again = cache_in(tmp_path)
    assert len(again.find("image", [str(number) for number in range(30)], ["make"])) <= 10
    assert "29" in again.find("image", ["29"], ["make"])


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\x00" + bytes(5000)])
def test_a_damaged_file_is_replaced(tmp_path, damage):
    (tmp_path / GRAPH_FILE).write_bytes(damage)
    cache = cache_in(tmp_path)
    cache.keep("image", ["make"], {"1": {"make": "a"}})
    assert cache.find("image", ["1"], ["make"]) == {"1": {"make": "a"}}
    cache.close()


def test_a_file_damaged_in_the_middle_is_not_fatal(tmp_path):
    cache = cache_in(tmp_path)
    cache.keep("image", ["make"], {str(number): {"make": "a" * 500} for number in range(200)})
    cache.close()
    path = tmp_path / GRAPH_FILE
    body = bytearray(path.read_bytes())
    body[4096:20_000] = bytes(20_000 - 4096)
    path.write_bytes(body)
    again = cache_in(tmp_path)
    again.find("image", [str(number) for number in range(200)], ["make"])
    again.keep("image", ["make"], {"1": {"make": "b"}})
    again.close()


def test_a_folder_that_is_a_file_is_said_and_nothing_more(tmp_path):
    (tmp_path / "file").write_text("")
    cache = cache_in(tmp_path / "file" / "below")
    cache.keep("image", ["make"], {"1": {"make": "a"}})
    assert cache.find("image", ["1"], ["make"]) == {}
    assert "is not kept for the next time" in cache.problem


def test_a_locked_file_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.entity_cache._BUSY_SECONDS", 0.1)
    cache_in(tmp_path).close()
    other = sqlite3.connect(tmp_path / GRAPH_FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    cache = cache_in(tmp_path)
    cache.keep("image", ["make"], {"1": {"make": "a"}})
    assert "locked" in cache.problem
    other.execute("ROLLBACK")
