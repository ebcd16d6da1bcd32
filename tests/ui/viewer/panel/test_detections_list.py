"""The list of detections: what is ticked is drawn, and the list and the picture point at each other."""

import pytest
from qgis.PyQt.QtCore import QEvent, QPoint, Qt
from qgis.PyQt.QtGui import QColor, QImage, QPalette
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QStyle, QStyleOptionViewItem

from mapillary_coverage.core.viewing.detection import Detection, colour
from mapillary_coverage.ui.viewer.panel.detections_list import DetectionsList
from mapillary_coverage.ui.viewer.panel.flat_view import FlatView
from tests.ui.viewer.viewing import NO_KEYS, move, pixels, replies

pytestmark = pytest.mark.qgis

ACCESSIBLE = Qt.ItemDataRole.AccessibleTextRole
POLE, SIGN, CAR = "object--support--utility-pole", "information--general-directions--g1", "object--vehicle--car"
NOTHING = "Nothing was recognised in this image."


def detection(number, value):
    left = number / 20
    ring = [(left, 0.2), (left + 0.04, 0.2), (left + 0.04, 0.8), (left, 0.8), (left, 0.2)]
    return Detection(str(number), value, [[ring]], 1_620_036_672_000)


POLES_AND_A_SIGN = [detection(1, POLE), detection(2, SIGN), detection(3, POLE)]


@pytest.fixture
def found(qtbot):
    widget = DetectionsList()
    qtbot.addWidget(widget)
    widget.resize(300, 400)
    widget.show()
    return widget


def texts(found):
    """By row of a class, its label, count and rows."""
    groups = [found.tree.topLevelItem(number) for number in range(found.tree.topLevelItemCount())]
    return {(g.text(0), g.text(1)): [g.child(n).text(0) for n in range(g.childCount())] for g in groups}


def row(found, group, number=None):
    item = found.tree.topLevelItem(group)
    return item if number is None else item.child(number)


def enter(found, item):
    """Move the mouse onto a row."""
    found.tree.scrollToItem(item)
    move(found.tree.viewport(), found.tree.visualItemRect(item).center())


def tick(found, item):
    """Click where the style draws the check box."""
    tree = found.tree
    tree.scrollToItem(item)
    option = QStyleOptionViewItem()
    option.initFrom(tree)
    option.rect = tree.visualItemRect(item)
    option.features = QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
    box = tree.style().subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, option, tree)
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, NO_KEYS, box.center())


def ids(detections):
    return [one.detection_id for one in detections]


def test_detections_come_by_class_with_count_and_colour(found):
    found.show_detections(POLES_AND_A_SIGN)
    assert texts(found) == {("General directions", "1"): ["1 of 1"], ("Utility pole", "2"): ["1 of 2", "2 of 2"]}
    assert row(found, 1, 0).data(0, ACCESSIBLE) == "Utility pole, 1 of 2"
    assert row(found, 1).isExpanded()
    assert "Detection 3<br>Recognised on 2021-05-03" in row(found, 1, 1).toolTip(0)
    place = found.tree.visualItemRect(row(found, 0))
    shown = pixels(found.tree.viewport())[place.top() : place.bottom()].reshape(-1, 3)
    assert (shown == colour(SIGN)).all(axis=1).sum() > 100


def test_all_of_a_new_class_is_shown_and_told_at_once(found):
    told = []
    found.shown_changed.connect(told.append)
    found.show_detections(POLES_AND_A_SIGN)
    assert told == [POLES_AND_A_SIGN]
    assert found.shown() == POLES_AND_A_SIGN


def test_ticking_rows_and_classes(found):
    found.show_detections(POLES_AND_A_SIGN)
    told = []
    found.shown_changed.connect(lambda shown: told.append(ids(shown)))
    tick(found, row(found, 1, 0))
    assert row(found, 1).checkState(0) == Qt.CheckState.PartiallyChecked
    tick(found, row(found, 1))
    assert row(found, 1).checkState(0) == Qt.CheckState.Checked
    tick(found, row(found, 1))
    tick(found, row(found, 0))
    assert row(found, 0).checkState(0) == Qt.CheckState.Unchecked
    assert told == [["2", "3"], ["1", "2", "3"], ["2"], []], "one message for each click"


def test_what_is_switched_off_stays_off_in_the_next_images(found):
    found.show_detections(POLES_AND_A_SIGN)
    tick(found, row(found, 1))
    found.tree.collapseItem(row(found, 1))
    found.show_detections([detection(4, CAR)])
    assert ids(found.shown()) == ["4"]
    found.show_detections([detection(5, POLE), detection(6, CAR), detection(7, SIGN)])
    assert ids(found.shown()) == ["6", "7"]
    assert not row(found, 1).isExpanded()
    tick(found, row(found, 1))
    found.show_detections(POLES_AND_A_SIGN)
    assert ids(found.shown()) == ["1", "2", "3"]


def test_one_of_several_switched_off_says_nothing_about_the_next_image(found):
    found.show_detections(POLES_AND_A_SIGN)
    tick(found, row(found, 1, 0))
    found.show_detections(POLES_AND_A_SIGN)
    assert ids(found.shown()) == ["1", "2", "3"]


def test_the_keyboard_alone_is_enough(qtbot, found):
    found.show_detections(POLES_AND_A_SIGN)
    pointed = []
    found.hovered.connect(pointed.append)
    found.tree.setCurrentItem(row(found, 0))
    for _ in range(2):
        QTest.keyClick(found.tree, Qt.Key.Key_Down)
    assert pointed == ["2", "", "1"], "a class of one stands for it"
    QTest.keyClick(found.tree, Qt.Key.Key_Space)
    assert ids(found.shown()) == ["2", "3"]
    QTest.keyClick(found.tree, Qt.Key.Key_Up)
    QTest.keyClick(found.tree, Qt.Key.Key_Space)
    assert ids(found.shown()) == ["1", "2", "3"]
    assert found.focusProxy() is found.tree
    assert found.tree.accessibleName() == "Detections"


def test_the_mouse_tells_which_detection_it_is_on(found):
    found.show_detections(POLES_AND_A_SIGN)
    pointed = []
    found.hovered.connect(pointed.append)
    for item in (row(found, 1, 1), row(found, 1, 0), row(found, 1), row(found, 0)):
        enter(found, item)
    QApplication.sendEvent(found.tree.viewport(), QEvent(QEvent.Type.Leave))
    assert pointed == ["3", "1", "", "2", ""]
    enter(found, row(found, 1, 1))
    found.show_detections([])
    assert pointed[-1] == ""


def test_a_row_is_marked_without_a_signal(found):
    many = [detection(number, f"object--thing-{number % 7}") for number in range(1, 90)]
    found.resize(300, 150)
    found.show_detections(many)
    told = []
    found.hovered.connect(told.append)
    found.shown_changed.connect(told.append)
    found.highlight("83")
    (marked,) = found.tree.selectedItems()
    assert marked.data(0, ACCESSIBLE) == "Thing 6, 12 of 12"
    assert found.tree.viewport().rect().contains(found.tree.visualItemRect(marked).center()), "scrolled to"
    found.tree.collapseAll()
    found.highlight("82")
    assert [item.text(0) for item in found.tree.selectedItems()] == ["Thing 5"], "its class, which is folded up"
    assert not row(found, 5).isExpanded()
    for nothing in ("", "404"):
        found.highlight("83")
        found.highlight(nothing)
        assert found.tree.selectedItems() == []
    assert told == []


def test_list_and_picture_point_at_each_other(qtbot, found, recorded):
    view = FlatView()
    qtbot.addWidget(view)
    view.resize(800, 600)
    view.show()
    found.shown_changed.connect(view.show_detections)
    found.hovered.connect(view.highlight)
    view.hovered.connect(found.highlight)
    _, detections = replies(recorded)["image_308609047601518"]
    image = QImage(80, 60, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    view.set_picture(image)
    empty = pixels(view)
    found.show_detections(detections)
    plain = pixels(view)
    assert (plain != empty).any()
    box = next(one for one in detections if one.value == SIGN)
    xs, ys = zip(*box.polygons[0][0])
    inside = QPoint(round(800 * (min(xs) + max(xs)) / 2), round(600 * (min(ys) + max(ys)) / 2))
    enter(found, row(found, list(texts(found)).index(("General directions", "1"))))
    assert (pixels(view)[inside.y(), inside.x()] != plain[inside.y(), inside.x()]).any(), "filled"
    QApplication.sendEvent(found.tree.viewport(), QEvent(QEvent.Type.Leave))
    assert (pixels(view) == plain).all()
    move(view, inside)
    assert [item.text(0) for item in found.tree.selectedItems()] == ["General directions"]
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert found.tree.selectedItems() == []
    for number in range(found.tree.topLevelItemCount()):
        tick(found, row(found, number))
    QApplication.sendEvent(found.tree.viewport(), QEvent(QEvent.Type.Leave))
    assert (pixels(view) == empty).all()


def test_sentences_stand_above_the_list(found):
    found.say("The detections are being asked for.")
    assert found.note.isVisible()
    assert not found.tree.isVisible()
    found.show_detections([])
    assert found.note.text() == NOTHING
    assert not found.tree.isVisible()
    found.show_detections(POLES_AND_A_SIGN)
    assert found.tree.isVisible()
    assert not found.note.isVisible()
    found.say("3 detections could not be read.")
    assert found.note.isVisible()
    assert found.tree.isVisible()


def test_text_from_outside_is_never_markup(found):
    value = "object--<b>bold</b><img src='file:///x'>"
    found.show_detections([Detection("1", value, POLES_AND_A_SIGN[0].polygons)])
    assert "<b>" not in row(found, 0).toolTip(0)
    assert "&lt;b&gt;" in row(found, 0).toolTip(0)
    found.say("<b>plain</b>")
    assert found.note.textFormat() == Qt.TextFormat.PlainText


def test_a_narrow_panel_and_a_dark_theme(found):
    dark = QPalette()
    roles = QPalette.ColorRole
    for role in (roles.Base, roles.Window):
        dark.setColor(role, QColor(40, 40, 40))
    for role in (roles.Text, roles.WindowText):
        dark.setColor(role, QColor(240, 240, 240))
    found.setPalette(dark)
    long = "object--" + "-".join(["thing"] * 20)
    found.resize(230, 300)
    found.show_detections([detection(number, long) for number in range(1, 13)])
    found.say("3 detections could not be read because they are damaged, and this is a long sentence.")
    QApplication.processEvents()
    assert found.width() == 230
    assert found.tree.horizontalScrollBar().maximum() == 0
    assert found.note.height() > 2 * found.note.fontMetrics().height()
    place = found.tree.visualItemRect(row(found, 0))
    assert found.tree.header().sectionSize(0) > 150
    count = pixels(found.tree.viewport())[place.top() : place.bottom(), found.tree.header().sectionPosition(1) :]
    assert count.max() > 200, "the count is there, bright"
    assert (count.min(axis=(0, 1)) < 60).all(), "on dark"
