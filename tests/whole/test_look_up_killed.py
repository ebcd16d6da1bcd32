"""qgis_process killed in the middle of `mapillary:metadata`: no file is left, and the next run asks for the rest."""

import json
import signal
import subprocess
import time

import pytest
from osgeo import ogr

from tests.core.algorithms.looking_up import ids_of, images_of
from tests.emulator import Town
from tools.qgis_runtime import environment, make_profile, process_command

pytestmark = pytest.mark.qgis

LONGEST_SECONDS = 120
ANSWERED = 7


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    return make_profile(tmp_path_factory.mktemp("qgis"))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_no_file_and_the_next_asks_only_for_the_rest(profile, emulator, own_cache, tmp_path, how):
    town = Town(images_per_tile=300)
    ids = ids_of(images_of(town, 1000))
    given, path = tmp_path / "ids.csv", tmp_path / "out.gpkg"
    given.write_text("id,note\n" + "".join(f"{key},row {key}\n" for key in ids))
    server = emulator(town)
    variables = {
        "MAPILLARY_GRAPH_URL": server.graph_url,
        "MAPILLARY_ACCESS_TOKEN": server.credential,
        "MAPILLARY_CACHE_DIR": str(own_cache),
        "QT_QPA_PLATFORM": "offscreen",
    }

    def start():
        command = [process_command(), "--json", "run", "mapillary:metadata", "--", f"INPUT={given}", f"OUTPUT={path}"]
        return subprocess.Popen(
            command, env=environment(profile, variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    server.fail("hang", surface="graph", start=ANSWERED + 1)
    process = start()
    until = time.monotonic() + LONGEST_SECONDS
    while len(server.requests) < ANSWERED + 6 and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(how)
    process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode != 0
    assert list(tmp_path.iterdir()) == [given]
    server.faults.clear()
    server.requests.clear()
    process = start()
    out, said = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 0, said
    assert json.loads(out)["results"]["NOT_FOUND_COUNT"] == 0
    dataset = ogr.Open(str(path))
    rows = [row.items() for row in dataset.GetLayer(0)]
    assert [row["note"] for row in rows] == [f"row {key}" for key in ids]
    assert all(row["camera_type"] for row in rows)
    assert len(server.requests) == 20 - ANSWERED
