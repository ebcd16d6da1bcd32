"""The emulator's graph: entities, batches and searches agree with the tiles and are refused as Mapillary does."""

from datetime import datetime, timezone

import mapbox_vector_tile
import mercantile
import pytest
import requests

from tests.emulator import Emulator, RecordedTiles, Town
from tests.emulator.entities import IMAGE_FIELDS, USERNAMES
from tests.emulator.graph import CHECKED_IMAGE

TOWN = Town(images_per_tile=40, size=2)
TILE = 8529, 5975
BOX = "7.38,43.70,7.43,43.74"
CREATOR, ORGANIZATION = "100000000000000", "500000000000000"


@pytest.fixture(scope="module")
def server():
    with Emulator(TOWN) as running:
        yield running


@pytest.fixture(scope="module")
def drawn():
    """Properties by id, of the images that the town's tiles show."""
    tiles = [mapbox_vector_tile.decode(TOWN.tile("mly1_public", 14, x, y)) for x, y in TOWN.tiles()]
    return {str(f["properties"]["id"]): f["properties"] for tile in tiles for f in tile["image"]["features"]}


def ask(server, path="", **query):
    headers = {"Authorization": f"OAuth {server.credential}"}
    return requests.get(f"{server.graph_url}/{path}", query, headers=headers, timeout=20)


def told(reply):
    error = reply.json()["error"]
    return reply.status_code, error["code"], error.get("error_subcode")


def found(reply):
    return [entry["id"] for entry in reply.json()["data"]]


def in_chunks(items, size=50):
    items = list(items)
    return [items[start : start + size] for start in range(0, len(items), size)]


def test_images_agree_with_their_tiles(server, drawn):
    assert len(drawn) == 160
    for ids in in_chunks(drawn):
        reply = ask(server, ids=",".join(ids), fields=",".join(IMAGE_FIELDS)).json()
        assert list(reply) == ids
        for node_id, image in reply.items():
            tile = drawn[node_id]
            assert image["id"] == node_id
            for name in ("captured_at", "compass_angle", "is_pano", "quality_score"):
                assert image.get(name) == tile.get(name)
            assert (image["sequence"], image["on_foot"]) == (tile["sequence_id"], tile["foot"])
            assert image["creator"]["id"] == str(tile["creator_id"])
            assert image["creator"]["username"] in USERNAMES
            organization = tile.get("organization_id")
            assert image.get("organization") == (organization and {"id": str(organization)})


def test_positions_are_those_of_the_tile(server):
    tile = mapbox_vector_tile.decode(TOWN.tile("mly1_public", 14, *TILE), default_options={"y_coord_down": True})
    shown = {str(f["properties"]["id"]): f["geometry"]["coordinates"] for f in tile["image"]["features"]}
    bounds = mercantile.xy_bounds(*TILE, 14)
    unit = (bounds.right - bounds.left) / 4096
    own = [str(image.properties["id"]) for image in TOWN.images(*TILE)]
    assert len(own) == 40
    for node_id, node in ask(server, ids=",".join(own), fields="geometry").json().items():
        x, y = shown[node_id]
        place = mercantile.lnglat(bounds.left + x * unit, bounds.top - y * unit)
        assert node["geometry"]["coordinates"] == pytest.approx(list(place), abs=1e-7)


def test_what_may_be_missing_is_missing_and_odd_numbers_are_odd():
    with Emulator(Town(size=2)) as server:
        images = [str(image.properties["id"]) for tile in TOWN.tiles() for image in server.source.images(*tile)]
        replies = [ask(server, ids=",".join(ids), fields=",".join(IMAGE_FIELDS)) for ids in in_chunks(images)]
    whole = [image for reply in replies for image in reply.json().values()]
    assert len(whole) == 1600
    for name in ("computed_geometry", "organization", "make", "quality_score", "mesh", "merge_cc"):
        assert 0 < sum(name in image for image in whole) < len(whole), name
    assert any(image["altitude"] > 2**31 for image in whole)
    assert {image["camera_type"] for image in whole} >= {"perspective", "spherical"}
    assert any(image["exif_orientation"] > 1 for image in whole)
    assert "e+18" in replies[0].text


def test_only_the_fields_that_are_asked_for_come(server, drawn):
    node_id = next(iter(drawn))
    assert set(ask(server, node_id).json()) == {"id"}
    asked = ask(server, node_id, fields="captured_at,creator{username},geometry").json()
    assert set(asked) == {"id", "captured_at", "creator", "geometry"}
    assert set(ask(server, node_id, fields="creator.username").json()["creator"]) == {"username", "id"}
    wrong = ask(server, node_id, fields="id,captured")
    assert wrong.json()["error"]["message"] == "Tried accessing nonexisting field (captured) on node type (Image)"
    assert told(wrong)[:2] == told(ask(server, ids=node_id, fields="captured"))[:2] == (400, 100)


def test_users_and_organizations_have_names(server):
    user = ask(server, CREATOR, fields="id,username").json()
    assert user == {"username": USERNAMES[0], "id": CREATOR}
    organization = ask(server, ORGANIZATION, fields="slug,name,description").json()
    assert set(organization) == {"slug", "name", "description", "id"}
    assert told(ask(server, ORGANIZATION, fields="profile_photo_url"))[:2] == (400, 100)


def test_what_is_gone_is_missing_from_a_batch_or_refuses_it(drawn, emulator):
    server, (one, other, *_) = emulator(TOWN), drawn
    server.gone.add(one)
    assert told(ask(server, one)) == told(ask(server, "77")) == (400, 100, 33)
    assert list(ask(server, ids=f"{one},{other},77").json()) == [other]
    server.gone_refuses_batch = True
    refused = ask(server, ids=f"{other},{one}")
    assert told(refused) == (400, 100, 33)
    assert f"'{one}'" in refused.json()["error"]["message"]
    assert list(ask(server, ids=other).json()) == [other]


def test_a_batch_has_one_type_and_at_most_50_ids(drawn, emulator):
    server, ids = emulator(TOWN), list(drawn)
    assert told(ask(server, ids=",".join(ids[:51])))[:2] == (400, 100)
    assert told(ask(server, ids=f"{ids[0]},{CREATOR}"))[:2] == (400, 100)
    assert told(ask(server))[:2] == (400, 100)
    server.batch_limit = 20
    assert told(ask(server, ids=",".join(ids[:21])))[:2] == (500, 1)
    assert len(ask(server, ids=",".join(ids[:20])).json()) == 20


def test_a_sequence_comes_in_the_order_along_its_street(server, drawn):
    key = drawn[next(iter(drawn))]["sequence_id"]
    ids = found(ask(server, "image_ids", sequence_id=key))
    assert set(ids) == {node_id for node_id, tile in drawn.items() if tile["sequence_id"] == key}
    times = [drawn[node_id]["captured_at"] for node_id in ids]
    assert times == sorted(times)
    assert found(ask(server, "image_ids", sequence_id="nowhere")) == []


def test_the_image_of_a_sequence_is_one_of_its_own(server):
    tile = mapbox_vector_tile.decode(TOWN.tile("mly1_public", 14, *TILE))
    for sequence in (feature["properties"] for feature in tile["sequence"]["features"]):
        assert ask(server, str(sequence["image_id"]), fields="sequence").json()["sequence"] == sequence["id"]


def test_images_are_searched_by_ids_sequences_and_organization(server, drawn):
    one, other, *_ = drawn
    assert found(ask(server, "images", image_ids=f"{one},77,{other}")) == [one, other]
    key = drawn[one]["sequence_id"]
    alone = found(ask(server, "images", sequence_ids=key))
    assert alone == found(ask(server, "image_ids", sequence_id=key)) == found(ask(server, "images", sequence_id=key))
    theirs = {node_id for node_id, tile in drawn.items() if str(tile.get("organization_id")) == ORGANIZATION}
    assert set(found(ask(server, "images", organization_id=ORGANIZATION))) == theirs
    assert told(ask(server, "images"))[:2] == (400, 100)


def test_a_creator_is_searched_page_by_page_newest_first(server, drawn):
    name, whole = USERNAMES[4], []
    reply = ask(server, "images", creator_username=name, limit=7, fields="captured_at")
    while True:
        assert len(reply.json()["data"]) <= 7
        whole += reply.json()["data"]
        following = reply.json()["paging"].get("next")
        if not following:
            break
        assert server.credential not in following
        again = ask(server, "images", creator_username=name, limit=7, fields="captured_at", after=after(reply))
        reply = requests.get(following, headers={"Authorization": f"OAuth {server.credential}"}, timeout=20)
        assert reply.json() == again.json()
    theirs = {node_id for node_id, tile in drawn.items() if ask_creator(server, node_id) == name}
    assert {image["id"] for image in whole} == theirs
    assert len(whole) == len(theirs) > 7
    times = [image["captured_at"] for image in whole]
    assert times == sorted(times, reverse=True)


def after(reply):
    return reply.json()["paging"]["cursors"]["after"]


def ask_creator(server, node_id):
    return ask(server, node_id, fields="creator").json()["creator"]["username"]


def test_a_box_has_at_most_a_hundredth_of_a_square_degree(server):
    image = TOWN.images(*TILE)[0]
    lon, lat = TOWN.lon_lat(image.x, image.y)
    small = ask(server, "images", bbox=f"{lon - 0.001},{lat - 0.001},{lon + 0.001},{lat + 0.001}", fields="geometry")
    assert str(image.properties["id"]) in found(small)
    for entry in small.json()["data"]:
        assert entry["geometry"]["coordinates"] == pytest.approx([lon, lat], abs=0.0011)
    assert ask(server, "images", bbox="7.3,43.7,7.4,43.8").status_code == 200
    assert told(ask(server, "images", bbox="7.3,43.7,7.41,43.81"))[:2] == (500, 1)
    assert told(ask(server, "images", bbox="7.4,43.7,7.3,43.8"))[:2] == (400, 100)


def test_times_are_inclusive_and_panoramas_a_choice(server, drawn):
    times = sorted(tile["captured_at"] for tile in drawn.values())
    middle = times[80]
    start = datetime.fromtimestamp(middle / 1000, timezone.utc).isoformat()
    later = set(found(ask(server, "images", bbox=BOX, start_captured_at=start)))
    assert later == {node_id for node_id, tile in drawn.items() if tile["captured_at"] >= middle}
    earlier = set(found(ask(server, "images", bbox=BOX, end_captured_at=start)))
    assert earlier == {node_id for node_id, tile in drawn.items() if tile["captured_at"] <= middle}
    panoramas = set(found(ask(server, "images", bbox=BOX, is_pano="true")))
    assert panoramas == {node_id for node_id, tile in drawn.items() if tile["is_pano"]}


def test_around_a_place_the_nearest_image_comes_first_within_50_metres(server):
    image = TOWN.images(*TILE)[3]
    lon, lat = TOWN.lon_lat(image.x, image.y)
    assert found(ask(server, "images", lng=lon, lat=lat)) == [str(image.properties["id"])]
    assert found(ask(server, "images", lng=lon, lat=lat, radius=50, limit=100))[0] == str(image.properties["id"])
    assert told(ask(server, "images", lng=lon, lat=lat, radius=51))[:2] == (400, 100)
    assert told(ask(server, "images", lng=lon, lat=lat, bbox=BOX))[:2] == (400, 100)
    assert found(ask(server, "images", lng=0, lat=0)) == []


def test_a_tile_source_without_a_graph_still_lets_a_token_be_checked(emulator, tmp_path):
    server = emulator(RecordedTiles(tmp_path))
    assert ask(server, CHECKED_IMAGE).json() == {"id": CHECKED_IMAGE}
    assert told(ask(server, CREATOR[:-1] + "9")) == (400, 100, 33)


def test_faults_can_be_for_batches_and_searches(emulator):
    server = emulator(TOWN)
    server.fail("reduce-amount", surface="graph", tile="ids", times=1)
    server.fail("area-too-large", surface="graph", tile="images", times=1)
    assert [ask(server, ids=CREATOR).status_code for _ in range(2)] == [500, 200]
    assert [ask(server, "images", image_ids="1").status_code for _ in range(2)] == [500, 200]
