"""The map tip of an image in a real QGIS window: the mouse rests on a dot, and the picture comes."""

import pytest

from tests.desktop.session import DesktopSession
from tests.desktop.test_desktop import PICTURES
from tests.emulator import Town
from tests.emulator.town_index import id_of

TOWN = Town(images_per_tile=60)
IMAGE = next(image for image in TOWN.images(8529, 5975) if not image.properties["is_pano"])
ADD_IMAGE = """
from qgis.core import *
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QWidget
from mapillary_coverage.core.layers.features import fields_of
from mapillary_coverage.core.looks.layer_style import apply_style
from mapillary_coverage.core.mapillary.schema import IMAGES
layer = QgsVectorLayer("Point?crs=EPSG:4326", "Images", "memory")
layer.dataProvider().addAttributes(list(fields_of(IMAGES)))
layer.updateFields()
feature = QgsFeature(layer.fields())
feature["id"], feature["is_pano"] = "{image_id}", False
feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY({lon}, {lat})))
layer.dataProvider().addFeatures([feature])
layer.updateExtents()
apply_style(layer, IMAGES)
QgsProject.instance().addMapLayer(layer)
iface.setActiveLayer(layer)
iface.actionMapTips().setChecked(True)
canvas = iface.mapCanvas()
spot = QWidget(canvas)
spot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
def tips():
    return [w for w in canvas.findChildren(QWidget) if w.metaObject().className() == "QgsWebView" and w.isVisible()]
def colours():
    shown = tips()[0].grab().toImage() if tips() else None
    places = [(x, y) for x in range(10, 120, 5) for y in range(10, 90, 5)]
    return len(set(shown.pixel(x, y) for x, y in places)) if shown else 0
"""
"""`colours` is how many there are where a tip has its picture; the placeholder has a few."""

LOOK_AT_IMAGE = """
canvas.setDestinationCrs(layer.crs())
canvas.setCenter(layer.extent().center())
canvas.zoomScale(1500)
spot.setGeometry(canvas.width() // 2 - 2, canvas.height() // 2 - 2, 5, 5)
"""


@pytest.fixture(scope="module")
def desktop(server, tmp_path_factory):
    with DesktopSession.on(server, tmp_path_factory.mktemp("desktop")) as session:
        lon, lat = TOWN.lon_lat(IMAGE.x, IMAGE.y)
        session.run(ADD_IMAGE.format(image_id=id_of(IMAGE), lon=lon, lat=lat))
        session.wait_until("not canvas.isDrawing()")
        session.run(LOOK_AT_IMAGE)
        session.wait_until("not canvas.isDrawing()")
        yield session


def test_the_picture_comes_while_the_mouse_rests(desktop, server):
    desktop.hover("panel")
    desktop.hover("spot")
    desktop.wait_until("colours() > 60")
    desktop.screenshot(PICTURES / "tip.png", "canvas")
    asked = [seen.path for seen in server.requests if id_of(IMAGE) in seen.path]
    assert asked == [f"/{id_of(IMAGE)}", f"/pictures/{id_of(IMAGE)}/256.jpg"]
