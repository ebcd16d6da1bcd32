"""The table of metadata, with the keys and the mouse of a person."""

import json

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QModelIndex, QPoint, Qt
from qgis.PyQt.QtGui import QColor, QContextMenuEvent, QGuiApplication, QPalette, QTextDocument
from qgis.PyQt.QtWidgets import QAction, QApplication, QLineEdit, QMainWindow, QMenu, QVBoxLayout, QWidget

from mapillary_coverage.core.viewing.facts import as_json, image_facts
from mapillary_coverage.ui.viewer.panel.metadata_table import MetadataTable
from tests.ui.viewer.viewing import move

pytestmark = pytest.mark.qgis

MARKUP = "<b>Jörg</b> & <img src=x>"
BODY = {
    "id": "135511895288847",
    "creator": {"id": "104214208486349", "username": MARKUP},
    "geometry": {"type": "Point", "coordinates": [13.4, 52.5]},
    "compass_angle": 84.3,
    "camera_parameters": [0.851364, -0.000066, -0.000038],
    "sequence": "7nfcwfvjdtphz7yj6zat6a",
}
PROFILE = "https://www.mapillary.com/app/user/%3Cb%3EJ%C3%B6rg%3C%2Fb%3E%20%26%20%3Cimg%20src%3Dx%3E"
PAGE = "https://www.mapillary.com/app/?pKey=135511895288847&focus=photo"


@pytest.fixture
def table(qtbot):
    widget = MetadataTable()
    qtbot.addWidget(widget)
    widget.resize(400, 500)
    widget.show_facts(image_facts(BODY))
    widget.show()
    QGuiApplication.clipboard().setText("of before")
    return widget


def index_of(table, title, column=1):
    model = table.model()
    titles = [model.index(row, 0).data() for row in range(model.rowCount())]
    return model.index(titles.index(title), column)


def click(qtbot, table, title, column=1, modifier=Qt.KeyboardModifier.NoModifier):
    place = table.visualRect(index_of(table, title, column)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def copied():
    return QGuiApplication.clipboard().text()


def open_menu(table):
    """What the menu key opens."""
    at = table.visualRect(table.currentIndex()).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at, table.viewport().mapToGlobal(at))
    QApplication.sendEvent(table.viewport(), event)
    (menu,) = [menu for menu in table.findChildren(QMenu) if menu.isVisible()]
    return menu, {action.text(): action for action in menu.actions() if not action.isSeparator()}


def entries(table):
    menu, actions = open_menu(table)
    menu.close()
    return list(actions)


def choose(table, entry):
    menu, actions = open_menu(table)
    actions[entry].trigger()
    menu.close()


def test_the_rows_are_the_facts(table):
    model = table.model()
    rows = [(model.index(row, 0).data(), model.index(row, 1).data()) for row in range(model.rowCount())]
    assert rows == [(fact.title, fact.text) for fact in image_facts(BODY)]


def test_copying_one_row_takes_its_value(qtbot, table):
    click(qtbot, table, "Position (lat, lon)")
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert copied() == "52.500000, 13.400000"


def test_copying_several_rows_takes_them_with_their_titles(qtbot, table):
    click(qtbot, table, "Compass angle")
    click(qtbot, table, "Position (lat, lon)", modifier=Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert copied() == "Position (lat, lon)\t52.500000, 13.400000\nCompass angle\t84.3° (E)"


def test_the_menu_copies_value_row_and_json(qtbot, table):
    click(qtbot, table, "Compass angle")
    assert entries(table) == ["Copy value", "Copy row", "Copy all as JSON"]
    for entry, text in (
        ("Copy value", "84.3° (E)"),
        ("Copy row", "Compass angle\t84.3° (E)"),
        ("Copy all as JSON", as_json(image_facts(BODY))),
    ):
        choose(table, entry)
        assert copied() == text
    assert json.loads(copied())["creator_username"] == MARKUP


def test_nothing_is_copied_while_no_row_is_the_current_one(table):
    table.setCurrentIndex(QModelIndex())
    table.copy_value()
    table.copy_row()
    assert copied() == "of before"
    assert entries(table) == ["Copy all as JSON"]


def test_copying_wins_over_the_same_keys_of_qgis(qtbot):
    window, table, done = QMainWindow(), MetadataTable(), []
    table.show_facts(image_facts(BODY))
    qtbot.addWidget(window)
    action = QAction("Copy features", window)
    action.setShortcut("Ctrl+C")
    action.triggered.connect(lambda: done.append("features"))
    window.addAction(action)
    window.setCentralWidget(table)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    table.setFocus()
    click(qtbot, table, "Compass angle")
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert (copied(), done) == ("84.3° (E)", [])


@pytest.mark.parametrize(("title", "link"), [("Creator", PROFILE), ("Image id", PAGE)])
def test_links_open_by_click_by_enter_and_from_the_menu(qtbot, table, title, link):
    opened = []
    table.link_activated.connect(opened.append)
    click(qtbot, table, title)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    qtbot.keyClick(table, Qt.Key.Key_Enter)
    choose(table, "Open in the browser")
    assert opened == [link] * 4


def test_other_cells_open_nothing(qtbot, table):
    opened = []
    table.link_activated.connect(opened.append)
    click(qtbot, table, "Compass angle")
    qtbot.keyClick(table, Qt.Key.Key_Return)
    click(qtbot, table, "Creator", column=0)
    click(qtbot, table, "Image id", modifier=Qt.KeyboardModifier.ControlModifier)
    assert opened == []


def test_the_pointer_is_a_hand_over_links_alone(qtbot, table):
    shapes = []
    for title in ("Compass angle", "Creator", "Sequence"):
        move(table.viewport(), table.visualRect(index_of(table, title)).center())
        shapes.append(table.viewport().cursor().shape())
    assert shapes == [Qt.CursorShape.ArrowCursor, Qt.CursorShape.PointingHandCursor, Qt.CursorShape.ArrowCursor]


def test_markup_is_shown_as_it_was_written(table):
    index = index_of(table, "Creator")
    assert index.data() == MARKUP
    tip = QTextDocument()
    tip.setHtml(index.data(Qt.ItemDataRole.ToolTipRole))
    assert tip.toPlainText().splitlines() == [MARKUP, PROFILE]


def test_the_keyboard_goes_through_the_rows_and_out_again(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    before, table, after = QLineEdit(), MetadataTable(), QLineEdit()
    layout = QVBoxLayout(window)
    for widget in (before, table, after):
        layout.addWidget(widget)
    table.show_facts(image_facts(BODY))
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    before.setFocus()
    qtbot.keyClick(before, Qt.Key.Key_Tab)
    assert table.hasFocus()
    qtbot.keyClick(table, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert copied() == MARKUP
    qtbot.keyClick(table, Qt.Key.Key_Tab)
    assert after.hasFocus()


def test_the_next_image_keeps_the_row_that_one_looks_at(qtbot, table):
    click(qtbot, table, "Sequence")
    table.show_facts(image_facts({**BODY, "captured_at": 1563721072184, "sequence": "another"}))
    table.copy_value()
    assert copied() == "another"
    table.show_facts(image_facts({}))
    table.copy_row()
    assert copied() == "another"


@pytest.mark.parametrize("width", [230, 250, 700, 1500])
def test_every_width_shows_both_columns_and_whole_lines(table, width):
    table.resize(width, 300)
    columns = [table.columnWidth(column) for column in range(2)]
    assert sum(columns) == table.viewport().width()
    assert columns[1] >= columns[0] - 1
    index = index_of(table, "Camera parameters")
    lines = table.rowHeight(index.row()) // table.fontMetrics().lineSpacing()
    assert lines >= (3 if width < 300 else 1)
    assert lines == 1 or width < 700


@pytest.fixture
def dark_theme(qgis_app):
    """QGIS' dark theme sets a palette and a style sheet, which keeps the palette's links from the widgets."""
    usual, style = QgsApplication.palette(), qgis_app.styleSheet()
    palette = QPalette(usual)
    palette.setColor(QPalette.ColorRole.Link, QColor("#0080ff"))
    QgsApplication.setPalette(palette)
    qgis_app.setStyleSheet("QWidget { color: #b1b1b1 }")
    yield
    qgis_app.setStyleSheet(style)
    QgsApplication.setPalette(usual)


def test_links_have_the_themes_colour(dark_theme, table):
    look = index_of(table, "Creator")
    assert look.data(Qt.ItemDataRole.ForegroundRole).color().name() == "#0080ff"
    assert look.data(Qt.ItemDataRole.FontRole).underline()
    assert index_of(table, "Sequence").data(Qt.ItemDataRole.ForegroundRole) is None


def test_an_empty_table_takes_keys_and_mouse(qtbot):
    table = MetadataTable()
    qtbot.addWidget(table)
    table.show()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_Menu):
        qtbot.keyClick(table, key)
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    table.copy_json()
    assert copied() == "{}"
