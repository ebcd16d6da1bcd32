"""What the image panel asks for: few requests, fresh addresses, pictures without the token."""

import math

import pytest

from mapillary_coverage.core.errors import (
    ExpiredPictureError,
    QuotaReachedError,
    ServerBusyError,
    UnexpectedReplyError,
    UnknownObjectError,
)
from mapillary_coverage.core.graph.graph_client import GraphClient
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.network.session import HttpSession
from mapillary_coverage.core.network.traffic import Traffic
from mapillary_coverage.core.viewing.image_requests import ask_for_image, ask_for_order, ask_for_picture, search_image
from tests.conftest import NO_PAUSES
from tests.emulator import RecordedGraph, Town
from tests.emulator.drawing import draw
from tests.emulator.search import metres
from tests.emulator.town_index import TownIndex, id_of

TOWN = Town(images_per_tile=80)
IMAGES = TOWN.images(8529, 5975)


@pytest.fixture
def client_of():
    session = HttpSession(1)
    yield lambda server: GraphClient(
        Server(server.graph_url, Credential(server.credential)), session, Traffic(), NO_PAUSES
    )
    session.close()


def test_an_image_takes_one_request_and_its_picture_another_without_the_token(emulator, client_of):
    server = emulator(TOWN, recorded=[])
    image = ask_for_image(client_of(server), id_of(IMAGES[0]))
    assert len(server.recorded) == 1
    picture = ask_for_picture(client_of(server), image, "1024", NO_PAUSES)
    asked, fetched = server.recorded
    assert (asked.path, fetched.path) == (f"/{image.image_id}", f"/pictures/{image.image_id}/1024.jpg")
    assert "Authorization" not in fetched.headers
    assert picture[:2] == b"\xff\xd8"
    assert f"oh={fetched.query['oh']}" in image.addresses["1024"]


def test_each_opening_gets_addresses_of_its_own_and_none_is_kept(emulator, client_of):
    client = client_of(emulator(TOWN))
    one, other = (ask_for_image(client, id_of(IMAGES[0])) for _ in range(2))
    assert len({*one.addresses.values(), *other.addresses.values()}) == 8
    for image in (one, other):
        assert "oh=" not in repr(image)
        assert "http" not in str(image.body)


def test_an_expired_address_is_replaced_once(emulator, client_of):
    server = emulator(TOWN)
    client = client_of(server)
    image = ask_for_image(client, id_of(IMAGES[0]))
    server.expire_pictures()
    assert ask_for_picture(client, image, "256", NO_PAUSES)
    assert [seen.status for seen in server.requests] == [200, 403, 200, 200]
    server.picture_uses = 0
    with pytest.raises(ExpiredPictureError):
        ask_for_picture(client, image, "256", NO_PAUSES)
    assert [seen.status for seen in server.requests[4:]] == [403, 200, 403]


@pytest.mark.parametrize("fault", ["no-such-field", "server-error"])
def test_where_the_server_cannot_give_all_fields_it_is_asked_for_fewer(emulator, client_of, fault):
    server = emulator(TOWN, recorded=[])
    server.fail(fault, surface="graph", times=5 if fault == "server-error" else 1)
    image = ask_for_image(client_of(server), id_of(IMAGES[0]))
    assert set(image.addresses) == {"256", "1024", "2048", "original"}
    assert "sfm_cluster" not in server.recorded[-1].query["fields"]


@pytest.mark.parametrize("fault", ["no-such-field", "reduce-amount"])
def test_a_search_asks_for_fewer_fields_too(emulator, client_of, fault):
    server = emulator(TOWN)
    server.fail(fault, surface="graph", times=1)
    found = search_image(client_of(server), *TOWN.lon_lat(IMAGES[0].x, IMAGES[0].y), 10)
    assert found.image_id == id_of(IMAGES[0])
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("fault", "error", "requests"),
    [("no-such-object", UnknownObjectError, 1), ("quota", QuotaReachedError, 1), ("too-many-long", ServerBusyError, 1)],
)
def test_what_is_permanent_is_asked_once(emulator, client_of, fault, error, requests):
    server = emulator(TOWN)
    server.fail(fault, surface="graph")
    with pytest.raises(error):
        ask_for_image(client_of(server), id_of(IMAGES[0]))
    assert len(server.requests) == requests


def test_an_image_without_pictures(emulator, client_of, recorded, tmp_path):
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "5.json").write_text('{"id": "5", "thumb_256_url": null, "thumb_1024_url": 7}')
    client = client_of(emulator(graph=RecordedGraph(tmp_path)))
    image = ask_for_image(client, "5")
    assert image.best_size(1024) is None
    with pytest.raises(UnexpectedReplyError, match="no picture of this size"):
        ask_for_picture(client, image, "1024", NO_PAUSES)


def test_the_reply_of_another_image_is_refused(emulator, client_of, tmp_path):
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "5.json").write_text('{"id": "6"}')
    with pytest.raises(UnexpectedReplyError, match="another image"):
        ask_for_image(client_of(emulator(graph=RecordedGraph(tmp_path))), "5")


@pytest.mark.parametrize("number", range(0, 80, 7))
def test_the_search_gives_the_nearest_in_one_request(emulator, client_of, number):
    server = emulator(TOWN)
    lon, lat = TOWN.lon_lat(IMAGES[number].x, IMAGES[number].y)
    lon, lat = lon + 0.0001, lat + 0.00008
    everywhere = [image for tile in TOWN.tiles() for image in TOWN.images(*tile)]
    distances = {id_of(image): metres((lon, lat), TOWN.lon_lat(image.x, image.y)) for image in everywhere}
    nearest = min(distances, key=distances.get)
    found = search_image(client_of(server), lon, lat, 500)
    assert found.image_id == nearest
    assert set(found.addresses) == {"256", "1024", "2048", "original"}
    assert len(server.requests) == 1
    assert search_image(client_of(server), lon, lat, distances[nearest] * 0.9) is None
    assert math.isclose(found.facts.place[0], found.place[0])


def test_the_order_of_a_sequence_is_the_servers(emulator, client_of):
    index = TownIndex.of(TOWN)
    key, images = max(index.sequences.items(), key=lambda entry: len(entry[1]))
    assert ask_for_order(client_of(emulator(TOWN)), key) == [id_of(image) for image in images]


def test_recorded_images(emulator, client_of, recorded):
    client = client_of(emulator(graph=RecordedGraph(recorded / "graph")))
    image = ask_for_image(client, "308609047601518")
    assert image.place == (-108.570819, 39.067959972222)
    assert (image.heading, image.is_pano, image.has_known_camera) == (334.28, False, True)
    # 2 * atan(1 / (2 * 0.85136388143343)) of a picture that is wider than high
    assert image.field_of_view == pytest.approx(60.851, abs=0.001)
    assert image.sequence_id == "7nfcwfvjdtphz7yj6zat6a"
    assert image.image_id in ask_for_order(client, image.sequence_id)


def test_pictures_are_those_of_the_image(emulator, client_of):
    client = client_of(emulator(TOWN))
    image = ask_for_image(client, id_of(IMAGES[3]))
    shape = image.body["width"], image.body["height"]
    if image.body["exif_orientation"] > 4:
        shape = shape[::-1]
    assert ask_for_picture(client, image, "256", NO_PAUSES) == draw(image.image_id, 256, shape[1] * 256 // shape[0])


def test_a_broken_connection_is_no_reason_to_ask_for_less(emulator, client_of):
    server = emulator(TOWN, recorded=[])
    server.fail("reset", surface="graph", times=2)
    assert ask_for_image(client_of(server), id_of(IMAGES[0])).image_id == id_of(IMAGES[0])
    assert {"sfm_cluster" in request.query["fields"] for request in server.recorded} == {True}


def test_what_always_fails_with_all_fields_is_asked_twice(emulator, client_of):
    server = emulator(TOWN, recorded=[])
    server.fail("server-error", surface="graph", times=1)
    ask_for_image(client_of(server), id_of(IMAGES[0]))
    assert len(server.recorded) == 2
