"""Live coverage's tiles over real HTTP: what is asked for, what is drawn, what is said."""

import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing

import mapbox_vector_tile
import pytest
from osgeo import gdal

from mapillary_coverage.core.area.tiling import TileAddress, TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.errors import (
    DisplayFileError,
    NotCachedError,
    QuotaExceededError,
    RefusedCredentialError,
    ServerBusyError,
    ThrottledError,
    UnexpectedError,
)
from mapillary_coverage.core.inflate import inflate
from mapillary_coverage.core.live import refusals, tile_feed
from mapillary_coverage.core.live.tile_feed import FeedState, TileFeed
from mapillary_coverage.core.live.tile_shelf import DisplayTiles, TileShelf
from mapillary_coverage.core.looks.seen import Seen
from mapillary_coverage.core.network.access import CacheSettings
from mapillary_coverage.core.network.traffic import Traffic
from mapillary_coverage.core.network.usage import Pace, Usage
from mapillary_coverage.core.tiles.cache_folder import clear
from mapillary_coverage.core.tiles.tile_cache import cache_path
from mapillary_coverage.core.tiles.tile_client import TileClient
from tests.conftest import access_to, request_for
from tests.emulator import Town

TILESET = "mly1_public"
FIRST, LAST = TileId(14, 8528, 5974), TileId(14, 8531, 5977)
TILES = [TileAddress(TILESET, TileId(14, x, y)) for y in range(5974, 5978) for x in range(8528, 8532)]
SEA = TileAddress(TILESET, TileId(14, 100, 100))
PATIENCE_SECONDS = 30


@pytest.fixture
def cache(tmp_path):
    return CacheSettings(tmp_path / "tiles")


@pytest.fixture
def server(emulator):
    return emulator(Town(images_per_tile=30))


class Watched:
    """A feed with what it called."""

    def __init__(self, server, cache, **options):
        self.path = cache_path(cache, server.tiles_url, TILESET, ".display")
        self.arrived = []
        self.told = threading.Event()
        self.feed = TileFeed(access_to(server, cache=cache, **options), self.arrived.append, self.told.set)

    def settle(self, addresses=None):
        """Want these, wait until nothing is to come."""
        if addresses is not None:
            self.feed.want(addresses)
        wait_until(lambda: self.feed.state().waiting == 0)
        return self.feed.state()

    def drawn(self, address=TILES[0]):
        return drawn(self.path, address.tile)


@pytest.fixture
def watch(server, cache):
    opened = []

    def make(of=None, files=cache, **options):
        opened.append(Watched(of or server, files, **options))
        return opened[-1]

    yield make
    for watched in opened:
        watched.feed.close()
    wait_until(lambda: not threads())


def threads():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("mapillary_")]


def wait_until(is_so):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def drawn(path, tile):
    """The tile as another program finds it in the file, None where there is none."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        row = connection.execute(
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            (tile.z, tile.x, 2**tile.z - 1 - tile.y),
        ).fetchone()
    return mapbox_vector_tile.decode(inflate(row[0])) if row else None


def asked(server):
    """How often each tile was asked for."""
    return Counter(
        TileAddress(seen.path.split("/")[3], TileId(*map(int, seen.path.split("/")[-3:]))) for seen in server.requests
    )


def make_old(cache, statement="fetched_at = fetched_at - 90000000"):
    for path in cache.folder.glob("*/*.mbtiles"):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"UPDATE fetches SET {statement}")


def test_what_is_wanted_is_asked_for_once_and_drawn(server, watch):
    watched = watch()
    assert watched.settle(TILES) == FeedState(0, 0, None)
    assert asked(server) == dict.fromkeys(TILES, 1)
    assert sorted(watched.arrived) == sorted(TILES)
    for address in TILES:
        images = watched.drawn(address)["image"]["features"]
        genuine = mapbox_vector_tile.decode(server.source.tile(TILESET, *address.tile))["image"]["features"]
        assert [f["properties"]["id"] for f in images] == [str(f["properties"]["id"]) for f in genuine]
    assert watched.settle(TILES) == FeedState(0, 0, None)
    assert len(watched.arrived) == len(server.requests) == 16, "a repaint asks for nothing and causes none"


def test_gdal_opens_the_file_that_qgis_draws(watch):
    watched = watch()
    watched.settle(TILES[:1])
    dataset = gdal.OpenEx(str(watched.path), gdal.OF_VECTOR, allowed_drivers=["MBTiles"])
    layer = dataset.GetLayerByName("image")
    assert layer.GetFeatureCount() >= 30
    assert layer.GetNextFeature()["captured_at"] > 1_400_000_000_000


def test_all_zooms_and_tilesets_come_through_one_feed(server, watch):
    wanted = [
        TileAddress(TILESET, TileId(3, 4, 2)),
        TileAddress(TILESET, TileId(10, 533, 373)),
        TileAddress("mly_map_feature_point", TILES[0].tile),
        TileAddress("mly_map_feature_traffic_sign", TILES[0].tile),
    ]
    watched = watch()
    assert watched.settle(wanted) == FeedState(0, 0, None)
    assert asked(server) == dict.fromkeys(wanted, 1)
    assert list(watched.drawn(wanted[0])) == ["overview"]
    assert list(watched.drawn(wanted[1])) == ["sequence"]


def test_what_was_seen_is_told(server, watch):
    watched = watch()
    signs = TileAddress("mly_map_feature_traffic_sign", TILES[0].tile)
    watched.settle([*TILES[:2], signs])
    expected = sum((Seen.of_tile(server.source.tile(a.tileset, *a.tile), a.tileset) for a in TILES[:2]), Seen())
    assert watched.feed.seen(TILES[:2]) == expected
    assert watched.feed.seen([signs]).values["regulatory--stop--g1"] > 0
    again = watch()
    again.settle([*TILES[:2], signs])
    assert again.feed.seen(TILES[:2]) == expected, "also of tiles that were drawn by an earlier feed"
    assert again.told.is_set()
    assert again.arrived == []


def test_what_left_the_view_is_not_asked_for(emulator, watch):
    server = emulator(Town(images_per_tile=30), delay=0.3)
    watched = watch(server)
    watched.feed.want(TILES[:8])
    wait_until(lambda: len(server.requests) == 4)
    assert watched.settle([TILES[15]]) == FeedState(0, 0, None)
    assert set(asked(server)) == {*TILES[:4], TILES[15]}


def test_what_waits_for_its_turn_is_dropped_as_well(server, watch):
    paced = Traffic(Usage(None, Pace(burst=2, per_second=0.001)))
    watched = watch(traffic=paced)
    watched.feed.want(TILES[:8])
    wait_until(lambda: len(watched.arrived) == 2)
    assert watched.settle([]) == FeedState(0, 0, None)
    assert len(server.requests) == 2


def test_the_most_important_comes_first_also_after_panning(emulator, watch):
    server = emulator(Town(images_per_tile=5), delay=1)
    watched = watch(server)
    watched.feed.want(TILES[:14])
    wait_until(lambda: len(server.requests) == tile_feed.REQUESTS_AT_ONCE)
    watched.feed.want([TILES[15], *TILES[:14]])
    server.delay = 0
    assert watched.settle() == FeedState(0, 0, None)
    assert list(asked(server)).index(TILES[15]) < 2 * tile_feed.REQUESTS_AT_ONCE


def test_what_is_cached_is_drawn_without_a_request(server, cache, watch):
    download_coverage(request_for(FIRST, LAST), access_to(server, cache=cache))
    server.requests.clear()
    watched = watch()
    assert watched.settle(TILES) == FeedState(0, 0, None)
    assert server.requests == []
    assert sorted(watched.arrived) == sorted(TILES)
    assert watched.drawn()["image"]["features"]


def test_what_is_cached_does_not_wait_for_slow_requests(emulator, cache, watch):
    server = emulator(Town(images_per_tile=30))
    download_coverage(request_for(FIRST), access_to(server, cache=cache))
    server.delay = PATIENCE_SECONDS
    watched = watch(server)
    watched.feed.want([*TILES[1:], TILES[0]])
    wait_until(lambda: watched.arrived == [TILES[0]])
    assert watched.feed.state() == FeedState(15, 0, None)


def test_what_live_coverage_fetched_a_download_need_not(server, cache, watch):
    watch().settle(TILES)
    result = download_coverage(request_for(FIRST, LAST), access_to(server, cache=cache))
    assert {record.source for record in result.ledger} == {"cache"}
    assert asked(server) == dict.fromkeys(TILES, 1)


def test_two_feeds_and_a_download_at_once_ask_once_for_each(emulator, cache, watch):
    server = emulator(Town(images_per_tile=30), delay=0.05)
    traffic = Traffic()
    feeds = [watch(server, traffic=traffic), watch(server, traffic=traffic)]
    for watched in feeds:
        watched.feed.want(TILES)
    result = download_coverage(request_for(FIRST, LAST), access_to(server, cache=cache, traffic=traffic))
    for watched in feeds:
        assert watched.settle() == FeedState(0, 0, None)
        assert watched.drawn()["image"]["features"]
    assert {record.status for record in result.ledger} == {"ok"}
    assert asked(server) == dict.fromkeys(TILES, 1)


def test_an_old_tile_is_drawn_at_once_and_fetched_anew(server, cache, watch):
    download_coverage(request_for(FIRST), access_to(server, cache=cache))
    make_old(cache)
    watched = watch()
    watched.settle(TILES[:1])
    assert watched.arrived == [TILES[0], TILES[0]]
    assert asked(server) == {TILES[0]: 2}
    watched.settle(TILES[:1])
    assert asked(server) == {TILES[0]: 2}


def test_an_old_tile_that_cannot_be_had_anew_stays(server, cache, watch):
    download_coverage(request_for(FIRST), access_to(server, cache=cache))
    make_old(cache)
    server.fail("html")
    watched = watch()
    assert watched.settle(TILES[:1]) == FeedState(0, 0, None)
    assert watched.drawn()["image"]["features"]


def test_where_nothing_counts_as_fresh_a_repaint_still_asks_for_nothing(server, cache, watch):
    watched = watch(files=CacheSettings(cache.folder, fresh_seconds=0))
    for _ in range(3):
        watched.settle(TILES[:4])
    assert asked(server) == dict.fromkeys(TILES[:4], 1)


def test_offline_whatever_its_age_and_no_request(server, cache, watch):
    download_coverage(request_for(FIRST), access_to(server, cache=cache))
    make_old(cache)
    server.requests.clear()
    watched = watch(offline=True)
    state = watched.settle(TILES[:3])
    assert (state.waiting, state.missing, type(state.problem)) == (0, 2, NotCachedError)
    assert watched.arrived == [TILES[0]]
    assert watched.drawn()["image"]["features"]
    watched.feed.retry()
    watched.settle()
    assert server.requests == []


@pytest.mark.parametrize("fault", ["not-found", "no-content", "empty", "empty-layer"])
def test_no_coverage_is_remembered(server, watch, fault):
    server.fail(fault)
    for _ in range(2):
        assert watch().settle([SEA]) == FeedState(0, 0, None)
    assert asked(server) == {SEA: 1}


def test_a_404_holds_for_minutes_only(server, cache, watch):
    server.fail("not-found", times=1)
    watched = watch()
    watched.settle(TILES[:1])
    assert watched.drawn() is None
    make_old(cache, "fetched_at = fetched_at - 700000")
    watched.settle(TILES[:1])
    assert watched.drawn()["image"]["features"]
    assert asked(server) == {TILES[0]: 2}


@pytest.mark.parametrize("fault", ["html", "half-tile", "random-bytes", "v3-tile", "foreign-tile", "bad-request"])
def test_a_dead_tile_is_not_asked_for_until_the_retry(server, cache, watch, fault):
    server.fail(fault, tile=str(TILES[0].tile), times=1)
    watched = watch()
    for _ in range(3):
        state = watched.settle(TILES[:2])
        assert (state.waiting, state.missing) == (0, 1)
        assert str(state.problem)
    assert asked(server) == dict.fromkeys(TILES[:2], 1)
    watched.feed.retry()
    assert watched.settle() == FeedState(0, 0, None)
    assert asked(server) == {TILES[0]: 2, TILES[1]: 1}
    assert download_coverage(request_for(FIRST), access_to(server, cache=cache)).ledger[0].source == "cache"


def test_a_busy_server_is_asked_again_after_a_pause(server, watch, monkeypatch):
    server.fail("busy", times=10)
    watched = watch()
    for _ in range(3):
        state = watched.settle(TILES[:1])
        assert (state.missing, type(state.problem)) == (1, ServerBusyError)
    assert asked(server) == {TILES[0]: 5}
    monkeypatch.setattr(refusals, "PAUSE_SECONDS", 0.0)
    watched.feed.retry()
    watched.settle()
    assert asked(server) == {TILES[0]: 10}
    assert watched.settle(TILES[:1]) == FeedState(0, 0, None), "the pause is over"
    assert asked(server) == {TILES[0]: 11}


@pytest.mark.parametrize(
    ("fault", "error"), [("login-redirect", ThrottledError), ("bad-token", RefusedCredentialError)]
)
def test_what_stops_a_run_stops_all_requests_until_the_retry(server, watch, fault, error):
    server.fail(fault)
    watched = watch()
    watched.settle(TILES)
    made = len(server.requests)
    assert made <= tile_feed.REQUESTS_AT_ONCE
    for view in (TILES, TILES[8:], TILES):
        state = watched.settle(view)
        assert (state.waiting, state.missing, type(state.problem)) == (0, len(view), error)
    assert len(server.requests) == made
    server.faults.clear()
    watched.feed.retry()
    assert watched.settle() == FeedState(0, 0, None)
    assert len(server.requests) == made + 16


def test_while_throttled_the_cache_still_serves(server, cache, watch):
    download_coverage(request_for(FIRST), access_to(server, cache=cache))
    server.fail("login-redirect")
    server.requests.clear()
    watched = watch()
    state = watched.settle(TILES[1:2])
    assert type(state.problem) is ThrottledError
    state = watched.settle(TILES[:1])
    assert (state.missing, type(state.problem)) == (0, ThrottledError), "the reason stays until the retry"
    assert watched.arrived == [TILES[0]]
    assert len(server.requests) == 1


def test_the_quota_ends_requests(server, watch):
    watched = watch(traffic=Traffic(Usage(None, Pace(quota=3))))
    state = watched.settle(TILES)
    assert (state.missing, type(state.problem)) == (13, QuotaExceededError)
    assert len(server.requests) == 3


def test_without_a_token_nothing_is_sent(server, watch):
    watched = watch(credential="MLY|1|" + "0" * 32)
    assert type(watched.settle(TILES[:2]).problem) is RefusedCredentialError
    assert watched.arrived == []


def test_closing_ends_requests_and_threads_at_once(emulator, cache, watch):
    server = emulator(Town(images_per_tile=30), delay=PATIENCE_SECONDS)
    watched = watch(server)
    watched.feed.want(TILES)
    wait_until(lambda: len(server.requests) == 4)
    started = time.monotonic()
    watched.feed.close()
    assert time.monotonic() - started < 1
    wait_until(lambda: not threads())
    watched.feed.want(TILES)
    watched.feed.retry()
    assert not threads()
    assert watched.arrived == []
    clear(cache.folder)


def test_closing_before_anything_was_wanted_does_nothing(watch):
    watch().feed.close()
    assert not threads()


def test_idle_feeds_hold_no_file_and_a_cleared_cache_is_filled_again(server, cache, watch, monkeypatch):
    monkeypatch.setattr(tile_feed, "_IDLE_SECONDS", 0.05)
    watched = watch()
    watched.settle(TILES[:1])
    wait_until(lambda: not watched.feed._shelves)
    clear(cache.folder)
    assert not watched.path.exists()
    watched.settle(TILES[:1])
    assert watched.drawn()["image"]["features"]
    assert asked(server) == {TILES[0]: 2}


def test_files_that_were_removed_are_made_anew(server, cache, watch):
    watched = watch()
    watched.settle(TILES[:1])
    for path in watched.path.parent.iterdir():
        path.unlink()
    watched.settle(TILES[:2])
    assert watched.drawn(TILES[0])["image"]["features"]
    assert watched.drawn(TILES[1])["image"]["features"]


def test_a_file_that_was_locked_is_written_again_after_a_retry(server, watch):
    watched = watch()
    watched.settle(TILES[:1])
    with closing(sqlite3.connect(watched.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert isinstance(watched.settle(TILES[:2]).problem, DisplayFileError)
        other.execute("ROLLBACK")
    watched.feed.retry()
    assert watched.settle() == FeedState(0, 0, None)
    assert watched.drawn(TILES[1])["image"]["features"]


@pytest.mark.parametrize("damage", [b"no database at all " * 500, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_display_file_is_made_anew_from_the_cache(server, watch, damage):
    first = watch()
    first.settle(TILES[:2])
    first.feed.close()
    wait_until(lambda: not threads())
    first.path.write_bytes(damage)
    watched = watch()
    assert watched.settle(TILES[:2]) == FeedState(0, 0, None)
    assert watched.drawn()["image"]["features"]
    assert len(server.requests) == 2


def test_a_damaged_tile_in_the_cache_is_fetched_again(server, cache, watch):
    download_coverage(request_for(FIRST), access_to(server, cache=cache))
    with closing(sqlite3.connect(cache_path(cache, server.tiles_url, TILESET))) as connection, connection:
        connection.execute("UPDATE tiles SET tile_data = x'0801'")
    watched = watch()
    assert watched.settle(TILES[:1]) == FeedState(0, 0, None)
    assert watched.drawn()["image"]["features"]
    assert asked(server) == {TILES[0]: 2}


def test_a_display_file_that_cannot_be_made_is_said_and_nothing_is_asked_for_in_vain(server, watch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    watched = watch(files=CacheSettings(blocked))
    state = watched.settle(TILES)
    assert type(state.problem) is DisplayFileError
    assert state.missing == 16
    assert "Live coverage cannot be drawn" in str(state.problem)
    assert len(server.requests) <= 4


def test_three_thousand_views_in_a_row_leave_no_more_than_the_last(server, watch):
    watched = watch()
    for number in range(3000):
        view = [TileAddress(TILESET, TileId(14, 8528 + number % 4, y)) for y in range(5974, 5978)]
        watched.feed.want(view)
    assert watched.settle() == FeedState(0, 0, None)
    feed = watched.feed
    names = [thread.name for thread in threading.enumerate() if thread.name.startswith("mapillary_live")]
    assert len(names) <= 5
    assert len(feed._wanted) == len(feed._shown) == 4
    assert not feed._to_look
    assert not feed._to_ask
    assert max(asked(server).values()) == 1


def test_the_token_stays_out_of_the_files(server, cache, watch):
    watch().settle(TILES[:2])
    server.fail("quoting")
    watch().settle(TILES[2:4])
    for path in cache.folder.rglob("*"):
        assert not path.is_file() or server.credential.encode() not in path.read_bytes()


def test_a_display_file_is_there_before_any_tile(server, cache):
    with closing(DisplayTiles(cache, server.tiles_url, TILESET)) as tiles:
        assert tiles.path.is_file()
        assert tiles.problem is None


@pytest.mark.parametrize("place", ["files", "server"])
def test_a_bug_costs_a_tile_and_a_retry_brings_it(watch, monkeypatch, caplog, place):
    owner, name = {"files": (TileShelf, "look"), "server": (TileClient, "fetch")}[place]
    right = getattr(owner, name)

    def wrong(self, tile, *rest):
        if tile == TILES[0].tile:
            raise ZeroDivisionError("a bug")
        return right(self, tile, *rest)

    monkeypatch.setattr(owner, name, wrong)
    watched = watch()
    state = watched.settle(TILES[:3])
    assert (state.missing, type(state.problem)) == (1, UnexpectedError)
    assert "a bug" in caplog.text
    assert watched.drawn(TILES[1])
    monkeypatch.setattr(owner, name, right)
    watched.feed.retry()
    assert watched.settle() == FeedState(0, 0, None)
    assert watched.drawn(TILES[0])


def test_a_thread_that_dies_is_told_and_a_retry_begins_anew(server, cache):
    """Who is told of an arrival has a bug."""
    arrived, is_broken = [], True

    def on_arrived(address):
        if is_broken:
            raise ZeroDivisionError
        arrived.append(address)

    feed = TileFeed(access_to(server, cache=cache), on_arrived, lambda: None)
    try:
        feed.want(TILES[:1])
        wait_until(lambda: type(feed.state().problem) is UnexpectedError)
        is_broken = False
        feed.retry()
        feed.want(TILES[:3])
        wait_until(lambda: feed.state() == FeedState(0, 0, None))
        assert set(TILES[1:3]) <= set(arrived)
    finally:
        feed.close()


def test_what_is_told_after_a_thread_died_is_taken_back(server, cache):
    told, is_broken = [], True

    def on_arrived(address):
        if is_broken:
            raise ZeroDivisionError

    feed = TileFeed(access_to(server, cache=cache), on_arrived, lambda: told.append(feed.state()))
    try:
        feed.want(TILES[:1])
        wait_until(lambda: told and type(told[-1].problem) is UnexpectedError)
        is_broken = False
        feed.retry()
        wait_until(lambda: told[-1] == FeedState(0, 0, None))
    finally:
        feed.close()


def test_a_thread_that_dies_after_the_end_tells_nobody_and_leaves_no_file_open(server, cache, caplog):
    """As where what hears of an arrival was deleted meanwhile."""
    late = []

    def on_arrived(address):
        feed.close()
        raise ZeroDivisionError

    feed = TileFeed(access_to(server, cache=cache), on_arrived, lambda: late.append(feed._is_closed))
    feed.want(TILES[:1])
    wait_until(lambda: feed._is_closed and not threads())
    assert "ZeroDivisionError" in caplog.text
    assert True not in late
    assert not feed._shelves
