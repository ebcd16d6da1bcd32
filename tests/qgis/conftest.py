"""What the tests in real QGIS share."""

import pytest
from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsRectangle, QgsSettings
from qgis.gui import QgsMapCanvas, QgsMessageBar
from qgis.PyQt import sip

import mapillary_coverage
from mapillary_coverage.core.settings import Settings
from mapillary_coverage.ui.messages import Messages
from mapillary_coverage.ui.viewer.image_dock import ImageDock
from tests.emulator.town_index import TownIndex

from .image_panel import TOWN, use

MASTER_WORD = "of the test profile"


@pytest.fixture(autouse=True)
def own_settings():
    """No test finds the plugin's settings of another."""
    QgsSettings().remove("mapillary_coverage")
    yield
    QgsSettings().remove("mapillary_coverage")


@pytest.fixture
def database():
    """QGIS' authentication database, open and empty."""
    auth = QgsApplication.authManager()
    assert auth.setMasterPassword(MASTER_WORD, True)
    auth.removeAllAuthenticationConfigs()
    yield auth
    auth.removeAllAuthenticationConfigs()
    auth.clearMasterPassword()


@pytest.fixture
def canvas(qgis_app, qgis_new_project):
    """A canvas of 600 by 400 pixels that is shown, and nobody else's."""
    made = QgsMapCanvas()
    made.setFrameStyle(0)
    made.resize(600, 400)
    made.show()
    yield made
    if not sip.isdeleted(made):
        made.stopRendering()
        sip.delete(made)


@pytest.fixture(scope="session")
def index():
    return TownIndex.of(TOWN)


@pytest.fixture
def bar(qgis_parent):
    return QgsMessageBar(qgis_parent)


@pytest.fixture
def map_canvas(canvas):
    """Shows about 200 m of the town."""
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    canvas.setExtent(QgsRectangle(7.39, 43.72, 7.392, 43.7215))
    return canvas


@pytest.fixture
def dock(map_canvas, qgis_parent, bar):
    dock = ImageDock(map_canvas, Settings(), Messages(bar), qgis_parent)
    dock.setFloating(True)
    dock.resize(500, 700)
    dock.show()
    yield dock
    dock.close_down()
    dock.deleteLater()


@pytest.fixture
def server(emulator, monkeypatch):
    return use(emulator(TOWN), monkeypatch)


@pytest.fixture
def plugin(qgis_iface, qgis_new_project, monkeypatch):
    """The plugin in the interface of the test, with what the stub lacks."""
    window = qgis_iface.mainWindow()
    monkeypatch.setattr(qgis_iface, "addDockWidget", window.addDockWidget, raising=False)
    monkeypatch.setattr(qgis_iface, "removeDockWidget", window.removeDockWidget, raising=False)
    made = mapillary_coverage.classFactory(qgis_iface)
    yield made
    made.unload()
