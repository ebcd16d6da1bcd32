"""Two thousand tiles with faults here and there: each is accounted for, and a retry asks only for what failed."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from random import Random

import mapbox_vector_tile
import pytest

from mapillary_coverage.core.area.tiling import TileId, tiles_of
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.download.report import result_line, warnings
from mapillary_coverage.core.network.traffic import Traffic
from mapillary_coverage.core.network.usage import Pace, Usage
from tests.conftest import access_to, request_for
from tests.emulator import Emulator, Town

SIDE = 45
FIRST = TileId(14, Town.west, Town.north)
REQUEST = request_for(FIRST, TileId(14, FIRST.x + SIDE - 1, FIRST.y + SIDE - 1))
TILES = tiles_of(REQUEST.area)

PLAN = {
    ("half-tile", None): ("failed", 1),
    ("html", None): ("failed", 1),
    ("random-bytes", None): ("failed", 1),
    ("no-such-object", None): ("failed", 1),
    ("half-gzip", None): ("failed", 1),
    ("busy", None): ("failed", 5),
    ("server-error", None): ("failed", 5),
    ("reset", None): ("failed", 5),
    ("half-reply", None): ("failed", 5),
    ("busy", 1): ("ok", 2),
    ("reset", 4): ("ok", 5),
    ("half-reply", 2): ("ok", 3),
    ("gzip-without-header", None): ("ok", 1),
    ("not-found", None): ("empty", 1),
    ("empty", None): ("empty", 1),
    ("no-content", None): ("empty", 1),
}
"""Status and requests of a tile with this fault, so many times or always."""

TILES_PER_FAULT = 20
HOLES = {"not-found", "empty", "no-content"}


@dataclass(frozen=True)
class Remembering:
    """A town whose tiles are made once."""

    town: Town
    made: dict = field(default_factory=dict)

    def tile(self, *address):
        if address not in self.made:
            self.made[address] = self.town.tile(*address)
        return self.made[address]


@cache
def spoilt_tiles():
    """Which tile gets which fault; the others are sound."""
    chosen = Random(20).sample(TILES, TILES_PER_FAULT * len(PLAN))
    return {tile: list(PLAN)[number % len(PLAN)] for number, tile in enumerate(chosen)}


def expected(tile):
    return PLAN[spoilt_tiles()[tile]] if tile in spoilt_tiles() else ("ok", 1)


def run(server, **options):
    unpaced = Traffic(Usage(None, Pace(burst=10**6, per_second=10**6)))
    return download_coverage(REQUEST, access_to(server, traffic=unpaced), **options)


def address(seen):
    return TileId(*map(int, seen.path.split("/")[-3:]))


@pytest.fixture(scope="module")
def source():
    return Remembering(Town(images_per_tile=3, size=SIDE))


@pytest.fixture(scope="module")
def server(source):
    with Emulator(source) as running:
        for tile, (fault, times) in spoilt_tiles().items():
            running.fail(fault, tile=str(tile), times=times)
        yield running


@pytest.fixture(scope="module")
def partial(server):
    """The result and how often the server was asked for each tile."""
    result = run(server)
    return result, Counter(map(address, server.requests))


def test_every_tile_is_in_the_ledger_once_with_what_became_of_it(partial):
    result, _ = partial
    assert [record.tile for record in result.ledger] == TILES
    assert {r.tile: r.status for r in result.ledger} == {tile: expected(tile)[0] for tile in TILES}
    assert Counter(r.reason for r in result.ledger if r.status == "empty") == {"404": 20, "": 40}
    assert all(record.reason for record in result.ledger if record.status == "failed")
    assert not any(record.reason for record in result.ledger if record.status == "ok")


def test_every_tile_is_asked_for_as_often_as_makes_sense(partial):
    _, asked = partial
    assert asked == {tile: expected(tile)[1] for tile in TILES}


def test_the_user_is_told_the_same_numbers(partial):
    result, _ = partial
    assert result.failure is None
    assert result_line(result).endswith("; 2,025 tiles: 1,785 ok, 60 empty, 180 failed.")
    told = warnings(result)
    assert told[0] == "The result is partial: 180 tiles could not be read."
    assert told[1] == "The connection broke before the whole reply was there. (40 tiles)"


def test_the_features_are_exactly_those_of_the_tiles_that_were_read(partial, source):
    result, _ = partial
    images, sequences = set(), set()
    for tile in TILES:
        if expected(tile)[0] == "ok":
            layers = mapbox_vector_tile.decode(source.tile("mly1_public", *tile))
            images |= {str(feature["properties"]["id"]) for feature in layers["image"]["features"]}
            sequences |= {feature["properties"]["id"] for feature in layers["sequence"]["features"]}
    for table, there in ((result.images, images), (result.sequences, sequences)):
        assert len(table) == len(there)
        assert set(table.columns["id"]) == there


def test_a_retry_asks_only_for_what_failed_and_makes_the_result_whole(partial, server):
    result, _ = partial
    server.faults[:] = [rule for rule in server.faults if rule.fault in HOLES]
    server.requests.clear()
    completed = run(server, earlier=result)
    failed = [tile for tile in TILES if expected(tile)[0] == "failed"]
    assert Counter(map(address, server.requests)) == Counter(failed)
    undisturbed = run(server)
    assert (completed.images, completed.sequences) == (undisturbed.images, undisturbed.sequences)
    assert completed.counts == undisturbed.counts
    assert not completed.is_partial
    assert warnings(completed) == []
    assert result_line(completed) == result_line(undisturbed)
    assert [(r.tile, r.status, r.features, r.kept) for r in completed.ledger] == [
        (r.tile, r.status, r.features, r.kept) for r in undisturbed.ledger
    ]
