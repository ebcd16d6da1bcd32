"""qgis_process killed at any moment of a run: the tile cache stays sound, and the next run asks only for the rest."""

import json
import signal
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from shutil import copytree

import pytest
from osgeo import ogr

from mapillary_coverage.core.area.tiling import TileId, tile_box
from mapillary_coverage.core.network.access import CacheSettings
from mapillary_coverage.core.tiles.tile_cache import cache_path
from tests.canonical import canonical_dump
from tests.emulator import Emulator, Town
from tools.qgis_runtime import environment, make_profile, process_command

pytestmark = pytest.mark.qgis

TOWN = Town(images_per_tile=20, size=10)
FIRST, LAST = TileId(14, TOWN.west, TOWN.north), TileId(14, TOWN.west + 9, TOWN.north + 5)
UPPER, LOWER = tile_box(FIRST), tile_box(LAST)
EXTENT = f"EXTENT={UPPER.west!r},{LOWER.east!r},{LOWER.south!r},{UPPER.north!r} [EPSG:4326]"
PATHS = {f"/maps/vtp/mly1_public/2/14/{x}/{y}" for x in range(FIRST.x, LAST.x + 1) for y in range(FIRST.y, LAST.y + 1)}
DELAY = 0.1
LONGEST_SECONDS = 120


@dataclass(frozen=True)
class Moment:
    """When to kill: so many seconds after the cache, or the output, is there, or so many tiles were asked for."""

    after: str
    requests: int
    seconds: float

    def has_come(self, server, cache, output):
        if self.after == "requests":
            return len(server.requests) >= self.requests
        return output.exists() if self.after == "output" else any(cache.glob("*/*.mbtiles"))


def _moments():
    """Twenty: as the file of the cache is made, fifteen spread over the 60 requests, and as the output is written."""
    random = Random(9)
    counts = [random.randrange(4 * step, 4 * step + 4) + 1 for step in range(15)]
    return [
        *(Moment("cache", 0, random.uniform(0, 0.01)) for _ in range(2)),
        *(Moment("requests", count, random.uniform(0, 0.05)) for count in counts),
        *(Moment("output", 60, random.uniform(0, 0.02)) for _ in range(3)),
    ]


MOMENTS = _moments()


@dataclass(frozen=True)
class Outcome:
    """What was found after a kill, and after the run that followed it. `claimed` is the output of a run that had said
    that it was done when it was killed.
    """

    returncode: int
    claimed: str = field(repr=False)
    check: str
    has_tables: bool
    opens: bool
    stored: set = field(repr=False)
    asked_again: list = field(repr=False)
    results: dict
    dump: str = field(repr=False)


class Launcher:
    """Starts runs of `mapillary:downloadcoverage`, each with folders of its own."""

    def __init__(self, folder):
        self._profile = make_profile(folder / "qgis")
        self._folder = folder

    def run_of(self, server, name):
        """What `subprocess` has to be given."""
        variables = {
            "MAPILLARY_TILES_URL": server.tiles_url,
            "MAPILLARY_ACCESS_TOKEN": server.credential,
            "MAPILLARY_CACHE_DIR": str(self.cache(name)),
            "QT_QPA_PLATFORM": "offscreen",
        }
        parameters = [EXTENT, f"IMAGES={self.output(name)}"]
        return {
            "args": [process_command(), "--json", "run", "mapillary:downloadcoverage", "--", *parameters],
            "env": environment(self._profile, variables),
            "text": True,
        }

    def cache(self, name):
        return self._folder / f"cache {name}"

    def output(self, name):
        return self._folder / f"{name}.gpkg"

    def finish(self, server, name):
        """A run to its end: its results, and the features of its output as text."""
        done = subprocess.run(**self.run_of(server, name), capture_output=True, timeout=LONGEST_SECONDS)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["results"], canonical_dump(str(self.output(name)))

    def kill_and_rerun(self, number):
        name = str(number)
        with Emulator(TOWN, delay=DELAY) as server:
            returncode, told = self._kill(MOMENTS[number], server, name)
            claimed = canonical_dump(str(self.output(name))) if "IMAGE_COUNT" in told else ""
            found = _look_into(cache_path(CacheSettings(self._copy(name)), server.tiles_url, "mly1_public"))
            port = int(server.address.rsplit(":", 1)[1])
        # A server of its own on the same port, since the dead process' last requests may still come in.
        with Emulator(TOWN, port=port) as server:
            results, dump = self.finish(server, name)
            return Outcome(returncode, claimed, *found, [seen.path for seen in server.requests], results, dump)

    def _kill(self, moment, server, name):
        """Return code and output of a run that is killed at this moment."""
        deadline = time.monotonic() + LONGEST_SECONDS
        process = subprocess.Popen(**self.run_of(server, name), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            while not moment.has_come(server, self.cache(name), self.output(name)):
                assert process.poll() is None, "the run ended before it was killed"
                assert time.monotonic() < deadline
                time.sleep(0.001)
            time.sleep(moment.seconds)
        finally:
            process.kill()
            told, _ = process.communicate()
        return process.returncode, told

    def _copy(self, name):
        """The look must not mend what the next run has to cope with: SQLite does, whoever opens the file."""
        return Path(copytree(self.cache(name), self._folder / f"look {name}"))


def opens_in_gdal(path):
    try:
        return ogr.Open(str(path)) is not None
    except RuntimeError:
        return False


def _look_into(path):
    with closing(sqlite3.connect(path)) as connection:
        check = connection.execute("PRAGMA integrity_check").fetchall()
        has_table = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'fetches'").fetchone()[0]
        rows = connection.execute("SELECT * FROM fetches").fetchall() if has_table else []
    stored = {f"/maps/vtp/mly1_public/2/{z}/{x}/{2**z - 1 - row}" for z, x, row, *_ in rows}
    return check[0][0], bool(has_table), opens_in_gdal(path), stored


@pytest.fixture(scope="module")
def launcher(tmp_path_factory):
    return Launcher(tmp_path_factory.mktemp("kill"))


@pytest.fixture(scope="module")
def undisturbed(launcher):
    with Emulator(TOWN) as server:
        return launcher.finish(server, "undisturbed")


@pytest.fixture(scope="module")
def outcomes(launcher, undisturbed):
    """Two at a time, begun after a run that made QGIS' profile."""
    with ThreadPoolExecutor(2) as pool:
        yield [pool.submit(launcher.kill_and_rerun, number) for number in range(len(MOMENTS))]
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("number", range(len(MOMENTS)))
def test_after_a_kill_the_cache_is_sound_and_the_next_run_reads_the_rest(outcomes, undisturbed, number):
    outcome = outcomes[number].result()
    assert outcome.check == "ok"
    assert outcome.opens == outcome.has_tables
    assert outcome.has_tables or MOMENTS[number].after == "cache"
    assert sorted(outcome.asked_again) == sorted(PATHS - outcome.stored)
    results, dump = undisturbed
    assert outcome.results["IMAGE_COUNT"] == results["IMAGE_COUNT"] > 60 * 19
    assert outcome.results["FAILED_COUNT"] == 0
    assert outcome.dump == dump


@pytest.mark.parametrize("number", range(len(MOMENTS)))
def test_no_run_that_was_killed_says_that_a_part_is_the_whole(outcomes, undisturbed, number):
    outcome = outcomes[number].result()
    assert outcome.returncode == -signal.SIGKILL or outcome.stored == PATHS
    assert outcome.claimed in ("", undisturbed[1])


def test_the_kills_were_at_all_stages_of_the_run(outcomes):
    stored = [len(outcome.result().stored) for outcome in outcomes]
    assert min(stored) < 10
    assert max(stored) == 60
    assert len(set(stored)) > 8
