"""Objects, signs and filters in the panel, and the filters that are saved."""

from datetime import date

import pytest
from qgis.core import QgsSettings

from mapillary_coverage.core.request.filters import CoverageFilter
from mapillary_coverage.core.settings.presets import preset_names, read_preset, write_preset
from tests.ui.test_coverage_dock import bar, dock, download, group, layers, press, server  # noqa: F401

pytestmark = pytest.mark.qgis

FULL = CoverageFilter(
    date(2014, 5, 1),
    date(2030, 6, 1),
    "without",
    "without",
    organization_ids=("1",),
    creators=("zoë_müller",),
    sequence_ids=("a", "b"),
    image_ids=("7",),
    min_quality=0.25,
    keep_unscored=True,
    expression='"compass_angle" < 90',
    values=("object--bench", "warning--*"),
    first_seen_after=date(2020, 1, 1),
    last_seen_after=date(2021, 1, 1),
    feature_expression="\"kind\" = 'point'",
)


@pytest.fixture(autouse=True)
def no_presets():
    QgsSettings().remove("mapillary_coverage/filters")


def load(dock, images=False, points=True, signs=True):  # noqa: F811
    panel = dock.panel
    for check, is_wanted in (
        (panel.imagesCheck, images),
        (panel.sequencesCheck, images),
        (panel.pointsCheck, points),
        (panel.signsCheck, signs),
    ):
        check.setChecked(is_wanted)


def test_objects_and_signs_come_with_labels_in_one_layer(dock, server, qtbot):  # noqa: F811
    load(dock)
    dock.panel.filterPanel.valuePicker.set_patterns(("object--*", "regulatory--maximum-speed-limit-*"))
    download(qtbot, dock)
    name = "Map features, values object--*, regulatory--maximum-speed-limit-*"
    assert list(layers()) == [name, "Tiles"]
    values = {feature["value"] for feature in layers()[name].getFeatures()}
    assert values
    assert all(value.startswith(("object--", "regulatory--maximum-speed-limit-")) for value in values)
    assert "objects and" in dock.panel.resultLabel.text()
    assert "traffic signs in the tiles pass the filter" in dock.panel.resultLabel.text()
    entries = [category.label() for category in layers()[name].renderer().categories()]
    assert entries[-2:] == ["Other objects", "Other traffic signs"]
    assert set(entries[:-2]) <= {feature["label"] for feature in layers()[name].getFeatures()}


def test_everything_at_once_is_one_group_with_one_ledger(dock, server, qtbot):  # noqa: F811
    load(dock, images=True)
    download(qtbot, dock)
    assert list(layers()) == ["Map features", "Images", "Sequences", "Tiles"]
    assert {row["tileset"] for row in layers()["Tiles"].getFeatures()} == {
        "mly1_public",
        "mly_map_feature_point",
        "mly_map_feature_traffic_sign",
    }


def test_conditions_on_what_is_not_loaded_do_not_count(dock):  # noqa: F811
    load(dock, images=True)
    dock.panel.filterPanel.set_filter(FULL)
    load(dock, images=False)
    assert dock.panel.request().filter == CoverageFilter(
        values=FULL.values,
        first_seen_after=FULL.first_seen_after,
        last_seen_after=FULL.last_seen_after,
        feature_expression=FULL.feature_expression,
    )
    assert not dock.panel.positionCombo.isEnabled()


def test_a_retry_completes_map_features_too(dock, server, qtbot):  # noqa: F811
    load(dock)
    for x in (8528, 8529, 8530):
        server.fail("html", tile=f"mly_map_feature_point/14/{x}/5975")
    download(qtbot, dock)
    layer = group().children()[0].layer()
    assert {feature["kind"] for feature in layer.getFeatures()} == {"traffic_sign"}
    server.faults.clear()
    press(qtbot, dock.panel.retryButton)
    qtbot.waitUntil(lambda: not dock.download.is_running(), timeout=30_000)
    assert {feature["kind"] for feature in layer.getFeatures()} == {"traffic_sign", "point"}
    assert layers() == {"Map features": layer, "Tiles": layers()["Tiles"]}


def test_a_retry_mends_the_ledger_of_the_tileset_that_failed(dock, server, qtbot):  # noqa: F811
    """The tilesets share their tiles' addresses."""
    load(dock, images=True)
    for x in (8528, 8529, 8530):
        server.fail("html", tile=f"mly1_public/14/{x}/5975")
    download(qtbot, dock)
    ledger = layers()["Tiles (partial)"]
    before = {(row["tileset"], row["status"]) for row in ledger.getFeatures()}
    assert ("mly1_public", "failed") in before
    assert ("mly_map_feature_point", "ok") in before
    server.faults.clear()
    press(qtbot, dock.panel.retryButton)
    qtbot.waitUntil(lambda: not dock.download.is_running(), timeout=30_000)
    rows = [(row["tileset"], row["tile"], row["status"]) for row in ledger.getFeatures()]
    assert {status for _, _, status in rows} == {"ok"}
    assert len(rows) == len(set(rows)) == 9


def test_a_filter_is_saved_shown_and_removed(dock, qtbot):  # noqa: F811
    panel = dock.panel.filterPanel
    load(dock, images=True)
    panel.set_filter(FULL)
    assert panel.filter() == FULL
    panel.presetCombo.lineEdit().setText("Benches of 東京")
    press(qtbot, panel.saveButton)
    assert preset_names() == ["Benches of 東京"]
    assert read_preset("Benches of 東京") == FULL
    panel.set_filter(CoverageFilter())
    assert panel.filter() == CoverageFilter()
    panel.presetCombo.activated.emit(panel.presetCombo.findText("Benches of 東京"))
    assert panel.filter() == FULL
    press(qtbot, panel.removeButton)
    assert preset_names() == []
    assert not panel.removeButton.isEnabled()


def test_months_take_the_place_of_the_days(dock):  # noqa: F811
    panel = dock.panel.filterPanel
    panel.set_filter(CoverageFilter(date(2014, 5, 1), date(2015, 1, 1)))
    panel.monthsSpin.setValue(6)
    assert not panel.startEdit.isEnabled()
    assert panel.filter() == CoverageFilter(last_months=6)
    panel.set_filter(CoverageFilter(last_months=3))
    assert (panel.monthsSpin.value(), panel.startEdit.day()) == (3, None)


def test_a_damaged_saved_filter_is_a_sentence(dock):  # noqa: F811
    QgsSettings().setValue("mapillary_coverage/filters", '{"old": "{\\"years\\": 3}", "odd": 5}')
    dock.panel.filterPanel._list_presets("old")
    assert preset_names() == ["old"]
    dock.panel.filterPanel.presetCombo.activated.emit(0)
    assert dock.panel.resultLabel.text() == "The stored filter cannot be read. Save it anew."
    write_preset("new", CoverageFilter(panorama="only"))
    assert preset_names() == ["new", "old"]


@pytest.mark.parametrize(
    ("widget", "text", "words"),
    [
        ("organizationsEdit", "acme", "“acme” is not the id of an organization"),
        ("imagesEdit", "12, x", "“x” is not the id of an image"),
    ],
)
def test_a_condition_that_makes_no_sense_says_why_and_holds_the_button(dock, qtbot, widget, text, words):  # noqa: F811
    line = getattr(dock.panel.filterPanel, widget)
    qtbot.keyClicks(line, text)
    assert words in dock.panel.estimateLabel.text()
    assert not dock.panel.downloadButton.isEnabled()


def test_an_expression_is_checked_as_it_is_typed_and_then_obeyed(dock, server, qtbot):  # noqa: F811
    panel = dock.panel.filterPanel
    panel.expressionWidget.setExpression("speed > 3")
    assert "names “speed”, but the fields are id, sequence_id" in dock.panel.estimateLabel.text()
    panel.expressionWidget.setExpression("not is_pano")
    assert dock.panel.estimateLabel.text().endswith("Filter: images where not is_pano.")
    download(qtbot, dock)
    images = layers()["Images, images where not is_pano"]
    assert {feature["is_pano"] for feature in images.getFeatures()} == {False}
    assert "is_pano" in images.metadata().history()[-1]
