"""The emulator itself: it has to refuse, fail and serve as the API reference describes."""

import http.client
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import mapbox_vector_tile
import pytest
import requests

from tests.emulator import RecordedTiles, Town
from tests.emulator.faults import FAULTS, FaultRule

ROOT = Path(__file__).resolve().parents[2]


def get(server, z=14, x=8529, y=5975, tileset="mly1_public", given=True, **options):
    query = {"access_token": server.credential if given is True else given} if given else {}
    url = f"{server.tiles_url}/{tileset}/2/{z}/{x}/{y}"
    return requests.get(url, query, allow_redirects=False, timeout=20, **options)


def code(reply):
    return reply.json()["error"]["code"]


def test_the_token_is_checked_as_mapillary_does(emulator):
    server = emulator()
    assert get(server).status_code == 200
    nothing, nonsense, unissued = get(server, given=None), get(server, given="x"), get(server, given=_other(server))
    assert (nothing.status_code, code(nothing)) == (500, 190)
    assert (nonsense.status_code, code(nonsense)) == (400, 190)
    assert (unissued.status_code, code(unissued)) == (400, 190)
    header = get(server, headers={"Authorization": f"OAuth {server.credential}"})
    assert header.status_code == 403


def _other(server):
    return server.credential[:-1] + ("0" if server.credential[-1] != "0" else "1")


def test_it_listens_on_loopback_only(emulator):
    assert emulator().address.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("z", "layers"),
    [(0, {"overview"}), (5, {"overview"}), (6, {"sequence"}), (13, {"sequence"}), (14, {"sequence", "image"})],
)
def test_each_zoom_has_its_layers(emulator, z, layers):
    scale = 2 ** (14 - z)
    reply = get(emulator(), z, 8529 // scale, 5975 // scale)
    assert set(mapbox_vector_tile.decode(reply.content)) == layers


def test_nothing_is_above_zoom_14_or_outside_the_world_or_in_other_tilesets(emulator):
    server = emulator()
    assert get(server, 15, 1, 1).status_code == 404
    assert get(server, 14, 2**14, 1).status_code == 404
    assert get(server, tileset="mly1_private").status_code == 404
    assert requests.get(f"{server.address}/elsewhere", timeout=20).status_code == 404


def test_a_town_is_the_same_for_the_same_seed_and_of_the_size_asked_for():
    tile = Town(seed=3, images_per_tile=50).tile("mly1_public", 14, 8529, 5975)
    assert tile == Town(seed=3, images_per_tile=50).tile("mly1_public", 14, 8529, 5975)
    assert tile != Town(seed=4, images_per_tile=50).tile("mly1_public", 14, 8529, 5975)
    town = Town(images_per_tile=10, size=3)
    full = {(x, y) for x in range(8520, 8540) for y in range(5970, 5985) if town.tile("mly1_public", 14, x, y)}
    assert full == {(x, y) for x in range(8528, 8531) for y in range(5974, 5977)}


def test_recorded_tiles_come_as_they_are(emulator, tmp_path):
    path = tmp_path / "mly1_public" / "14" / "1"
    path.mkdir(parents=True)
    (path / "2.mvt").write_bytes(b"recorded")
    server = emulator(RecordedTiles(tmp_path))
    assert get(server, 14, 1, 2).content == b"recorded"
    assert get(server, 14, 1, 3).content == b""


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"hang", "reset", "drip", "half-reply", "oversized", "bomb"}))
def test_each_fault_can_be_served_for_one_tile(emulator, fault):
    server = emulator()
    server.fail(fault, tile="14/8530/5975")
    assert get(server).status_code == 200
    expected = FAULTS[fault](Town().tile("mly1_public", 14, 8530, 5975))
    connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=20)
    connection.request("GET", f"/maps/vtp/mly1_public/2/14/8530/5975?access_token={quote(server.credential)}")
    reply = connection.getresponse()
    assert reply.status == expected.status
    assert reply.read() == expected.body.replace(b"{token}", server.credential.encode())
    connection.close()
    assert [seen.fault for seen in server.requests] == ["", fault]


def test_a_rule_says_when():
    rule = FaultRule.parse("busy,tile=14/1/2,start=2,every=2,times=2")
    assert [rule.applies("14/1/2") for _ in range(8)] == [False, True, False, True, False, False, False, False]
    assert not FaultRule("busy", tile="14/1/2").applies("14/1/3")
    with pytest.raises(ValueError, match="unknown fault"):
        FaultRule("boredom")


def test_the_command_prints_its_address_and_ends_when_told():
    command = [sys.executable, "-m", "tests.emulator", "--images-per-tile", "5", "--fault", "busy,tile=14/8529/5975"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAPILLARY_")}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        printed = dict(process.stdout.readline().strip().replace("'", "").split("=", 1) for _ in range(2))
        query = {"access_token": printed["MAPILLARY_ACCESS_TOKEN"]}
        url = f"{printed['MAPILLARY_TILES_URL']}/mly1_public/2/14/8529/5975"
        assert requests.get(url, query, timeout=20).status_code == 503
        process.terminate()
        assert process.wait(10) == 0
