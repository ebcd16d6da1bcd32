"""The plugin loads, unloads and loads again, and leaves nothing behind."""

import gc
import threading

import pytest
from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import QTimer, QTranslator
from qgis.PyQt.QtWidgets import QAction, QDockWidget

from tests.emulator import Town

pytestmark = pytest.mark.qgis


def traces(window):
    """What a plugin can leave in QGIS."""
    QgsApplication.sendPostedEvents(None, 52)  # QEvent::DeferredDelete
    gc.collect()
    return {
        "providers": sorted(p.id() for p in QgsApplication.processingRegistry().providers()),
        "actions": len(window.findChildren(QAction)),
        "docks": len(window.findChildren(QDockWidget)),
        "timers": len(window.findChildren(QTimer)),
        "project signals": QgsProject.instance().receivers(QgsProject.instance().cleared),
        "threads": sorted(t.name for t in threading.enumerate() if "mapillary" in t.name),
        "tasks": QgsApplication.taskManager().count(),
        "translators": len(QgsApplication.instance().findChildren(QTranslator)),
    }


def test_three_lives_leave_nothing(plugin, qgis_iface, qgis_canvas):
    window = qgis_iface.mainWindow()
    before = traces(window)
    signals = [
        qgis_canvas.receivers(signal) for signal in (qgis_canvas.extentsChanged, qgis_canvas.destinationCrsChanged)
    ]
    for _ in range(3):
        plugin.initGui()
        assert "mapillary" in traces(window)["providers"]
        assert traces(window)["docks"] == before["docks"] + 2
        assert QgsApplication.processingRegistry().algorithmById("mapillary:downloadcoverage")
        plugin.unload()
        assert traces(window) == before
        assert signals == [
            qgis_canvas.receivers(signal) for signal in (qgis_canvas.extentsChanged, qgis_canvas.destinationCrsChanged)
        ]


def test_unload_after_a_start_that_never_was(plugin):
    plugin.unload()
    plugin.initProcessing()
    assert QgsApplication.processingRegistry().providerById("mapillary") is not None
    plugin.unload()
    assert QgsApplication.processingRegistry().providerById("mapillary") is None


def test_the_action_shows_and_hides_the_dock(plugin, qgis_iface):
    plugin.initGui()
    qgis_iface.mainWindow().show()
    dock = qgis_iface.mainWindow().findChild(QDockWidget, "MapillaryCoverageDock")
    action = qgis_iface.mainWindow().findChild(QAction, "MapillaryCoverageAction")
    shown = dock.isUserVisible()
    action.trigger()
    assert dock.isUserVisible() is not shown
    action.trigger()
    assert dock.isUserVisible() is shown
    plugin.unload()


def test_choosing_the_image_tool_opens_its_panel(plugin, qgis_iface, qgis_canvas):
    plugin.initGui()
    window = qgis_iface.mainWindow()
    window.show()
    dock = window.findChild(QDockWidget, "MapillaryImageDock")
    assert not dock.isVisible()
    window.findChild(QAction, "MapillaryImageToolAction").trigger()
    assert dock.isUserVisible()
    assert qgis_canvas.mapTool() is dock.tool
    plugin.unload()
    assert qgis_canvas.mapTool() is None


def test_unload_during_a_download_does_no_harm(plugin, qgis_iface, qgis_canvas, emulator, monkeypatch, qtbot):
    server = emulator(Town(images_per_tile=20), delay=30)
    monkeypatch.setenv("MAPILLARY_TILES_URL", server.tiles_url)
    monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", server.credential)
    before = traces(qgis_iface.mainWindow())
    plugin.initGui()
    qgis_canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    qgis_canvas.setExtent(QgsRectangle(7.40, 43.69, 7.41, 43.70))
    plugin._dock.download.start()
    qtbot.waitUntil(lambda: len(server.requests) > 0, timeout=10_000)
    plugin.unload()
    qtbot.waitUntil(lambda: traces(qgis_iface.mainWindow()) == before, timeout=20_000)
    assert QgsProject.instance().mapLayers() == {}
