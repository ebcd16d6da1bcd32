"""Each algorithm through qgis_process, as on a server: good input, bad parameters, cancelled."""

import signal
import subprocess
import time

import pytest
from osgeo import ogr
from qgis.core import QgsVectorFileWriter, QgsVectorLayer

from tests.core.algorithms.looking_up import ids_of, images_of, layer_of
from tests.emulator import Town
from tests.emulator.entities import USERNAMES
from tools.qgis_runtime import environment, make_profile, process_command

pytestmark = pytest.mark.qgis

TOWN = Town(images_per_tile=60)
AREA = "EXTENT=7.39,7.43,43.70,43.74 [EPSG:4326]"


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    return make_profile(tmp_path_factory.mktemp("qgis"))


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A GeoPackage with the ids of 200 images."""
    path = tmp_path_factory.mktemp("input") / "images.gpkg"
    QgsVectorFileWriter.writeAsVectorFormat(layer_of(ids_of(images_of(TOWN, 200))), str(path), "utf-8")
    return path


@pytest.fixture
def start(profile, emulator):
    """Starts an algorithm on an emulator."""
    started = []

    def go(server, algorithm, *parameters):
        variables = {
            "MAPILLARY_TILES_URL": server.tiles_url,
            "MAPILLARY_GRAPH_URL": server.graph_url,
            "MAPILLARY_ACCESS_TOKEN": server.credential,
            "QT_QPA_PLATFORM": "offscreen",
        }
        started.append(
            subprocess.Popen(
                [process_command(), "run", f"mapillary:{algorithm}", "--", *parameters],
                env=environment(profile, variables),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return started[-1]

    yield go
    for process in started:
        process.kill()
        process.wait()


def finish(process):
    text, _ = process.communicate(timeout=300)
    return process.returncode, text


def rows(path):
    dataset = ogr.Open(str(path))
    return [feature.items() for feature in dataset.GetLayer(0)]


def test_map_features(start, emulator, tmp_path):
    path = tmp_path / "signs.gpkg"
    process = start(
        emulator(TOWN),
        "downloadmapfeatures",
        AREA,
        "KINDS=traffic_signs",
        "VALUES=regulatory--*,warning--*",
        f"MAP_FEATURES={path}",
    )
    code, text = finish(process)
    assert code == 0, text
    assert "traffic signs in the tiles pass the filter" in text
    assert {row["value"].split("--")[0] for row in rows(path)} == {"regulatory", "warning"}


def test_coverage_around_a_point_filtered_by_creator(start, emulator, tmp_path):
    path = tmp_path / "images.gpkg"
    server = emulator(TOWN)
    process = start(
        server,
        "downloadcoverage",
        "POINT=7.41,43.72",
        "RADIUS=2000",
        f"CREATORS={','.join(USERNAMES[:3])}",
        f"IMAGES={path}",
    )
    code, text = finish(process)
    assert code == 0, text
    assert 0 < len({row["creator_id"] for row in rows(path)}) <= 3
    assert sum(seen.path == "/images" for seen in server.requests) == 3


def test_metadata(start, emulator, images, tmp_path):
    path = tmp_path / "out.gpkg"
    server = emulator(TOWN)
    code, text = finish(
        start(server, "metadata", f"INPUT={images}", "FIELDS=make", "FIELDS=captured_at", f"OUTPUT={path}")
    )
    assert code == 0, text
    assert len(rows(path)) == 200
    assert {"make", "captured_at"} <= set(rows(path)[0])
    assert QgsVectorLayer(str(path), "", "ogr").metadata().rights() == ["© Mapillary, CC BY-SA 4.0"]
    assert len(server.requests) == 4


def test_detections(start, emulator, images, tmp_path):
    path = tmp_path / "out.csv"
    code, text = finish(start(emulator(TOWN), "detections", f"INPUT={images}", f"OUTPUT={path}"))
    assert code == 0, text
    assert all(row["polygon"].startswith(("POLYGON", "MULTIPOLYGON")) for row in rows(path))


@pytest.mark.parametrize(
    ("algorithm", "parameters", "words"),
    [
        ("downloadmapfeatures", [], "Give exactly one area"),
        ("downloadmapfeatures", [AREA, "KINDS=signs"], "KINDS takes some of the words points, traffic_signs"),
        ("downloadmapfeatures", [AREA, "VALUES=a b"], "has blanks in it"),
        ("downloadmapfeatures", ["POINT=7.41,43.72"], "POINT needs a RADIUS"),
        ("downloadcoverage", [AREA, "FILTER=speed > 3"], "names “speed”"),
        ("downloadcoverage", [AREA, "CREATORS=nobody-at-all"], "knows no user “nobody-at-all”"),
        ("metadata", ["INPUT={images}", "FIELDS=speed"], "“speed” is no field of image"),
        ("metadata", ["INPUT={images}", "ID_FIELD=nr"], "INPUT has no field “nr”"),
        ("detections", ["INPUT={images}", "ENTITY=sign"], "ENTITY is one of the words image, map_feature"),
    ],
)
def test_a_bad_parameter_is_one_sentence_and_leaves_no_file(
    start, emulator, images, tmp_path, algorithm, parameters, words
):
    output = "MAP_FEATURES" if "features" in algorithm else "IMAGES" if "coverage" in algorithm else "OUTPUT"
    path = tmp_path / "out.gpkg"
    given = [text.format(images=images) if "{images}" in text else text for text in parameters]
    code, text = finish(start(emulator(TOWN), algorithm, *given, f"{output}={path}"))
    assert code != 0
    assert words in text
    assert not path.exists()


@pytest.mark.parametrize(
    ("algorithm", "parameters"),
    [
        ("downloadmapfeatures", [AREA, "MAP_FEATURES={out}"]),
        ("metadata", ["INPUT={images}", "OUTPUT={out}"]),
        ("detections", ["INPUT={images}", "OUTPUT={out}"]),
    ],
)
def test_a_run_that_is_interrupted_leaves_no_file(start, emulator, images, tmp_path, algorithm, parameters):
    server = emulator(TOWN)
    server.delay = 30
    path = tmp_path / "out.gpkg"
    process = start(server, algorithm, *(text.format(images=images, out=path) for text in parameters))
    while not server.requests:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    finish(process)
    assert not path.exists()


def test_a_geopackage_keeps_rights_and_request(start, emulator, tmp_path):
    path = tmp_path / "images.gpkg"
    code, text = finish(start(emulator(TOWN), "downloadcoverage", AREA, "PANORAMA=only", f"IMAGES={path}"))
    assert code == 0, text
    metadata = QgsVectorLayer(str(path), "", "ogr").metadata()
    assert metadata.rights() == ["© Mapillary, CC BY-SA 4.0"]
    assert "panoramas only" in metadata.abstract()


def test_what_is_read_is_never_overwritten(start, emulator, images):
    before = images.read_bytes()
    for output in (str(images), f"{images.parent}/../{images.parent.name}/{images.name}"):
        code, text = finish(start(emulator(TOWN), "metadata", f"INPUT={images}", f"OUTPUT={output}"))
        assert code != 0
        assert "OUTPUT would overwrite INPUT, the layer that is read" in text
    assert images.read_bytes() == before
