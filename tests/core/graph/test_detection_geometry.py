"""Outlines of detections: all parts and holes, as independent readers see them; damaged ones are refused."""

import json
from base64 import b64decode, b64encode

import mapbox_vector_tile
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from osgeo import gdal, ogr

from mapillary_coverage.core.errors import DamagedDetectionError
from mapillary_coverage.core.graph.detection_geometry import MAX_TEXT_LENGTH, detection_wkt
from tests.emulator import Town
from tests.emulator.detections import Detection, node, of_feature, of_image
from tests.emulator.encoding import LINE, POLYGON, Feature, encode
from tests.emulator.fields import Node
from tests.emulator.map_features import POINTS, SIGNS

EXTENT = 4096
SQUARE = [(0, 0), (2048, 0), (2048, 1024), (0, 1024)]
HOLE = [(256, 256), (256, 512), (512, 512), (512, 256)]
BESIDE = [(3072, 0), (4096, 0), (4096, 1024), (3072, 1024)]
SQUARE_TEXT = "((0 0, 0.5 0, 0.5 0.25, 0 0.25, 0 0))"
HOLE_TEXT = "(0.0625 0.0625, 0.0625 0.125, 0.125 0.125, 0.125 0.0625, 0.0625 0.0625)"
BESIDE_TEXT = "((0.75 0, 1 0, 1 0.25, 0.75 0.25, 0.75 0))"
START, CLOSE = [9, 0, 0], 15
LARGEST = b"\xfe\xff\xff\xff\x0f"
"""2 ** 32 - 2, the largest number that a command may have and be positive."""

LARGE = (b"\xfe\xff\xff\xff\x1f", b"\x80\x80\x80\x80\x10", b"\xfe" + b"\xff" * 8 + b"\x01", b"\xff" * 11)
TRIANGLE = [*START, 18, 8, 0, 0, 8, CLOSE]


def text_of(body):
    return b64encode(body).decode()


def of_features(*features, **options):
    """A detection of polygons, each a list of rings in tile units."""
    return text_of(encode({"mpy-or": [Feature(POLYGON, rings) for rings in features]}, **options))


def of_commands(commands, kind=POLYGON, name="mpy-or", extent=EXTENT):
    tile = vector_tile_pb2.tile()
    layer = tile.layers.add(name=name, version=2, extent=extent)
    layer.features.add(type=kind, geometry=commands)
    return text_of(tile.SerializeToString())


def rings_of(wkt):
    """By polygon, the rings of a WKT in tile units, as GDAL reads it."""
    shape = ogr.CreateGeometryFromWkt(wkt)
    parts = [shape] if shape.GetGeometryName() == "POLYGON" else list(shape)
    return [[[(round(x * EXTENT), round(y * EXTENT)) for x, y in ring.GetPoints(2)] for ring in part] for part in parts]


def by_mapbox(text):
    """By polygon, the rings that mapbox-vector-tile reads."""
    layer = mapbox_vector_tile.decode(b64decode(text), default_options={"y_coord_down": True})["mpy-or"]
    polygons = []
    for feature in layer["features"]:
        coordinates = feature["geometry"]["coordinates"]
        polygons += [coordinates] if feature["geometry"]["type"] == "Polygon" else coordinates
    return [[[tuple(vertex) for vertex in ring] for ring in polygon] for polygon in polygons]


def by_gdal(text):
    """By polygon, the rings that GDAL's own reader of vector tiles reads; its y is up."""
    path = "/vsimem/detection.mvt"
    gdal.FileFromMemBuffer(path, b64decode(text))
    dataset = gdal.OpenEx(path, gdal.OF_VECTOR, ["MVT"], ["CLIP=NO"])
    polygons = []
    for feature in dataset.GetLayerByName("mpy-or"):
        shape = feature.GetGeometryRef()
        parts = [shape] if shape.GetGeometryName() == "POLYGON" else list(shape)
        polygons += [[[(int(x), int(EXTENT - y)) for x, y in ring.GetPoints(2)] for ring in part] for part in parts]
    del dataset
    gdal.Unlink(path)
    return polygons


def measures(polygons):
    """By polygon: area and bounds of each of its rings."""
    found = []
    for polygon in polygons:
        found.append([])
        for ring in polygon:
            line = ogr.Geometry(ogr.wkbLinearRing)
            for x, y in ring:
                line.AddPoint_2D(x, y)
            found[-1].append((line.Area(), line.GetEnvelope()))
    return found


def assert_as_others_read_it(text):
    wkt = detection_wkt(text)
    found = measures(rings_of(wkt))
    assert found == measures(by_mapbox(text)) == measures(by_gdal(text))
    assert all(area > 0 for rings in found for area, _ in rings)
    assert wkt.startswith("POLYGON ((" if len(found) == 1 else "MULTIPOLYGON (((")
    return [len(rings) for rings in found]


@pytest.fixture(scope="module")
def made_up():
    """The text of each detection that the emulator's town has, and its value."""
    town = Town(images_per_tile=120, features_per_tile=30, size=1)
    tile = 8528, 5974
    found: list[Detection] = []
    for tileset in (POINTS, SIGNS):
        for feature in town.map_features(tileset, *tile):
            found += of_feature(town, feature)
    for image in town.images(*tile):
        found += of_image(town, image)
    return [node(town, detection, Node("Image", {})).values["geometry"] for detection in found]


def test_every_recorded_detection_has_all_its_polygons(recorded):
    rows = [row for path in recorded.glob("graph/detections/*.json") for row in json.loads(path.read_text())["data"]]
    counts = [assert_as_others_read_it(row["geometry"]) for row in rows]
    assert len(counts) == 28
    assert sorted(rings for rings in counts if rings != [1]) == [[1, 1, 1], [2]]
    versions = [mapbox_vector_tile.decode(b64decode(row["geometry"]))["mpy-or"]["version"] for row in rows]
    assert versions.count(1) == 15
    for row, version in zip(rows, versions):
        shape = ogr.CreateGeometryFromWkt(detection_wkt(row["geometry"]))
        west, east, top, bottom = shape.GetEnvelope()
        assert shape.IsValid()
        assert version == 2 or shape.Area() == pytest.approx((east - west) * (bottom - top)), "a sign has a box"


def test_every_made_up_detection_has_all_its_polygons(made_up):
    counts = [assert_as_others_read_it(text) for text in made_up]
    assert max(len(rings) for rings in counts) >= 3
    assert any(2 in rings for rings in counts), "a hole"
    assert len(counts) > 100


@pytest.mark.parametrize(
    ("text", "wkt"),
    [
        (of_features([SQUARE]), f"POLYGON {SQUARE_TEXT}"),
        (of_features([SQUARE, HOLE]), f"POLYGON {SQUARE_TEXT[:-1]}, {HOLE_TEXT})"),
        (of_features([SQUARE, BESIDE]), f"MULTIPOLYGON ({SQUARE_TEXT}, {BESIDE_TEXT})"),
        (of_features([BESIDE], [SQUARE, HOLE]), f"MULTIPOLYGON ({BESIDE_TEXT}, {SQUARE_TEXT[:-1]}, {HOLE_TEXT}))"),
        (of_features([SQUARE, HOLE, BESIDE]), f"MULTIPOLYGON ({SQUARE_TEXT[:-1]}, {HOLE_TEXT}), {BESIDE_TEXT})"),
        (of_features([SQUARE], version=1, first_id=None), f"POLYGON {SQUARE_TEXT}"),
        (of_features([[*SQUARE, SQUARE[0]]]), f"POLYGON {SQUARE_TEXT}"),
        (of_features([[(0, 0), (0, 1), (1, 1)]]), "POLYGON ((0 0, 0 0.000244, 0.000244 0.000244, 0 0))"),
        (of_commands([*START, 18, 20, 0, 0, 20, CLOSE], extent=10), "POLYGON ((0 0, 1 0, 1 1, 0 0))"),
        (of_commands([*START, 10, 20, 0, 10, 0, 20, CLOSE], extent=10), "POLYGON ((0 0, 1 0, 1 1, 0 0))"),
    ],
)
def test_features_rings_and_holes(text, wkt):
    assert detection_wkt(text) == wkt


def test_a_ring_turning_the_other_way_is_no_hole_by_itself():
    assert detection_wkt(of_features([SQUARE[::-1]], version=1)) == ("POLYGON ((0 0.25, 0.5 0.25, 0.5 0, 0 0, 0 0.25))")
    assert [len(rings) for rings in rings_of(detection_wkt(of_features([SQUARE[::-1], HOLE[::-1]], version=1)))] == [2]


def test_rings_without_area_are_left_out():
    for nothing in ([(5, 5)], [(5, 5), (9, 9)], [(5, 5), (9, 9), (5, 5)], [(5, 5), (9, 9), (13, 13)], [(5, 5)] * 4):
        assert detection_wkt(of_features([nothing], [SQUARE])) == f"POLYGON {SQUARE_TEXT}"
        assert detection_wkt(of_features([nothing, SQUARE, nothing])) == f"POLYGON {SQUARE_TEXT}"
        with pytest.raises(DamagedDetectionError):
            detection_wkt(of_features([nothing]))


def test_what_reaches_over_the_edge_of_the_image_is_moved_onto_it():
    over = [(-80, -80), (4176, -80), (4176, 2048), (-80, 2048)]
    assert detection_wkt(of_features([over])) == "POLYGON ((0 0, 1 0, 1 0.5, 0 0.5, 0 0))"
    beyond = [(x + 9000, y) for x, y in SQUARE]
    assert detection_wkt(of_features([SQUARE], [beyond])) == f"POLYGON {SQUARE_TEXT}"
    with pytest.raises(DamagedDetectionError):
        detection_wkt(of_features([beyond]))


def test_a_long_outline_is_read_but_not_one_of_any_length():
    def stairs(steps):
        return of_commands([*START, (2 * steps + 1) << 3 | 2, *[2, 0, 0, 2] * steps, 1, 0, CLOSE])

    assert detection_wkt(stairs(4000)).count(",") == 8002
    with pytest.raises(DamagedDetectionError):
        detection_wkt(stairs(40_000))
    many = [[SQUARE]] * 6000
    assert detection_wkt(of_features(*many, first_id=None)).count("((") == 6000
    with pytest.raises(DamagedDetectionError):
        detection_wkt(of_features(*many, *many, first_id=None))


def of_packed(*pieces):
    """A detection of commands that are bytes already, in one piece or several."""
    feature = bytes([0x18, POLYGON]) + b"".join(bytes([0x22, len(piece)]) + piece for piece in pieces)
    layer = b"\x0a\x06mpy-or\x78\x02\x12" + bytes([len(feature)]) + feature
    return text_of(bytes([0x1A, len(layer)]) + layer)


def test_commands_come_in_pieces_and_with_the_largest_numbers():
    whole, first, second = bytes(TRIANGLE), bytes(TRIANGLE[:4]), bytes(TRIANGLE[4:])
    assert detection_wkt(of_packed(whole)) == detection_wkt(of_packed(first, second))
    assert detection_wkt(of_packed(whole)) == detection_wkt(of_commands(TRIANGLE))
    assert detection_wkt(of_packed(bytes([9, 0, 0, 18, *LARGEST, 0, 0, 8, 15]))) == (
        "POLYGON ((0 0, 1 0, 1 0.000977, 0 0))"
    )


def cut_off():
    whole = b64decode(of_features([SQUARE, HOLE]))
    return [text_of(whole[:length]) for length in range(len(whole))]


HOSTILE = {
    "nothing": [None, "", b"", 5, 1e9, True, [], {}, "AA==", "=", "===="],
    "no base64": ["Ä", "\ud800", "a b", "<html>", "YQ", "YQ=", "YQ==YQ==", TRIANGLE, of_features([SQUARE]) + "\n"],
    "bytes, not text": [of_features([SQUARE]).encode()],
    "too long": ["A" * (MAX_TEXT_LENGTH + 4), "A" * 10**7],
    "compressed": [text_of(b"\x1f\x8b\x08" + bytes(20))],
    "cut off": cut_off(),
    "another layer": [of_commands(TRIANGLE, name=name) for name in ("", "mpy-OR", "image", "mpy-or ")],
    "no layer": [text_of(encode({}))],
    "an empty layer": [text_of(encode({"mpy-or": []}))],
    "the layer twice": [text_of(encode({"mpy-or": [Feature(POLYGON, [SQUARE])]}) * 2)],
    "other shapes": [of_commands(TRIANGLE, kind=kind) for kind in (0, 1, LINE)],
    "one of another shape": [text_of(encode({"mpy-or": [Feature(POLYGON, [SQUARE]), Feature(LINE, [SQUARE])]}))],
    "no extent": [of_commands(TRIANGLE, extent=extent) for extent in (0, 2**16 + 1, 2**32 - 1)],
    "no commands": [of_commands([])],
    "not closed": [
        of_commands(commands) for commands in (TRIANGLE[:-1], TRIANGLE[:-1] + TRIANGLE, TRIANGLE + TRIANGLE[:-1])
    ],
    "no start": [of_commands([26, 8, 0, 0, 8, 8, 0, CLOSE]), of_commands([CLOSE]), of_commands([*TRIANGLE, CLOSE])],
    "several starts": [of_commands([17, 0, 0, 4, 4, *TRIANGLE[3:]])],
    "closed more than once": [of_commands([*TRIANGLE[:-1], count << 3 | 7]) for count in (0, 2, 2**29 - 1)],
    "unknown commands": [of_commands([8 | command, *TRIANGLE]) for command in (0, 3, 4, 5, 6)],
    "too few numbers": [of_commands(TRIANGLE[:length]) for length in range(len(TRIANGLE))],
    "too many announced": [of_commands([*START, (2**29 - 1) << 3 | 2, 8, 0, 0, 8, CLOSE])],
    "none announced": [of_commands([1, *TRIANGLE]), of_commands([*START, 2, *TRIANGLE[3:]])],
    "far away": [of_commands([9, 2**32 - 2, 2**32 - 2, *TRIANGLE[3:]])],
    "a number too large": [of_packed(bytes([9, 0, 0, 18, *number, 0, 0, 8, 15])) for number in LARGE],
}


@pytest.mark.parametrize("texts", HOSTILE.values(), ids=HOSTILE.keys())
def test_damaged_detections_are_refused_with_a_sentence(texts):
    for text in texts:
        with pytest.raises(DamagedDetectionError) as caught:
            detection_wkt(text)
        assert str(caught.value) == DamagedDetectionError.sentence
        assert caught.value.__cause__ is None


def wkt_or_refusal(text):
    try:
        wkt = detection_wkt(text)
    except DamagedDetectionError:
        return
    for polygon in rings_of(wkt):
        for ring in polygon:
            assert ring[0] == ring[-1]
            assert len(set(ring)) >= 3
            assert all(0 <= value <= EXTENT for vertex in ring for value in vertex)


COMMANDS = st.lists(st.sampled_from([9, 10, 15, 17, 18, 26]) | st.integers(0, 9) | st.integers(0, 2**32 - 1))
RING = st.lists(st.tuples(st.integers(-100, 4200), st.integers(-100, 4200)), min_size=1, max_size=9)


@given(st.none() | st.text() | st.binary() | st.binary(max_size=90).map(text_of))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_anything_is_read_or_refused(text):
    wkt_or_refusal(text)


@given(COMMANDS)
@example(TRIANGLE)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_any_commands_are_read_or_refused(commands):
    wkt_or_refusal(of_commands(commands))


@given(st.lists(st.lists(RING, min_size=1, max_size=4), min_size=1, max_size=3), st.integers(0, 200), st.binary())
@settings(derandomize=True, deadline=None, max_examples=300)
def test_outlines_with_wrong_bytes_are_read_or_refused(features, position, noise):
    body = b64decode(of_features(*features))
    wkt_or_refusal(text_of(body))
    wkt_or_refusal(text_of(body[:position] + noise + body[position + len(noise) :]))
    wkt_or_refusal(text_of(body[:position]))
