"""Bytes to columns, with each engine."""

import gzip
import subprocess
import sys

import pytest
from mapbox_vector_tile.Mapbox import vector_tile_pb2

from mapillary_coverage.core.errors import DamagedTileError, TemporaryFolderError
from mapillary_coverage.core.inflate import MAX_BODY_BYTES
from mapillary_coverage.core.mapillary.cleaning import clean_column
from mapillary_coverage.core.mapillary.schema import IMAGE, SEQUENCE, FieldType
from mapillary_coverage.core.mvt import decode, gdal_engine, protobuf_engine
from tests.conftest import ROOT
from tests.emulator import Town
from tests.emulator.encoding import LINE, POINT, Feature, encode
from tests.emulator.faults import FAULTS

WANTED = (IMAGE, SEQUENCE)


@pytest.fixture
def tile():
    return Town(images_per_tile=60).tile("mly1_public", 14, 8529, 5975)


def both_engines(monkeypatch, body):
    decoded = []
    for engine in (protobuf_engine, gdal_engine):
        monkeypatch.setattr("mapillary_coverage.core.mvt._engine", lambda engine=engine: engine)
        decoded.append(decode(body, WANTED))
    return decoded


def test_values_keep_their_types_and_absent_ones_are_none(engine):
    body = encode(
        {
            "image": [
                Feature(POINT, [[(1, 2)]], {"id": 2**62 + 1, "compass_angle": 252.04260253906, "is_pano": True}),
                Feature(POINT, [[(4095, 0)]], {"id": 7, "sequence_id": "", "organization_id": 9}),
            ]
        }
    )
    image = decode(body, WANTED).features("image")
    assert image.properties["id"] == [2**62 + 1, 7]
    assert image.properties["compass_angle"] == [252.04260253906, None]
    assert image.properties["is_pano"] == [True, None]
    assert image.properties["sequence_id"] == [None, ""]
    assert image.properties["organization_id"] == [None, 9]
    assert image.properties["quality_score"] == [None, None]
    assert image.geometries == [(1, 2), (4095, 0)]


def test_points_in_the_buffer_and_all_parts_of_lines_are_read(engine):
    parts = [[(-80, 5), (10, 6)], [(4000, 7), (4176, 9), (4180, -3)]]
    body = encode({"image": [Feature(POINT, [[(-64, 4159)]])], "sequence": [Feature(LINE, parts, {"id": "a"})]})
    tile = decode(body, WANTED)
    assert tile.features("image").geometries == [(-64, 4159)]
    assert tile.features("sequence").geometries == [parts]


def test_features_of_another_shape_have_no_position(engine):
    body = encode({"image": [Feature(LINE, [[(0, 0), (5, 5)]]), Feature(POINT, [[(3, 4)]])]})
    assert decode(body, WANTED).features("image").geometries == [None, (3, 4)]


def test_layers_that_are_not_wanted_are_counted_only(engine):
    body = encode({"other": [Feature(POINT, [[(0, 0)]])], "image": [Feature(POINT, [[(3, 4)]])]})
    tile = decode(body, [SEQUENCE])
    assert tile.counts == {"other": 1, "image": 1}
    assert tile.layers == {}


def test_the_engines_agree_on_a_generated_tile(tile, monkeypatch):
    first, second = both_engines(monkeypatch, tile)
    assert first == second
    assert len(first.features("image")) > 50


def test_the_engines_agree_on_every_recorded_coverage_tile(recorded, monkeypatch):
    paths = [*recorded.glob("tiles/mly1_public/**/*.mvt"), *recorded.glob("tiles/unplaced/*.mvt")]
    assert len(paths) == 5
    for path in paths:
        first, second = both_engines(monkeypatch, path.read_bytes())
        assert first == second, path
        assert len(first.features("image")) > 4000


def test_a_tile_of_more_than_10_mb_is_read_whole(monkeypatch):
    others = {f"other_{number}": True for number in range(60)}
    message = vector_tile_pb2.tile.FromString(encode({"image": [Feature(POINT, [[(7, 8)]], {"id": 5, **others})]}))
    features = message.layers[0].features
    features.extend([features[0]] * 89_999)
    body = message.SerializeToString()
    assert len(body) > gdal_engine.MOST_BYTES
    first, second = both_engines(monkeypatch, body)
    assert first.features("image").properties["id"] == [5] * 90_000
    assert first == second


@pytest.mark.parametrize("most_bytes", [10_000, 15_000])
def test_gdal_reads_a_tile_in_pieces(tile, monkeypatch, most_bytes):
    whole, _ = both_engines(monkeypatch, tile)
    monkeypatch.setattr(gdal_engine, "MOST_BYTES", most_bytes)
    assert decode(tile, WANTED) == whole


def test_a_tile_that_gdal_cannot_read_even_in_pieces_says_what_to_do(tile, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.mvt._engine", lambda: gdal_engine)
    monkeypatch.setattr(gdal_engine, "MOST_BYTES", 1000)
    with pytest.raises(DamagedTileError, match="Install the Python package mapbox-vector-tile"):
        decode(tile, WANTED)


def hostile_tile(**more):
    """A tile of one image with more of something than any tile has."""
    message = vector_tile_pb2.tile.FromString(encode({"image": [Feature(POINT, [[(7, 8)]], {"id": 5})]}))
    layer = message.layers[0]
    layer.keys.extend(["k"] * more.get("keys", 0))
    for _ in range(more.get("values", 0)):
        layer.values.add()
    layer.features[0].geometry.extend([9, 2, 2] * more.get("vertices", 0))
    return message.SerializeToString()


@pytest.mark.parametrize("what", [{"keys": 2_000_001}, {"values": 2_000_001}, {"vertices": 40_000}], ids=str)
def test_more_of_anything_than_a_genuine_tile_has_is_refused_before_it_is_decoded(what, engine, monkeypatch):
    monkeypatch.setattr(engine, "read_layers", lambda body, wanted: pytest.fail("decoded"))
    with pytest.raises(DamagedTileError, match="The tile holds"):
        decode(gzip.compress(hostile_tile(**what)), WANTED)


def test_more_lines_than_a_genuine_tile_has_are_refused(engine):
    line = [(step % 4096, step * 37 % 4096) for step in range(2000)]
    message = vector_tile_pb2.tile.FromString(encode({"sequence": [Feature(LINE, [line], {"id": "a"})]}))
    message.layers[0].features.extend([message.layers[0].features[0]] * 1999)
    with pytest.raises(DamagedTileError, match="more lines than"):
        decode(message.SerializeToString(), WANTED)


def test_mixed_types_cost_the_odd_value_only(monkeypatch):
    mixed = [{"id": 1, "compass_angle": 5.5, "captured_at": 9}, {"id": 1.5, "compass_angle": "", "captured_at": ""}]
    body = encode({"image": [Feature(POINT, [[(1, 1)]], values) for values in mixed]})
    for tile in both_engines(monkeypatch, body):
        image = tile.features("image").properties
        assert clean_column(FieldType.OBJECT_ID, image["id"]) == ["1", None]
        assert clean_column(FieldType.ANGLE, image["compass_angle"]) == [5.5, None]
        assert clean_column(FieldType.TIME, image["captured_at"]) == [9, None]


def test_a_polygon_among_the_images_has_no_position(monkeypatch):
    polygon = Feature(POINT, [[(0, 0), (9, 0), (9, 9)]], {"id": 5})
    message = vector_tile_pb2.tile.FromString(encode({"image": [polygon, Feature(POINT, [[(3, 4)]], {"id": 6})]}))
    message.layers[0].features[0].type = 3
    message.layers[0].features[0].geometry.append(15)
    for tile in both_engines(monkeypatch, message.SerializeToString()):
        assert tile.features("image").geometries == [None, (3, 4)]


@pytest.mark.parametrize("broken", ["shapely", "google", "pyclipper"])
def test_gdal_steps_in_where_the_other_decoder_cannot_be_imported(broken):
    code = f"""
import sys
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == {broken!r}:
            raise ImportError("parts do not fit")
sys.meta_path.insert(0, Broken())
sys.path.insert(0, {str(ROOT)!r})
import conftest
from mapillary_coverage.core.mvt import engine_name
print(engine_name())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    assert done.stdout == "GDAL, since mapbox-vector-tile cannot be imported (ImportError)\n", done.stderr


def test_a_gzip_of_several_members_is_read_whole_and_waste_behind_it_noticed(tile, engine):
    members = gzip.compress(tile[:1000]) + gzip.compress(tile[1000:])
    assert decode(members, WANTED) == decode(tile, WANTED)
    with pytest.raises(DamagedTileError):
        decode(gzip.compress(tile) + b"waste", WANTED)


def test_a_full_disk_is_not_called_a_damaged_tile(tile, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.mvt._engine", lambda: gdal_engine)
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with pytest.raises(TemporaryFolderError, match="No such file or directory"):
        decode(tile, WANTED)


def test_gzip_is_recognised_without_a_header(tile, engine):
    assert decode(gzip.compress(tile), WANTED) == decode(tile, WANTED)


def test_an_empty_body_and_a_layer_without_features_are_empty_tiles(engine):
    assert decode(b"", WANTED).counts == {}
    assert decode(encode({"mapillary-empty": []}), WANTED).counts == {"mapillary-empty": 0}


def test_every_cut_of_a_tile_is_noticed(tile, engine):
    for length in range(1, len(tile), 211):
        with pytest.raises(DamagedTileError):
            decode(tile[:length], WANTED)


@pytest.mark.parametrize(
    "fault", ["random-bytes", "half-gzip", "html-as-tile", "oversized", "bomb"], ids=lambda fault: fault
)
def test_foreign_bytes_raise_the_typed_error(fault, tile, engine):
    with pytest.raises(DamagedTileError):
        decode(FAULTS[fault](tile).body, WANTED)


@pytest.mark.parametrize(
    "body",
    [b"\x08\x01", b"{}", b"\x1a\x00", b"\x1a\x02\x0a\x00", b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\0" * 9],
    ids=["other message", "json", "nameless", "empty name", "endless", "zeros"],
)
def test_bytes_that_only_look_like_protobuf_raise_the_typed_error(body, engine):
    with pytest.raises(DamagedTileError):
        decode(body, WANTED)


def test_a_tag_that_points_nowhere_is_damage_and_not_a_crash(monkeypatch):
    body = encode({"image": [Feature(POINT, [[(1, 1)]], {"id": 5})]}).replace(b"\x12\x02\x00\x00", b"\x12\x02\x00\x07")
    monkeypatch.setattr("mapillary_coverage.core.mvt._engine", lambda: protobuf_engine)
    with pytest.raises(DamagedTileError):
        decode(body, WANTED)


def test_a_bomb_is_stopped_at_the_limit():
    bomb = FAULTS["bomb"](b"").body
    assert len(bomb) < MAX_BODY_BYTES // 50
    with pytest.raises(DamagedTileError, match="more than 32 MB"):
        decode(bomb, WANTED)
