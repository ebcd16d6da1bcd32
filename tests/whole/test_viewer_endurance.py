"""The image panel under impatient hands: quick clicks, closing and unloading in the middle, and nothing left behind."""

import gc
import threading
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsProject

from mapillary_coverage.ui.picture import Picture
from mapillary_coverage.ui.viewer.loading.image_load import ImageLoad
from tests.emulator.town_index import TownIndex
from tests.ui.viewer.image_panel import TOWN, use

pytestmark = pytest.mark.qgis

VIEWER = ("mapillary_image", "mapillary_watch")
"""How the names of its threads begin; the panel for downloads has others."""


@pytest.fixture(scope="module")
def ids():
    return list(TownIndex.of(TOWN).images)


def sockets_to(server):
    """Of this process, connected to the emulator's port from the outside."""
    port = f":{server._wire.server_address[1]:04X}"
    lines = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    return [line for line in lines if line.split()[2].endswith(port) and line.split()[3] == "01"]


def traces(server):
    QgsApplication.sendPostedEvents(None, 52)  # QEvent::DeferredDelete
    gc.collect()
    return {
        "threads": sorted(t.name for t in threading.enumerate() if t.name.startswith(VIEWER)),
        "sockets": len(sockets_to(server)),
        "loads": sum(isinstance(thing, ImageLoad) for thing in gc.get_objects()),
        "pictures": sum(isinstance(thing, Picture) for thing in gc.get_objects()),
    }


NOTHING = {"threads": [], "sockets": 0, "loads": 0, "pictures": 0}


def wait_for_nothing(qtbot, server):
    def is_nothing():
        assert traces(server) == NOTHING

    qtbot.waitUntil(is_nothing, timeout=20_000)


def test_two_hundred_quick_openings(plugin, emulator, monkeypatch, qtbot, ids):
    server = use(emulator(TOWN, delay=0.05), monkeypatch)
    plugin.initGui()
    viewer = plugin._images.dock.viewer
    for number in range(200):
        plugin.open_image(ids[number % len(ids)])
        if number % 20 == 0:
            qtbot.wait(20)
    last = ids[199 % len(ids)]
    qtbot.waitUntil(lambda: _shows(viewer, last), timeout=20_000)
    pictures = [seen for seen in server.requests if "/pictures/" in seen.path]
    assert len(pictures) < 50, "pictures of what was superseded are not asked for"
    plugin._images.dock.close()
    wait_for_nothing(qtbot, server)


def test_a_long_walk_keeps_three_pictures(plugin, emulator, monkeypatch, qtbot, ids):
    server = use(emulator(TOWN), monkeypatch)
    plugin.initGui()
    panel, viewer = plugin._images.dock.panel, plugin._images.dock.viewer
    sequence = next(images for images in TownIndex.of(TOWN).sequences.values() if len(images) > 12)
    plugin.open_image(str(sequence[0].properties["id"]))
    for image in sequence[1:13]:
        qtbot.waitUntil(panel.nextAction.isEnabled, timeout=20_000)
        panel.nextAction.trigger()
        wanted = str(image.properties["id"])
        qtbot.waitUntil(lambda: _shows(viewer, wanted), timeout=20_000)  # noqa: B023
    qtbot.waitUntil(lambda: traces(server)["loads"] <= 3, timeout=20_000)
    assert traces(server)["pictures"] <= 3


def _shows(viewer, image_id):
    shown = viewer._opening.shown
    return shown is not None and shown.image.image_id == image_id and shown.picture is not None


@pytest.mark.parametrize("delay", [0.0, 0.3, 30.0])
def test_unloaded_and_closed_in_the_middle(plugin, emulator, monkeypatch, qtbot, ids, delay):
    server = use(emulator(TOWN, delay=delay), monkeypatch)
    for ending in ("unload", "close", "clear"):
        plugin.initGui()
        plugin._images.dock.panel.detectionsAction.setChecked(True)
        for image_id in ids[:3]:
            plugin.open_image(image_id)
            qtbot.wait(15)
        {"unload": plugin.unload, "close": plugin._images.dock.close, "clear": QgsProject.instance().clear}[ending]()
        plugin.unload()
        wait_for_nothing(qtbot, server)
        plugin.open_image(ids[0])


def test_the_canvas_goes_first(plugin, emulator, monkeypatch, qtbot, ids, qgis_parent):
    from qgis.gui import QgsMapCanvas, QgsMessageBar
    from qgis.PyQt import sip

    from mapillary_coverage.core.settings import Settings
    from mapillary_coverage.ui.messages import Messages
    from mapillary_coverage.ui.viewer.image_dock import ImageDock

    server = use(emulator(TOWN), monkeypatch)
    canvas = QgsMapCanvas()
    dock = ImageDock(canvas, Settings(), Messages(QgsMessageBar(qgis_parent)), qgis_parent)
    dock.open_image(ids[0])
    qtbot.waitUntil(lambda: _shows(dock.viewer, ids[0]), timeout=20_000)
    sip.delete(canvas)
    dock.viewer.open_image(ids[1])
    qtbot.waitUntil(lambda: _shows(dock.viewer, ids[1]), timeout=20_000)
    dock.close_down()
    dock.deleteLater()
    wait_for_nothing(qtbot, server)
