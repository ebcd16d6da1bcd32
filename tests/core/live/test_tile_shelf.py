"""The file that QGIS draws: beside the cache's own, and counted, pruned and cleared with it."""

from contextlib import closing

import pytest

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.errors import DamagedTileError
from mapillary_coverage.core.live.tile_shelf import DisplayTiles
from mapillary_coverage.core.mvt.display import displayable
from mapillary_coverage.core.network.access import CacheSettings
from mapillary_coverage.core.tiles.cache_folder import clear, prune, used_bytes
from mapillary_coverage.core.tiles.tile_cache import FetchedTile
from tests.emulator import Town

URL, TILESET, TILE = "https://tiles.example.org/vtp", "mly1_public", TileId(14, 8529, 5975)
BODY = Town(images_per_tile=200).tile(TILESET, *TILE)


@pytest.fixture
def settings(tmp_path):
    return CacheSettings(tmp_path / "tiles")


def fetched(number=0, body=BODY):
    return FetchedTile(body, "", len(body), 1_700_000_000_000 + number)


def test_it_holds_the_tile_as_qgis_draws_it_and_its_time(settings):
    with closing(DisplayTiles(settings, URL, TILESET)) as tiles:
        assert tiles.time_of(TILE) is None
        tiles.put(TILE, fetched(5))
        assert tiles.time_of(TILE) == (1_700_000_000_005, "")
        assert tiles.find(TILE, however_old=True).body == displayable(BODY) != BODY
        tiles.put(TILE, fetched(6, b""))
        assert tiles.time_of(TILE) == (1_700_000_000_006, "")
        assert tiles.find(TILE, however_old=True).body == b""


def test_what_is_no_tile_is_not_put_in(settings):
    with closing(DisplayTiles(settings, URL, TILESET)) as tiles:
        with pytest.raises(DamagedTileError):
            tiles.put(TILE, fetched(body=BODY[:-5]))
        assert tiles.time_of(TILE) is None


def test_it_is_counted_pruned_and_cleared_with_the_cache(settings):
    with closing(DisplayTiles(settings, URL, TILESET)) as tiles:
        before = used_bytes(settings.folder)
        for number in range(20):
            tiles.put(TileId(14, number, 0), fetched(number))
        stored = used_bytes(settings.folder) - before
        assert stored > 20 * 1000
        prune(CacheSettings(settings.folder, max_bytes=stored // 4))
        left = [number for number in range(20) if tiles.time_of(TileId(14, number, 0))]
        assert left
        assert left == list(range(20 - len(left), 20)), "the oldest go first"
    clear(settings.folder)
    assert used_bytes(settings.folder) == 0
    assert not tiles.path.exists()
