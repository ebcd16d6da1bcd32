"""Recorded replies of the graph go out as they were recorded."""

import json

import pytest
import requests

from tests.emulator import RecordedGraph

IMAGE = '{\n "merge_cc": 4.546427159383e+18,\n "id": "11", "name": "zo\\u00eb"}\n'
FEATURE = '{"object_value":"object--bench","id":"21"}'


@pytest.fixture
def folder(tmp_path):
    files = {
        "image/11.json": IMAGE,
        "image/12.json": '{"id":"12","altitude":4294967281}',
        "map_feature/21.json": FEATURE,
        "detections/image_11.json": '{"data": [ {"id":"31"} ]}',
        "detections/map_feature_21.json": '{"data":[{"id":"32"}]}',
        "image_ids/a-_Z9.json": '{"data":[{"id":"12"},{"id":"11"}]}',
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def ask(server, path="", **query):
    headers = {"Authorization": f"OAuth {server.credential}"}
    return requests.get(f"{server.graph_url}/{path}", query, headers=headers, timeout=20)


def test_objects_and_lists_come_byte_for_byte(emulator, folder):
    server = emulator(graph=RecordedGraph(folder))
    assert ask(server, "11", fields="merge_cc").text == IMAGE
    assert ask(server, "21").text == FEATURE
    assert ask(server, "11/detections").text == '{"data": [ {"id":"31"} ]}'
    assert ask(server, "21/detections").json() == {"data": [{"id": "32"}]}
    assert ask(server, "12/detections").json() == {"data": []}
    assert ask(server, "image_ids", sequence_id="a-_Z9").json()["data"] == [{"id": "12"}, {"id": "11"}]
    assert ask(server, "image_ids", sequence_id="../image/11").json() == {"data": []}
    assert ask(server, "13").json()["error"]["error_subcode"] == 33
    assert ask(server, "images", image_ids="11").json()["error"]["code"] == 100


def test_a_batch_keeps_the_text_of_its_objects(emulator, folder):
    server = emulator(graph=RecordedGraph(folder))
    batch = ask(server, ids="12,13,11", fields="merge_cc")
    assert IMAGE in batch.text
    assert batch.json() == {"12": {"id": "12", "altitude": 4294967281}, "11": json.loads(IMAGE)}
    assert ask(server, ids="11,21").status_code == 400
    server.gone.add("11")
    assert list(ask(server, ids="12,11").json()) == ["12"]


def test_genuine_replies_are_served_whole(emulator, recorded):
    server = emulator(graph=RecordedGraph(recorded / "graph"))
    images = sorted((recorded / "graph" / "image").glob("*.json"))
    for path in images:
        assert ask(server, path.stem).content == path.read_bytes()
    batch = ask(server, ids=",".join(path.stem for path in images))
    assert batch.json() == {path.stem: json.loads(path.read_bytes()) for path in images}
    assert "4.546427159383e+18" in batch.text
    for path in (recorded / "graph" / "detections").glob("*.json"):
        assert ask(server, f"{path.stem.rpartition('_')[2]}/detections").content == path.read_bytes()
