"""Clicks with the map tool, on a real canvas."""

import gc

import pytest
from qgis.core import QgsPointXY
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from qgis.PyQt.QtGui import QColor, QIcon, QMouseEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

from mapillary_coverage.ui.viewer.map.image_tool import ICON, ImageTool
from tests.ui.viewer.map.on_canvas import look_at

pytestmark = pytest.mark.qgis

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def clicks(canvas):
    """The places that were clicked, with the tool on the canvas."""
    look_at(canvas, 7.4, 43.7, rotation=25)
    places = []
    tool = ImageTool(canvas)
    tool.clicked.connect(places.append)
    canvas.setMapTool(tool)
    yield places
    if not sip.isdeleted(canvas):
        canvas.unsetMapTool(tool)


def drag(canvas, start, end, button=LEFT, keys=Qt.KeyboardModifier.NoModifier):
    steps = [start + (end - start) * step / 4 for step in range(5)]
    send(canvas, QEvent.Type.MouseButtonPress, start, button, button, keys)
    for place in steps:
        send(canvas, QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, button, keys)
    send(canvas, QEvent.Type.MouseButtonRelease, end, button, Qt.MouseButton.NoButton, keys)


def send(canvas, kind, place, button, buttons, keys):
    view = canvas.viewport()
    event = QMouseEvent(kind, QPointF(place), QPointF(view.mapToGlobal(place)), button, buttons, keys)
    QApplication.sendEvent(view, event)


def test_a_click_gives_its_place_on_the_map(canvas, clicks):
    pixels = [QPoint(300, 200), QPoint(1, 1), QPoint(120, 333)]
    for pixel in pixels:
        QTest.mouseClick(canvas.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, pixel)
    gc.collect()
    expected = [canvas.getCoordinateTransform().toMapCoordinates(pixel) for pixel in pixels]
    assert clicks == expected
    assert all(type(place) is QgsPointXY for place in clicks)


def test_a_hand_that_trembles_still_clicks(canvas, clicks):
    drag(canvas, QPoint(300, 200), QPoint(302, 201))
    assert clicks == [canvas.getCoordinateTransform().toMapCoordinates(302, 201)]


def test_dragging_and_other_buttons_click_nothing(canvas, clicks):
    before = canvas.center()
    drag(canvas, QPoint(300, 200), QPoint(400, 250))
    assert canvas.center() == before
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.BackButton, Qt.KeyboardModifier.NoModifier, QPoint(300, 200))
    assert not clicks


def test_the_middle_button_pans_and_shift_zooms(canvas, clicks):
    before, scale = canvas.center(), canvas.scale()
    drag(canvas, QPoint(300, 200), QPoint(400, 250), Qt.MouseButton.MiddleButton)
    assert canvas.center() != before
    drag(canvas, QPoint(200, 100), QPoint(400, 250), keys=Qt.KeyboardModifier.ShiftModifier)
    assert canvas.scale() < scale
    assert not clicks


def test_the_right_button_opens_only_the_menu_of_the_canvas(canvas, clicks):
    menus = []

    def opening(menu, event):
        menus.append(menu)
        QTimer.singleShot(50, lambda: QApplication.activePopupWidget().close())

    canvas.contextMenuAboutToShow.connect(opening)
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, QPoint(300, 200))
    assert len(menus) == 1
    assert not clicks


@pytest.mark.parametrize("background", ["#ffffff", "#efefef", "#323232", "#000000"])
def test_the_icon_is_readable_on_light_and_dark(qgis_app, background):
    image = QIcon(str(ICON)).pixmap(24, 24).toImage()
    behind = QColor(background).lightness()
    contrasts = 0
    for x in range(24):
        for y in range(24):
            colour = image.pixelColor(x, y)
            contrasts += colour.alpha() > 200 and abs(colour.lightness() - behind) > 100
    assert contrasts > 40


def test_the_cursor_points_with_its_crosshair(canvas, clicks):
    cursor = canvas.viewport().cursor()
    assert cursor.hotSpot() == QPoint(6, 6)
    picture = cursor.pixmap().toImage()
    assert (picture.width(), picture.height()) == (24, 24)
    assert picture.pixelColor(6, 6).alpha() == 0
    assert all(picture.pixelColor(x, y).alpha() > 150 for x, y in ((6, 2), (6, 10), (2, 6), (10, 6)))
