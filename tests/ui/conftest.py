"""What tests of the image panel and of tips share."""

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsRectangle

from mapillary_coverage.core.settings import Settings
from mapillary_coverage.ui.messages import Messages
from mapillary_coverage.ui.viewer.image_dock import ImageDock
from tests.emulator.town_index import TownIndex
from tests.ui.viewer.image_panel import TOWN, use


@pytest.fixture(scope="session")
def index():
    return TownIndex.of(TOWN)


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
