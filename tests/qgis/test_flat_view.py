"""The flat picture: detections lie where they belong, at every zoom; mouse and keys do what people expect."""

import numpy as np
import pytest
from qgis.PyQt.QtCore import QPoint, QPointF, Qt
from qgis.PyQt.QtGui import QColor, QImage, QWheelEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QVBoxLayout, QWidget

from mapillary_coverage.core.viewing.detection import Detection
from mapillary_coverage.ui.viewer.flat_view import FlatView

from .viewing import NO_BUTTON, NO_KEYS, filled, grown, move, part_count, pixels, replies, shrunk

LEFT = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier
GREY = QColor(96, 96, 96)
SQUARE = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75), (0.25, 0.25)]
HOLE = [(0.4, 0.4), (0.4, 0.6), (0.6, 0.6), (0.6, 0.4), (0.4, 0.4)]
BESIDE = [(0.85, 0.1), (0.95, 0.1), (0.95, 0.2), (0.85, 0.2), (0.85, 0.1)]
SIGN = Detection("1", "regulatory--stop--g1", [[SQUARE, HOLE], [BESIDE]])


@pytest.fixture
def view(qtbot):
    """800 by 600 pixels, without the focus, whose frame would be in the picture."""
    widget = FlatView()
    qtbot.addWidget(widget)
    widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    widget.resize(800, 600)
    widget.show()
    return widget


def plain(width=1024, height=768, colour=GREY):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(colour)
    return image


def quarters(width, height):
    """Red, green, blue and white, from the top left to the bottom right."""
    image = QImage(2, 2, QImage.Format.Format_RGB32)
    for index, colour in enumerate(("red", "lime", "blue", "white")):
        image.setPixelColor(index % 2, index // 2, QColor(colour))
    return image.scaled(width, height)


def colour_at(view, x, y):
    return tuple(pixels(view)[y, x])


def wheel(view, x, y, notches):
    """As a mouse wheel sends it, at a place in the view."""
    place = QPointF(x, y)
    event = QWheelEvent(
        place,
        view.mapToGlobal(place.toPoint()),
        QPoint(),
        QPoint(0, 120 * notches),
        NO_BUTTON,
        NO_KEYS,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def drag(view, start, end):
    QTest.mousePress(view, LEFT, NO_KEYS, QPoint(*start))
    for step in range(1, 5):
        x, y = (round(a + (b - a) * step / 4) for a, b in zip(start, end))
        move(view, QPoint(x, y), LEFT)
    QTest.mouseRelease(view, LEFT, NO_KEYS, QPoint(*end))


def differing(before, after, least=6):
    return np.abs(before - after).max(axis=2) >= least


def fill_of(view, detection):
    """The pixels that change when the detection is highlighted: its inside, without line and label."""
    view.show_detections([detection])
    view.highlight("")
    before = pixels(view)
    view.highlight(detection.detection_id)
    return differing(before, pixels(view))


def drawn_of(view, detection):
    """The pixels of its line, its inside and its label."""
    view.show_detections([])
    before = pixels(view)
    view.show_detections([detection])
    view.highlight(detection.detection_id)
    return differing(before, pixels(view))


def assert_fill_is(found, expected):
    """Up to the line, which is 1.8 pixels wide, and to a label on tall ones."""
    assert not (found & ~grown(expected, 1)).any(), "nothing is filled outside"
    inside = shrunk(expected, 2)
    assert (found & inside).sum() >= 0.93 * inside.sum()


def test_recorded_detections_are_where_gdal_fills_them(view, recorded):
    overlaps = []
    for rows, detections in replies(recorded).values():
        view.set_picture(plain())
        for row, detection in zip(rows, detections):
            expected = filled(row["geometry"], (800, 600), (0, 0, 800, 600))
            found = fill_of(view, detection)
            assert_fill_is(found, expected)
            drawn = drawn_of(view, detection)
            assert drawn[expected].mean() > 0.97, "all of it is drawn"
            if expected.sum() > 1500:
                overlaps.append((found & expected).sum() / (found | expected).sum())
    assert len(overlaps) >= 8
    assert min(overlaps) > 0.7
    assert np.mean(overlaps) > 0.85


def test_recorded_detections_stay_on_the_picture_when_zoomed_and_panned(view, recorded):
    """The picture is the detection as GDAL fills it, white on black: what is seen white must be what is filled."""
    tried = 0
    for rows, detections in replies(recorded).values():
        for row, detection in zip(rows, detections):
            mask = filled(row["geometry"], (2048, 1536), (0, 0, 2048, 1536))
            image = QImage(
                (mask * np.uint8(255)).tobytes(), 2048, 1536, 2048, QImage.Format.Format_Grayscale8
            ).convertToFormat(QImage.Format.Format_RGB32)
            view.show_detections([])
            view.set_picture(image)
            rows_of, columns_of = np.nonzero(mask)
            middle = round(np.median(columns_of) / 2048 * 800), round(np.median(rows_of) / 1536 * 600)
            wheel(view, *middle, 7)
            drag(view, (400, 300), (370, 345))
            expected = pixels(view)[:, :, 0] > 127
            found = fill_of(view, detection)
            assert not (found & ~grown(expected, 3)).any()
            inside = shrunk(expected, 4)
            if inside.sum() > 4000:
                tried += 1
                assert (found & inside).sum() >= 0.9 * inside.sum()
    assert tried >= 10


def test_both_parts_of_split_detections_and_their_holes_are_there(view, recorded):
    split = [
        (row, detection)
        for rows, detections in replies(recorded).values()
        for row, detection in zip(rows, detections)
        if part_count(row["geometry"]) > 1
    ]
    assert split
    view.set_picture(plain())
    for row, detection in split:
        drawn = drawn_of(view, detection)
        whole = filled(row["geometry"], (800, 600), (0, 0, 800, 600))
        assert drawn[whole].mean() > 0.97
        assert len(detection.polygons) == part_count(row["geometry"])
    found = fill_of(view, SIGN)
    assert found[180, 220]
    assert found[90, 720], "the other part"
    assert not found[300, 400], "the hole"


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
    view.show_detections([SIGN])
    assert (pixels(view) == 24).all()
    view.set_picture(quarters(100, 100))
    view.set_picture(QImage())
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_0):
        QTest.keyClick(view, key)
    wheel(view, 10, 10, 3)
    drag(view, (400, 300), (500, 300))
    assert (pixels(view) == 24).all()
    assert view.detection_at(QPointF(220, 180)) == ""


def test_what_is_under_the_mouse_stays_there_while_the_wheel_turns(view):
    view.set_picture(plain(1600, 1200))
    view.show_detections([Detection("5", "object--bench", [[[(0.3, 0.4), (0.31, 0.4), (0.31, 0.41), (0.3, 0.4)]]])])
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


def test_the_mouse_tells_the_smallest_detection_under_it(qtbot, view):
    view.set_picture(plain())
    inner = Detection("2", "object--bench", [[[(0.3, 0.3), (0.35, 0.3), (0.35, 0.35), (0.3, 0.35), (0.3, 0.3)]]])
    view.show_detections([SIGN, inner])
    told = []
    view.hovered.connect(told.append)
    for place in ((260, 190), (265, 195), (220, 160), (400, 300), (720, 90), (10, 10)):
        move(view, QPoint(*place))
    assert told == ["2", "1", "", "1", ""]
    move(view, QPoint(260, 190), LEFT)
    assert told[-1] == "", "not while dragging"


def test_labels_are_cut_to_a_sensible_width_and_readable_on_any_picture(view):
    name = "object--" + "-".join(["sign"] * 40)
    ring = [(0.3, 0.5), (0.4, 0.5), (0.4, 0.6), (0.3, 0.6), (0.3, 0.5)]
    for colour in ("white", "black", "yellow"):
        view.set_picture(plain(colour=QColor(colour)))
        view.show_detections([])
        before = pixels(view)
        view.show_detections([Detection("1", name, [[ring]])])
        after = pixels(view)
        assert not differing(before, after)[270:296, 500:].any(), "cut"
        box = after[280:296, 250:400].max(axis=2)
        assert box.max() > 240, "white letters"
        assert np.median(box) < 60, "on dark"
        view.highlight("1")
        assert (pixels(view)[270:296] > 200).all(axis=2).any(axis=0)[500:].any(), "whole when highlighted"
        view.highlight("")


def test_three_hundred_long_outlines_are_all_drawn(view):
    def outline(number):
        left, top = number % 20 / 20, number // 20 / 15
        angles = np.linspace(0, 2 * np.pi, 101)
        return [[(left + 0.025 + 0.02 * np.cos(a), top + 0.033 + 0.02 * np.sin(a)) for a in angles]]

    view.set_picture(plain())
    before = pixels(view)
    view.show_detections([Detection(str(n + 1), f"object--{n % 20}", [outline(n)]) for n in range(300)])
    drawn = differing(before, pixels(view))
    cells = drawn.reshape(15, 40, 20, 40).any(axis=(1, 3))
    assert cells.all()


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
