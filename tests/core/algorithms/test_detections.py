"""`mapillary:detections`: every outline with all its parts, of images and of map features."""

import shutil

import mapbox_vector_tile
import pytest
from qgis.core import NULL, QgsGeometry, QgsProcessingException, QgsWkbTypes

from mapillary_coverage.core.algorithms.detections import DetectionsAlgorithm
from tests.core.algorithms.looking_up import ids_of, images_of, layer_of, look_up  # noqa: F401
from tests.core.algorithms.test_download_coverage import Feedback
from tests.emulator import RecordedGraph, Town

pytestmark = pytest.mark.qgis

FIELDS = ["id", "image_id", "value", "created_at", "polygon", "map_feature_id"]


def outline(text):
    """The parts and the area of base64, by mapbox-vector-tile alone."""
    from base64 import b64decode

    from shapely.geometry import shape

    layer = mapbox_vector_tile.decode(b64decode(text), default_options={"y_coord_down": True})["mpy-or"]
    shapes = [shape(feature["geometry"]) for feature in layer["features"]]
    parts = [part for found in shapes for part in getattr(found, "geoms", [found])]
    return len(parts), sum(part.area for part in parts) / layer["extent"] ** 2


def test_the_recorded_detections_come_with_all_their_polygons(look_up, emulator, recorded):  # noqa: F811
    import json

    replies = {
        path.stem.removeprefix("image_"): json.loads(path.read_text())["data"]
        for path in (recorded / "graph" / "detections").glob("image_*.json")
    }
    server = emulator(Town(), graph=RecordedGraph(recorded / "graph"))
    outputs = look_up(DetectionsAlgorithm, server, INPUT=layer_of(sorted(replies)))
    found = {feature["id"]: feature for feature in outputs["OUTPUT"].getFeatures()}
    expected = {item["id"]: (image, item) for image, items in replies.items() for item in items}
    assert set(found) == set(expected)
    assert outputs["DETECTION_COUNT"] == len(expected)
    for key, feature in found.items():
        image, item = expected[key]
        assert (feature["image_id"], feature["value"]) == (image, item["value"])
        assert feature["created_at"].toUTC().toString("yyyy-MM-ddTHH:mm:ss") + "+0000" == item["created_at"]
        parts, area = outline(item["geometry"])
        geometry = QgsGeometry.fromWkt(feature["polygon"])
        assert geometry.constGet().partCount() == parts
        assert geometry.area() == pytest.approx(area, abs=1e-5)


def test_the_recorded_detections_of_a_map_feature(look_up, emulator, recorded):  # noqa: F811
    server = emulator(Town(), graph=RecordedGraph(recorded / "graph"))
    outputs = look_up(DetectionsAlgorithm, server, INPUT=layer_of(["496980935069177"]), ENTITY="map_feature")
    rows = list(outputs["OUTPUT"].getFeatures())
    assert rows
    assert {row["map_feature_id"] for row in rows} == {"496980935069177"}
    assert all(row["polygon"] for row in rows)


def test_detections_of_images_and_what_is_gone(look_up, emulator):  # noqa: F811
    town = Town(images_per_tile=30)
    ids = ids_of(images_of(town, 40))
    server = emulator(town)
    server.gone = {ids[2]}
    feedback = Feedback()
    outputs = look_up(DetectionsAlgorithm, server, feedback, INPUT=layer_of(ids))
    layer = outputs["OUTPUT"]
    assert layer.fields().names() == FIELDS
    assert layer.wkbType() == QgsWkbTypes.Type.NoGeometry
    rows = list(layer.getFeatures())
    assert len(rows) == outputs["DETECTION_COUNT"] > 20
    assert {row["image_id"] for row in rows} <= set(ids) - {ids[2]}
    assert all(row["map_feature_id"] == NULL for row in rows)
    assert any(row["polygon"].startswith("MULTIPOLYGON") for row in rows)
    assert outputs["NOT_FOUND_COUNT"] == 1
    assert any(f"does not know 1 id: {ids[2]}" in text for text in feedback.told)


def test_a_damaged_outline_keeps_its_row(look_up, emulator, recorded, tmp_path):  # noqa: F811
    folder = tmp_path / "graph"
    shutil.copytree(recorded / "graph", folder)
    path = next((folder / "detections").glob("image_*.json"))
    path.chmod(0o644)
    text = path.read_text()
    geometry = text.split('"geometry":')[1].split('"')[1]
    path.write_text(text.replace(geometry, geometry[:12]))
    feedback = Feedback()
    server = emulator(Town(), graph=RecordedGraph(folder))
    outputs = look_up(DetectionsAlgorithm, server, feedback, INPUT=layer_of([path.stem.removeprefix("image_")]))
    rows = list(outputs["OUTPUT"].getFeatures())
    assert sum(row["polygon"] == NULL for row in rows) == 1
    assert any("1 detection came without a usable outline" in told for told in feedback.told)


def test_cancel_writes_nothing(look_up, emulator, tmp_path):  # noqa: F811
    town = Town(images_per_tile=300)
    server = emulator(town)
    server.fail("hang", surface="graph", start=51)
    feedback = Feedback()
    feedback.cancel_at = 20
    path = tmp_path / "out.gpkg"
    layer = layer_of(ids_of(images_of(town, 200)))
    assert look_up(DetectionsAlgorithm, server, feedback, INPUT=layer, OUTPUT=str(path)) == {}
    assert not path.exists()
    assert 40 <= len(server.requests) <= 50 + 6


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"ENTITY": "sign"}, "ENTITY is one of the words image, map_feature"),
        ({"ID_FIELD": "nr"}, "INPUT has no field “nr”"),
        ({"INPUT": "/nowhere.gpkg"}, "Could not load|INPUT"),
        ({"OUTPUT": "/nowhere/at/all.gpkg"}, "cannot be written to the folder"),
    ],
)
def test_bad_parameters_are_one_sentence_and_nothing_is_asked(look_up, emulator, parameters, words):  # noqa: F811
    server = emulator()
    with pytest.raises(QgsProcessingException, match=words):
        look_up(DetectionsAlgorithm, server, **{"INPUT": layer_of(["1"]), **parameters})
    assert server.requests == []
