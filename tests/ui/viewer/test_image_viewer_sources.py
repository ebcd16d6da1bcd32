"""Where a click finds an image, and what stays behind of what was fetched for it."""

import os
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsProject, QgsSettings
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtTest import QTest

from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.mapillary.schema import IMAGES
from mapillary_coverage.core.settings import Settings
from tests.conftest import access_to, request_for
from tests.emulator.town_index import id_of
from tests.ui.viewer.image_panel import TILE, TOWN, add_layers, centre_on, click, flat_image, use, wait_for_picture
from tests.ui.viewer.map.on_canvas import layer_of, look_at, pixel_of

pytestmark = pytest.mark.qgis


def test_layers_come_before_tiles_and_tiles_before_the_search(qtbot, dock, server, map_canvas):
    image, other = TOWN.images(*TILE[1:])[:2]
    lon, lat = TOWN.lon_lat(image.x, image.y)
    centre_on(map_canvas, lon, lat, 60)
    download_coverage(request_for(TILE), access_to(server, cache=Settings().cache()))
    server.requests.clear()
    click(map_canvas, dock.tool, lon, lat)
    wait_for_picture(qtbot, dock, id_of(image))
    beside = layer_of([(lon + 0.000005, lat)], first_id=int(id_of(other)))
    QgsProject.instance().addMapLayer(beside)
    map_canvas.setLayers([beside])
    click(map_canvas, dock.tool, lon, lat)
    wait_for_picture(qtbot, dock, id_of(other))
    assert "/images" not in [seen.path for seen in server.requests]


def test_a_click_on_a_turned_map_in_a_national_crs(qtbot, dock, server, map_canvas, index):
    """From the mouse to the image, and its mark on the dot that was clicked."""
    image = flat_image(index)
    lon, lat = TOWN.lon_lat(image.x, image.y)
    add_layers(server, map_canvas)
    look_at(map_canvas, lon, lat, "EPSG:2154", 0.5, rotation=40)
    pixel = pixel_of(map_canvas, lon, lat).toQPointF().toPoint()
    map_canvas.setMapTool(dock.tool)
    QTest.mouseClick(map_canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pixel)
    wait_for_picture(qtbot, dock, id_of(image))
    assert (dock.viewer._display._place._marker.pos() - pixel).manhattanLength() < 3


def test_no_address_of_a_picture_is_kept(qtbot, dock, emulator, monkeypatch, map_canvas, index, tmp_path):
    server = use(emulator(TOWN, recorded=[]), monkeypatch)
    told = []
    QgsApplication.messageLog().messageReceived.connect(lambda *message: told.append(str(message)))
    layers = add_layers(server, map_canvas)
    for number, fault in enumerate(("forbidden", "random-bytes"), 1):
        server.fail(fault, surface="pictures")
        dock.open_image(id_of(flat_image(index, number)))
        qtbot.waitUntil(dock.panel.stateButton.isVisible, timeout=20_000)
        told.append(dock.panel.textLabel.text())
        server.faults.clear()
        dock.close()
        dock.show()
    image_id = id_of(flat_image(index))
    dock.open_image(image_id)
    wait_for_picture(qtbot, dock, image_id, "1024")
    dock.panel.saveAction.trigger()
    dock.viewer._actions._dialog.fileSelected.emit(str(tmp_path / "picture.jpg"))
    dock.panel.copyJsonAction.trigger()
    told.append(QGuiApplication.clipboard().text())
    assert QgsProject.instance().write(str(tmp_path / "project.qgs"))
    told += [layers[IMAGES].htmlMetadata(), layers[IMAGES].source()]
    QgsSettings().sync()
    signatures = {request.query["oh"].encode() for request in server.recorded if "oh" in request.query}
    assert len(signatures) > 3
    folders = tmp_path, Path(os.environ["MAPILLARY_CACHE_DIR"]), Path(QgsApplication.qgisSettingsDirPath())
    texts = [path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()]
    texts += [text.encode() for text in told]
    assert not [part for part in (*signatures, b"/pictures/") if any(part in text for text in texts)]
