"""Areas to tiles."""

import mercantile
import pytest

from mapillary_coverage.core.area.area import area_of_box
from mapillary_coverage.core.area.tiling import TileId, count_tiles, lon_lat_of_web_mercator, tile_box, tiles_of


def test_the_bounds_of_a_tile_need_that_tile_only():
    for tile in (TileId(14, 8529, 5975), TileId(14, 0, 0), TileId(14, 16383, 16383), TileId(14, 0, 8192)):
        box = tile_box(tile)
        assert tiles_of(area_of_box(box.west, box.south, box.east, box.north)) == [tile]


@pytest.mark.parametrize(
    "box", [(7.3, 43.6, 7.5, 43.8), (-0.01, -0.01, 0.01, 0.01), (-74.03, 40.69, -73.9, 40.8), (20, 69.9, 20.2, 70)]
)
def test_the_tiles_are_those_of_mercantile(box):
    area = area_of_box(*box)
    expected = {TileId(t.z, t.x, t.y) for t in mercantile.tiles(*box, zooms=14)}
    assert set(tiles_of(area)) == expected
    assert count_tiles(area) == len(expected) == len(tiles_of(area))


def test_across_the_antimeridian_there_are_the_tiles_of_both_sides_and_no_others():
    tiles = tiles_of(area_of_box(179.99, 0.001, -179.99, 0.002))
    assert tiles == [TileId(14, 16383, 8191), TileId(14, 0, 8191)]


def test_a_gap_smaller_than_a_tile_does_not_count_its_tile_twice():
    area = area_of_box(0.002, 0.001, 360.001, 0.002)
    assert count_tiles(area) == len(set(tiles_of(area))) == 2**14


def test_a_box_smaller_than_a_rounding_error_still_has_its_tile():
    assert tiles_of(area_of_box(0, 0.001, 1e-13, 0.002)) == [TileId(14, 8192, 8191)]


def test_the_whole_world_is_counted_without_listing_it():
    assert count_tiles(area_of_box(-180, -90, 180, 90)) == 4**14


def test_web_mercator_is_not_folded_back_at_the_antimeridian():
    lon, lat = lon_lat_of_web_mercator(20037508.342789244 * 1.5, 0)
    assert lon == pytest.approx(270)
    assert lat == pytest.approx(0, abs=1e-12)
