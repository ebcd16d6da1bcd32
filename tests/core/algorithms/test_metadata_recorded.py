"""Recorded replies of the graph, through `mapillary:metadata` into a file that GDAL reads: nothing is lost."""

import json
from datetime import datetime, timezone

import pytest
from osgeo import ogr

from mapillary_coverage.core.algorithms.metadata import MetadataAlgorithm
from mapillary_coverage.core.graph.graph_fields import FIELDS
from tests.core.algorithms.looking_up import layer_of, look_up  # noqa: F401
from tests.emulator import RecordedGraph

pytestmark = pytest.mark.qgis

AS_THEY_COME = ("camera_type", "make", "model", "object_value", "object_type")
REALS = ("compass_angle", "computed_compass_angle", "computed_altitude", "atomic_scale", "quality_score")
WHOLE = ("width", "height", "exif_orientation")
PLACES = {"geometry": ("longitude", "latitude"), "computed_geometry": ("computed_longitude", "computed_latitude")}
PARTS = {
    "creator": {"creator_id": "id", "creator_username": "username"},
    "organization": {"organization_id": "id"},
    "mesh": {"mesh_id": "id"},
    "sfm_cluster": {"sfm_cluster_id": "id"},
}


def written(row, layer):
    """The columns of a row that are not NULL, times as datetimes in UTC to the second: QGIS 3.22 writes no fractions
    of one into files.
    """
    found = {}
    for index in range(layer.GetLayerDefn().GetFieldCount()):
        column = layer.GetLayerDefn().GetFieldDefn(index)
        if not row.IsFieldSetAndNotNull(index):
            continue
        found[column.GetName()] = row.GetField(index)
        if column.GetType() == ogr.OFTDateTime:
            *moment, second, _ = row.GetFieldAsDateTime(index)
            found[column.GetName()] = datetime(*moment, int(second), tzinfo=timezone.utc)
    return found


def expected(reply):
    """What a reply has to become, column by column; built from the reply alone."""
    found = {name: reply[name] for name in (*AS_THEY_COME, *REALS, *WHOLE) if reply.get(name) not in (None, "")}
    for name, columns in PLACES.items():
        if name in reply:
            found.update(zip(columns, reply[name]["coordinates"]))
    for name, columns in PARTS.items():
        found.update({column: reply[name][part] for column, part in columns.items() if part in reply.get(name, {})})
    if "captured_at" in reply:
        found["captured_at"] = datetime.fromtimestamp(reply["captured_at"] // 1000, timezone.utc)
    for name in ("first_seen_at", "last_seen_at"):
        if name in reply:
            found[name] = datetime.strptime(reply[name], "%Y-%m-%dT%H:%M:%S%z")
    return found


@pytest.mark.parametrize(("entity", "count"), [("image", 9), ("map_feature", 1)])
def test_every_field_that_a_reply_has_is_in_the_file_and_no_other(look_up, emulator, recorded, tmp_path, entity, count):  # noqa: F811
    replies = {
        path.stem: (json.loads(path.read_text()), path.read_text())
        for path in (recorded / "graph" / entity).glob("*.json")
    }
    path = tmp_path / "out.gpkg"
    names = [field.name for field in FIELDS[entity]]
    server = emulator(graph=RecordedGraph(recorded / "graph"))
    outputs = look_up(MetadataAlgorithm, server, INPUT=layer_of(replies), ENTITY=entity, FIELDS=names, OUTPUT=str(path))
    assert outputs["NOT_FOUND_COUNT"] == 0
    dataset = ogr.Open(str(path))
    layer = dataset.GetLayer(0)
    rows = {row["id"]: written(row, layer) for row in layer}
    assert len(rows) == count
    for key, (reply, text) in replies.items():
        row = rows[key]
        known = expected(reply)
        assert {name: row.pop(name) for name in known} == known
        assert row.pop("sequence", None) == reply.get("sequence")
        assert row.pop("is_pano", None) == reply.get("is_pano")
        assert row.pop("on_foot", None) == reply.get("on_foot")
        component = row.pop("merge_cc", None)
        assert (component is None) == ("merge_cc" not in reply)
        assert component is None or f'"merge_cc": {component}' in text
        for name in ("computed_rotation", "camera_parameters"):
            assert json.loads(row.pop(name, "null")) == reply.get(name)
        altitude = reply.get("altitude")
        assert row.pop("altitude", None) == (altitude - 2**32 if altitude and altitude > 2**31 else altitude)
        if "images" in reply:
            assert json.loads(row.pop("images")) == [image["id"] for image in reply["images"]["data"]]
            assert row.pop("image_count") == len(reply["images"]["data"])
        assert row.keys() == {"id", "note"}


def test_odd_replies_are_read_without_loss(look_up, emulator, tmp_path):  # noqa: F811
    folder = tmp_path / "graph"
    (folder / "image").mkdir(parents=True)
    (folder / "image" / "1.json").write_text(
        '{"id":"1","altitude":4294967281,"merge_cc":4.546427159383e+18,"captured_at":0,"is_pano":1}'
    )
    (folder / "image" / "2.json").write_text('{"id":"2"}')
    server = emulator(graph=RecordedGraph(folder))
    names = ["altitude", "merge_cc", "captured_at", "is_pano", "computed_geometry"]
    path = tmp_path / "out.gpkg"
    for _ in ("from the network", "from the cache"):
        look_up(MetadataAlgorithm, server, INPUT=layer_of(["1", "2"]), FIELDS=names, OUTPUT=str(path))
        dataset = ogr.Open(str(path))
        layer = dataset.GetLayer(0)
        rows = {row["id"]: written(row, layer) for row in layer}
        odd = {"altitude": -15, "merge_cc": "4.546427159383e+18", "is_pano": True}
        assert rows["1"] == {"id": "1", "note": "row 0", **odd}
        assert rows["2"] == {"id": "2", "note": "row 1"}
        del dataset
    assert len(server.requests) == 1


def test_ids_may_be_whole_numbers_with_a_fraction(look_up, emulator, recorded):  # noqa: F811
    layer = layer_of([float(2**53), 148137757289079.0, 148137757289079.5], field="id:double")
    server = emulator(graph=RecordedGraph(recorded / "graph"))
    server.recorded = []
    look_up(MetadataAlgorithm, server, INPUT=layer)
    assert [request.query["ids"] for request in server.recorded] == ["148137757289079"]
