"""`mapillary:metadata`: every row comes back, with what the graph says of it."""

import pytest
from qgis.core import NULL, QgsProcessingException, QgsProcessingFeatureSourceDefinition, QgsProject, QgsWkbTypes
from qgis.PyQt.QtCore import QVariant

from mapillary_coverage.core.algorithms.metadata import MetadataAlgorithm
from tests.core.algorithms.looking_up import ids_of, images_of, layer_of, look_up  # noqa: F401
from tests.core.algorithms.test_download_coverage import Feedback
from tests.emulator import Town
from tests.emulator.entities import USERNAMES
from tests.emulator.tokens import made_up_token

pytestmark = pytest.mark.qgis


def rows(layer):
    return {feature["id"]: feature for feature in layer.getFeatures()}


def batches(server):
    return sum(seen.path == "/" for seen in server.requests)


def test_every_row_with_typed_fields(look_up, emulator):  # noqa: F811
    town = Town(images_per_tile=60)
    images = images_of(town, 120)
    server = emulator(town)
    outputs = look_up(
        MetadataAlgorithm,
        server,
        INPUT=layer_of(ids_of(images)),
        FIELDS=["captured_at", "is_pano", "creator", "width", "altitude"],
    )
    layer = outputs["OUTPUT"]
    types = {field.name(): field.typeName() for field in layer.fields()}
    assert types == {
        "id": "string", "note": "string", "captured_at": "datetime", "altitude": "double", "is_pano": "boolean",
        "width": "integer64" if types["width"] == "integer64" else "int8", "creator_id": "string",
        "creator_username": "string",
    }  # fmt: skip
    assert layer.featureCount() == 120
    assert [feature["note"] for feature in layer.getFeatures()] == [f"row {number}" for number in range(120)]
    found = rows(layer)
    for image in images:
        row, known = found[str(image.properties["id"])], image.properties
        time = known["captured_at"] or None
        assert (row["captured_at"].toMSecsSinceEpoch() if time else row["captured_at"]) == (time or NULL)
        assert row["is_pano"] is known["is_pano"]
        assert row["creator_id"] == str(known["creator_id"])
        assert row["creator_username"] in USERNAMES
    assert outputs["NOT_FOUND_COUNT"] == 0
    assert batches(server) == 3


def test_ids_that_are_gone_are_null_and_named(look_up, emulator):  # noqa: F811
    town = Town(images_per_tile=60)
    ids = ids_of(images_of(town, 60))
    server = emulator(town)
    server.gone = {ids[4], ids[50]}
    feedback = Feedback()
    outputs = look_up(MetadataAlgorithm, server, feedback, INPUT=layer_of([*ids, ids[4]]))
    found = [feature["camera_type"] for feature in outputs["OUTPUT"].getFeatures()]
    assert outputs["NOT_FOUND_COUNT"] == 2
    assert [found[4], found[50], found[60]] == [NULL] * 3
    assert sum(value != NULL for value in found) >= 40
    (told,) = [text for text in feedback.told if "does not know 2 ids: deleted, private, or never there" in text]
    assert told.endswith(f"Their fields are NULL: {ids[4]}, {ids[50]}")


def test_ten_thousand_images_take_two_hundred_requests(look_up, emulator):  # noqa: F811
    town = Town(images_per_tile=2500)
    ids = ids_of(images_of(town, 10_000))
    assert len(set(ids)) == 10_000
    server = emulator(town)
    outputs = look_up(MetadataAlgorithm, server, INPUT=layer_of(ids), FIELDS=["sequence"])
    assert outputs["OUTPUT"].featureCount() == 10_000
    assert all(feature["sequence"] for feature in outputs["OUTPUT"].getFeatures())
    assert len(server.requests) == 200


def test_a_run_that_was_cancelled_goes_on_where_it_was(look_up, emulator):  # noqa: F811
    town = Town(images_per_tile=300)
    layer = layer_of(ids_of(images_of(town, 1000)))
    server = emulator(town)
    server.fail("hang", surface="graph", start=9)
    feedback = Feedback()
    feedback.cancel_at = 35
    assert look_up(MetadataAlgorithm, server, feedback, INPUT=layer) == {}
    assert 8 <= batches(server) <= 8 + 6
    server.faults.clear()
    outputs = look_up(MetadataAlgorithm, server, INPUT=layer)
    assert outputs["NOT_FOUND_COUNT"] == 0
    assert all(feature["camera_type"] for feature in outputs["OUTPUT"].getFeatures())
    assert batches(server) <= 20 + 6, "only what was in flight is asked for twice"
    look_up(MetadataAlgorithm, server, INPUT=layer)
    assert batches(server) <= 26


def test_other_fields_are_asked_for_anew(look_up, emulator):  # noqa: F811
    town = Town(images_per_tile=60)
    server = emulator(town)
    layer = layer_of(ids_of(images_of(town, 10)))
    look_up(MetadataAlgorithm, server, INPUT=layer, FIELDS=["make", "model"])
    look_up(MetadataAlgorithm, server, INPUT=layer, FIELDS=["make"])
    assert batches(server) == 1
    outputs = look_up(MetadataAlgorithm, server, INPUT=layer, FIELDS=["make", "width"])
    assert batches(server) == 2
    assert all(feature["width"] for feature in outputs["OUTPUT"].getFeatures())


def test_what_could_not_be_asked_is_said_and_nothing_else_is_lost(look_up, emulator, monkeypatch):  # noqa: F811
    monkeypatch.setattr("mapillary_coverage.core.network.access.PAUSES_SECONDS", (0.0,) * 4)
    town = Town(images_per_tile=60)
    server = emulator(town)
    server.fail("quota", surface="graph", start=2)
    feedback = Feedback()
    outputs = look_up(MetadataAlgorithm, server, feedback, INPUT=layer_of(ids_of(images_of(town, 240))))
    known = sum(feature["camera_type"] != NULL for feature in outputs["OUTPUT"].getFeatures())
    assert 0 < known <= 50
    (told,) = [text for text in feedback.told if "The result is partial" in text]
    assert "WARNING" in told
    assert "190 ids could not be asked for" in told


def test_positions_of_the_graph(look_up, emulator):  # noqa: F811
    town = Town(images_per_tile=60)
    images = images_of(town, 40)
    server = emulator(town)
    layer = layer_of(ids_of(images), geometry="Point?crs=EPSG:3857", places=[(0, 0)] * 40)
    kept = look_up(MetadataAlgorithm, server, INPUT=layer, FIELDS=["make"])["OUTPUT"]
    assert kept.crs().authid() == "EPSG:3857"
    assert {feature.geometry().asWkt() for feature in kept.getFeatures()} == {"Point (0 0)"}
    moved = look_up(MetadataAlgorithm, server, INPUT=layer, FIELDS=["make"], GEOMETRY="original")["OUTPUT"]
    assert moved.crs().authid() == "EPSG:4326"
    for image, feature in zip(images, moved.getFeatures()):
        lon, lat = town.lon_lat(image.x, image.y)
        point = feature.geometry().asPoint()
        assert (point.x(), point.y()) == (pytest.approx(lon, abs=1e-6), pytest.approx(lat, abs=1e-6))
    computed = look_up(MetadataAlgorithm, server, INPUT=layer, GEOMETRY="computed")["OUTPUT"]
    places = [feature.hasGeometry() for feature in computed.getFeatures()]
    assert any(places)
    assert not all(places), "some images have no computed position"


def test_a_table_of_numbers_and_a_name_that_is_taken(look_up, emulator):  # noqa: F811
    town = Town(images_per_tile=60)
    ids = [int(text) for text in ids_of(images_of(town, 5))]
    layer = layer_of(ids, field="image:int8&field=make:string", geometry="None")
    for feature in layer.getFeatures():
        layer.dataProvider().changeAttributeValues({feature.id(): {2: "mine"}})
    outputs = look_up(MetadataAlgorithm, emulator(town), INPUT=layer, ID_FIELD="image", FIELDS="make,model")
    names = outputs["OUTPUT"].fields().names()
    assert names == ["image", "make", "note", "make_graph", "model"]
    assert outputs["OUTPUT"].wkbType() == QgsWkbTypes.Type.NoGeometry
    assert outputs["NOT_FOUND_COUNT"] == 0


def test_only_selected_features(look_up, emulator, qgis_new_project):  # noqa: F811
    town = Town(images_per_tile=60)
    layer = layer_of(ids_of(images_of(town, 20)))
    QgsProject.instance().addMapLayer(layer)
    layer.selectByIds([3, 4])
    chosen = QgsProcessingFeatureSourceDefinition(layer.id(), True)
    server = emulator(town)
    server.recorded = []
    outputs = look_up(MetadataAlgorithm, server, project=QgsProject.instance(), INPUT=chosen)
    assert {feature["note"] for feature in outputs["OUTPUT"].getFeatures()} == {"row 2", "row 3"}
    (asked,) = server.recorded
    assert len(asked.query["ids"].split(",")) == 2


def test_map_features_have_fields_of_their_own(look_up, emulator):  # noqa: F811
    town = Town(features_per_tile=60)
    features = town.map_features("mly_map_feature_traffic_sign", 8529, 5975)
    ids = [str(feature.properties["id"]) for feature in features]
    outputs = look_up(MetadataAlgorithm, emulator(town), INPUT=layer_of(ids), ENTITY="map_feature", GEOMETRY="original")
    found = rows(outputs["OUTPUT"])
    for feature in features:
        row = found[str(feature.properties["id"])]
        assert row["object_value"] == feature.properties["value"]
        first = feature.properties.get("first_seen_at")
        if first:
            assert row["first_seen_at"].toMSecsSinceEpoch() == first // 1000 * 1000
    assert not all(feature.hasGeometry() for feature in outputs["OUTPUT"].getFeatures())


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"INPUT": "/nowhere.gpkg"}, "Could not load|INPUT"),
        ({"ID_FIELD": "image"}, "INPUT has no field “image”. Set ID_FIELD to the one with the ids: id, note"),
        ({"ENTITY": "photo"}, "ENTITY is one of the words image, map_feature, not “photo”"),
        ({"FIELDS": ["speed"]}, "“speed” is no field of image. Its fields are captured_at"),
        ({"FIELDS": ["make"], "ENTITY": "map_feature"}, "“make” is no field of map_feature"),
        ({"FIELDS": [11]}, "“11” is no field of image"),
        ({"GEOMETRY": "both"}, "GEOMETRY is one of the words input, original, computed"),
        ({"GEOMETRY": "computed", "ENTITY": "map_feature"}, "no computed position"),
        ({"OUTPUT": "/nowhere/at/all.gpkg"}, "cannot be written to the folder"),
    ],
)
def test_bad_parameters_are_one_sentence_and_nothing_is_asked(look_up, emulator, parameters, words):  # noqa: F811
    server = emulator()
    with pytest.raises(QgsProcessingException, match=words):
        look_up(MetadataAlgorithm, server, **{"INPUT": layer_of(["1"]), **parameters})
    assert server.requests == []


def test_ids_that_are_none_are_said(look_up, emulator):  # noqa: F811
    town = Town(images_per_tile=60)
    feedback = Feedback()
    layer = layer_of([*ids_of(images_of(town, 1)), "", None, "abc", "1.5"])
    outputs = look_up(MetadataAlgorithm, emulator(town), feedback, INPUT=layer)
    assert outputs["OUTPUT"].featureCount() == 5
    assert "WARNING 4 features without a usable id: nothing to look up." in feedback.told
    with pytest.raises(QgsProcessingException, match="No feature of INPUT has an id"):
        look_up(MetadataAlgorithm, emulator(town), INPUT=layer_of(["abc"]))


def test_a_failing_run_touches_no_file(look_up, emulator, tmp_path):  # noqa: F811
    path = tmp_path / "out.gpkg"
    path.write_bytes(b"mine")
    with pytest.raises(QgsProcessingException, match="Mapillary refused the token"):
        look_up(MetadataAlgorithm, emulator(), INPUT=layer_of(["1"]), OUTPUT=str(path), credential=made_up_token(9))
    assert path.read_bytes() == b"mine"


def test_no_fields_are_the_usual_ones(look_up, emulator):  # noqa: F811
    town = Town(images_per_tile=60)
    layer = layer_of(ids_of(images_of(town, 3)))
    for nothing in (None, [], QVariant()):
        names = look_up(MetadataAlgorithm, emulator(town), INPUT=layer, FIELDS=nothing)["OUTPUT"].fields().names()
        assert "camera_type" in names


def test_ids_of_the_other_kind_are_noticed_by_their_fields(look_up, emulator):  # noqa: F811
    server = emulator()
    signs = layer_of(["1"], field="id:string&field=value:string&field=kind:string")
    with pytest.raises(QgsProcessingException, match=r"looks like map features, but ENTITY is image\."):
        look_up(MetadataAlgorithm, server, INPUT=signs)
    images = layer_of(["1"], field="id:string&field=sequence_id:string")
    with pytest.raises(QgsProcessingException, match="looks like images, but ENTITY is map_feature"):
        look_up(MetadataAlgorithm, server, INPUT=images, ENTITY="map_feature")


def test_a_format_that_would_lose_rows_is_refused(look_up, emulator, tmp_path):  # noqa: F811
    with pytest.raises(QgsProcessingException, match="FlatGeobuf drops rows without geometry"):
        look_up(
            MetadataAlgorithm, emulator(), INPUT=layer_of(["1"]), GEOMETRY="original", OUTPUT=str(tmp_path / "out.fgb")
        )
