"""The same algorithm through qgis_process, as a user of the command line or of a server runs it."""

import json
import subprocess

import pytest
from osgeo import ogr

from mapillary_coverage.core.area.tiling import tile_box
from tests.canonical import canonical_dump
from tests.conftest import GENUINE_TILE
from tests.emulator.server import made_up_token
from tools.qgis_runtime import environment, make_profile, process_command

pytestmark = pytest.mark.qgis

BOX = tile_box(GENUINE_TILE)
EXTENT = f"EXTENT={BOX.west!r},{BOX.east!r},{BOX.south!r},{BOX.north!r} [EPSG:4326]"


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    return make_profile(tmp_path_factory.mktemp("qgis"))


@pytest.fixture
def qgis_process(profile, emulator):
    """Runs `mapillary:downloadcoverage` on an emulator and gives the finished process."""

    def run(server, *parameters, decoder_installed=True, **variables):
        variables = {
            "MAPILLARY_TILES_URL": server.tiles_url,
            "MAPILLARY_ACCESS_TOKEN": server.credential,
            "QT_QPA_PLATFORM": "offscreen",
            **variables,
        }
        done = subprocess.run(
            [process_command(), "run", "mapillary:downloadcoverage", "--", *parameters],
            env=environment(profile, variables, decoder_installed),
            capture_output=True,
            text=True,
            timeout=300,
        )
        for secret in filter(None, (variables["MAPILLARY_ACCESS_TOKEN"], server.credential)):
            assert secret.split("|")[-1] not in done.stdout + done.stderr
        return done

    return run


def outputs(folder):
    return [f"{name.upper()}={folder / name}.gpkg" for name in ("images", "sequences", "tiles")]


def test_both_decoders_give_the_same_files_byte_for_byte(qgis_process, emulator, genuine_tiles, tmp_path):
    dumps = []
    for name, installed, engine in (("venv", True, "mapbox-vector-tile"), ("stock", False, "GDAL")):
        folder = tmp_path / name
        folder.mkdir()
        done = qgis_process(emulator(genuine_tiles), EXTENT, *outputs(folder), decoder_installed=installed)
        assert done.returncode == 0, done.stderr
        assert f"Decoding with {engine}." in done.stdout
        assert "10,231 images and 222 sequences; 1 tile: 1 ok." in done.stdout
        dumps.append([canonical_dump(str(folder / f"{layer}.gpkg")) for layer in ("images", "sequences")])
    assert dumps[0] == dumps[1]
    assert [dump.count("\n") for dump in dumps[0]] == [10231, 222]


def test_files_keep_text_ids_and_null_dates_in_any_time_zone(qgis_process, emulator, genuine_tiles, tmp_path):
    stamps = []
    for zone in ("UTC", "Pacific/Auckland"):
        path = tmp_path / f"{zone.replace('/', '_')}.gpkg"
        done = qgis_process(emulator(genuine_tiles), EXTENT, f"IMAGES={path}", TZ=zone)
        assert done.returncode == 0, done.stderr
        dataset = ogr.Open(str(path))
        layer = dataset.GetLayer(0)
        rows = {f.GetField("id"): f.GetField("captured_at") for f in layer}
        assert layer.GetLayerDefn().GetFieldDefn(0).GetTypeName() == "String"
        assert sum(value is None for value in rows.values()) == 4
        stamps.append(rows)
    assert stamps[0] == stamps[1]
    assert stamps[0]["1045225492773348"].startswith("2021/08/31 14:24:27")


def test_results_as_json_hold_the_counts(profile, emulator):
    server = emulator()
    done = subprocess.run(
        [process_command(), "--json", "run", "mapillary:downloadcoverage", "--", EXTENT, "PANORAMA=only"],
        env=environment(
            profile,
            {
                "MAPILLARY_TILES_URL": server.tiles_url,
                "MAPILLARY_ACCESS_TOKEN": server.credential,
                "QT_QPA_PLATFORM": "offscreen",
            },
        ),
        capture_output=True,
        text=True,
    )
    results = json.loads(done.stdout)["results"]
    assert results["TILE_COUNT"] == 1
    assert results["FAILED_COUNT"] == 0
    assert results["IMAGE_COUNT"] > 0
    assert server.credential.split("|")[2] not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"MAPILLARY_ACCESS_TOKEN": None}, "There is no Mapillary token."),
        ({"MAPILLARY_ACCESS_TOKEN": "not-a-token-at-all"}, "This is a placeholder, not a token."),
        ({"MAPILLARY_ACCESS_TOKEN": made_up_token(9)}, "Mapillary refused the token."),
        ({"MAPILLARY_TILES_URL": "http://tiles.example.org/maps"}, "the token may only be sent to an https address"),
        ({"MAPILLARY_TILES_URL": "http://127.0.0.1:9"}, "No connection to 127.0.0.1."),
    ],
    ids=["no token", "no token at all", "wrong token", "unsafe address", "refused connection"],
)
def test_what_cannot_work_is_one_sentence_and_no_file(qgis_process, emulator, tmp_path, variables, sentence):
    done = qgis_process(emulator(), EXTENT, *outputs(tmp_path), **variables)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", ["html", "half-tile", "random-bytes", "v3-tile", "login-redirect", "quota"])
def test_a_failure_of_the_server_is_no_traceback(qgis_process, emulator, tmp_path, fault):
    server = emulator()
    server.fail(fault)
    done = qgis_process(server, EXTENT, *outputs(tmp_path))
    assert done.returncode != 0
    assert "ERROR" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_bad_parameter_is_one_sentence(qgis_process, emulator):
    server = emulator()
    done = qgis_process(server, "EXTENT=1,1,2,3 [EPSG:4326]")
    assert done.returncode != 0
    assert "The extent has no area" in done.stderr
    assert server.requests == []
