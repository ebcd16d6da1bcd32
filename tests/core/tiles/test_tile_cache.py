"""Tiles of earlier runs: what is not asked for again, how long they hold and how much room they take."""

import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from osgeo import ogr

from mapillary_coverage.core.area.tiling import TileAddress, TileId, tile_box
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.download.report import remarks, warnings
from mapillary_coverage.core.mapillary.schema import SEQUENCE
from mapillary_coverage.core.network.access import Access, CacheSettings
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.request.filters import CoverageFilter
from mapillary_coverage.core.tiles.cache_folder import clear, used_bytes
from mapillary_coverage.core.tiles.tile_cache import TileCache, cache_path
from tests.conftest import ROOT, access_to, request_for
from tests.emulator import Town
from tests.emulator.faults import FAULTS

TILE = TileId(14, 8529, 5975)
FIRST, LAST = TileId(14, 8528, 5974), TileId(14, 8531, 5977)
TILESET = "mly1_public"


@pytest.fixture
def cache(tmp_path):
    return CacheSettings(tmp_path / "cache")


@pytest.fixture
def server(emulator):
    return emulator(Town(images_per_tile=40))


def run(server, cache, first=FIRST, last=LAST, offline=False, **options):
    return download_coverage(request_for(first, last, **options), access_to(server, cache=cache, offline=offline))


def file_of(server, cache):
    return cache_path(cache, server.tiles_url, TILESET)


def change(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def is_sound(path):
    return change(path, "PRAGMA integrity_check") == [("ok",)]


def sources(result):
    return {record.source for record in result.ledger}


def test_a_second_run_asks_for_nothing_and_gives_the_same(server, cache):
    first = run(server, cache)
    assert sources(first) == {"network"}
    second = run(server, cache)
    assert len(server.requests) == 16
    assert sources(second) == {"cache"}
    assert (second.images, second.sequences) == (first.images, first.sequences)
    assert [r.fetched_at for r in second.ledger] == [r.fetched_at for r in first.ledger]
    assert remarks(second)[0].startswith("16 of 16 tiles came from the tile cache, the oldest fetched on 20")


@pytest.mark.parametrize(
    "options",
    [{"filter": CoverageFilter(panorama="only")}, {"source_layers": (SEQUENCE,)}, {"first": TILE, "last": None}],
    ids=["other filter", "sequences only", "a part of it"],
)
def test_another_question_about_the_same_tiles_asks_for_nothing(server, cache, options):
    run(server, cache)
    assert sources(run(server, cache, **options)) == {"cache"}
    assert len(server.requests) == 16


def test_what_was_fetched_too_long_ago_is_fetched_again(server, cache):
    run(server, cache)
    change(file_of(server, cache), "UPDATE fetches SET fetched_at = fetched_at - 86400000 WHERE tile_column = 8528")
    assert [record.source for record in run(server, cache).ledger].count("network") == 4
    assert sources(run(server, CacheSettings(cache.folder, fresh_seconds=0))) == {"network"}


def test_a_time_in_the_future_is_not_believed(server, cache):
    run(server, cache, TILE, TILE)
    change(file_of(server, cache), "UPDATE fetches SET fetched_at = fetched_at + 86400000")
    assert sources(run(server, cache, TILE, TILE)) == {"network"}


@pytest.mark.parametrize("fault", ["empty", "no-content", "empty-layer"])
def test_tiles_without_coverage_are_remembered(server, cache, fault):
    server.fail(fault)
    run(server, cache)
    result = run(server, cache)
    assert {record.status for record in result.ledger} == {"empty"}
    assert len(server.requests) == 16


def test_a_404_is_remembered_for_minutes_only(server, cache):
    server.fail("not-found", times=1)
    run(server, cache, TILE, TILE)
    assert run(server, cache, TILE, TILE).ledger[0].reason == "404"
    change(file_of(server, cache), "UPDATE fetches SET fetched_at = fetched_at - 601000")
    assert run(server, cache, TILE, TILE).ledger[0].status == "ok"
    assert len(server.requests) == 2


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"hang", "drip", "too-many", "retry-after-date", "big-bomb"}))
def test_only_what_is_a_tile_is_kept(server, cache, fault):
    server.fail(fault)
    result = run(server, cache, TILE, TILE)
    stored = change(file_of(server, cache), "SELECT count(*) FROM fetches")
    assert stored == [(1 if result.ledger[0].status in ("ok", "empty") else 0,)]


def test_the_file_opens_in_gdal_with_every_feature(server, cache):
    result = run(server, cache)
    dataset = ogr.Open(str(file_of(server, cache)))
    images = {feature["id"] for feature in dataset.GetLayerByName("image")}
    assert set(result.images.columns["id"]) <= images
    shown = subprocess.run(["ogrinfo", "-so", str(file_of(server, cache)), "image"], capture_output=True, text=True)
    assert "using driver `MBTiles'" in shown.stdout
    assert "captured_at" in shown.stdout


def test_two_servers_never_mix(emulator, cache):
    one, other = emulator(Town(seed=1, images_per_tile=40)), emulator(Town(seed=2, images_per_tile=40))
    run(one, cache, TILE, TILE)
    assert sources(run(other, cache, TILE, TILE)) == {"network"}
    assert file_of(one, cache) != file_of(other, cache)


@pytest.mark.parametrize("name", ["//{}/cache", "{}/50 % of #1?"], ids=["share", "signs"])
def test_any_folder_will_do(server, tmp_path, name):
    """Two slashes begin the name of a share in an office network."""
    cache = CacheSettings(Path(name.format(str(tmp_path)).replace("///", "//")))
    assert warnings(run(server, cache, TILE, TILE)) == []
    assert sources(run(server, cache, TILE, TILE)) == {"cache"}


def test_the_token_is_not_in_the_cache(server, cache):
    run(server, cache)
    found = subprocess.run(["grep", "-rlaF", server.credential.split("|")[2], str(cache.folder)], capture_output=True)
    assert found.stdout == b""


def test_the_oldest_tiles_make_room(server, cache):
    run(server, cache)
    path = file_of(server, cache)
    change(path, "UPDATE fetches SET fetched_at = fetched_at - 3600000 WHERE tile_row % 2 = 0")
    ((stored,),) = change(path, "SELECT sum(stored_bytes) FROM fetches")
    small = CacheSettings(cache.folder, max_bytes=stored * 3 // 4)
    assert run(server, small, position="computed").ledger[0].source == "network"
    assert change(path, "SELECT count(*) FROM fetches WHERE tile_row % 2 = 0") == [(0,)]
    other = cache_path(cache, server.tiles_url, "mly1_computed_public")
    left = sum(change(file, "SELECT coalesce(sum(stored_bytes), 0) FROM fetches")[0][0] for file in (path, other))
    assert 0 < left <= small.max_bytes
    assert change(other, "SELECT count(*) > 8 FROM fetches") == [(1,)]
    assert is_sound(path)


def test_clearing_leaves_nothing(server, cache):
    run(server, cache)
    assert used_bytes(cache.folder) > 10_000
    clear(cache.folder)
    assert used_bytes(cache.folder) == 0
    assert sources(run(server, cache, TILE, TILE)) == {"network"}


def test_clearing_leaves_other_programs_files(server, cache):
    run(server, cache, TILE, TILE)
    other = cache.folder / "osm" / "planet.mbtiles"
    other.parent.mkdir()
    other.write_bytes(b"precious")
    clear(cache.folder)
    assert other.read_bytes() == b"precious"
    assert used_bytes(cache.folder) == 0


IN_ANOTHER_PROCESS = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import conftest
from pathlib import Path
from mapillary_coverage.core.tiles.cache_folder import CacheSettings
from mapillary_coverage.core.download.download import download_coverage
from tests.conftest import *
url, text, folder = sys.stdin.read().split()
access = Access(Server(url, Credential(text)), cache=CacheSettings(Path(folder)))
result = download_coverage(request_for(TileId(14, 8528, 5974), TileId(14, 8531, 5977)), access)
print(len(result.images), {{record.status for record in result.ledger}}, result.notes)
"""


def test_three_processes_share_one_file(server, cache):
    server.delay = 0.02
    told = []

    def other():
        done = subprocess.run(
            [sys.executable, "-c", IN_ANOTHER_PROCESS],
            input=f"{server.tiles_url} {server.credential} {cache.folder}",
            capture_output=True,
            text=True,
        )
        told.append(done.stdout or done.stderr)

    threads = [threading.Thread(target=other) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = run(server, cache)
    assert told == [f"{len(expected.images)} {{'ok'}} []\n"] * 3
    assert sources(expected) == {"cache"}
    assert is_sound(file_of(server, cache))


def test_offline_uses_what_is_there_however_old_and_says_what_is_not(server, cache):
    run(server, cache, FIRST, TileId(14, 8529, 5977))
    change(file_of(server, cache), "UPDATE fetches SET fetched_at = 1600000000000")
    asked = len(server.requests)
    result = run(server, cache, offline=True)
    assert len(server.requests) == asked
    statuses = [record.status for record in result.ledger]
    assert (statuses.count("ok"), statuses.count("failed")) == (8, 8)
    assert {r.reason for r in result.ledger if r.status == "failed"} == {
        "Not in the tile cache, and “Work offline” is ticked in the Mapillary panel."
    }
    assert remarks(result)[0] == (
        "Working offline: 8 of 16 tiles came from the tile cache, the oldest fetched on 2020-09-13 at 12:26 UTC."
    )
    assert warnings(result)[0] == "The result is partial: 8 tiles could not be read."


def test_offline_needs_no_token(server, cache):
    run(server, cache, TILE, TILE)
    access = Access(Server(server.tiles_url, Credential()), cache=cache, offline=True)
    assert download_coverage(request_for(TILE), access).ledger[0].status == "ok"


def test_what_to_expect_is_told_by_neighbours(server, cache):
    run(server, cache)
    tiles = TileCache(cache, server.tiles_url, TILESET)
    images, received = tiles.average_around(request_for(TileId(14, 8537, 5976)).area)
    assert 20 < images < 80
    assert received > 1000
    assert tiles.average_around(request_for(TileId(14, 8540, 5976)).area) is None
    assert len(tiles.tiles_in(request_for(TILE, TileId(14, 8540, 5975)).area)) == 3
    tiles.close()


def test_a_file_of_a_run_that_goes_on_can_be_read(server, cache):
    run(server, cache, TILE, TILE)
    tiles = TileCache(cache, server.tiles_url, TILESET)
    assert ogr.Open(str(file_of(server, cache))) is not None
    assert tiles.find(TILE).fetched_at <= time.time() * 1000
    tiles.close()


def test_tiles_in_the_cache_are_read_first_so_that_a_stop_keeps_them(server, cache):
    run(server, cache, TileId(14, 8530, 5976), LAST)
    server.fail("login-redirect")
    result = run(server, cache)
    assert [record.status for record in result.ledger].count("ok") == 4


def test_a_run_of_some_tiles_does_not_repeat_what_the_others_hold(server, cache):
    whole = run(server, cache)
    column = {TileAddress("mly1_public", TileId(14, 8529, y)) for y in range(5974, 5978)}
    server.faults.clear()
    rest = download_coverage(request_for(FIRST, LAST), access_to(server), only=column)
    box = tile_box(TileId(14, 8529, 5975))
    assert len(rest.images) > 10
    assert all(box.west <= lon <= box.east for lon, _ in rest.images.geometries)
    assert set(rest.images.columns["id"]) <= set(whole.images.columns["id"])
