"""The line that opens the list of values: it takes, shows and remembers the choice."""

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDialogButtonBox

from mapillary_coverage.core.mapillary.schema import MAP_FEATURE_LAYERS, MAP_FEATURE_POINT, TRAFFIC_SIGN
from mapillary_coverage.ui.values.value_picker import ValuePicker

pytestmark = pytest.mark.qgis


@pytest.fixture
def picker(qtbot):
    widget = ValuePicker()
    qtbot.addWidget(widget)
    widget.resize(300, 30)
    widget.show()
    yield widget
    widget.close_down()


def ok(picker):
    return picker._dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)


def test_the_button_opens_the_list_and_ok_takes_the_choice(qtbot, picker):
    assert picker.button.text() == "All values"
    qtbot.mouseClick(picker.button, Qt.MouseButton.LeftButton)
    values = picker._dialog.values
    qtbot.keyClicks(values.searchEdit, "utility pole")
    qtbot.keyClick(values.searchEdit, Qt.Key.Key_Return)
    assert picker._dialog.isVisible(), "Return in the search does not press OK"
    qtbot.keyClick(values.tree, Qt.Key.Key_Space)
    with qtbot.waitSignal(picker.changed):
        qtbot.mouseClick(ok(picker), Qt.MouseButton.LeftButton)
    assert picker.patterns() == ("object--support--utility-pole",)
    assert picker.button.text() == "Utility pole"


def test_cancel_leaves_the_choice_as_it_was(qtbot, picker):
    picker.set_patterns(["object--bench"])
    picker.open()
    picker._dialog.values.clear()
    with qtbot.assertNotEmitted(picker.changed):
        qtbot.keyClick(picker._dialog, Qt.Key.Key_Escape)
    assert picker.patterns() == ("object--bench",)


def test_ok_waits_until_what_was_typed_can_be_used(qtbot, picker):
    picker.open()
    qtbot.keyClicks(picker._dialog.values.typedEdit, "street light")
    assert not ok(picker).isEnabled()
    picker._dialog.values.typedEdit.clear()
    assert ok(picker).isEnabled()


def test_the_line_names_as_many_values_as_fit(qtbot, picker):
    picker.set_patterns(
        ["object--bench", "object--street-light", "object--mailbox", "object--manhole", "regulatory--*"]
    )
    texts = []
    for width in (900, 300, 200, 90):
        picker.resize(width, 30)
        texts.append(picker.button.text())
        assert picker.button.fontMetrics().horizontalAdvance(picker.button.text()) < width
    assert texts[0] == "Bench, Street light, Mailbox and 2 more"
    assert texts[-1] == "5 values"
    assert picker.button.toolTip().splitlines()[-1] == "All regulatory signs"


def test_what_is_not_loaded_is_remembered_but_not_asked_for(qtbot, picker):
    picker.set_patterns(["object--bench", "warning--*"])
    picker.set_layers([TRAFFIC_SIGN])
    assert picker.patterns() == ("warning--*",)
    picker.open()
    picker._dialog.values.clear()
    qtbot.mouseClick(ok(picker), Qt.MouseButton.LeftButton)
    assert picker.patterns() == ()
    picker.set_layers(MAP_FEATURE_LAYERS)
    assert picker.patterns() == ("object--bench",)
    picker.set_layers([])
    assert not picker.isEnabled()


def test_it_is_told_only_when_something_changed(qtbot, picker):
    with qtbot.waitSignal(picker.changed):
        picker.set_patterns(["object--bench"])
    with qtbot.assertNotEmitted(picker.changed):
        picker.set_patterns(["object--bench"])
        picker.set_layers([MAP_FEATURE_POINT])
