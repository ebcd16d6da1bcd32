"""Choosing values, with the keys and the mouse of a person."""

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QStyle, QStyleOptionViewItem

from mapillary_coverage.core.mapillary.map_feature_values import catalogue
from mapillary_coverage.core.mapillary.schema import MAP_FEATURE_LAYERS, MAP_FEATURE_POINT, TRAFFIC_SIGN
from mapillary_coverage.ui.values.value_list import ValueList

pytestmark = pytest.mark.qgis


@pytest.fixture
def values(qtbot):
    widget = ValueList()
    qtbot.addWidget(widget)
    widget.resize(300, 500)
    widget.show()
    return widget


def rows(values):
    """What the list shows, as {group: [labels]}."""
    model = values.tree.model()
    groups = [model.index(row, 0) for row in range(model.rowCount())]
    return {
        group.data(): [model.index(row, 0, group).data() for row in range(model.rowCount(group))] for group in groups
    }


def row(values, group, text=None):
    model = values.tree.model()
    where = model.index(list(rows(values)).index(group), 0)
    return where if text is None else model.index(rows(values)[group].index(text), 0, where)


def state(values, *path):
    return Qt.CheckState(row(values, *path).data(Qt.ItemDataRole.CheckStateRole))


def click_box(qtbot, values, *path):
    """Click where the style draws the check box."""
    index, tree = row(values, *path), values.tree
    tree.scrollTo(index)
    option = QStyleOptionViewItem()
    option.initFrom(tree)
    option.rect = tree.visualRect(index)
    option.features = QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
    box = tree.style().subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, option, tree)
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=box.center())


def test_the_list_holds_all_known_values_in_groups(values):
    shown = rows(values)
    assert sum(map(len, shown.values())) == len(catalogue(MAP_FEATURE_POINT)) + len(catalogue(TRAFFIC_SIGN))
    assert shown["Street furniture"][0] == "Bench"
    assert not any(values.tree.isExpanded(row(values, group)) for group in shown)
    assert row(values, "Street furniture", "Bench").data(Qt.ItemDataRole.ToolTipRole) == "object--bench"
    assert all(not row(values, group).data(Qt.ItemDataRole.DecorationRole).pixmap(16).isNull() for group in shown)
    assert values.patterns() == ()
    assert values.countLabel.text() == "All values"


@pytest.mark.parametrize(
    ("typed", "group", "text"),
    [
        ("50", "Regulatory signs", "Maximum speed limit 50"),
        ("speed limit", "Regulatory signs", "Maximum speed limit 50"),
        ("50 SPEED", "Regulatory signs", "Maximum speed limit 50"),
        ("regulatory--max", "Regulatory signs", "Maximum speed limit 50"),
        ("utility-p", "Poles and supports", "Utility pole"),
        ("traffic lights", "Traffic lights", "Traffic light: single"),
    ],
)
def test_typing_finds_values_by_label_name_and_group(qtbot, values, typed, group, text):
    qtbot.keyClicks(values.searchEdit, typed)
    assert text in rows(values)[group]
    assert sum(map(len, rows(values).values())) < 200
    assert values.tree.isExpanded(row(values, group))


def test_the_keyboard_alone_is_enough(qtbot, values):
    qtbot.keyClicks(values.searchEdit, "bench")
    qtbot.keyClick(values.searchEdit, Qt.Key.Key_Down)
    qtbot.keyClick(values.tree, Qt.Key.Key_Space)
    assert values.patterns() == ("object--bench",)
    qtbot.keyClick(values.tree, Qt.Key.Key_Space)
    assert values.patterns() == ()
    qtbot.keyClick(values.tree, Qt.Key.Key_Up)
    qtbot.keyClick(values.tree, Qt.Key.Key_Space)
    assert values.patterns() == ("object--bench",), "the group, of which only the bench is shown"
    values.searchEdit.clear()
    assert state(values, "Street furniture") == Qt.CheckState.PartiallyChecked


def test_the_mouse_checks_values_and_whole_groups(qtbot, values):
    values.tree.expand(row(values, "Street furniture"))
    click_box(qtbot, values, "Street furniture", "Mailbox")
    assert values.patterns() == ("object--mailbox",)
    assert values.countLabel.text() == "1 chosen"
    assert state(values, "Street furniture") == Qt.CheckState.PartiallyChecked
    click_box(qtbot, values, "Warning signs")
    assert values.patterns() == ("object--mailbox", "warning--*")
    assert state(values, "Warning signs") == Qt.CheckState.Checked
    click_box(qtbot, values, "Street furniture")
    assert set(values.patterns()) == {
        *(entry.value for entry in catalogue(MAP_FEATURE_POINT) if entry.group == "Street furniture"),
        "warning--*",
    }
    click_box(qtbot, values, "Street furniture")
    assert values.patterns() == ("warning--*",)
    qtbot.mouseClick(values.clearButton, Qt.MouseButton.LeftButton)
    assert values.patterns() == ()


def test_checking_a_group_while_searching_takes_what_is_shown(qtbot, values):
    qtbot.keyClicks(values.searchEdit, "regulatory--maximum-speed-limit-5")
    click_box(qtbot, values, "Regulatory signs")
    assert values.patterns() == tuple(f"regulatory--maximum-speed-limit-{number}" for number in (5, 50, 55))
    click_box(qtbot, values, "Regulatory signs")
    assert values.patterns() == ()


def test_wildcards_can_be_typed(qtbot, values):
    qtbot.keyClicks(values.typedEdit, "regulatory--maximum-speed-limit-*, object--bench")
    assert values.patterns() == ("regulatory--maximum-speed-limit-*", "object--bench")
    assert not values.noteLabel.isVisible()
    assert values.countLabel.text() == "2 chosen"


@pytest.mark.parametrize(("typed", "says"), [("street light", "blanks"), ("a;b", "characters"), ("a,,b", "empty")])
def test_what_is_wrong_with_what_was_typed_is_said_in_place(qtbot, values, typed, says):
    qtbot.keyClicks(values.typedEdit, typed)
    assert says in values.noteLabel.text()
    assert values.noteLabel.isVisible()
    assert values.patterns() == ()


def test_a_value_that_nobody_knows_is_taken_and_told(qtbot, values):
    qtbot.keyClicks(values.typedEdit, "object--robot")
    assert values.patterns() == ("object--robot",)
    assert "“object--robot”" in values.noteLabel.text()


def test_a_search_that_finds_nothing_says_what_to_do(qtbot, values):
    qtbot.keyClicks(values.searchEdit, "robot")
    assert rows(values) == {}
    assert "type it" in values.noteLabel.text()
    qtbot.keyClick(values.searchEdit, Qt.Key.Key_Down)
    values.searchEdit.clear()
    assert not values.noteLabel.isVisible()


@pytest.mark.parametrize(
    "patterns",
    [
        (),
        ("object--bench", "object--street-light"),
        ("object--bench", "regulatory--*", "warning--ferry"),
        ("information--*", "complementary--*"),
        ("warning--ferry", "regulatory--stop--g1", "object--*", "object--robot"),
    ],
)
def test_what_is_set_comes_back(values, patterns):
    values.set_patterns(["warning--cliff", "object--banner", "x--*"])
    values.set_patterns(patterns)
    assert values.patterns() == patterns


def test_only_the_kinds_that_are_loaded_are_offered(values):
    values.set_patterns(["object--bench", "warning--*", "object--s*", "*--stop"])
    values.set_layers([TRAFFIC_SIGN])
    assert "Street furniture" not in rows(values)
    assert values.patterns() == ("warning--*", "*--stop")
    values.set_layers([MAP_FEATURE_POINT])
    assert "Warning signs" not in rows(values)
    assert values.patterns() == ("object--bench", "object--s*", "*--stop")
    values.set_layers(MAP_FEATURE_LAYERS)
    assert values.patterns() == ("object--bench", "warning--*", "object--s*", "*--stop")
