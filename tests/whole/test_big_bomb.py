"""A reply of two megabytes that unpacks to two gigabytes costs a tile, not the computer's memory."""

import json
import subprocess
import sys

from mapillary_coverage.core.area.tiling import TileId
from tests.conftest import ROOT
from tests.emulator import Town

BOMB = TileId(14, 8529, 5975)
ALLOWED_KILOBYTES = 100 * 1024

MEASURED_RUN = f"""
import json, resource, sys
sys.path.insert(0, {str(ROOT)!r})
import conftest
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.download.report import warnings
from tests.conftest import *

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

url, text = sys.stdin.read().split()
access = Access(Server(url, Credential(text)))
download_coverage(request_for(TileId(14, 8528, 5974)), access)
before = peak()
result = download_coverage(request_for(TileId(14, 8528, 5974), TileId(14, 8531, 5977)), access)
grown = peak() - before
statuses = {{str(record.tile): record.status for record in result.ledger}}
images = len(result.images)
noticed_from = peak()
ballast = b"x" * (200 * 2**20)
print(json.dumps([grown, peak() - noticed_from, images, statuses, warnings(result)]))
"""


def run_in_a_process_of_its_own(server):
    """Through a shell that forks: Linux counts the peak of the process that calls exec as the new program's."""
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" "$@"; exit $?', sys.executable, "-c", MEASURED_RUN],
        input=f"{server.tiles_url} {server.credential}",
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_bomb_of_two_gigabytes_takes_less_than_a_hundred_megabytes(emulator):
    server = emulator(Town(images_per_tile=20))
    server.fail("big-bomb", tile=str(BOMB))
    grown, noticed, images, statuses, warnings = run_in_a_process_of_its_own(server)
    assert grown < ALLOWED_KILOBYTES
    assert noticed > ALLOWED_KILOBYTES, "the measure sees what the run may not take"
    assert statuses.pop(str(BOMB)) == "failed"
    assert list(statuses.values()) == ["ok"] * 15
    assert 15 * 20 <= images < 16 * 20
    assert warnings == ["The result is partial: 1 tile could not be read.", "The tile unpacks to more than 32 MB."]
    assert [seen.fault for seen in server.requests].count("big-bomb") == 1
    assert len(server.requests) == 1 + 16
