"""Looking into panoramas in a real widget: what is drawn, and what mouse and keys do."""

import math

import numpy as np
import pytest
from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, Qt
from qgis.PyQt.QtGui import QColor, QImage, QMouseEvent, QPainter, QWheelEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction, QApplication, QVBoxLayout, QWidget

from mapillary_coverage.core.viewing.detection import Detection
from mapillary_coverage.ui.viewer.panel.panorama_view import PanoramaView
from tests.emulator.drawing import GRID_DEGREES, draw
from tests.ui.viewer.viewing import pixels

pytestmark = pytest.mark.qgis

WIDTH, HEIGHT = 900, 600
BACKGROUND = QColor(24, 24, 24)
NONE, SHIFT, CONTROL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


class Parent(QWidget):
    """Takes the keys that the view leaves; Shift and Control by themselves count for nothing."""

    def __init__(self):
        super().__init__()
        self.keys = []
        self.view = PanoramaView()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.resize(WIDTH, HEIGHT)

    def keyPressEvent(self, event):
        if event.key() not in {Qt.Key.Key_Shift, Qt.Key.Key_Control}:
            self.keys.append(event.key())


@pytest.fixture
def parent(qtbot):
    parent = Parent()
    qtbot.addWidget(parent)
    with qtbot.waitExposed(parent):
        parent.show()
    return parent


@pytest.fixture
def view(parent):
    """Looks east into a panorama of the emulator that looks east."""
    parent.view.set_picture(panorama(), 90)
    return parent.view


def panorama():
    return QImage.fromData(draw("7", 2048, 1024))


def seen(qtbot, view):
    """What stands there once the view rests."""
    qtbot.waitUntil(lambda: not view._rest.isActive())
    return view.grab().toImage()


def is_white(image, x, y):
    return QColor(image.pixel(round(x), round(y))).lightness() > 200


def send_wheel(view, delta):
    place = QPointF(300, 200)
    event = QWheelEvent(
        *(place, QPointF(view.mapToGlobal(place.toPoint())), QPoint(), QPoint(0, delta)),
        *(Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False),
    )
    QApplication.sendEvent(view, event)


def move(view, place, buttons=Qt.MouseButton.NoButton):
    """QTest moves without buttons only."""
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(*place), Qt.MouseButton.NoButton, buttons, NONE)
    QApplication.sendEvent(view, event)


def drag(view, *places):
    """Press at the first place, move over the others, release."""
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(view, left, NONE, QPoint(*places[0]))
    for place in places[1:]:
        move(view, place, left)
    QTest.mouseRelease(view, left, NONE, QPoint(*places[-1]))


def test_the_first_picture_is_looked_at_in_its_own_direction(parent, qtbot):
    with qtbot.waitSignal(parent.view.looking) as looked:
        parent.view.set_picture(panorama(), 90)
    assert looked.args == [90, 90]
    assert (parent.view.heading, parent.view.pitch, parent.view.field_of_view) == (90, 0, 90)


def whitest_column(image, x):
    """The column within 15 pixels of x that is brighter than those beside it, on the road between two dashes."""

    def light(column):
        return sum(QColor(image.pixel(column, y)).lightness() for y in range(HEIGHT - 100, HEIGHT - 55))

    return max(range(x - 15, x + 16), key=lambda place: 2 * light(place) - light(place - 9) - light(place + 9))


@pytest.mark.parametrize("heading", [90, 100, 200, 355])
def test_the_lines_of_the_panorama_stand_at_their_bearings(view, qtbot, heading):
    """One every 30 degrees from the picture's left edge, which is behind the camera."""
    view.look_at(heading)
    image = seen(qtbot, view)
    shown = 0
    for degrees in range(0, 360, GRID_DEGREES):
        aside = (90 - 180 + degrees - heading + 180) % 360 - 180
        if abs(aside) < 42:
            x = WIDTH / 2 * (1 + math.tan(math.radians(aside)))
            assert whitest_column(image, round(x)) == pytest.approx(x, abs=2)
            shown += 1
    assert shown in {2, 3}


def test_the_direction_stays_from_picture_to_picture(view, qtbot):
    view.look_at(120)
    QTest.keyClick(view, Qt.Key.Key_W)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    before = view.pitch, view.field_of_view
    with qtbot.assertNotEmitted(view.looking):
        view.set_picture(panorama(), 180)
    assert (view.heading, view.pitch, view.field_of_view) == (120, *before)
    assert before[0] > 0
    assert before[1] < 90
    QTest.keyClick(view, Qt.Key.Key_0)
    assert (view.heading, view.pitch, view.field_of_view) == (120, 0, 90)


def test_a_picture_without_heading_faces_north_but_tells_no_direction(parent, qtbot):
    image = QImage(200, 100, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.green)
    parent.view.set_picture(image, None)
    parent.view.clearFocus()
    assert parent.view.heading == 0
    shown = seen(qtbot, parent.view)
    assert {shown.pixel(x, y) for x in range(WIDTH) for y in range(30)} == {QColor(0, 255, 0).rgb()}


@pytest.mark.parametrize(
    ("key", "modifier", "change"),
    [
        (Qt.Key.Key_A, NONE, ("heading", -1)),
        (Qt.Key.Key_D, NONE, ("heading", 1)),
        (Qt.Key.Key_Left, SHIFT, ("heading", -1)),
        (Qt.Key.Key_Right, SHIFT, ("heading", 1)),
        (Qt.Key.Key_W, NONE, ("pitch", 1)),
        (Qt.Key.Key_S, NONE, ("pitch", -1)),
        (Qt.Key.Key_Up, SHIFT, ("pitch", 1)),
        (Qt.Key.Key_Down, SHIFT, ("pitch", -1)),
        (Qt.Key.Key_Plus, SHIFT, ("field_of_view", -1)),
        (Qt.Key.Key_Minus, NONE, ("field_of_view", 1)),
    ],
)
def test_keys_look_around(view, parent, key, modifier, change):
    names = "heading", "pitch", "field_of_view"
    before = {name: getattr(view, name) for name in names}
    told = []
    view.looking.connect(lambda *numbers: told.append(numbers))
    QTest.keyClick(view, key, modifier)
    changes = {name: getattr(view, name) - before[name] for name in names}
    name, sign = change
    assert changes[name] * sign > 0
    assert [other for other in names if changes[other]] == [name]
    assert told == ([] if name == "pitch" else [(view.heading, view.field_of_view)])
    assert not parent.keys


@pytest.mark.parametrize(
    ("key", "modifier"),
    [
        *((key, NONE) for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)),
        (Qt.Key.Key_A, CONTROL),
        (Qt.Key.Key_Escape, NONE),
    ],
)
def test_other_keys_go_on_to_the_parent(view, parent, key, modifier, qtbot):
    with qtbot.assertNotEmitted(view.looking):
        QTest.keyClick(view, key, modifier)
    assert parent.keys == [key]


def test_keys_that_look_around_come_before_shortcuts(view, parent):
    """QGIS has S for snapping, for one."""
    pressed = []
    for keys in ("S", "Left"):
        action = QAction(keys, parent)
        action.setShortcut(keys)
        action.triggered.connect(lambda _, keys=keys: pressed.append(keys))
        parent.addAction(action)
    parent.activateWindow()
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_S)
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.pitch < 0
    assert pressed == ["Left"]


def test_dragging_moves_what_is_grabbed(view, qtbot):
    told = []
    view.looking.connect(lambda *numbers: told.append(numbers))
    drag(view, (450, 300), (500, 300), (600, 300))
    turned = math.degrees(math.atan(150 / 450))
    assert view.heading == pytest.approx(90 - turned, abs=0.1)
    assert [round(heading, 6) for heading, _ in told][-1] == round(view.heading, 6)
    drag(view, (200, 300), (200, 500))
    assert view.pitch == pytest.approx(math.degrees(math.atan(200 / 450)), abs=0.1)
    for _ in range(20):
        drag(view, (200, 10), (200, 590))
    assert view.pitch == 85


def test_the_hand_closes_while_it_drags(view):
    left = Qt.MouseButton.LeftButton
    assert view.cursor().shape() == Qt.CursorShape.OpenHandCursor
    QTest.mousePress(view, left, NONE, QPoint(100, 100))
    assert view.cursor().shape() == Qt.CursorShape.ClosedHandCursor
    QTest.mouseRelease(view, left, NONE, QPoint(100, 100))
    assert view.cursor().shape() == Qt.CursorShape.OpenHandCursor
    move(view, (300, 100))
    assert view.heading == 90


def test_the_wheel_zooms_within_bounds(view, qtbot):
    with qtbot.waitSignal(view.looking) as looked:
        send_wheel(view, 120)
    assert looked.args == [90, view.field_of_view]
    assert view.field_of_view < 90
    send_wheel(view, -120)
    assert view.field_of_view == pytest.approx(90)
    for delta, bound in [(12_000, 20), (-12_000, 110)]:
        send_wheel(view, delta)
        assert view.field_of_view == bound
        with qtbot.assertNotEmitted(view.looking):
            send_wheel(view, delta)


def test_the_view_gets_finer_once_it_rests(view, qtbot):
    """What it shows stays in its place."""
    view.look_at(100)
    moving = pixels(view)
    qtbot.waitUntil(lambda: not view._rest.isActive())
    resting = pixels(view)
    assert sharpness(resting) > 1.05 * sharpness(moving)
    assert np.abs(resting - moving).mean() < 5
    assert np.abs(resting - np.roll(moving, 10, axis=1)).mean() > 8


def sharpness(dots):
    return np.abs(np.diff(dots, axis=1)).mean()


def box(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]


@pytest.mark.parametrize(("heading", "pitch_keys", "zoom_keys"), [(0, 0, 0), (75, 2, 0), (170, -4, -1), (181, 0, 3)])
@pytest.mark.parametrize(
    "corners",
    [(0.4, 0.4, 0.55, 0.5), (0, 0.55, 1, 1), (0, 0, 1, 0.4), (0.1, 0.3, 0.9, 0.6), (0.75, 0.35, 1, 0.6)],
    ids=["sign", "road", "sky", "all around", "at the seam"],
)
def test_a_detection_lies_on_what_it_outlines(parent, qtbot, corners, heading, pitch_keys, zoom_keys):
    """A picture with a white box, whose hole is black again, and a detection with the same polygon."""
    left, top, right, bottom = corners
    across, down = (right - left) / 4, (bottom - top) / 4
    hole = (left + across, top + down, right - across, bottom - down)
    image = QImage(2000, 1000, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    for (x0, y0, x1, y1), shade in [(corners, Qt.GlobalColor.white), (hole, Qt.GlobalColor.black)]:
        rows, columns = range(round(2000 * x0), round(2000 * x1)), range(round(1000 * y0), round(1000 * y1))
        painter.fillRect(rows[0], columns[0], len(rows), len(columns), shade)
    painter.end()

    view = parent.view
    view.set_picture(image, 10)
    view.look_at(heading)
    for key, count in [(Qt.Key.Key_W, pitch_keys), (Qt.Key.Key_Plus, zoom_keys)]:
        opposite = {Qt.Key.Key_W: Qt.Key.Key_S, Qt.Key.Key_Plus: Qt.Key.Key_Minus}[key]
        for _ in range(abs(count)):
            QTest.keyClick(view, key if count > 0 else opposite)
    shown = seen(qtbot, view)
    path = view.outline(Detection("1", "any", [[box(*corners), box(*hole)]]))
    compared = 0
    for x in range(9, WIDTH, 21):
        for y in range(40, HEIGHT, 21):  # below the compass
            around = {is_white(shown, x + step, y + other) for step in (-3, 3) for other in (-3, 3)}
            if len(around) == 1:
                assert path.contains(QPointF(x + 0.5, y + 0.5)) == around.pop(), (x, y)
                compared += 1
    assert compared > 900


def test_a_detection_under_the_mouse_is_told(view, qtbot):
    view.show_detections([Detection("12", "object--bench", [[box(0.45, 0.45, 0.55, 0.55)]])])
    with qtbot.waitSignal(view.hovered) as hovered:
        move(view, (450, 300))
    assert hovered.args == ["12"]
    view.look_at(270)
    assert view.detection_at(QPointF(450, 300)) == ""
    view.look_at(90)
    view.show_detections([Detection("12", "object--bench", [[box(0.9, 0.45, 0.95, 0.55)]])])
    assert view.detection_at(QPointF(450, 300)) == ""


def test_the_direction_is_written_above(view, qtbot):
    """White on a dark box in the middle of the upper edge, and little of it."""
    image = seen(qtbot, view)
    view.look_at(47)
    other = seen(qtbot, view)
    for shown in (image, other):
        colours = [QColor(shown.pixel(x, y)) for x in range(WIDTH // 2 - 30, WIDTH // 2 + 30) for y in range(8, 22)]
        assert any(colour.lightness() > 240 for colour in colours)
        assert sum(colour.lightness() < 110 for colour in colours) > len(colours) / 2
    assert view.accessibleName()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (500, 500), (9001, 20), (33, 17)])
def test_odd_pictures_are_shown(parent, qtbot, size):
    image = QImage(*size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.green)
    parent.view.set_picture(image, 45)
    parent.view.clearFocus()
    shown = seen(qtbot, parent.view)
    colours = {shown.pixel(450, y) for y in range(40, HEIGHT)}
    assert QColor(0, 255, 0).rgb() in colours
    assert colours <= {QColor(0, 255, 0).rgb(), BACKGROUND.rgb()}


def test_no_picture_paints_nothing(view, qtbot):
    view.show_detections([Detection("12", "object--bench", [[box(0.45, 0.45, 0.55, 0.55)]])])
    view.set_picture(QImage(), None)
    view.clearFocus()
    empty = seen(qtbot, view)
    assert {empty.pixel(x, y) for x in range(0, WIDTH, 5) for y in range(0, HEIGHT, 5)} == {BACKGROUND.rgb()}
    QTest.keyClick(view, Qt.Key.Key_D)
    assert view.heading > 90


def test_a_view_of_any_size_is_drawn(view, parent, qtbot):
    for size in [(250, 180), (1500, 300), (301, 999), (1, 1)]:
        parent.view.setMinimumSize(1, 1)
        parent.resize(*size)
        image = seen(qtbot, view)
        assert not image.isNull()
        assert view.heading == 90
