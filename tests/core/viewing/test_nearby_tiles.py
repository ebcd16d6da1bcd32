"""The image next to a click, from the tiles in the cache."""

import math

import pytest

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.mapillary.schema import TRAFFIC_SIGN
from mapillary_coverage.core.network.access import CacheSettings
from mapillary_coverage.core.viewing.nearby_tiles import NearbyTiles
from tests.conftest import access_to, request_for
from tests.emulator import Town
from tests.emulator.search import metres
from tests.emulator.town_index import id_of

TOWN = Town(images_per_tile=100)


@pytest.fixture
def cached(emulator, tmp_path):
    """The tiles of two columns, original positions."""
    server = emulator(TOWN)
    settings = CacheSettings(tmp_path / "tiles")
    download_coverage(request_for(TileId(14, 8529, 5975), TileId(14, 8530, 5975)), access_to(server, cache=settings))
    server.requests.clear()
    return server, settings


def nearest(place):
    everywhere = [image for tile in TOWN.tiles() for image in TOWN.images(*tile)]
    distances = [(metres(place, TOWN.lon_lat(image.x, image.y)), id_of(image)) for image in everywhere]
    return min(distances)


def test_the_nearest_image_of_the_cached_tiles(cached):
    server, settings = cached
    tiles = NearbyTiles(settings, server.tiles_url)
    for image in (*TOWN.images(8529, 5975)[::9], *TOWN.images(8530, 5975)[::9]):
        lon, lat = TOWN.lon_lat(image.x, image.y)
        place = lon + 0.00003, lat - 0.00002
        distance, image_id = nearest(place)
        assert tiles.nearest(*place, distance + 0.5) == image_id
        assert tiles.nearest(*place, distance - 0.5) is None
    assert server.requests == []


def test_nothing_is_found_nor_made_where_nothing_is_cached(cached, tmp_path):
    server, settings = cached
    elsewhere = CacheSettings(tmp_path / "empty")
    assert NearbyTiles(elsewhere, server.tiles_url).nearest(7.4, 43.7, 5000) is None
    assert not elsewhere.folder.exists()
    assert NearbyTiles(settings, "https://tiles.example.org").nearest(7.4, 43.7, 5000) is None
    tiles = NearbyTiles(settings, server.tiles_url)
    for lon, lat in ((7.4, 89.9), (7.4, -90.0), (180.0, 0.0), (-180.0, 85.06), (0.0, 0.0)):
        assert tiles.nearest(lon, lat, 50) is None
    assert tiles.nearest(math.nan, 0.0, 50) is None


def test_damaged_files_are_no_images(cached, tmp_path):
    server, settings = cached
    (path,) = settings.folder.glob("*/mly1_public.mbtiles")
    path.write_bytes(b"SQLite format 3\0" + bytes(5000))
    lon, lat = TOWN.lon_lat(TOWN.images(8529, 5975)[0].x, TOWN.images(8529, 5975)[0].y)
    assert NearbyTiles(settings, server.tiles_url).nearest(lon, lat, 50) is None


def test_a_click_on_a_map_of_the_whole_country_reads_no_tiles_of_all_of_it(cached):
    server, settings = cached
    image = TOWN.images(8529, 5975)[0]
    lon, lat = TOWN.lon_lat(image.x, image.y)
    assert NearbyTiles(settings, server.tiles_url).nearest(lon, lat - 0.1, 500_000) is None


def test_the_nearest_sign_of_the_cached_tiles(emulator, tmp_path):
    server, settings = emulator(TOWN), CacheSettings(tmp_path / "tiles")
    signs = request_for(TileId(14, 8529, 5975), source_layers=(TRAFFIC_SIGN,))
    download_coverage(signs, access_to(server, cache=settings))
    tiles = NearbyTiles(settings, server.tiles_url)
    tileset = "mly_map_feature_traffic_sign"
    for sign in TOWN.map_features(tileset, 8529, 5975)[::7]:
        lon, lat = TOWN.lon_lat(sign.x, sign.y)
        assert tiles.nearest_feature(lon, lat, 0.5, [tileset]) == id_of(sign)
        assert tiles.nearest_feature(lon, lat, 0.5, ["mly_map_feature_point", "mly1_public"]) is None
