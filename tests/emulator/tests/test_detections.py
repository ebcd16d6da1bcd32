"""The emulator's detections: outlines and boxes in the form that Mapillary gives them, on images and map features."""

import json
from base64 import b64decode

import mapbox_vector_tile
import pytest
import requests
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from osgeo import ogr

from tests.emulator import Emulator, Town
from tests.emulator.map_features import POINTS, SIGNS

TOWN = Town(images_per_tile=120, features_per_tile=30, size=1)
TILE = 8528, 5974
FIELDS = "id,created_at,geometry,image,value"


@pytest.fixture(scope="module")
def server():
    with Emulator(TOWN) as running:
        yield running


@pytest.fixture(scope="module")
def of_images(server):
    """All detections of the town's images, by the image."""
    ids = [str(image.properties["id"]) for image in TOWN.images(*TILE)]
    return {node_id: ask(server, f"{node_id}/detections").json()["data"] for node_id in ids}


def ask(server, path, **query):
    headers = {"Authorization": f"OAuth {server.credential}"}
    return requests.get(f"{server.graph_url}/{path}", {"fields": FIELDS, **query}, headers=headers, timeout=20)


def layer_of(detection):
    tile = vector_tile_pb2.tile()
    tile.ParseFromString(b64decode(detection["geometry"], validate=True))
    (layer,) = tile.layers
    assert (layer.name, layer.extent) == ("mpy-or", 4096)
    return layer


def outline_of(detection):
    return mapbox_vector_tile.decode(b64decode(detection["geometry"]), default_options={"y_coord_down": True})["mpy-or"]


def test_images_have_several_or_none(of_images):
    counts = {len(found) for found in of_images.values()}
    assert min(counts) == 0
    assert max(counts) >= 5
    whole = [detection for found in of_images.values() for detection in found]
    assert len({detection["id"] for detection in whole}) == len(whole)
    for node_id, found in of_images.items():
        for detection in found:
            assert set(detection) == {"id", "created_at", "geometry", "image", "value"}
            assert detection["created_at"].endswith("+0000")
            assert (detection["image"]["id"], set(detection["image"])) == (node_id, {"id", "geometry"})


@pytest.mark.parametrize("tileset", [POINTS, SIGNS])
def test_those_of_a_map_feature_are_on_its_images_with_its_value(server, of_images, tileset):
    for feature in TOWN.map_features(tileset, *TILE)[:20]:
        node_id = str(feature.properties["id"])
        images = ask(server, node_id, fields="images").json()["images"]["data"]
        found = ask(server, f"{node_id}/detections").json()["data"]
        assert [detection["image"] for detection in found] == images
        assert {detection["value"] for detection in found} == {feature.properties["value"]}
        for detection in found:
            assert detection in of_images[detection["image"]["id"]]


def test_a_sign_has_a_box_and_all_else_an_outline(of_images):
    signs = {feature.properties["value"] for feature in TOWN.map_features(SIGNS, *TILE)}
    boxes = outlines = 0
    for detection in (detection for found in of_images.values() for detection in found):
        layer, features = layer_of(detection), outline_of(detection)["features"]
        for feature in features:
            shape = ogr.CreateGeometryFromJson(json.dumps(feature["geometry"]))
            assert shape.IsValid()
            west, east, top, bottom = shape.GetEnvelope()
            assert 0 <= west < east <= 4096
            assert 0 <= top < bottom <= 4096
        if detection["value"] in signs:
            boxes += 1
            assert (layer.version, len(features), features[0]["properties"]) == (1, 1, {"type": "polygon"})
            assert not layer.features[0].HasField("id")
            assert len(features[0]["geometry"]["coordinates"][0]) == 5
        else:
            outlines += 1
            assert (layer.version, [f.id for f in layer.features]) == (2, list(range(1, len(features) + 1)))
            assert not any(f.tags for f in layer.features)
    assert boxes > 10
    assert outlines > 10


def test_outlines_have_several_features_holes_and_second_rings(of_images):
    features = [outline_of(detection)["features"] for found in of_images.values() for detection in found]
    shapes = [feature["geometry"] for parts in features for feature in parts]
    assert {len(parts) for parts in features} == {1, 2, 3}
    assert any(shape["type"] == "MultiPolygon" for shape in shapes)
    assert any(shape["type"] == "Polygon" and len(shape["coordinates"]) == 2 for shape in shapes), "a hole"


def test_an_image_names_its_detections(server, of_images):
    for node_id, found in list(of_images.items())[:10]:
        image = ask(server, node_id, fields="detections").json()
        assert image.get("detections") == ({"data": [{"id": entry["id"]} for entry in found]} if found else None)
        values = ask(server, node_id, fields="detections.value").json().get("detections", {"data": []})
        assert [entry["value"] for entry in values["data"]] == [entry["value"] for entry in found]


def test_many_come_page_by_page(emulator):
    server = emulator(Town(images_per_tile=1, features_per_tile=900, size=1))
    node_id = str(server.source.images(*TILE)[0].properties["id"])
    reply = ask(server, f"{node_id}/detections", fields="value")
    pages = [reply.json()["data"]]
    while "next" in reply.json()["paging"]:
        following = reply.json()["paging"]["next"]
        assert server.credential not in following
        reply = requests.get(following, headers={"Authorization": f"OAuth {server.credential}"}, timeout=20)
        pages.append(reply.json()["data"])
    assert [len(page) for page in pages[:-1]] == [100] * (len(pages) - 1)
    assert len(pages) > 1
    whole = ask(server, f"{node_id}/detections", fields="value", limit=2000).json()
    assert whole == {"data": [entry for page in pages for entry in page]}


def test_users_have_none_and_what_is_gone_is_refused(server):
    assert ask(server, "100000000000000/detections").json()["error"]["code"] == 100
    assert ask(server, "77/detections").json()["error"]["error_subcode"] == 33
    assert ask(server, f"{TOWN.images(*TILE)[0].properties['id']}/detections", fields="values").status_code == 400
