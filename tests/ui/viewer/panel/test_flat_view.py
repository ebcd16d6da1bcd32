"""The flat picture: mouse and keys do what people expect, and detections stay where they are on it."""

import numpy as np
import pytest
from qgis.PyQt.QtCore import QPoint, QPointF, Qt
from qgis.PyQt.QtGui import QColor, QImage
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from mapillary_coverage.core.viewing.detection import Detection
from mapillary_coverage.ui.viewer.panel.flat_view import FlatView
from tests.ui.viewer.viewing import LEFT, NO_KEYS, differing, drag, flat_view, pixels, plain, wheel

pytestmark = pytest.mark.qgis

SHIFT = Qt.KeyboardModifier.ShiftModifier
BENCH = Detection("5", "object--bench", [[[(0.3, 0.4), (0.31, 0.4), (0.31, 0.41), (0.3, 0.4)]]])


@pytest.fixture
def view(qtbot):
    return flat_view(qtbot)


def quarters(width, height):
    """Red, green, blue and white, from the top left to the bottom right."""
    image = QImage(2, 2, QImage.Format.Format_RGB32)
    for index, colour in enumerate(("red", "lime", "blue", "white")):
        image.setPixelColor(index % 2, index // 2, QColor(colour))
    return image.scaled(width, height)


def colour_at(view, x, y):
    return tuple(pixels(view)[y, x])


def test_the_picture_fits_at_first_and_on_resize(view):
    view.set_picture(quarters(400, 100))
    assert colour_at(view, 2, 300 - 98) == (255, 0, 0)
    assert colour_at(view, 797, 300 + 98) == (255, 255, 255)
    assert colour_at(view, 2, 195) == colour_at(view, 797, 405) == (24, 24, 24)
    view.resize(400, 500)
    assert colour_at(view, 2, 250 - 48) == (255, 0, 0)
    assert colour_at(view, 2, 250 - 52) == (24, 24, 24)
    wheel(view, 200, 250, 1)
    view.resize(800, 600)
    assert colour_at(view, 2, 300 - 98) == (255, 0, 0), "wider than it was zoomed to, all of it is shown again"


def test_nothing_is_painted_without_a_picture(view):
    view.show_detections([BENCH])
    assert (pixels(view) == 24).all()
    view.set_picture(quarters(100, 100))
    view.set_picture(QImage())
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_0):
        QTest.keyClick(view, key)
    wheel(view, 10, 10, 3)
    drag(view, (400, 300), (500, 300))
    assert (pixels(view) == 24).all()
    assert view.detection_at(QPointF(245, 242)) == ""


def test_what_is_under_the_mouse_stays_there_while_the_wheel_turns(view):
    view.set_picture(plain(1600, 1200))
    view.show_detections([BENCH])
    place = QPointF(245, 242)
    assert view.detection_at(place) == "5"
    for notches in (1, 3, 5, -2, -4):
        wheel(view, 245, 242, notches)
        assert view.detection_at(place) == "5"
    wheel(view, 245, 242, 50)
    assert view.detection_at(place) == "5"
    assert view.detection_at(place + QPointF(230, 200)) in {"", "5"}


def test_zoom_ends_at_16_pixels_for_one_and_at_the_whole_picture(view):
    dots = plain(80, 60, QColor("black"))
    dots.setPixelColor(40, 30, QColor("white"))
    view.set_picture(dots)
    wheel(view, 405, 305, 100)
    bright = pixels(view)[:, :, 0] > 127
    assert bright.any(axis=0).sum() == pytest.approx(16, abs=2)
    assert bright.any(axis=1).sum() == pytest.approx(16, abs=2)
    wheel(view, 405, 305, -100)
    assert (pixels(view)[:, :, 0] > 127).any(axis=0).sum() == pytest.approx(10, abs=2)


def test_a_picture_of_few_pixels_fills_the_view(view):
    view.set_picture(quarters(4, 2))
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert colour_at(view, 10, 110) == (255, 0, 0)
    assert colour_at(view, 790, 490) == (255, 255, 255)
    assert colour_at(view, 10, 90) == (24, 24, 24)


def test_dragging_pans_but_never_out_of_sight(view):
    view.set_picture(quarters(1024, 768))
    drag(view, (400, 300), (600, 400))
    assert colour_at(view, 2, 2) == (255, 0, 0), "all of it is seen, nothing to pan"
    wheel(view, 400, 300, 4)
    assert colour_at(view, 300, 300 - 5) == (255, 0, 0)
    drag(view, (400, 300), (250, 200))
    assert colour_at(view, 300, 195) == (0, 255, 0)
    assert colour_at(view, 300, 205) == (255, 255, 255)
    for end in ((5000, 4000), (-5000, -4000)):
        drag(view, (400, 300), end)
        assert not (pixels(view) == 24).all(axis=2).any(), "the picture fills the view"


def test_keys_zoom_pan_and_leave_plain_arrows_to_the_panel(qtbot):
    panel = Panel()
    qtbot.addWidget(panel)
    panel.show()
    view = panel.view
    view.set_picture(quarters(1024, 768))
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Plus, Qt.Key.Key_Plus):
        QTest.keyClick(view, key)
    assert colour_at(view, 390, 290) == (255, 0, 0)
    for _ in range(20):
        QTest.keyClick(view, Qt.Key.Key_Right, SHIFT)
    assert colour_at(view, 10, 290) == (0, 255, 0)
    for _ in range(20):
        QTest.keyClick(view, Qt.Key.Key_Left, SHIFT)
    assert colour_at(view, 10, 290) == (255, 0, 0), "the picture's edge, and no further"
    QTest.keyClick(view, Qt.Key.Key_Down, SHIFT)
    assert colour_at(view, 10, 260) == (0, 0, 255)
    QTest.keyClick(view, Qt.Key.Key_0)
    assert colour_at(view, 3, 290) == (255, 0, 0)
    assert colour_at(view, 3, 310) == (0, 0, 255)
    assert panel.keys == []
    arrows = [Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down]
    for key in arrows:
        QTest.keyClick(view, key)
    assert panel.keys == arrows


def test_minus_and_a_double_click_show_the_whole_picture_again(view):
    view.set_picture(quarters(1024, 768))
    before = pixels(view)
    wheel(view, 10, 10, 6)
    assert differing(before, pixels(view)).any()
    QTest.mouseDClick(view, LEFT, NO_KEYS, QPoint(300, 200))
    assert (pixels(view) == before).all()
    wheel(view, 10, 10, 6)
    for _ in range(9):
        QTest.keyClick(view, Qt.Key.Key_Minus)
    assert (pixels(view) == before).all()


def test_a_sharper_picture_of_the_same_image_keeps_what_is_seen(view):
    view.set_picture(quarters(256, 192))
    wheel(view, 300, 200, 5)
    drag(view, (300, 200), (330, 240))
    before = pixels(view)
    assert colour_at(view, 790, 590) == (255, 255, 255)
    for width, height in ((1024, 768), (2048, 1536)):
        view.set_picture(quarters(width, height), keep_view=True)
        assert differing(before, pixels(view), 40).mean() < 0.03, "but for the blur between the colours"
    view.set_picture(quarters(1024, 768))
    assert colour_at(view, 399, 299) == (255, 0, 0)
    assert colour_at(view, 401, 301) == (255, 255, 255), "another image is shown whole"
    view.set_picture(quarters(2048, 1536), keep_view=True)
    view.resize(400, 300)
    assert colour_at(view, 198, 148) == (255, 0, 0)
    assert colour_at(view, 202, 152) == (255, 255, 255), "whole stays whole"


def test_a_large_picture_is_shrunk_without_flicker(view):
    """Lines of one pixel, black and white in turn, are an even grey when eight of them share a pixel."""
    row = (np.arange(6400) % 2 * 255).astype(np.uint8)
    lines = np.repeat(np.tile(row, (4800, 1))[:, :, None], 4, axis=2)
    stripes = QImage(lines.tobytes(), 6400, 4800, 4 * 6400, QImage.Format.Format_RGB32)
    view.set_picture(stripes)
    assert abs(pixels(view) - 127).max() <= 3
    wheel(view, 400, 300, 3)
    assert abs(pixels(view) - 127).max() <= 3


class Panel(QWidget):
    """Takes the keys that the view leaves."""

    def __init__(self):
        super().__init__()
        self.keys = []
        self.view = FlatView()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.resize(800, 600)

    def keyPressEvent(self, event):
        if event.key() != Qt.Key.Key_Shift:
            self.keys.append(event.key())
