"""What the graph says of images and map features becomes columns, and nothing that it could say breaks that."""

import json
from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapillary_coverage.core.graph.graph_fields import (
    DEFAULT_FIELDS,
    FIELDS,
    GraphType,
    columns_of,
    point,
    read_entity,
)
from mapillary_coverage.core.mapillary.cleaning import LAST_TIME_MS
from mapillary_coverage.core.network.replies import NumberAsWritten, graph_object
from mapillary_coverage.core.network.session import Reply

NAMES = {entity: [field.name for field in fields] for entity, fields in FIELDS.items()}
TYPES = {
    GraphType.TEXT: str,
    GraphType.INTEGER: int,
    GraphType.REAL: float,
    GraphType.FLAG: bool,
    GraphType.TIME: int,
    GraphType.JSON: str,
}
LEFT_OUT = ("id", "detections")

ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.floats().map(str)
ATOMS |= st.sampled_from([10**4000, -(10**400), 2**32 - 15, 2**64, "\ud800", "9" * 40, "Point", "1e999", "\0"])
ATOMS |= st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}+0000")
ATOMS |= st.sampled_from(["1e999", "-0.0", "4.5e+18", "1." + "0" * 99 + "e18"]).map(NumberAsWritten)
KEYS = st.sampled_from(["type", "coordinates", "data", "id", "username"]) | st.text(max_size=5)
JSON = st.recursive(ATOMS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=9)
POINTS = st.fixed_dictionaries({"type": st.just("Point"), "coordinates": st.lists(JSON, max_size=4)})
VALUES = JSON | POINTS | st.fixed_dictionaries({"data": st.lists(st.fixed_dictionaries({"id": JSON}) | JSON)})


def as_columns(entity, found):
    """All columns of the entity by name."""
    names = NAMES[entity]
    columns = columns_of(entity, names)
    values = read_entity(entity, names, found)
    assert len(columns) == len(values)
    return {column.name: value for column, value in zip(columns, values)}


def check_types(entity, found):
    for column, value in zip(columns_of(entity, NAMES[entity]), read_entity(entity, NAMES[entity], found)):
        assert value is None or type(value) is TYPES[column.type], column.name


def one(entity, field, value):
    """The values of a field's columns: one value, or a tuple of them."""
    values = read_entity(entity, [field], {field: value})
    return values[0] if len(values) == 1 else tuple(values)


def as_reply(body):
    return Reply(200, {"Content-Type": "application/json"}, body, len(body))


def expected(reply):
    """The columns of a recorded reply, read apart from the plugin."""
    columns = {}
    for name, value in reply.items():
        if name in LEFT_OUT or name.startswith("thumb_"):
            continue
        if name.endswith("geometry"):
            prefix = name[: -len("geometry")]
            columns[f"{prefix}longitude"], columns[f"{prefix}latitude"] = value["coordinates"]
        elif name == "images":
            columns["images"] = [image["id"] for image in value["data"]]
            columns["image_count"] = len(value["data"])
        elif isinstance(value, dict):
            columns[f"{name}_id"] = value["id"]
        elif name.endswith("_seen_at"):
            moment = datetime(*map(int, (value[:4], value[5:7], value[8:10], value[11:13], value[14:16], value[17:19])))
            columns[name] = round(moment.replace(tzinfo=timezone.utc).timestamp()) * 1000
        else:
            columns[name] = value
    return columns


def recorded_replies(recorded, entity):
    paths = sorted((recorded / "graph" / entity).glob("*.json"))
    assert paths
    return {path.stem: path.read_bytes() for path in paths}


@pytest.mark.parametrize("entity", ["image", "map_feature"])
def test_recorded_replies_lose_nothing(recorded, entity):
    for identifier, body in recorded_replies(recorded, entity).items():
        found = graph_object(as_reply(body))
        check_types(entity, found)
        columns = as_columns(entity, found)
        wanted = expected(json.loads(body))
        assert wanted.keys() <= columns.keys(), identifier
        for name, value in columns.items():
            if name == "merge_cc" and "merge_cc" in wanted:
                assert f'"merge_cc": {value},'.encode() in body
            elif isinstance(wanted.get(name), list):
                assert json.loads(value) == wanted[name], (identifier, name)
            else:
                assert value == wanted.get(name), (identifier, name)


def test_a_recorded_image_column_by_column(recorded):
    found = graph_object(as_reply(recorded_replies(recorded, "image")["135511895288847"]))
    assert as_columns("image", found) == {
        "captured_at": 1563721072184,
        "longitude": -108.57081597222,
        "latitude": 39.068354972222,
        "computed_longitude": -108.57081597085,
        "computed_latitude": 39.068354912098,
        "compass_angle": 336.74,
        "computed_compass_angle": 1.2865829255371,
        "altitude": 1364.617,
        "computed_altitude": 1399.5043095825,
        "computed_rotation": "[1.3642214091955, -0.0019509766093401, 0.035317244081076]",
        "camera_type": "perspective",
        "camera_parameters": "[0.85136388143343, -6.6499673206348e-05, -3.8067681992196e-05]",
        "make": None,
        "model": None,
        "is_pano": None,
        "on_foot": None,
        "width": 4160,
        "height": 3120,
        "exif_orientation": 1,
        "quality_score": 0.7561310782241,
        "creator_id": None,
        "creator_username": None,
        "organization_id": None,
        "sequence": "7nfcwfvjdtphz7yj6zat6a",
        "atomic_scale": 0.97891115347587,
        "merge_cc": "4.546427159383e+18",
        "mesh_id": "903987176835273",
        "sfm_cluster_id": "306951457725231",
    }


def test_a_recorded_map_feature_column_by_column(recorded):
    found = graph_object(as_reply(recorded_replies(recorded, "map_feature")["496980935069177"]))
    assert as_columns("map_feature", found) == {
        "object_value": "complementary--both-directions--g2",
        "object_type": "trafficsign",
        "longitude": -83.417193328459,
        "latitude": 41.341166490122,
        "first_seen_at": 1503523946000,
        "last_seen_at": 1503523946000,
        "aligned_direction": None,
        "images": '["133075088816573", "512146709982392", "828719391332432"]',
        "image_count": 3,
    }


def test_columns_come_in_the_order_of_the_names():
    found = {"creator": {"username": "zoë", "id": "104"}, "make": "GoPro", "captured_at": 5}
    names = ["make", "creator", "altitude", "captured_at"]
    columns = columns_of("image", names)
    assert [column.name for column in columns] == ["make", "creator_id", "creator_username", "altitude", "captured_at"]
    assert read_entity("image", names, found) == ["GoPro", "104", "zoë", None, 5]


@pytest.mark.parametrize("entity", FIELDS)
def test_names_are_unique_and_the_defaults_exist(entity):
    columns = [column.name for column in columns_of(entity, NAMES[entity])]
    assert len(set(columns)) == len(columns)
    assert len(set(NAMES[entity])) == len(NAMES[entity])
    assert columns_of(entity, DEFAULT_FIELDS[entity])
    assert not {name for name in NAMES[entity] if name.startswith("thumb") or name in LEFT_OUT}
    with pytest.raises(KeyError):
        columns_of(entity, ["thumb_256_url"])


@pytest.mark.parametrize("entity", FIELDS)
def test_absent_and_null_are_none(entity):
    for found in ({}, dict.fromkeys(NAMES[entity])):
        assert set(as_columns(entity, found).values()) == {None}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("4.546427159383e+18", "4.546427159383e+18"),
        ("1.2345678901234e+15", "1.2345678901234e+15"),
        ("7.0e+17", "7.0e+17"),
        ("4546427159383012345", "4546427159383012345"),
        ('"4546427159383012345"', "4546427159383012345"),
        ("0", None),
        ("-4.5e+18", None),
        ("1e400", None),
        ("NaN", None),
        ("true", None),
        ("1." + "0" * 500 + "e+18", None),
        ('"many"', None),
        ("[4e+18]", None),
    ],
)
def test_components_keep_the_text_of_the_reply(written, text):
    found = graph_object(as_reply(f'{{"merge_cc": {written}}}'.encode()))
    assert read_entity("image", ["merge_cc"], found) == [text]


@pytest.mark.parametrize(
    ("given_time", "milliseconds"),
    [
        (1563721072184, 1563721072184),
        (0, None),
        (-1, None),
        (LAST_TIME_MS + 1, None),
        (True, None),
        ("2017-08-23T21:32:26+0000", 1503523946000),
        ("2017-08-23T23:32:26+02:00", 1503523946000),
        ("2017-08-23T21:32:26Z", 1503523946000),
        ("2017-08-23T21:32:26.125+0000", 1503523946125),
        ("2017-08-23T21:32:26", None),
        ("2017-02-30T21:32:26+0000", None),
        ("2017-08-23T21:32:26+9999", None),
        ("0001-01-01T00:00:00+2359", None),
        ("9999-12-31T23:59:59-2359", None),
        ("1970-01-01T00:00:00+0000", None),
        ("٢٠١٧-08-23T21:32:26+0000", None),
        ("yesterday", None),
        ({"time": 1}, None),
    ],
)
def test_times(given_time, milliseconds):
    assert one("image", "captured_at", given_time) == milliseconds
    assert one("map_feature", "first_seen_at", given_time) == milliseconds


@pytest.mark.parametrize(
    ("metres", "read"),
    [
        (4294967281, -15.0),
        (4294967281.0, -15.0),
        (4294967280.5, -15.5),
        (2**32, None),
        (2**31, None),
        (-15, -15.0),
        (0, 0.0),
        (1364.617, 1364.617),
        (1e300, None),
        (-20_000, None),
        (float("nan"), None),
        (10**400, None),
        (True, None),
        ([12], None),
    ],
)
def test_altitudes(metres, read):
    assert one("image", "altitude", metres) == read
    assert one("image", "computed_altitude", metres) == read


@pytest.mark.parametrize(
    ("geometry", "read"),
    [
        ({"type": "Point", "coordinates": [13.5, 55]}, (13.5, 55.0)),
        ({"type": "Point", "coordinates": [-180, 90, 12.5]}, (-180.0, 90.0)),
        ({"type": "Point", "coordinates": [180.5, 55]}, None),
        ({"type": "Point", "coordinates": [55, 90.5]}, None),
        ({"type": "Point", "coordinates": [float("nan"), 55]}, None),
        ({"type": "Point", "coordinates": [True, False]}, None),
        ({"type": "Point", "coordinates": [13.5]}, None),
        ({"type": "Point", "coordinates": [[13.5, 55]]}, None),
        ({"type": "Point", "coordinates": "13"}, None),
        ({"type": "Point"}, None),
        ({"type": "LineString", "coordinates": [[1, 2], [3, 4]]}, None),
        ({"coordinates": [13.5, 55]}, None),
        ([13.5, 55], None),
        ("POINT (13.5 55)", None),
        (None, None),
    ],
)
def test_points(geometry, read):
    assert point(geometry) == read
    assert one("image", "geometry", geometry) == (read or (None, None))
    assert one("image", "computed_geometry", geometry) == (read or (None, None))
    assert one("map_feature", "geometry", geometry) == (read or (None, None))


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("make", "", None),
        ("make", 7, None),
        ("make", "Zo\ud800\0ë", "Zo?ë"),
        ("make", "x" * 100_000, None),
        ("is_pano", True, True),
        ("is_pano", "maybe", None),
        ("on_foot", False, False),
        ("width", 4160.0, 4160),
        ("width", 0, None),
        ("width", 10**400, None),
        ("height", True, None),
        ("exif_orientation", 8, 8),
        ("exif_orientation", 9, None),
        ("compass_angle", 361, None),
        ("quality_score", 1.5, None),
        ("atomic_scale", 1, 1.0),
        ("atomic_scale", -1, None),
        ("camera_parameters", [], "[]"),
        ("camera_parameters", [0.85, 0, 0], "[0.85, 0.0, 0.0]"),
        ("camera_parameters", [0.85, None], None),
        ("camera_parameters", [float("inf")], None),
        ("camera_parameters", [0] * 10**6, None),
        ("camera_parameters", {"focal": 1}, None),
        ("computed_rotation", [1, 2], None),
        ("creator", {"username": "zoë", "id": 104}, ("104", "zoë")),
        ("creator", {"username": None, "id": "-3"}, (None, None)),
        ("creator", "zoë", (None, None)),
        ("organization", {"id": "12"}, "12"),
        ("mesh", {"url": "x"}, None),
        ("sfm_cluster", ["12"], None),
    ],
)
def test_what_is_wrong_becomes_none(field, value, read):
    found = one("image", field, value)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("images", "read"),
    [
        ({"data": []}, ("[]", 0)),
        ({"data": [{"id": "5"}, {"id": None}, "6", {"id": 7}]}, ('["5", "7"]', 2)),
        ({"data": {"id": "5"}}, (None, None)),
        (["5"], (None, None)),
        ({}, (None, None)),
    ],
)
def test_images_of_a_map_feature(images, read):
    assert one("map_feature", "images", images) == read


@pytest.mark.parametrize("entity", FIELDS)
def test_deep_values_are_no_values(entity):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, {"id": deep, "data": deep, "username": deep, "type": "Point", "coordinates": deep}):
        found = as_columns(entity, dict.fromkeys(NAMES[entity], value))
        assert set(found.values()) <= {None, "[]", 0}


@settings(max_examples=500, derandomize=True, deadline=None, database=None)
@given(VALUES)
def test_no_json_breaks_the_reading(value):
    for entity, names in NAMES.items():
        found = dict.fromkeys(names, value)
        check_types(entity, found)
        for read in as_columns(entity, found).values():
            str(read).encode()
