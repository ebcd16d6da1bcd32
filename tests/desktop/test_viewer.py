"""Looking at images in a real QGIS window: clicks on the map, keys in the picture, panoramas, signs, states, themes."""

from functools import lru_cache

import pytest

from tests.desktop.session import DesktopSession
from tests.desktop.test_desktop import ADD_BACKGROUND, PICTURES
from tests.emulator import Town
from tests.emulator.detections import of_image
from tests.emulator.map_features import SIGNS, images_of
from tests.emulator.town_index import TownIndex, id_of

TOWN = Town(images_per_tile=300, features_per_tile=60)
TILE = (8529, 5975)
INDEX = TownIndex.of(TOWN)

LOOK_AT = """
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsPointXY
degrees, metres = (QgsCoordinateReferenceSystem(f"EPSG:{{code}}") for code in (4326, 3857))
QgsProject.instance().setCrs(metres)
place = QgsCoordinateTransform(degrees, metres, QgsProject.instance()).transform(QgsPointXY({lon}, {lat}))
iface.mapCanvas().setCenter(place)
iface.mapCanvas().zoomScale({scale})
"""
MAKE_SPOT = """
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QWidget
canvas = iface.mapCanvas()
spot = QWidget(canvas)
spot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
images = plugin._images.dock
viewer, shown = images.viewer, images.panel
"""
IMAGE_ID = "viewer._opening.shown.image.image_id if viewer._opening.shown else ''"


@pytest.fixture(scope="module")
def desktop(server, tmp_path_factory):
    with DesktopSession.on(server, tmp_path_factory.mktemp("desktop")) as session:
        session.run(ADD_BACKGROUND)
        session.wait_until("not iface.mapCanvas().isDrawing()")
        session.run(MAKE_SPOT)
        look_at(session, INDEX.images[rich_photo()], 20000)
        session.run("panel.signsCheck.setChecked(True)\ndock.download.start()")
        session.wait_until("len(QgsProject.instance().mapLayers()) > 3 and not dock.download.is_running()")
        session.run("iface.messageBar().clearWidgets()")
        yield session


@lru_cache(maxsize=1)
def rich_photo():
    """The photo in which most was recognised."""
    flat = [image for image in TOWN.images(*TILE) if not image.properties["is_pano"]]
    return id_of(max(flat, key=lambda image: len(of_image(TOWN, image))))


def look_at(desktop, placed, scale=1500):
    lon, lat = TOWN.lon_lat(placed.x, placed.y)
    desktop.run(LOOK_AT.format(lon=lon, lat=lat, scale=scale))
    desktop.wait_until("not iface.mapCanvas().isDrawing()")


def click_on(desktop, placed):
    """A mouse click on the map, where something is that stands in its middle."""
    look_at(desktop, placed)
    desktop.run("spot.setGeometry(canvas.width() // 2 - 2, canvas.height() // 2 - 2, 5, 5)")
    desktop.click("spot")


def wait_for(desktop, image_id):
    desktop.wait_until(f"({IMAGE_ID}) == {image_id!r} and shown.has_picture()")


def test_the_shortcut_the_button_and_a_click_on_a_dot(desktop, server):
    desktop.click("iface.mapCanvas()")
    desktop.press("ctrl+shift+y")
    desktop.wait_until("canvas.mapTool() is images.tool")
    desktop.run("canvas.unsetMapTool(images.tool)")
    desktop.click("iface.webToolBar().widgetForAction(plugin._images._action)")
    desktop.wait_until("canvas.mapTool() is images.tool")
    asked = len(server.requests)
    image_id = rich_photo()
    click_on(desktop, INDEX.images[image_id])
    wait_for(desktop, image_id)
    paths = [seen.path for seen in server.requests[asked:] if seen.path != "/image_ids"]
    assert paths[:2] == [f"/{image_id}", f"/pictures/{image_id}/256.jpg"]
    desktop.wait_until("viewer._opening.shown.is_over")


def test_the_keys_walk_and_draw(desktop):
    image_id = rich_photo()
    order = [id_of(image) for image in INDEX.sequences[INDEX.images[image_id].properties["sequence_id"]]]
    desktop.wait_until("shown.nextAction.isEnabled()")
    desktop.press("Right")
    wait_for(desktop, order[order.index(image_id) + 1])
    desktop.press("Left")
    wait_for(desktop, image_id)
    desktop.press("r")
    desktop.wait_until("shown.detectionsList.shown() and viewer._display._detections._job is None")
    desktop.run("shown.tabs.setCurrentWidget(shown.detectionsList)")
    desktop.wait_until("viewer._opening.shown.is_over")
    desktop.screenshot(PICTURES / "viewer.png")
    desktop.press("r")
    desktop.wait_until("not shown.detectionsList.shown()")


def test_a_panorama_is_turned_with_the_mouse(desktop):
    pano = next(image for image in TOWN.images(*TILE) if image.properties["is_pano"])
    click_on(desktop, pano)
    wait_for(desktop, id_of(pano))
    desktop.wait_until("viewer._opening.shown.is_over and shown.shows_panorama()")
    before = desktop.run("answer = shown.panoramaView.heading")
    desktop.drag("shown.panoramaView", -60, 0)
    desktop.wait_until(f"shown.panoramaView.heading != {before} and shown.panoramaView._grabbed is None")
    desktop.wait_until("not shown.panoramaView._rest.isActive()")
    after, marked = desktop.run("answer = [shown.panoramaView.heading, viewer._display._place._marker._heading]")
    assert 5 < (after - before) % 360 < 40, "what is dragged to the left turns the view to the right"
    assert marked == pytest.approx(after)
    desktop.run("shown.tabs.setCurrentWidget(shown.metadataTable)")
    desktop.screenshot(PICTURES / "panorama.png")


def test_a_sign_and_its_images(desktop):
    sign = next(f for f in TOWN.map_features(SIGNS, *TILE) if len(images_of(f, TOWN.images(*TILE))) == 4)
    click_on(desktop, sign)
    desktop.wait_until(f"viewer._visit.feature and viewer._visit.feature.map_feature_id == '{id_of(sign)}'")
    best = desktop.run("answer = viewer._visit.feature.images[0].image_id")
    wait_for(desktop, best)
    desktop.wait_until("len(shown.detectionsList.shown()) == 1 and viewer._opening.shown.is_over")
    desktop.screenshot(PICTURES / "sign.png")


DO_ACTION = """
layer = next(layer for layer in QgsProject.instance().mapLayers().values() if layer.name().startswith("Images"))
feature = next(feature for feature in layer.getFeatures() if feature["id"] == "{image_id}")
context = layer.createExpressionContext()
context.setFeature(feature)
layer.actions().doAction(layer.actions().defaultAction("Canvas").id(), feature, context)
answer = layer.mapTipTemplate()
"""


def test_the_action_of_a_downloaded_layer_opens_the_image(desktop):
    desktop.run("images.close()")
    assert "compass_angle" in desktop.run(DO_ACTION.format(image_id=rich_photo()))
    wait_for(desktop, rich_photo())
    assert desktop.run("answer = images.isVisible()")


def test_the_locator_opens_an_image_and_goes_there(desktop):
    far = TOWN.images(TILE[0] + 2, TILE[1])[5]
    desktop.press("ctrl+k")
    desktop.wait_until("'Locator' in QgsApplication.focusWidget().parent().metaObject().className()")
    desktop.type(f"mly {id_of(far)}")
    desktop.wait_until(
        f"any('image {id_of(far)}' in str(w.model().index(row, 0).data()) for w in QgsApplication.allWidgets()"
        " if w.metaObject().className() == 'QgsLocatorResultsView' for row in range(w.model().rowCount()))"
    )
    desktop.press("Return")
    wait_for(desktop, id_of(far))
    lon, lat = TOWN.lon_lat(far.x, far.y)
    desktop.run(LOOK_AT.split("iface", maxsplit=1)[0].format(lon=lon, lat=lat))
    assert desktop.run("answer = canvas.extent().contains(place)")


STATES = {
    "loading": ("graph", "hang"),
    "refused": ("graph", "bad-token"),
    "deleted": ("graph", "no-such-object"),
    "throttled": ("graph", "quota"),
    "busy": ("graph", "too-many-long"),
    "broken": ("pictures", "half-tile"),
}


@pytest.mark.parametrize("name", STATES)
def test_states(desktop, server, name):
    surface, fault = STATES[name]
    server.fail(fault, surface=surface)
    image_id = id_of(TOWN.images(*TILE)[list(STATES).index(name)])
    desktop.run(f"plugin.open_image('{image_id}')")
    desktop.wait_until("not shown.has_picture()" + ("" if name == "loading" else " and not shown.busyBar.isVisible()"))
    server.faults.clear()
    desktop.screenshot(PICTURES / f"state_{name}.png", "shown")
    assert desktop.run("answer = shown.titleLabel.text()")


@pytest.mark.parametrize(
    ("name", "title", "begin", "end"),
    [
        ("no_token", "No token", "import os; kept = os.environ.pop(name)", "os.environ[name] = kept"),
        ("offline", "Working offline", "plugin._settings.set_offline(True)", "plugin._settings.set_offline(False)"),
    ],
)
def test_states_without_a_request(desktop, name, title, begin, end):
    desktop.run(f"name = 'MAPILLARY_ACCESS_TOKEN'; {begin}\nplugin.open_image('{rich_photo()}')")
    assert desktop.run("answer = shown.titleLabel.text()") == title
    desktop.screenshot(PICTURES / f"state_{name}.png", "shown")
    desktop.run(end)


def test_dark_and_narrow(desktop, server):
    desktop.run("QgsApplication.setUITheme('Night Mapping')")
    desktop.run(f"plugin.open_image('{rich_photo()}')")
    wait_for(desktop, rich_photo())
    desktop.click("shown.flatView")
    desktop.press("r")
    desktop.wait_until("viewer._display._detections._job is None and shown.detectionsAction.isChecked()")
    desktop.wait_until("viewer._opening.shown.is_over")
    desktop.screenshot(PICTURES / "dark.png")
    desktop.run("images.setFloating(True)\nimages.resize(250, 600)")
    desktop.wait_until("images.width() <= 260")
    desktop.screenshot(PICTURES / "narrow.png", "images")
    desktop.run("images.move(10, 10)\nimages.resize(1400, 700)")
    desktop.wait_until("shown.width() > 1300")
    desktop.screenshot(PICTURES / "wide.png", "images")
