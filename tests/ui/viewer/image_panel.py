"""A town to look at images of, and what tests of the image panel do and wait for."""

from qgis.core import QgsPointXY, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.tasks.coverage_task import CoverageTask
from tests.conftest import access_to, request_for
from tests.emulator import Town

TOWN = Town(images_per_tile=60, features_per_tile=12)
TILE = TileId(14, 8529, 5975)


def use(server, monkeypatch):
    monkeypatch.setenv("MAPILLARY_TILES_URL", server.tiles_url)
    monkeypatch.setenv("MAPILLARY_GRAPH_URL", server.graph_url)
    monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", server.credential)
    return server


def shown(dock):
    load = dock.viewer._opening.shown
    return load.image.image_id if load is not None and load.image is not None else ""


def wait_for_picture(qtbot, dock, image_id, size=None):
    def is_there():
        load = dock.viewer._opening.shown
        picture = load.picture if load is not None and load.image.image_id == image_id else None
        return dock.panel.has_picture() and picture is not None and size in (None, picture.size)

    qtbot.waitUntil(is_there, timeout=20_000)


def wait_for_state(qtbot, dock, title):
    qtbot.waitUntil(lambda: dock.panel.titleLabel.text() == title and not dock.panel.has_picture(), timeout=20_000)


def flat_image(index, number=0):
    return [image for image in index.images.values() if not image.properties["is_pano"]][number]


def panorama(index):
    return next(image for image in index.images.values() if image.properties["is_pano"])


def add_layers(server, canvas, **what):
    """The layers of a download of one tile, in the project and on the canvas."""
    task = CoverageTask(request_for(TILE, **what), access_to(server), None)
    task.run()
    for layer in task.layers.values():
        QgsProject.instance().addMapLayer(layer)
    canvas.setLayers(list(task.layers.values()))
    server.requests.clear()
    return task.layers


def click(canvas, tool, lon, lat):
    """A mouse click on a place of the map."""
    canvas.setMapTool(tool)
    pixel = canvas.getCoordinateTransform().transform(QgsPointXY(lon, lat)).toQPointF().toPoint()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pixel)


def centre_on(canvas, lon, lat, metres=100):
    half = metres / 111_000 / 2
    canvas.setExtent(QgsRectangle(lon - half, lat - half, lon + half, lat + half))


def is_ahead(dock, image_id):
    load = dock.viewer._walking._walk._ahead.get(image_id)
    return load is not None and load.picture is not None
