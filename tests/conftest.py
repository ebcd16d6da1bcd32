"""What all tests share: the emulator, the recorded data, requests for given tiles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable

import pytest

from mapillary_coverage.core.area import area_of_box
from mapillary_coverage.core.credential import Credential
from mapillary_coverage.core.endpoint import Server
from mapillary_coverage.core.mvt import gdal_engine, protobuf_engine
from mapillary_coverage.core.request import CoverageRequest
from mapillary_coverage.core.tile_access import TileAccess
from mapillary_coverage.core.tiling import TileId, tile_box
from tests.emulator import Emulator, RecordedTiles, Town

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
GENUINE_TILE = TileId(14, 8529, 5975)
NO_PAUSES = (0.0, 0.0, 0.0, 0.0)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test finds the tiles of another, nor a token."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.delenv("MAPILLARY_ACCESS_TOKEN", raising=False)
    monkeypatch.setenv("MAPILLARY_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def emulator() -> Iterator[Callable[..., Emulator]]:
    """Starts emulators that end with the test: `emulator(Town(...), delay=1)`."""
    with ExitStack() as running:
        yield lambda source=None, **options: running.enter_context(Emulator(source or Town(), **options))


@pytest.fixture
def recorded() -> Path:
    """The folder with recorded tiles and replies; skips where it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the recorded data is not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture
def genuine_tiles(recorded: Path, tmp_path: Path) -> RecordedTiles:
    """The genuine tile of 10,231 images, served at 14/8529/5975."""
    column = tmp_path / "recorded" / "mly1_public" / "14" / str(GENUINE_TILE.x)
    column.mkdir(parents=True)
    (column / f"{GENUINE_TILE.y}.mvt").symlink_to(recorded / "tiles" / "unplaced" / "coverage_10231_images.mvt")
    return RecordedTiles(tmp_path / "recorded")


@pytest.fixture(params=[protobuf_engine, gdal_engine], ids=["mapbox-vector-tile", "gdal"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Each decoder in turn."""
    monkeypatch.setattr("mapillary_coverage.core.mvt._engine", lambda: request.param)
    return request.param


def access_to(emulator: Emulator, credential: str | None = None, **options: Any) -> TileAccess:
    """The emulator with the token that it accepts, without waits between tries and without a cache."""
    server = Server(emulator.tiles_url, Credential(credential or emulator.credential))
    return TileAccess(server, **{"pauses": NO_PAUSES, **options})


def request_for(first: TileId, last: TileId | None = None, **options: Any) -> CoverageRequest:
    """A request for exactly the tiles from one corner to the other."""
    upper, lower = tile_box(first), tile_box(last or first)
    return CoverageRequest(area_of_box(upper.west, lower.south, lower.east, upper.north), **options)
