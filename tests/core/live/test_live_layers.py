"""Layers that draw from our file of tiles: what they are called, what they credit and from where they draw."""

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsMapSettings, QgsRasterLayer, QgsVectorTileLayer
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.layers.kinds import has_our_rights
from mapillary_coverage.core.live.live_layers import (
    LIVE_PROPERTY,
    live_tileset,
    make_live_layer,
    show_from,
    switch_tileset,
)
from tests.core.live.live_files import colour_by_number, image_of, numbers_in, write_tiles

pytestmark = pytest.mark.qgis

WORLD = TileId(0, 0, 0)
ORIGINAL, COMPUTED = "mly1_public", "mly1_computed_public"


@pytest.fixture(autouse=True)
def project(qgis_new_project):
    """Nothing of another test is open."""


@pytest.fixture
def path(tmp_path):
    """In a folder as people have them."""
    folder = tmp_path / "Zoë & Łukasz = 1 + 1 #2"
    folder.mkdir()
    return write_tiles(folder / "tiles.mbtiles", [WORLD])


def numbers_drawn(layer):
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setExtent(layer.extent())
    settings.setOutputSize(QSize(50, 50))
    settings.setBackgroundColor(QColor("blue"))
    return numbers_in(image_of(settings))


@pytest.mark.parametrize(
    ("tileset", "name"),
    [
        (ORIGINAL, "Live coverage"),
        (COMPUTED, "Live coverage, computed positions"),
        ("mly_map_feature_point", "Live objects"),
        ("mly_map_feature_traffic_sign", "Live traffic signs"),
    ],
)
def test_each_tileset_has_a_layer_that_says_what_it_is(path, tileset, name):
    layer = make_live_layer(tileset, path)
    assert layer.isValid()
    assert layer.name() == name
    assert live_tileset(layer) == tileset
    assert has_our_rights(layer)
    assert "plugin" in layer.metadata().abstract()
    assert layer.metadata().crs() == layer.crs()


def test_it_draws_what_is_in_the_file_and_what_comes_later(path):
    layer = make_live_layer(ORIGINAL, path)
    colour_by_number(layer)
    assert numbers_drawn(layer) == {1}
    write_tiles(path, [TileId(9, 0, 0), WORLD])
    assert numbers_drawn(layer) == {2}


def test_without_a_file_it_waits_and_is_valid(path, tmp_path):
    for missing in (None, tmp_path / "missing.mbtiles", tmp_path):
        layer = make_live_layer(ORIGINAL, missing)
        assert layer.isValid()
        assert "mbtiles" not in layer.source()
        colour_by_number(layer)
        assert numbers_drawn(layer) == set()
    layer.setName("Where was I?")
    show_from(layer, path)
    assert layer.isValid()
    assert layer.name() == "Where was I?"
    assert numbers_drawn(layer) == {1}
    show_from(layer, None)
    assert numbers_drawn(layer) == set()


def test_a_file_that_qgis_cannot_read_is_not_waited_for_with_a_broken_layer(tmp_path):
    damaged = tmp_path / "tiles.mbtiles"
    damaged.write_bytes(b"no database")
    layer = make_live_layer(ORIGINAL, damaged)
    assert layer.isValid()
    assert "mbtiles" not in layer.source()


def test_switching_positions_keeps_the_style_and_a_name_of_ones_own(path, tmp_path):
    other = write_tiles(tmp_path / "other.mbtiles", [TileId(9, 0, 0), TileId(9, 1, 0), WORLD])
    layer = make_live_layer(ORIGINAL, path)
    colour_by_number(layer)
    switch_tileset(layer, COMPUTED, other)
    assert (live_tileset(layer), layer.name()) == (COMPUTED, "Live coverage, computed positions")
    assert "computed positions" in layer.metadata().abstract()
    assert numbers_drawn(layer) == {3}
    layer.setName("Mine")
    switch_tileset(layer, ORIGINAL, path)
    assert (live_tileset(layer), layer.name()) == (ORIGINAL, "Mine")
    assert numbers_drawn(layer) == {1}


@pytest.mark.parametrize("mark", ["", "../../etc/passwd", 7, ["mly1_public"], None])
def test_marks_that_are_not_ours_count_for_nothing(path, mark):
    layer = QgsVectorTileLayer(make_live_layer(ORIGINAL, path).source(), "theirs")
    layer.setCustomProperty(LIVE_PROPERTY, mark)
    assert live_tileset(layer) is None


def test_only_vector_tiles_are_live():
    raster = QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/{z}/{x}/{y}.png", "raster", "wms")
    raster.setCustomProperty(LIVE_PROPERTY, ORIGINAL)
    assert live_tileset(raster) is None
    assert live_tileset(None) is None
