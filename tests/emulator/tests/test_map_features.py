"""The emulator's objects and signs: tiles that GDAL opens, and the graph's entities that agree with them."""

import re

import pytest
import requests
from osgeo import gdal, ogr

from tests.emulator import Emulator, RecordedTiles, Town
from tests.emulator.map_features import POINTS, SIGNS, VALUES

TOWN = Town(images_per_tile=80, size=2)
TILE = 8529, 5975
BOX = "7.38,43.70,7.43,43.74"
LAYERS = {POINTS: "point", SIGNS: "traffic_sign"}


@pytest.fixture(scope="module")
def server():
    with Emulator(TOWN) as running:
        yield running


def tile_of(server, tileset, z, x, y):
    url = f"{server.tiles_url}/{tileset}/2/{z}/{x}/{y}"
    reply = requests.get(url, {"access_token": server.credential}, timeout=20)
    assert reply.status_code == 200
    return reply.content


def features_in(body, layer):
    """Attributes and positions in EPSG:3857 that GDAL finds, of a tile served as TILE."""
    ogr.UseExceptions()
    gdal.FileFromMemBuffer("/vsimem/emulated.mvt", body)
    options = [f"X={TILE[0]}", f"Y={TILE[1]}", "Z=14", "CLIP=NO"]
    source = gdal.OpenEx("/vsimem/emulated.mvt", gdal.OF_VECTOR, ["MVT"], options)
    assert [source.GetLayer(index).GetName() for index in range(source.GetLayerCount())] == [layer]
    found = [(f.items(), (f.geometry().GetX(), f.geometry().GetY())) for f in source.GetLayer(0)]
    gdal.Unlink("/vsimem/emulated.mvt")
    return found


def ask(server, path="", **query):
    headers = {"Authorization": f"OAuth {server.credential}"}
    return requests.get(f"{server.graph_url}/{path}", query, headers=headers, timeout=20)


@pytest.mark.parametrize(("tileset", "layer"), LAYERS.items())
def test_gdal_reads_the_tiles(server, tileset, layer):
    found = features_in(tile_of(server, tileset, 14, *TILE), layer)
    assert len(found) >= 60
    attributes = [attributes for attributes, _ in found]
    assert set(attributes[0]) == {"mvt_id", "id", "value", "first_seen_at", "last_seen_at"}
    assert all(isinstance(entry["id"], int) for entry in attributes)
    assert any(entry["id"] > 2**53 for entry in attributes)
    assert {entry["value"] for entry in attributes} == set(VALUES[tileset])
    seen = [entry for entry in attributes if entry["first_seen_at"]]
    assert all(1.4e12 <= entry["first_seen_at"] <= entry["last_seen_at"] <= 1.76e12 for entry in seen)
    assert len(seen) < len(attributes), "some times are 0 or absent"


@pytest.mark.parametrize("tileset", LAYERS)
def test_there_is_nothing_at_other_zooms(server, tileset):
    assert tile_of(server, tileset, 13, TILE[0] // 2, TILE[1] // 2) == tile_of(server, tileset, 0, 0, 0) == b""
    assert tile_of(server, tileset, 14, 1, 1) == b""


def test_what_is_near_a_border_comes_in_both_tiles(server):
    town = Town(size=3, features_per_tile=600)
    shown = {}
    for tile in town.tiles():
        for attributes, place in features_in_town(town, tile):
            shown.setdefault(attributes["id"], []).append(place)
    twice = [places for places in shown.values() if len(places) > 1]
    assert len(shown) == 9 * 600
    assert twice
    assert all(0 < abs(one[1] - other[1]) < 2 for one, other, *_ in twice)


def features_in_town(town, tile):
    found = features_in(town.tile(POINTS, 14, *tile), "point")
    size = 40_075_016.685578488 / 2**14
    east, south = (tile[0] - TILE[0]) * size, (TILE[1] - tile[1]) * size
    return [(attributes, (x + east, y + south)) for attributes, (x, y) in found]


def test_the_spread_of_values_is_that_of_a_city():
    assert "object--street-furniture--robot" in VALUES[POINTS]
    assert {value.split("--")[0] for value in VALUES[SIGNS]} == {
        *("regulatory", "warning", "information", "complementary")
    }
    assert {value[-2:] for value in VALUES[SIGNS]} >= {"g1", "g2", "g3"}
    assert sum("maximum-speed-limit" in value for value in VALUES[SIGNS]) == 5


def test_recorded_tiles_and_faults_are_for_these_tilesets_too(emulator, tmp_path):
    path = tmp_path / SIGNS / "14" / str(TILE[0])
    path.mkdir(parents=True)
    (path / f"{TILE[1]}.mvt").write_bytes(b"recorded")
    server = emulator(RecordedTiles(tmp_path))
    assert tile_of(server, SIGNS, 14, *TILE) == b"recorded"
    server.fail("busy", tile=f"{SIGNS}/14/{TILE[0]}/{TILE[1]}")
    url = f"{server.tiles_url}/{{}}/2/14/{TILE[0]}/{TILE[1]}"
    query = {"access_token": server.credential}
    assert [requests.get(url.format(name), query, timeout=20).status_code for name in (POINTS, SIGNS)] == [200, 503]
    assert requests.get(url.format(SIGNS), timeout=20).status_code == 500


@pytest.mark.parametrize(("tileset", "kind"), [(POINTS, "mvd_fast"), (SIGNS, "trafficsign")])
def test_entities_agree_with_their_tiles(server, tileset, kind):
    drawn = {str(a["id"]): a for a, _ in features_in(tile_of(server, tileset, 14, *TILE), LAYERS[tileset])}
    ids = list(drawn)[:50]
    fields = "object_value,object_type,first_seen_at,last_seen_at,aligned_direction,geometry,images"
    features = ask(server, ids=",".join(ids), fields=fields).json()
    assert list(features) == ids
    for node_id, feature in features.items():
        assert (feature["object_value"], feature["object_type"]) == (drawn[node_id]["value"], kind)
        assert ("first_seen_at" in feature) == (drawn[node_id]["first_seen_at"] is not None)
        assert re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", feature.get("last_seen_at", "1970-01-01T00:00:00+0000")
        )
        for image in feature["images"]["data"]:
            assert ask(server, image["id"], fields="geometry").json() == image
    assert 0 < sum("geometry" in feature for feature in features.values()) <= 50
    assert ask(server, ids[0], fields="images{compass_angle}").json()["images"]["data"][0].keys() == {
        *("compass_angle", "id")
    }
    wrong = ask(server, ids[0], fields="value").json()["error"]["message"]
    assert wrong == "Tried accessing nonexisting field (value) on node type (MapFeature)"


def test_some_features_have_no_position(server):
    ids = [str(feature.properties["id"]) for tileset in LAYERS for feature in TOWN.map_features(tileset, *TILE)]
    features = [ask(server, node_id, fields="geometry,aligned_direction").json() for node_id in ids]
    assert 0 < sum("geometry" not in feature for feature in features) < 20
    assert 0 < sum("aligned_direction" not in feature for feature in features) < 50


def test_features_are_searched_by_place_and_value(server):
    every = ask(server, "map_features", bbox=BOX, fields="object_value").json()["data"]
    assert len(every) == 4 * 2 * 60
    asked = "regulatory--maximum-speed-limit-*,object--bench"
    some = ask(server, "map_features", bbox=BOX, object_values=asked, fields="object_value").json()["data"]
    expected = [
        entry
        for entry in every
        if entry["object_value"].startswith("regulatory--maximum-speed-limit-")
        or entry["object_value"] == "object--bench"
    ]
    assert some == expected != []
    assert len(ask(server, "map_features", bbox=BOX, limit=5).json()["data"]) == 5
    assert ask(server, "map_features", bbox="7.3,43.7,7.41,43.81").status_code == 500
    recent = ask(server, "map_features", bbox=BOX, start_first_seen_at="2024-01-01T00:00:00Z", fields="first_seen_at")
    assert {entry["first_seen_at"] >= "2024" for entry in recent.json()["data"]} == {True}
    assert ask(server, "map_features").status_code == 400


def test_features_and_images_do_not_mix_in_a_batch(server):
    feature, image = TOWN.map_features(SIGNS, *TILE)[0], TOWN.images(*TILE)[0]
    mixed = ask(server, ids=f"{feature.properties['id']},{image.properties['id']}")
    assert (mixed.status_code, mixed.json()["error"]["code"]) == (400, 100)
