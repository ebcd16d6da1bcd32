"""The tiles that a map is said to show are those that QGIS draws in it."""

from itertools import product

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsMapSettings,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

from mapillary_coverage.core.area.extent import degrees_crs
from mapillary_coverage.core.area.tiling import TileId, tile_at
from mapillary_coverage.core.live.live_layers import make_live_layer
from mapillary_coverage.core.live.visible_tiles import MOST_VISIBLE, tile_zoom, visible_tiles
from tests.core.live.live_files import colour_by_number, image_of, numbers_in, write_tiles

pytestmark = pytest.mark.qgis

NICE = (7.4, 43.7)
METRES_A_DEGREE = 111_320
PIXELS = (0.5, 3, 20, 150, 1100)
ALL_PIXELS = [0.3 * 1.45**step for step in range(36)]


def map_of(layer, crs, place, pixel, size=(300, 200), dpi=96, rotation=0.0):
    """Settings of a map with a place in its middle, a pixel so many metres wide in the units of the CRS."""
    settings = QgsMapSettings()
    destination = QgsCoordinateReferenceSystem(crs)
    middle = QgsCoordinateTransform(degrees_crs(), destination, QgsProject.instance()).transform(QgsPointXY(*place))
    unit = pixel / METRES_A_DEGREE if destination.isGeographic() else pixel
    settings.setLayers([layer])
    settings.setDestinationCrs(destination)
    settings.setOutputSize(QSize(*size))
    settings.setOutputDpi(dpi)
    settings.setExtent(QgsRectangle.fromCenterAndSize(middle, unit * size[0], unit * size[1]))
    settings.setRotation(rotation)
    settings.setBackgroundColor(QColor("blue"))
    settings.setFlag(QgsMapSettings.Flag.Antialiasing, False)
    return settings


@pytest.fixture
def layer(qgis_new_project, tmp_path):
    made = make_live_layer("mly1_public", write_tiles(tmp_path / "tiles.mbtiles", []))
    colour_by_number(made)
    return made


def around(tiles, zoom):
    """The tiles, their neighbours, and some of other zooms: none of these may be drawn but the first."""
    last = 2**zoom - 1
    near = {
        TileId(zoom, x + dx, y + dy)
        for (_, x, y), dx, dy in product(tiles, (-1, 0, 1), (-1, 0, 1))
        if 0 <= x + dx <= last and 0 <= y + dy <= last
    }
    above = {TileId(zoom - 1, tile.x // 2, tile.y // 2) for tile in tiles if zoom > 0}
    below = {TileId(zoom + 1, tile.x * 2, tile.y * 2) for tile in tiles if zoom < 14}
    return [*tiles, *sorted(near - set(tiles)), *sorted(above | below)]


def drawn(layer, settings, tiles, tmp_path):
    """Which of the tiles QGIS draws."""
    path = write_tiles(tmp_path / "tiles.mbtiles", tiles)
    layer.setDataSource(f"type=mbtiles&url={path}", layer.name(), "vectortile")
    return {tiles[number - 1] for number in numbers_in(image_of(settings))}


def inner(settings):
    """The same map, a pixel narrower on each side: QGIS does not paint a pixel that a tile covers by a sliver."""
    made = QgsMapSettings(settings)
    unit = settings.mapUnitsPerPixel()
    made.setExtent(settings.extent().buffered(-unit))
    made.setOutputSize(settings.outputSize() - QSize(2, 2))
    return made


@pytest.mark.parametrize(("dpi", "rotation"), [(96, 0.0), (192, 0.0), (120, 30.0)])
@pytest.mark.parametrize(
    ("crs", "place"),
    [
        ("EPSG:3857", NICE),
        ("EPSG:3857", (179.9999, 10)),
        ("EPSG:3857", (0, 85.04)),
        ("EPSG:4326", NICE),
        ("EPSG:4326", (20, 70)),
        ("EPSG:2154", (3, 46)),
        ("EPSG:32601", (-179.99, 52)),
        ("EPSG:3832", (179.99, -17)),
        ("EPSG:3995", (30, 84.9)),
        ("EPSG:3031", (30, -80)),
    ],
)
def test_what_is_listed_is_what_is_drawn(layer, tmp_path, crs, place, dpi, rotation):
    for pixel in PIXELS[:4] if crs == "EPSG:3832" else PIXELS:
        settings = map_of(layer, crs, place, pixel, dpi=dpi, rotation=rotation)
        listed = visible_tiles(settings, layer)
        found = drawn(layer, settings, around(listed, listed[0].z), tmp_path)
        assert found <= set(listed), pixel
        assert set(visible_tiles(inner(settings), layer)) <= found, pixel


@pytest.mark.parametrize("dpi", [72, 96, 144])
def test_the_zoom_is_that_of_the_tiles_drawn_at_any_scale(layer, tmp_path, dpi):
    place = tile_at(*NICE, 14)
    column = [TileId(zoom, place.x >> 14 - zoom, place.y >> 14 - zoom) for zoom in range(15)]
    maps = [map_of(layer, "EPSG:3857", NICE, pixel, (20, 20), dpi) for pixel in ALL_PIXELS]
    zooms = [tile_zoom(settings, layer) for settings in maps]
    assert set(zooms) == set(range(15))
    middles = []
    path = write_tiles(tmp_path / "tiles.mbtiles", column)
    layer.setDataSource(f"type=mbtiles&url={path}", layer.name(), "vectortile")
    for settings in maps:
        middles.append(image_of(settings).pixelColor(10, 10).red() - 1)
    assert middles == zooms


def test_the_middle_of_the_map_comes_first(layer):
    settings = map_of(layer, "EPSG:3857", NICE, 4.0, (1600, 1000))
    listed = visible_tiles(settings, layer)
    middle = tile_at(*NICE, listed[0].z)
    away = [max(abs(tile.x - middle.x), abs(tile.y - middle.y)) for tile in listed]
    assert away[0] == 0
    assert set(away[1:5]) == {1}
    assert away[-1] == max(away)


def test_a_map_of_exactly_one_tile_shows_one(layer):
    settings = map_of(layer, "EPSG:3857", NICE, 1.0, (512, 512))
    side = 40_075_016.685578488 / 2**14
    settings.setExtent(QgsRectangle(0, 0, side, side))
    assert visible_tiles(settings, layer) == [TileId(14, 8192, 8191)]


def test_the_antimeridian_has_two_sides_where_the_map_has(layer):
    settings = map_of(layer, "EPSG:3832", (180, -17), 3.0)
    assert {tile.x for tile in visible_tiles(settings, layer)} == {0, 2**14 - 1}
    settings = map_of(layer, "EPSG:4326", (180, -17), 3.0)
    assert {tile.x for tile in visible_tiles(settings, layer)} == {2**14 - 1}, "degrees end at 180"


@pytest.mark.parametrize(
    ("crs", "place", "pixel"), [("EPSG:3857", (0, 89), 0.5), ("EPSG:3995", (0, 89.5), 3), ("EPSG:3031", (0, -89.9), 3)]
)
def test_beyond_the_last_tiles_there_are_none(layer, crs, place, pixel):
    assert visible_tiles(map_of(layer, crs, place, pixel), layer) == []


def test_all_around_a_pole(layer):
    listed = visible_tiles(map_of(layer, "EPSG:3995", (0, 90), 4_000, (1200, 1200)), layer)
    zoom = listed[0].z
    assert {tile.x for tile in listed if tile.y == 0} == set(range(2**zoom))


def test_a_map_in_degrees_far_north_is_not_listed_without_end(layer):
    settings = map_of(layer, "EPSG:4326", (15, 84.5), 400.0, (2500, 1400))
    assert len(visible_tiles(settings, layer)) == MOST_VISIBLE


def test_what_draws_nothing_shows_nothing(layer):
    settings = map_of(layer, "EPSG:3857", NICE, 3.0)
    layer.setScaleBasedVisibility(True)
    layer.setMinimumScale(100)
    assert visible_tiles(settings, layer) == []
    layer.setScaleBasedVisibility(False)
    settings.setOutputSize(QSize(0, 0))
    assert visible_tiles(settings, layer) == []
    assert visible_tiles(QgsMapSettings(), layer) == []
