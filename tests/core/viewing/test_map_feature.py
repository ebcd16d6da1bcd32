"""Map features as the graph tells of them: read whatever comes, and their images the best first."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapillary_coverage.core.area.distance import metres_between
from mapillary_coverage.core.graph.graph_client import GraphClient
from mapillary_coverage.core.mapillary.map_feature_values import catalogue, group_of, source_layer_of
from mapillary_coverage.core.mapillary.schema import MAP_FEATURE_LAYERS, MAP_FEATURE_POINT
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.network.session import HttpSession
from mapillary_coverage.core.network.traffic import Traffic
from mapillary_coverage.core.viewing.map_feature import MAP_FEATURE_FIELDS, MapFeature, SeenIn, read_map_feature, worth
from tests.conftest import NO_PAUSES
from tests.emulator import Town
from tests.emulator.map_features import POINTS, SIGNS, images_of

YEAR = 31_557_600_000
NEW = 1_700_000_000_000


def point(longitude, latitude):
    return {"type": "Point", "coordinates": [longitude, latitude]}


def read(**body):
    return read_map_feature("77", body)


def ids(images):
    return [image.image_id for image in sorted(images, key=worth)]


def test_a_recorded_reply(recorded):
    feature = read_map_feature(
        "496980935069177", json.loads((recorded / "graph/map_feature/496980935069177.json").read_bytes())
    )
    assert (feature.value, feature.label, source_layer_of(feature.value).name) == (
        "complementary--both-directions--g2",
        "Both directions",
        "traffic_sign",
    )
    assert feature.place == (-83.417193328459, 41.341166490122)
    assert feature.first_seen_at == feature.last_seen_at == 1503523946000
    assert feature.direction is None
    assert [image.image_id for image in feature.images] == ["133075088816573", "828719391332432", "512146709982392"]
    assert all(image.captured_at is None and image.is_pano is None for image in feature.images)


def test_everything_that_the_graph_tells():
    image = {"id": "5", "geometry": point(7.4, 43.7), "captured_at": NEW, "is_pano": True, "compass_angle": 12.5}
    feature = read(
        object_value="object--bench",
        object_type="mvd_fast",
        geometry=point(7.4, 43.7001),
        first_seen_at="2017-08-23T21:32:26+0000",
        last_seen_at="2018-08-23T21:32:26+0000",
        aligned_direction=84.2,
        images={"data": [image]},
    )
    seen_in = SeenIn("5", (7.4, 43.7), NEW, True, 12.5, feature.images[0].distance)
    assert feature == MapFeature("77", "object--bench", (7.4, 43.7001), 1503523946000, 1535059946000, 84.2, (seen_in,))
    assert source_layer_of(feature.value) is MAP_FEATURE_POINT
    assert seen_in.distance == pytest.approx(11.12, abs=0.01)


def test_the_same_image_twice_is_one_and_what_is_no_image_is_left_out():
    entries = [
        {"id": "5", "captured_at": NEW},
        {"geometry": point(7.4, 43.7), "captured_at": NEW},
        {"id": "0"},
        {"id": "https://example.com"},
        "5",
        None,
        {"id": 5, "captured_at": NEW + 1, "is_pano": False},
    ]
    assert read(images={"data": entries}).images == (SeenIn("5", captured_at=NEW, is_pano=False),)


def test_what_says_nothing_is_unknown():
    assert read() == MapFeature("77", "unknown")
    assert read(images={"data": []}, object_value="") == read(images=[{"id": "5"}]) == read()
    assert source_layer_of(read().value) is None


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (SeenIn("2", distance=5, captured_at=NEW), SeenIn("1", distance=30, captured_at=NEW)),
        (SeenIn("2", distance=5, captured_at=NEW), SeenIn("1", distance=5, captured_at=NEW - YEAR)),
        (SeenIn("2", distance=6, captured_at=NEW), SeenIn("1", distance=5, captured_at=NEW - YEAR)),
        (SeenIn("2", distance=5, captured_at=NEW - YEAR), SeenIn("1", distance=8, captured_at=NEW)),
        (SeenIn("2", distance=9, captured_at=NEW, is_pano=True), SeenIn("1", distance=5, captured_at=NEW)),
        (SeenIn("2", distance=5, captured_at=NEW), SeenIn("1", distance=11, captured_at=NEW, is_pano=True)),
        (SeenIn("2", distance=90, captured_at=1), SeenIn("1", distance=5)),
        (SeenIn("2", distance=90), SeenIn("1", captured_at=NEW, is_pano=True)),
        (SeenIn("2", captured_at=1), SeenIn("1", is_pano=True)),
        (SeenIn("1", distance=5), SeenIn("2", distance=5)),
    ],
    ids=[
        *("nearer", "newer", "a year is worth a metre", "but not three", "panorama", "but not from far away"),
        *("dated", "placed", "dated among the unplaced", "else by id"),
    ],
)
def test_the_best_image_comes_first(better, worse):
    assert ids([better, worse]) == ids([worse, better]) == [better.image_id, worse.image_id]


def test_distances_over_the_date_line_and_to_the_other_side_of_the_world():
    assert metres_between((179.9999, 0), (-179.9999, 0)) == pytest.approx(22.24, abs=0.01)
    assert metres_between((10, 50), (10, 50)) == 0
    assert metres_between((0, 0), (180, 0)) == metres_between((77, 90), (0, -90)) == pytest.approx(20_015_115, abs=1)


@pytest.mark.parametrize(
    ("value", "group"),
    [
        ("object--bench", "Street furniture"),
        ("regulatory--maximum-speed-limit-50--g1", "Regulatory"),
        ("warning--never-heard-of--g9", "Warning"),
        ("object--never-heard-of", None),
        ("", None),
    ],
)
def test_values_belong_to_groups(value, group):
    assert group_of(value) == group


def test_known_values_are_in_the_group_of_the_catalogue():
    known = [entry for layer in MAP_FEATURE_LAYERS for entry in catalogue(layer)]
    assert [group_of(entry.value) for entry in known] == [entry.group for entry in known]


ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just(10**4000)
JSON = st.recursive(ATOMS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
NUMBERS = st.integers(-200, 200) | st.floats(-200, 200) | ATOMS
PLACES = st.builds(lambda *place: {"type": "Point", "coordinates": list(place)}, NUMBERS, NUMBERS) | JSON
TIMES = st.sampled_from(["2017-08-23T21:32:26+0000", "0000-00-00T99:99:99+9999", "9999-12-31T23:59:59-2359"]) | ATOMS
IMAGE = {"id": st.integers(1, 3) | ATOMS, "geometry": PLACES, "captured_at": TIMES, "is_pano": ATOMS}
IMAGES = st.lists(st.fixed_dictionaries({}, optional={**IMAGE, "compass_angle": NUMBERS}) | JSON, max_size=6)
BODY = {
    **{"object_value": JSON, "object_type": JSON, "geometry": PLACES, "aligned_direction": NUMBERS},
    **{"first_seen_at": TIMES, "last_seen_at": TIMES, "images": st.fixed_dictionaries({"data": IMAGES}) | JSON},
}


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.fixed_dictionaries({}, optional=BODY))
def test_whatever_comes_is_a_map_feature(body):
    feature = read_map_feature("77", body)
    named = [image.image_id for image in feature.images]
    assert len(set(named)) == len(named)
    assert all(0 < int(image_id) < 2**64 for image_id in named)
    assert feature.value
    assert feature.label
    assert list(feature.images) == sorted(feature.images, key=worth)
    for image in feature.images:
        assert (image.distance is None) == (image.place is None or feature.place is None)
        assert image.distance is None or 0 <= image.distance < 20_020_000
        assert image.captured_at is None or 0 < image.captured_at < 2**48


def test_one_request_tells_all_of_it(emulator):
    town = Town(images_per_tile=60)
    server, session = emulator(town), HttpSession(1)
    client = GraphClient(Server(server.graph_url, Credential(server.credential)), session, Traffic(), NO_PAUSES)
    x, y = next(iter(town.tiles()))
    placed = [feature for tileset in (POINTS, SIGNS) for feature in town.map_features(tileset, x, y)[:20]]
    features = []
    for expected in placed:
        feature_id = str(expected.properties["id"])
        feature = read_map_feature(feature_id, client.entity(feature_id, MAP_FEATURE_FIELDS))
        features.append(feature)
        assert (feature.value, source_layer_of(feature.value).name) == (
            expected.properties["value"],
            "point" if expected.tileset == POINTS else "traffic_sign",
        )
        seen_in = {str(image.properties["id"]): image.properties for image in images_of(expected, town.images(x, y))}
        assert {image.image_id for image in feature.images} == set(seen_in)
        for image in feature.images:
            shown = seen_in[image.image_id]
            assert (image.captured_at, image.is_pano) == (shown["captured_at"] or None, bool(shown["is_pano"]))
            assert image.compass_angle == pytest.approx(shown["compass_angle"])
            assert (image.distance is None) == (feature.place is None)
    session.close()
    assert len(server.requests) == len(placed)
    assert sum(feature.direction is not None for feature in features) > 20
    assert max(len(feature.images) for feature in features) == 4
