"""The look-up of names for live coverage."""

import threading

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject

from mapillary_coverage.core.request.filters import CoverageFilter
from mapillary_coverage.core.settings import Settings
from mapillary_coverage.ui.live.live_filter import LiveFilter
from tests.emulator import Town
from tests.ui.viewer.image_panel import use

pytestmark = pytest.mark.qgis


def test_a_look_up_that_is_dropped_ends(emulator, monkeypatch, qtbot):
    """It asks once for each name, and the server takes a while for each."""
    server = use(emulator(Town(images_per_tile=5), delay=1), monkeypatch)
    owner = QObject()
    chosen = LiveFilter(Settings(), owner)
    chosen.set(CoverageFilter(creators=tuple(f"nobody_{number}" for number in range(60))))
    qtbot.waitUntil(lambda: len(server.requests) > 0)
    task = chosen._task
    over = threading.Event()
    task.taskTerminated.connect(over.set)
    chosen.drop()
    qtbot.waitUntil(lambda: over.is_set() or task not in QgsApplication.taskManager().activeTasks(), timeout=4000)
    asked = len(server.requests)
    qtbot.wait(1500)
    assert len(server.requests) <= asked + 1
    assert asked < 20
