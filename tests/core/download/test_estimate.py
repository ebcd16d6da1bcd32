"""What a person reads before a download."""

import pytest

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.download.estimate import estimate
from mapillary_coverage.core.network.access import CacheSettings
from tests.conftest import access_to, request_for
from tests.emulator import Town

FIRST, LAST = TileId(14, 8528, 5974), TileId(14, 8529, 5975)


@pytest.mark.parametrize(
    ("cached_to", "last", "told"),
    [
        (None, LAST, "4 tiles. Working offline: none of them is in the cache, so all will be missing."),
        (None, FIRST, "1 tile. Working offline: it is not in the cache, so it will be missing."),
        (FIRST, LAST, "4 tiles, 1 of them in the cache. Working offline: the other 3 will be missing."),
        (LAST, LAST, "4 tiles, 4 of them in the cache. Working offline: nothing will be missing."),
    ],
    ids=["nothing cached", "one tile, not cached", "some cached", "all cached"],
)
def test_offline_it_tells_what_will_be_missing(emulator, tmp_path, cached_to, last, told):
    server, cache = emulator(Town(images_per_tile=10)), CacheSettings(tmp_path / "cache")
    if cached_to:
        download_coverage(request_for(FIRST, cached_to), access_to(server, cache=cache))
    asked = len(server.requests)
    assert str(estimate(request_for(FIRST, last), access_to(server, cache=cache, offline=True), "")) == told
    assert len(server.requests) == asked
