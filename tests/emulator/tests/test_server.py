"""The emulator itself: it has to refuse, fail and serve as docs/MAPILLARY_API.md describes."""

import http.client
import json
import os
import subprocess
import sys
import time
import zlib
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, quote, urlsplit

import mapbox_vector_tile
import pytest
import requests

from tests.conftest import ROOT
from tests.emulator import Proxy, RecordedTiles, Town
from tests.emulator.certificates import authority, self_signed, signed_by
from tests.emulator.faults import FAULTS, FaultRule
from tests.emulator.graph import CHECKED_IMAGE

CALLBACK = "http://127.0.0.1:8763/"
SLOW_OR_LARGE = {"hang", "reset", "drip", "half-reply", "oversized", "bomb", "big-bomb"}


def get(server, z=14, x=8529, y=5975, tileset="mly1_public", given=True, **options):
    query = {"access_token": server.credential if given is True else given} if given else {}
    url = f"{server.tiles_url}/{tileset}/2/{z}/{x}/{y}"
    return requests.get(url, query, allow_redirects=False, timeout=20, **options)


def ask_graph(server, token, path=CHECKED_IMAGE, fields="id"):
    headers = {"Authorization": f"OAuth {token}"} if token else {}
    return requests.get(f"{server.graph_url}/{path}", {"fields": fields}, headers=headers, timeout=20)


def visit(server, **query):
    query = {"client_id": server.client_id, "redirect_uri": CALLBACK, "response_type": "code", "state": "s", **query}
    return requests.get(server.connect_url, query, allow_redirects=False, timeout=20)


def given_back(reply):
    assert reply.headers["Location"].startswith(CALLBACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["Location"]).query).items()}


def exchange(server, grant, proof=None, encoding="data", **fields):
    headers = {"Authorization": f"OAuth {server.client_secret if proof is None else proof}"}
    body = {"grant_type": grant, "client_id": server.client_id, **fields}
    return requests.post(f"{server.graph_url}/token", headers=headers, timeout=20, **{encoding: body})


def through(proxy, user=""):
    return dict.fromkeys(("http", "https"), f"http://{user}127.0.0.1:{proxy.port}")


def told(reply):
    error = reply.json()["error"]
    return reply.status_code, error["code"], error["message"]


def test_the_token_is_checked_as_mapillary_does(emulator):
    server = emulator()
    assert get(server).status_code == 200
    for wrong, status in ((None, 500), ("x", 400), (_other(server), 400)):
        assert told(get(server, given=wrong))[:2] == (status, 190)
    assert get(server, headers={"Authorization": f"OAuth {server.credential}"}).status_code == 403


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


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - SLOW_OR_LARGE))
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


def test_a_rule_is_for_tiles_unless_it_names_another_surface(emulator):
    server = emulator()
    server.fail("busy", surface="graph", times=1)
    assert get(server).status_code == 200
    server.fail("busy")
    assert [ask_graph(server, server.credential).status_code for _ in range(2)] == [503, 200]
    assert FaultRule.parse("busy,surface=token,times=2").surface == "token"
    with pytest.raises(ValueError, match="unknown surface"):
        FaultRule("busy", surface="moon")


def test_each_fault_can_be_served_for_one_image_of_the_graph(emulator):
    server = emulator()
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=20)
    for fault in sorted(set(FAULTS) - SLOW_OR_LARGE):
        server.fail(fault, surface="graph", tile=CHECKED_IMAGE, times=1)
        connection.request("GET", f"/{CHECKED_IMAGE}", headers={"Authorization": f"OAuth {server.credential}"})
        reply, expected = connection.getresponse(), FAULTS[fault](b'{"id": "%s"}' % CHECKED_IMAGE.encode())
        assert reply.read() == expected.body.replace(b"{token}", server.credential.encode())
        assert (fault, reply.status, "x-app-usage" in reply.headers) == (fault, expected.status, True)
    connection.close()


def test_a_wait_may_be_told_as_a_date():
    until = parsedate_to_datetime(FAULTS["retry-after-date"](b"").headers["Retry-After"])
    assert 0 < until.timestamp() - time.time() <= 2


def test_the_big_bomb_is_small_until_it_is_unpacked():
    body = FAULTS["big-bomb"](b"").body
    assert (len(body) < 3 * 2**20, int.from_bytes(body[-4:], "little")) == (True, 2**31)
    assert zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, 2**20) == bytes(2**20)
    assert FAULTS["big-bomb"](b"").body is body, "it is made once"


def test_the_graph_answers_for_images_and_users(emulator):
    server = emulator(app_usage=96)
    image = ask_graph(server, server.credential)
    assert image.json() == {"id": CHECKED_IMAGE}
    assert json.loads(image.headers["x-app-usage"]) == {"call_volume": 96, "call_count": 96}
    in_query = requests.get(f"{server.graph_url}/{CHECKED_IMAGE}", {"access_token": server.credential}, timeout=20)
    assert in_query.json() == {"id": CHECKED_IMAGE}
    unknown = ask_graph(server, server.credential, fields="id,x")
    assert told(unknown) == (400, 100, "Tried accessing nonexisting field (x) on node type (Image)")
    assert set(ask_graph(server, server.issue_user_token(), "me", "id,username").json()) == {"id", "username"}
    assert told(ask_graph(server, server.credential, "me", "id,username"))[:2] == (400, 100)


def test_the_graph_refuses_other_tokens_in_its_own_words(emulator):
    server = emulator()
    user = server.issue_user_token()
    server.revoke(user)
    assert told(ask_graph(server, "")) == (500, 190, "Invalid OAuth 2.0 Access Token")
    assert told(ask_graph(server, "x")) == (401, 190, "Failed to decode")
    assert told(ask_graph(server, _other(server))) == (401, 190, "Error validating application")
    for refused in (ask_graph(server, user), get(server, given=user)):
        assert told(refused) == (401, 190, "The user has not authorized application 1")


@pytest.mark.parametrize("encoding", ["data", "json"])
def test_a_user_who_grants_access_gets_a_token_for_tiles_and_graph(emulator, encoding):
    server = emulator()
    server.fail("busy", surface="token", times=1)
    returned = given_back(visit(server, scope="read"))
    assert exchange(server, "authorization_code", code=returned["code"]).status_code == 503, "the code remains unused"
    reply = exchange(server, "authorization_code", encoding=encoding, code=returned["code"])
    user = reply.json()["access_token"]
    assert (returned["state"], reply.json()["expires_in"], reply.json()["token_type"]) == ("s", 9000, "bearer")
    assert ask_graph(server, user, "me").status_code == get(server, given=user).status_code == 200
    again = exchange(server, "authorization_code", encoding=encoding, code=returned["code"])
    assert told(again) == (400, 100, "This authorization code has been used")


def test_a_visit_needs_a_known_application_and_comes_to_what_the_test_wants(emulator):
    server = emulator()
    for server.consent in ("user_denied", "invalid_request", "invalid_scope", "server_error"):
        assert given_back(visit(server)) == {"error": server.consent, "state": "s"}
    server.consent, server.returned_state = "granted", "another"
    assert given_back(visit(server))["state"] == "another"
    assert visit(server, client_id="1").status_code == 400
    assert visit(server, redirect_uri="http://example.org/").status_code == 400
    server.callback = f"{CALLBACK}back?x=1"
    assert visit(server).status_code == 400
    assert given_back(visit(server, redirect_uri=server.callback))["x"] == "1"


def test_an_exchange_needs_the_secret_the_application_and_something_to_exchange(emulator):
    server = emulator()
    for proof in ("", server.credential):
        assert told(exchange(server, "authorization_code", proof))[:2] == (401, 190)
    for grant, fields in (("authorization_code", {"code": "x"}), ("refresh_token", {"client_id": "1"}), ("x", {})):
        assert told(exchange(server, grant, **fields))[:2] == (400, 100)
    assert told(exchange(server, "refresh_token", refresh_token=server.credential))[:2] == (401, 190)


def test_a_user_token_is_refreshed_by_itself_until_it_expires(emulator):
    server = emulator()
    now = 1000.0
    server.clock, server.lifetime = lambda: now, 60
    old = server.issue_user_token()
    now += 59
    new = exchange(server, "refresh_token", refresh_token=old).json()["access_token"]
    assert [ask_graph(server, token, "me").status_code for token in (old, new)] == [200, 200]
    now += 1
    assert ask_graph(server, new, "me").status_code == 200
    late = exchange(server, "refresh_token", refresh_token=old)
    for refused in (get(server, given=old), ask_graph(server, old), late):
        assert told(refused) == (401, 190, "Session has expired")


def test_https_is_trusted_by_those_who_know_the_certificate_or_its_authority(emulator, tmp_path):
    alone, trusted = self_signed(tmp_path), authority(tmp_path)
    server, other = emulator(certificate=alone), emulator(certificate=signed_by(trusted, tmp_path, "localhost"))
    assert get(server, verify=str(alone[0])).status_code == 200
    for options in ({}, {"verify": str(trusted[0])}):
        with pytest.raises(requests.exceptions.SSLError):
            get(server, **options)
    address = other.graph_url.replace("127.0.0.1", "localhost")
    assert requests.get(f"{address}/1", verify=str(trusted[0]), timeout=20).status_code == 500
    with pytest.raises(requests.exceptions.SSLError):
        get(other, verify=str(trusted[0]))


def test_a_proxy_leads_to_made_up_hosts_and_nowhere_else(emulator, tmp_path):
    trusted = authority(tmp_path)
    plain, secure = emulator(), emulator(certificate=signed_by(trusted, tmp_path, "tiles.example.test"))
    ports = {"plain.test": urlsplit(plain.address).port, "tiles.example.test": urlsplit(secure.address).port}
    with Proxy(resolve=ports) as proxy:
        options = {"proxies": through(proxy), "params": {"access_token": plain.credential}, "timeout": 20}
        assert requests.get(f"http://plain.test/{CHECKED_IMAGE}", **options).json() == {"id": CHECKED_IMAGE}
        assert requests.post("http://plain.test/token", "x", **options).status_code == 401
        secured = requests.get(f"https://tiles.example.test/{CHECKED_IMAGE}", verify=str(trusted[0]), **options)
        assert secured.json() == {"id": CHECKED_IMAGE}
        assert requests.get("http://other.example.test/", **options).status_code == 502
        plain.fail("reset", surface="graph")
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get("http://plain.test/3", **options)
    targets = [f"http://plain.test/{CHECKED_IMAGE}", "http://plain.test/token", "tiles.example.test:443"]
    assert proxy.seen[:3] == list(zip(("GET", "POST", "CONNECT"), targets, (True, True, True)))


def test_a_proxy_can_demand_a_name_and_a_word(emulator, tmp_path):
    server = emulator(certificate=self_signed(tmp_path))
    with Proxy("me", "mine") as proxy:
        refused = requests.get("http://127.0.0.1:1/", proxies=through(proxy), timeout=20)
        assert (refused.status_code, refused.headers["Proxy-Authenticate"][:6]) == (407, "Basic ")
        with pytest.raises(requests.exceptions.ProxyError):
            get(server, proxies=through(proxy, "me:yours@"))
        assert get(server, verify=str(server.certificate[0]), proxies=through(proxy, "me:mine@")).status_code == 200
    assert [passed.allowed for passed in proxy.seen] == [False, False, True]


def test_the_command_prints_its_address_and_ends_when_told():
    command = [sys.executable, "-m", "tests.emulator", "--images-per-tile", "5", "--fault", "busy,tile=14/8529/5975"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAPILLARY_")}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        printed = dict(process.stdout.readline().strip().replace("'", "").split("=", 1) for _ in range(3))
        query = {"access_token": printed["MAPILLARY_ACCESS_TOKEN"]}
        url = f"{printed['MAPILLARY_TILES_URL']}/mly1_public/2/14/8529/5975"
        assert requests.get(url, query, timeout=20).status_code == 503
        image = f"{printed['MAPILLARY_GRAPH_URL']}/{CHECKED_IMAGE}"
        assert requests.get(image, query, timeout=20).json() == {"id": CHECKED_IMAGE}
        process.terminate()
        assert process.wait(10) == 0
