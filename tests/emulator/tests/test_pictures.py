"""The emulator's pictures: signed URLs that end, JPEGs of the size that they name, and no token wanted."""

import pytest
import requests
from osgeo import gdal

from tests.emulator import Town

TOWN = Town(images_per_tile=200, size=1)
TILE = 8528, 5974
SIZES = ("256", "1024", "2048", "original")


def ask(server, path, **query):
    headers = {"Authorization": f"OAuth {server.credential}"}
    return requests.get(f"{server.graph_url}/{path}", query, headers=headers, timeout=20).json()


def an_image(is_pano=False):
    return next(str(i.properties["id"]) for i in TOWN.images(*TILE) if i.properties["is_pano"] is is_pano)


def url_of(server, size="256", image=None):
    return ask(server, image or an_image(), fields=f"thumb_{size}_url")[f"thumb_{size}_url"]


def shape_of(body):
    gdal.UseExceptions()
    gdal.FileFromMemBuffer("/vsimem/picture.jpg", body)
    picture = gdal.Open("/vsimem/picture.jpg")
    shape = picture.GetDriver().ShortName, picture.RasterXSize, picture.RasterYSize
    picture = None
    gdal.Unlink("/vsimem/picture.jpg")
    return shape


@pytest.mark.parametrize("is_pano", [False, True])
def test_pictures_have_the_width_that_they_name(emulator, is_pano):
    server, node_id = emulator(TOWN), an_image(is_pano)
    image = ask(server, node_id, fields="width,height,exif_orientation," + ",".join(f"thumb_{s}_url" for s in SIZES))
    sides = [image["width"], image["height"]]
    width, height = sides[::-1] if image["exif_orientation"] > 4 else sides
    for size in SIZES:
        reply = requests.get(image[f"thumb_{size}_url"], timeout=20)
        assert (reply.status_code, reply.headers["Content-Type"]) == (200, "image/jpeg")
        wide = width if size == "original" else int(size)
        assert shape_of(reply.content) == ("JPEG", wide, wide * height // width)
    assert (width == 2 * height) is is_pano


def test_a_picture_of_a_camera_held_upright_is_upright(emulator):
    server = emulator(TOWN)
    ids = [str(image.properties["id"]) for image in TOWN.images(*TILE)]
    images = [ask(server, node_id, fields="exif_orientation,thumb_256_url") for node_id in ids]
    upright = next(image for image in images if image["exif_orientation"] > 4)
    _, width, height = shape_of(requests.get(upright["thumb_256_url"], timeout=20).content)
    assert width < height


def test_pictures_differ_by_image(emulator):
    server = emulator(TOWN)
    bodies = {requests.get(url_of(server, image=an_image(kind)), timeout=20).content for kind in (True, False)}
    assert len(bodies) == 2


def test_each_question_gives_another_url_until_they_expire(emulator):
    server = emulator(TOWN)
    first, second = url_of(server), url_of(server)
    assert first != second
    assert first.split("?")[0] == second.split("?")[0]
    assert [requests.get(url, timeout=20).status_code for url in (first, second, first)] == [200] * 3
    server.expire_pictures()
    dead = requests.get(first, timeout=20)
    assert (dead.status_code, dead.text) == (403, "URL signature expired")
    assert requests.get(url_of(server), timeout=20).status_code == 200
    assert requests.get(first.split("?")[0], timeout=20).status_code == 403
    assert requests.get(url_of(server).replace("/256.", "/1024."), timeout=20).status_code == 403


def test_a_url_may_be_good_for_some_fetches_only(emulator):
    server = emulator(TOWN, picture_uses=2)
    url = url_of(server)
    assert [requests.get(url, timeout=20).status_code for _ in range(3)] == [200, 200, 403]
    server.picture_uses = 0
    assert requests.get(url_of(server), timeout=20).status_code == 403


def test_a_token_that_comes_along_is_noticed(emulator):
    server = emulator(TOWN)
    url = url_of(server)
    assert requests.get(url, headers={"Authorization": "OAuth x"}, timeout=20).status_code == 400
    assert requests.get(url, {"access_token": "x"}, timeout=20).status_code == 400
    assert requests.get(url, timeout=20).status_code == 200
    assert [(seen.status, seen.has_token) for seen in server.requests[1:]] == [(400, True), (400, True), (200, False)]


def test_faults_can_be_for_a_picture(emulator):
    server, node_id = emulator(TOWN), an_image()
    for start, fault in enumerate(("not-found", "server-error", "html"), 1):
        server.fail(fault, surface="pictures", tile=f"{node_id}/256", start=start, times=1)
    url = url_of(server)
    assert requests.get(url_of(server, "1024"), timeout=20).status_code == 200
    replies = [requests.get(url, timeout=20) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [404, 500, 200, 200]
    assert replies[2].headers["Content-Type"].startswith("text/html")
    assert replies[3].content.startswith(b"\xff\xd8")
    server.fail("half-tile", surface="pictures", times=1)
    half = requests.get(url, timeout=20)
    assert (half.headers["Content-Type"], half.content) == ("image/jpeg", replies[3].content[: len(half.content)])
    assert len(half.content) == len(replies[3].content) // 2
    server.fail("half-reply", surface="pictures", times=1)
    with requests.get(url, timeout=20, stream=True) as cut:
        assert int(cut.headers["Content-Length"]) == len(replies[3].content)
        assert cut.raw.read(len(half.content)) == half.content
        assert cut.raw.read(1) == b""
    server.fail("hang", surface="pictures", times=1)
    with pytest.raises(requests.Timeout):
        requests.get(url, timeout=0.5)
