"""What all tests share: the emulator, the recorded data, requests for given tiles; in QGIS a canvas and the plugin.

Tests with the mark `qgis` run in QGIS' own Python with pytest-qgis, all others without it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable

import pytest

import mapillary_coverage
from mapillary_coverage.core.area.area import area_of_box
from mapillary_coverage.core.area.tiling import TileId, tile_box
from mapillary_coverage.core.mvt import gdal_engine, protobuf_engine
from mapillary_coverage.core.network.access import Access
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.request.request import CoverageRequest
from tests.emulator import Emulator, RecordedTiles, Town

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
GENUINE_TILE = TileId(14, 8529, 5975)
NO_PAUSES = (0.0, 0.0, 0.0, 0.0)
MASTER_WORD = "of the test profile"

_NOBODY = 65534


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


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Permissions mean nothing to root."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(_NOBODY)
    yield
    if is_root:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that an ordinary user can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for entry in (folder, *folder.rglob("*")):
        if entry.is_dir():
            entry.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the computer's time zone for the test: `in_zone("Asia/Kolkata")`."""

    def go(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield go
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(params=["UTC", "Asia/Kolkata"])
def zone(request: pytest.FixtureRequest, in_zone: Callable[[str], None]) -> None:
    """The test in one time zone after the other."""
    in_zone(request.param)


@pytest.fixture(autouse=True)
def own_settings(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test finds the plugin's settings of another."""
    if request.node.get_closest_marker("qgis") is None:
        yield
        return
    from qgis.core import QgsSettings

    QgsSettings().remove("mapillary_coverage")
    yield
    QgsSettings().remove("mapillary_coverage")


@pytest.fixture
def database() -> Iterator[Any]:
    """QGIS' authentication database, open and empty."""
    from qgis.core import QgsApplication

    auth = QgsApplication.authManager()
    assert auth.setMasterPassword(MASTER_WORD, True)
    auth.removeAllAuthenticationConfigs()
    yield auth
    auth.removeAllAuthenticationConfigs()
    auth.clearMasterPassword()


@pytest.fixture
def canvas(qgis_app: Any, qgis_new_project: Any) -> Iterator[Any]:
    """A canvas of 600 by 400 pixels that is shown, and nobody else's."""
    from qgis.gui import QgsMapCanvas
    from qgis.PyQt import sip

    made = QgsMapCanvas()
    made.setFrameStyle(0)
    made.resize(600, 400)
    made.show()
    yield made
    if not sip.isdeleted(made):
        made.stopRendering()
        sip.delete(made)


@pytest.fixture
def bar(qgis_parent: Any) -> Any:
    """A message bar."""
    from qgis.gui import QgsMessageBar

    return QgsMessageBar(qgis_parent)


@pytest.fixture
def logged(qgis_app: Any) -> Iterator[list[str]]:
    """What the plugin writes to QGIS' log, bugs as well."""
    from qgis.core import QgsApplication

    from mapillary_coverage.core.about import TITLE
    from mapillary_coverage.core.log import BugLog

    told: list[str] = []

    def keep(text: str, tag: str, _: Any) -> None:
        if tag == TITLE:
            told.append(text)

    bugs = BugLog()
    bugs.open()
    QgsApplication.messageLog().messageReceived.connect(keep)
    yield told
    QgsApplication.messageLog().messageReceived.disconnect(keep)
    bugs.close()


@pytest.fixture
def plugin(qgis_iface: Any, qgis_new_project: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The plugin in the interface of the test, with what the stub lacks."""
    window = qgis_iface.mainWindow()
    monkeypatch.setattr(qgis_iface, "addDockWidget", window.addDockWidget, raising=False)
    monkeypatch.setattr(qgis_iface, "removeDockWidget", window.removeDockWidget, raising=False)
    made = mapillary_coverage.classFactory(qgis_iface)
    yield made
    made.unload()


def access_to(emulator: Emulator, credential: str | None = None, **options: Any) -> Access:
    """The emulator with the token that it accepts, without waits between tries and without a cache."""
    server = Server(emulator.tiles_url, Credential(credential or emulator.credential))
    return Access(server, **{"pauses": NO_PAUSES, **options})


def request_for(first: TileId, last: TileId | None = None, **options: Any) -> CoverageRequest:
    """A request for exactly the tiles from one corner to the other."""
    upper, lower = tile_box(first), tile_box(last or first)
    return CoverageRequest(area_of_box(upper.west, lower.south, lower.east, upper.north), **options)
