"""`mapillary:detections` where replies are many, odd, gone or missing."""

import json

import pytest
from osgeo import ogr
from qgis.core import NULL, QgsProcessingException

from mapillary_coverage.core.algorithms.detections import DetectionsAlgorithm
from tests.core.algorithms.looking_up import ids_of, images_of, layer_of, look_up  # noqa: F401
from tests.core.algorithms.test_download_coverage import Feedback
from tests.emulator import RecordedGraph, Town
from tests.emulator.tokens import made_up_token

pytestmark = pytest.mark.qgis

SQUARE = "GjYKBm1weS1vchIWEgIAABgDIg4Jkia4HxpYAACMAVcADxoEdHlwZSIJCgdwb2x5Z29uKIAgeAE="


@pytest.fixture
def town():
    return Town(images_per_tile=60, features_per_tile=40)


def test_an_image_with_many_pages_of_detections(look_up, emulator):  # noqa: F811
    town = Town(images_per_tile=1, features_per_tile=900, size=1)
    (image,) = town.images(8528, 5974)
    server = emulator(town)
    outputs = look_up(DetectionsAlgorithm, server, INPUT=layer_of([str(image.properties["id"])]))
    found = [row["id"] for row in outputs["OUTPUT"].getFeatures()]
    assert len(set(found)) == len(found) == outputs["DETECTION_COUNT"] > 100


def test_signs_are_found_in_the_images_that_see_them(look_up, emulator, town):  # noqa: F811
    signs = town.map_features("mly_map_feature_traffic_sign", 8529, 5975)
    ids = ids_of(signs)
    outputs = look_up(DetectionsAlgorithm, emulator(town), INPUT=layer_of(ids), ENTITY="map_feature")
    values = {str(sign.properties["id"]): sign.properties["value"] for sign in signs}
    rows = list(outputs["OUTPUT"].getFeatures())
    images = set(ids_of(images_of(town)))
    assert rows
    for row in rows:
        assert row["value"] == values[row["map_feature_id"]]
        assert row["image_id"] in images


def test_ids_that_are_gone_are_counted_and_named_and_no_id_is_asked_for_twice(look_up, emulator, town):  # noqa: F811
    ids = ids_of(images_of(town, 10))
    server = emulator(town)
    server.gone = set(ids[:7])
    feedback = Feedback()
    outputs = look_up(DetectionsAlgorithm, server, feedback, INPUT=layer_of([*ids, *ids]))
    assert outputs["NOT_FOUND_COUNT"] == 7
    assert {row["image_id"] for row in outputs["OUTPUT"].getFeatures()} <= set(ids[7:])
    assert f"WARNING Mapillary does not know 7 ids: {', '.join(ids[:5])} …" in feedback.told
    assert len(server.requests) == 10


def test_without_detections_there_is_an_empty_table(look_up, emulator, tmp_path):  # noqa: F811
    class Bare(RecordedGraph):
        def kind(self, node_id):
            return "Image"

        def collection(self, name, query):
            return b'{"data":[]}'

    outputs = look_up(DetectionsAlgorithm, emulator(graph=Bare(tmp_path)), INPUT=layer_of(["1", "2"]))
    assert outputs["OUTPUT"].featureCount() == outputs["DETECTION_COUNT"] == outputs["NOT_FOUND_COUNT"] == 0


def test_a_detection_without_a_usable_outline_keeps_its_row(look_up, emulator, tmp_path):  # noqa: F811
    found = [
        {"id": "1", "geometry": SQUARE, "value": "a", "created_at": "2021-05-21T14:59:31+0000"},
        {"id": "2", "geometry": SQUARE[:40], "value": "b"},
        {"id": "3", "geometry": None, "value": 7, "created_at": "yesterday"},
        {"id": "4"},
        {},
    ]

    class Broken(RecordedGraph):
        def kind(self, node_id):
            return "Image"

        def collection(self, name, query):
            return json.dumps({"data": found}).encode()

    feedback = Feedback()
    outputs = look_up(DetectionsAlgorithm, emulator(graph=Broken(tmp_path)), feedback, INPUT=layer_of(["9"]))
    rows = list(outputs["OUTPUT"].getFeatures())
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", NULL]
    assert [row["polygon"] != NULL for row in rows] == [True, False, False, False, False]
    assert [row["value"] for row in rows] == ["a", "b", NULL, NULL, NULL]
    assert {row["image_id"] for row in rows} == {"9"}
    assert "WARNING 4 detections came without a usable outline: polygon is NULL." in feedback.told


def test_what_could_not_be_asked_is_said(look_up, emulator, town):  # noqa: F811
    server = emulator(town)
    server.fail("quota", surface="graph", start=5)
    feedback = Feedback()
    ids = ids_of(images_of(town, 30))
    outputs = look_up(DetectionsAlgorithm, server, feedback, INPUT=layer_of(ids))
    (told,) = [text for text in feedback.told if "The result is partial" in text]
    assert told.startswith(
        "WARNING The result is partial: 26 ids could not be asked for. Mapillary says that the quota"
    )
    assert outputs["NOT_FOUND_COUNT"] == 0


@pytest.mark.parametrize("name", ["out.gpkg", "out.csv"])
def test_files_hold_what_the_table_holds(look_up, emulator, town, tmp_path, name):  # noqa: F811
    path = tmp_path / name
    outputs = look_up(
        DetectionsAlgorithm, emulator(town), INPUT=layer_of(ids_of(images_of(town, 20))), OUTPUT=str(path)
    )
    dataset = ogr.Open(str(path))
    layer = dataset.GetLayer(0)
    assert layer.GetFeatureCount() == outputs["DETECTION_COUNT"] > 0
    for row in layer:
        assert row.GetFieldAsString("id").isdigit()
        assert row.GetFieldAsString("polygon").startswith(("POLYGON ((", "MULTIPOLYGON ((("))
        assert row.GetFieldAsString("created_at").startswith("20")


def test_a_failing_run_touches_no_file(look_up, emulator, tmp_path):  # noqa: F811
    path = tmp_path / "out.gpkg"
    path.write_bytes(b"mine")
    with pytest.raises(QgsProcessingException, match="Mapillary refused the token"):
        look_up(DetectionsAlgorithm, emulator(), INPUT=layer_of(["1"]), OUTPUT=str(path), credential=made_up_token(9))
    assert path.read_bytes() == b"mine"
