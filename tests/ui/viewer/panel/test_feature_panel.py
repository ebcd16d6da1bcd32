"""The panel of a map feature, with the keys and the mouse of a person."""

import json
from dataclasses import replace

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsDistanceArea, QgsPointXY, QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QPalette

from mapillary_coverage.core.viewing.detection import Detection
from mapillary_coverage.core.viewing.map_feature import MapFeature, SeenIn, read_map_feature
from mapillary_coverage.ui.viewer.panel.feature_panel import FeaturePanel

pytestmark = pytest.mark.qgis

DAY = 86_400_000
SIGN = MapFeature(
    "77",
    "regulatory--maximum-speed-limit-50--g1",
    (7.4, 43.7),
    1_503_523_946_000,
    1_700_000_000_000,
    84.2,
    (
        SeenIn("11", (7.4, 43.7), 1_700_000_000_000, True, 10.0, 7.4),
        SeenIn("22", (7.4, 43.7), 1_600_000_000_000, False, None, 12.6),
        SeenIn("33"),
    ),
)
DETECTION = Detection("1", SIGN.value, [[[(0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.1)]]])
MARKUP = '<b>bold</b><img src="http://127.0.0.1/x.png"> & <a href="x">link</a>'


@pytest.fixture
def panel(qtbot):
    widget = FeaturePanel()
    qtbot.addWidget(widget)
    widget.resize(300, 400)
    widget.show()
    return widget


@pytest.fixture
def chosen(panel):
    ids = []
    panel.image_chosen.connect(ids.append)
    return ids


def rows(panel):
    images = panel.imageList
    found = [images.topLevelItem(row) for row in range(images.topLevelItemCount())]
    return [[row.text(column) for column in range(images.columnCount())] for row in found]


def bold_rows(panel):
    return [row for row in range(len(rows(panel))) if panel.imageList.topLevelItem(row).font(0).bold()]


def click(qtbot, panel, row, press="mouseClick"):
    where = panel.imageList.visualItemRect(panel.imageList.topLevelItem(row)).center()
    getattr(qtbot, press)(panel.imageList.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_what_is_known_is_said(panel):
    panel.show_feature(SIGN)
    assert panel.nameLabel.text() == "Maximum speed limit 50"
    assert panel.valueLabel.text() == SIGN.value
    assert panel.seenLabel.text() == "Seen 2017-08-23 – 2023-11-14 (UTC)"
    assert panel.directionLabel.text() == "Faces 84° (E)"
    assert panel.countLabel.text() == "Seen in 3 images"
    assert rows(panel) == [["7", "2023-11-14", "360°", ""], ["13", "2020-09-13", "", ""], ["?", "unknown", "", ""]]
    assert not panel.noteLabel.isVisible()
    red = QColor(panel.symbolLabel.pixmap().toImage().pixelColor(2, 12))
    assert red.red() > 150 > red.green(), "the symbol of signs that forbid"


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (1_503_523_946_000, 1_503_523_947_000, "Seen 2017-08-23 (UTC)"),
        (None, 1_503_523_946_000, "Last seen 2017-08-23 (UTC)"),
        (1_503_523_946_000, None, "First seen 2017-08-23 (UTC)"),
        (None, None, "When it was seen is unknown."),
        (1, 253_402_300_799_999, "Seen 1970-01-01 – 9999-12-31 (UTC)"),
    ],
)
def test_when_it_was_seen(panel, first, last, text):
    panel.show_feature(replace(SIGN, first_seen_at=first, last_seen_at=last))
    assert panel.seenLabel.text() == text


@pytest.mark.parametrize(
    ("direction", "text"),
    [(0.0, "Faces 0° (N)"), (359.9, "Faces 0° (N)"), (360.0, "Faces 0° (N)"), (202.4, "Faces 202° (S)")],
)
def test_the_direction_has_a_name(panel, direction, text):
    panel.show_feature(replace(SIGN, direction=direction))
    assert panel.directionLabel.text() == text
    panel.show_feature(replace(SIGN, direction=None))
    assert not panel.directionLabel.isVisible()


def test_without_images_it_says_so(panel):
    panel.show_feature(MapFeature("77", "object--never-heard-of"))
    assert panel.countLabel.text() == "Mapillary names no image for it."
    assert not panel.imageList.isVisible()
    assert not panel.symbolLabel.isVisible()
    panel.show_feature(SIGN)
    assert panel.imageList.isVisible()
    assert panel.symbolLabel.isVisible()


def test_outlines_are_marked_when_they_are_known(panel):
    panel.show_feature(SIGN)
    panel.show_detections({"11": [DETECTION], "22": [], "99": [DETECTION]})
    assert [row[3] for row in rows(panel)] == ["yes", "no outline", "no outline"]
    panel.show_feature(SIGN)
    assert [row[3] for row in rows(panel)] == ["", "", ""]


def test_a_click_and_a_double_click_open_an_image_once(qtbot, panel, chosen):
    panel.show_feature(SIGN)
    click(qtbot, panel, 1)
    assert chosen == ["22"]
    click(qtbot, panel, 2)
    click(qtbot, panel, 2, "mouseDClick")
    assert chosen == ["22", "33"]


def test_the_keyboard_reaches_the_images_and_opens_them(qtbot, panel, chosen):
    panel.show_feature(SIGN)
    panel.valueLabel.setFocus()
    qtbot.keyClick(panel.valueLabel, Qt.Key.Key_Tab)
    assert panel.imageList.hasFocus()
    qtbot.keyClick(panel.imageList, Qt.Key.Key_Return)
    qtbot.keyClick(panel.imageList, Qt.Key.Key_Down)
    qtbot.keyClick(panel.imageList, Qt.Key.Key_Enter)
    assert chosen == ["11", "22"]
    assert panel.imageList.accessibleName()


def test_the_image_that_is_open_is_marked(panel):
    panel.mark_current("22")
    panel.show_feature(SIGN)
    assert bold_rows(panel) == [1]
    assert panel.imageList.currentIndex().row() == 1
    panel.mark_current("11")
    assert bold_rows(panel) == [0]
    panel.mark_current("another")
    assert bold_rows(panel) == []
    assert not panel.imageList.selectedItems()


def test_the_keyboard_stays_where_it_is_when_an_image_has_come(qtbot, panel):
    panel.show_feature(SIGN)
    panel.imageList.setFocus()
    qtbot.keyClick(panel.imageList, Qt.Key.Key_Down)
    qtbot.keyClick(panel.imageList, Qt.Key.Key_Down)
    panel.mark_current("33")
    assert bold_rows(panel) == [2]
    assert panel.imageList.currentIndex().row() == 1


def test_a_sentence_stays_until_another_feature_is_shown(panel):
    panel.show_feature(SIGN)
    panel.say("The outlines could not be read.")
    assert panel.noteLabel.isVisible()
    assert panel.noteLabel.text() == "The outlines could not be read."
    panel.show_feature(SIGN)
    assert not panel.noteLabel.isVisible()


def test_markup_is_shown_as_it_is(panel):
    panel.show_feature(replace(SIGN, value=MARKUP))
    panel.say(MARKUP)
    for label in (panel.nameLabel, panel.valueLabel, panel.noteLabel):
        assert "<" in label.text()
        assert label.textFormat() == Qt.TextFormat.PlainText


def test_more_images_than_can_be_read_are_cut_and_counted(panel):
    panel.show_feature(replace(SIGN, images=tuple(SeenIn(str(number)) for number in range(1, 30_001))))
    assert panel.countLabel.text() == "Seen in 30,000 images, the best 500 of which are:"
    assert len(rows(panel)) == 500


def test_it_fits_a_narrow_dock(panel):
    panel.show_feature(replace(SIGN, value=SIGN.value * 20))
    panel.show_detections({})
    assert panel.minimumSizeHint().width() <= 230
    panel.resize(230, 500)
    header = panel.imageList.header()
    assert header.length() <= panel.imageList.viewport().width()
    words = ["13", "2020-09-13", "360°", "yes"]
    needed = [panel.imageList.fontMetrics().horizontalAdvance(word) for word in words]
    assert all(header.sectionSize(column) >= width for column, width in enumerate(needed))


def test_a_low_dock_scrolls_what_does_not_fit(qtbot, panel):
    panel.show_feature(SIGN)
    bar = panel.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() == 0)
    assert panel.minimumSizeHint().height() < 100
    panel.resize(300, 100)
    qtbot.waitUntil(lambda: bar.maximum() > 0)


def test_it_is_readable_in_a_dark_theme(panel):
    dark = QPalette()
    for role in (QPalette.ColorRole.Window, QPalette.ColorRole.Base):
        dark.setColor(role, QColor("#202020"))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
        dark.setColor(role, QColor("#f0f0f0"))
    panel.setPalette(dark)
    panel.show_feature(SIGN)
    panel.imageList.setFocus()
    for widget in (panel.nameLabel, panel.valueLabel, panel.imageList.viewport()):
        picture = widget.grab().toImage()
        shades = {QColor(picture.pixel(x, y)).lightness() for x in range(0, picture.width()) for y in range(16)}
        assert min(shades) < 40
        assert max(shades) > 220


def test_distances_are_those_that_qgis_measures(recorded):
    feature = read_map_feature("1", json.loads((recorded / "graph/map_feature/496980935069177.json").read_bytes()))
    measure = QgsDistanceArea()
    measure.setSourceCrs(QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance().transformContext())
    measure.setEllipsoid("EPSG:7030")
    assert measure.willUseEllipsoid()
    for image in feature.images:
        expected = measure.measureLine(QgsPointXY(*feature.place), QgsPointXY(*image.place))
        assert image.distance == pytest.approx(expected, rel=0.006)
