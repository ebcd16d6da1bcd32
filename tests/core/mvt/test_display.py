"""Tiles as QGIS 3.22 can draw them, against mapbox-vector-tile and GDAL."""

import gzip

import mapbox_vector_tile
import pytest
from mapbox_vector_tile.Mapbox import vector_tile_pb2

from mapillary_coverage.core.errors import DamagedTileError
from mapillary_coverage.core.mvt.display import displayable
from tests.emulator import Town
from tests.emulator.encoding import POINT, Feature, encode
from tests.emulator.faults import FAULTS
from tests.reading import points_by_gdal

LIMIT = 2**31


def decoded(body):
    return mapbox_vector_tile.decode(body)


def as_shown(value):
    is_too_large = type(value) is int and not -LIMIT <= value < LIMIT
    return str(value) if is_too_large else value


def assert_only_large_numbers_differ(body):
    before, after = decoded(body), decoded(displayable(body))
    assert before.keys() == after.keys()
    for name, layer in before.items():
        for feature in layer["features"]:
            feature["properties"] = {key: as_shown(value) for key, value in feature["properties"].items()}
        assert after[name] == layer


@pytest.mark.parametrize(
    "address", [(14, 8529, 5975), (8, 133, 93), (3, 4, 2)], ids=["images", "sequences", "overview"]
)
def test_large_whole_numbers_become_digits_and_nothing_else_changes(address):
    body = Town(images_per_tile=60).tile("mly1_public", *address)
    assert_only_large_numbers_differ(body)
    (shown,) = {
        type(f["properties"]["captured_at"]) for f in next(iter(decoded(displayable(body)).values()))["features"]
    }
    assert shown is str


def test_genuine_tiles_differ_in_nothing_else(recorded):
    paths = [*recorded.glob("tiles/mly*/**/*.mvt"), *recorded.glob("tiles/unplaced/*.mvt")]
    assert len(paths) > 5
    for path in paths:
        assert_only_large_numbers_differ(path.read_bytes())


def test_every_way_to_write_a_whole_number_is_understood():
    message = vector_tile_pb2.tile.FromString(encode({"image": [Feature(POINT, [[(7, 8)]])]}))
    layer = message.layers[0]
    numbers = [0, 1, -1, LIMIT - 1, LIMIT, -LIMIT, -LIMIT - 1, 2**53 + 1, 2**63 - 1, -(2**63)]
    for number in numbers:
        layer.values.add(int_value=number)
        layer.values.add(sint_value=number)
        if number >= 0:
            layer.values.add(uint_value=number)
    layer.values.add(uint_value=2**64 - 1)
    layer.values.add(bool_value=True)
    layer.values.add(float_value=0.5)
    layer.values.add(double_value=1e300)
    layer.values.add(string_value="1650000000123")
    layer.values.add()
    shown = vector_tile_pb2.tile.FromString(displayable(message.SerializeToString())).layers[0].values
    assert len(shown) == len(layer.values)
    for before, after in zip(layer.values, shown):
        ((_, value),) = [(kind.name, value) for kind, value in before.ListFields()] or ((None, None),)
        expected = before if as_shown(value) == value else vector_tile_pb2.tile.value(string_value=str(value))
        assert after == expected


def test_gdal_reads_the_same_places_and_the_ids_as_text():
    body = Town(images_per_tile=40).tile("mly1_public", 14, 8529, 5975)
    before, after = (points_by_gdal(tile, 14, 8529, 5975, "image") for tile in (body, displayable(body)))
    assert [(seen.lon, seen.lat) for seen in after] == [(seen.lon, seen.lat) for seen in before]
    assert [seen.attributes["id"] for seen in after] == [str(seen.attributes["id"]) for seen in before]
    assert [seen.attributes["is_pano"] for seen in after] == [seen.attributes["is_pano"] for seen in before]


def test_an_empty_tile_stays_empty():
    assert displayable(b"") == b""


@pytest.mark.parametrize("fault", ["half-tile", "random-bytes", "html-as-tile"])
def test_what_is_no_tile_is_refused(fault):
    body = FAULTS[fault](Town(images_per_tile=40).tile("mly1_public", 14, 8529, 5975)).body
    with pytest.raises(DamagedTileError):
        displayable(body)


def test_a_number_that_does_not_end_is_refused():
    tile = encode({"image": [Feature(POINT, [[(7, 8)]], {"id": 2**40})]})
    number = b"\x20\x80\x80\x80\x80\x80\x20"
    assert number in tile
    with pytest.raises(DamagedTileError):
        displayable(tile.replace(number, number[:-1] + b"\xa0"))


def test_compressed_bytes_are_no_tile():
    with pytest.raises(DamagedTileError):
        displayable(gzip.compress(b"tile"))
