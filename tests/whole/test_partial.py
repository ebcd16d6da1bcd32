"""What was read is kept, marked as partial, and completed in the same layers."""

import pytest
from qgis.core import QgsGeometry, QgsProject, QgsRectangle, QgsVectorFileWriter
from qgis.PyQt.QtCore import Qt

from mapillary_coverage.core.area.tiling import TileId, tile_box, tiles_of
from mapillary_coverage.core.download.download import download_coverage
from tests.conftest import access_to
from tests.ui.test_coverage_dock import bar, dock, download, group, layers, messages, press, server  # noqa: F401

pytestmark = pytest.mark.qgis

FIRST, LAST = TileId(14, 8528, 5974), TileId(14, 8531, 5977)


@pytest.fixture
def wide(dock, server, qgis_canvas):  # noqa: F811
    """A dock whose canvas shows most of the town's 16 tiles."""
    upper, lower = tile_box(FIRST), tile_box(LAST)
    aside = (lower.east - upper.west) / 16
    middle = (lower.south + upper.north) / 2
    qgis_canvas.setExtent(QgsRectangle(upper.west + aside, middle - 0.01, lower.east - aside, middle + 0.01))
    return dock


def tiles(dock, *columns):  # noqa: F811
    """How many tiles the canvas covers, or those of some columns."""
    return sum(not columns or tile.x in columns for tile in tiles_of(dock.panel.request().area))


def by_key(layer):
    return {f[0]: (f.geometry().asWkt(7), f.attributes()[1:]) for f in layer.getFeatures()}


def expected(dock, server):  # noqa: F811
    """The layers of an undisturbed run of the same request."""
    whole = download_coverage(dock.panel.request(), access_to(server))
    return len(whole.images), len(whole.sequences)


def spoil(server, *columns):  # noqa: F811
    for x in columns:
        for y in range(FIRST.y, LAST.y + 1):
            server.fail("html", tile=f"14/{x}/{y}")


def retry(qtbot, dock):  # noqa: F811
    press(qtbot, dock.panel.retryButton)
    qtbot.waitUntil(lambda: not dock.download.is_running(), timeout=30_000)


def test_a_partial_result_says_so_in_every_name(wide, server, qtbot, bar):  # noqa: F811
    spoil(server, 8529)
    download(qtbot, wide)
    assert list(layers()) == ["Images (partial)", "Sequences (partial)", "Tiles (partial)"]
    for layer in layers().values():
        assert f"The result is partial: {tiles(wide, 8529)} tiles could not be read." in layer.metadata().abstract()
    assert wide.panel.retryButton.isVisibleTo(wide.panel)
    assert wide.panel.retryButton.text() == f"Retry {tiles(wide, 8529)} missing"


@pytest.mark.parametrize("column", [8529, None], ids=["partial", "complete"])
def test_a_result_is_logged_once(wide, server, qtbot, column, logged):  # noqa: F811
    if column:
        spoil(server, column)
    download(qtbot, wide)
    assert len(logged) == 2
    assert logged[0].startswith("Downloading ")
    assert all(sentence in logged[1] for sentence in wide.panel.resultLabel.text().splitlines())


def test_retry_reads_only_what_is_missing_and_completes_the_same_layers(wide, server, qtbot, bar):  # noqa: F811
    spoil(server, 8529, 8530)
    download(qtbot, wide)
    ids = {name: layer.id() for name, layer in layers().items()}
    asked = len(server.requests)
    server.faults.clear()
    retry(qtbot, wide)
    assert {seen.path.split("/")[-2] for seen in server.requests[asked:]} == {"8529", "8530"}
    assert len(server.requests) - asked == tiles(wide, 8529, 8530)
    assert list(layers()) == ["Images", "Sequences", "Tiles"]
    assert [layer.id() for layer in layers().values()] == list(ids.values())
    complete = layers()
    download(qtbot, wide)
    fresh = layers()
    for name in ("Images", "Sequences"):
        assert by_key(complete[name]) == by_key(fresh[name])
        assert complete[name].extent() == fresh[name].extent()
    statuses = {feature["tile"]: feature["status"] for feature in complete["Tiles"].getFeatures()}
    assert set(statuses.values()) == {"ok"}
    assert len(statuses) == tiles(wide)
    assert "partial" not in complete["Images"].metadata().abstract()
    assert not wide.panel.retryButton.isVisibleTo(wide.panel)


def test_a_retry_that_fails_again_can_be_retried(wide, server, qtbot, bar):  # noqa: F811
    spoil(server, 8529, 8530)
    download(qtbot, wide)
    server.faults.clear()
    spoil(server, 8530)
    retry(qtbot, wide)
    assert wide.panel.retryButton.text() == f"Retry {tiles(wide, 8529)} missing"
    assert "Images (partial)" in layers()
    server.faults.clear()
    retry(qtbot, wide)
    images, sequences = expected(wide, server)
    assert layers()["Images"].featureCount() == images
    assert layers()["Sequences"].featureCount() == sequences


def test_a_throttled_run_keeps_what_it_has_and_goes_on_later(wide, server, qtbot, bar):  # noqa: F811
    server.fail("login-redirect", start=2)
    server.delay = 0.02
    download(qtbot, wide)
    statuses = [feature["status"] for feature in layers()["Tiles (partial)"].getFeatures()]
    assert {"ok", "failed"} <= set(statuses)
    assert messages(bar)[0][1] == "The run was stopped, so the result is partial."
    assert "redirect to a login page" in wide.panel.resultLabel.text()
    server.faults.clear()
    retry(qtbot, wide)
    assert layers()["Images"].featureCount() == expected(wide, server)[0]


def test_a_cancelled_run_keeps_what_it_has_and_goes_on_later(wide, server, qtbot, bar):  # noqa: F811
    server.delay = 0.3
    press(qtbot, wide.panel.downloadButton)
    qtbot.waitUntil(lambda: wide.panel.progressBar.value() > 20, timeout=20_000)
    press(qtbot, wide.panel.cancelButton)
    qtbot.waitUntil(lambda: not wide.download.is_running(), timeout=20_000)
    kept = layers()["Images (partial)"].featureCount()
    assert 0 < kept < expected(wide, server)[0]
    assert "The run was stopped, so the result is partial. The download was cancelled." in wide.panel.resultLabel.text()
    assert messages(bar) == []
    statuses = [feature["status"] for feature in layers()["Tiles (partial)"].getFeatures()]
    assert set(statuses) == {"ok", "skipped"}
    server.delay = 0
    retry(qtbot, wide)
    assert layers()["Images"].featureCount() == expected(wide, server)[0]


def test_what_a_person_changed_survives_a_retry(wide, server, qtbot, bar):  # noqa: F811
    spoil(server, 8529)
    download(qtbot, wide)
    images = layers()["Images (partial)"]
    images.setName("mine")
    group().setName("of May")
    deleted = next(images.getFeatures())
    images.dataProvider().deleteFeatures([deleted.id()])
    server.faults.clear()
    retry(qtbot, wide)
    assert group().name() == "of May"
    assert list(layers()) == ["mine", "Sequences", "Tiles"]
    assert deleted["id"] not in by_key(images)
    assert images.featureCount() == expected(wide, server)[0] - 1


def test_a_layer_that_is_being_edited_is_not_touched(wide, server, qtbot, bar):  # noqa: F811
    spoil(server, 8529)
    download(qtbot, wide)
    asked = len(server.requests)
    images = layers()["Images (partial)"]
    images.startEditing()
    press(qtbot, wide.panel.retryButton)
    assert wide.panel.resultLabel.text().startswith(f"The layer {images.name()} is being edited.")
    assert len(server.requests) == asked
    images.rollBack()


def test_removed_layers_come_back_whole(wide, server, qtbot, bar):  # noqa: F811
    spoil(server, 8529)
    download(qtbot, wide)
    QgsProject.instance().removeAllMapLayers()
    QgsProject.instance().layerTreeRoot().clear()
    server.faults.clear()
    retry(qtbot, wide)
    assert layers()["Images"].featureCount() == expected(wide, server)[0]


def test_a_new_project_ends_the_offer_to_retry(wide, server, qtbot, bar):  # noqa: F811
    spoil(server, 8529)
    download(qtbot, wide)
    QgsProject.instance().clear()
    assert not wide.panel.retryButton.isVisibleTo(wide.panel)


def test_lines_that_were_cut_by_a_missing_tile_are_made_whole(wide, server, qtbot, bar):  # noqa: F811
    spoil(server, 8529)
    download(qtbot, wide)
    before = {f["id"]: f.geometry().length() for f in layers()["Sequences (partial)"].getFeatures()}
    server.faults.clear()
    retry(qtbot, wide)
    after = {f["id"]: QgsGeometry(f.geometry()).length() for f in layers()["Sequences"].getFeatures()}
    assert any(after[key] > before[key] for key in before)
    assert all(after[key] >= before[key] for key in before)


def test_offline_the_cache_is_all_there_is(wide, server, qtbot, bar):  # noqa: F811
    download(qtbot, wide)
    asked = len(server.requests)
    wide.panel.tokenPanel.forget()
    wide.panel.offlineCheck.setChecked(True)
    qtbot.waitUntil(lambda: "Working offline" in wide.panel.estimateLabel.text(), timeout=20_000)
    download(qtbot, wide)
    assert (
        f"Working offline: {tiles(wide)} of {tiles(wide)} tiles came from the tile cache"
        in wide.panel.resultLabel.text()
    )
    assert len(server.requests) == asked
    assert list(layers()) == ["Images", "Sequences", "Tiles"]


def test_a_layer_that_was_made_permanent_meanwhile_gets_each_value_in_its_field(wide, server, qtbot, tmp_path):  # noqa: F811
    spoil(server, 8529)
    download(qtbot, wide)
    images = layers()["Images (partial)"]
    options = QgsVectorFileWriter.SaveVectorOptions()
    path = str(tmp_path / "images.gpkg")
    QgsVectorFileWriter.writeAsVectorFormatV2(images, path, QgsProject.instance().transformContext(), options)
    images.setDataSource(path, images.name(), "ogr")
    server.faults.clear()
    retry(qtbot, wide)
    assert images.featureCount() == expected(wide, server)[0]
    assert all(f["id"].isdecimal() and len(f["sequence_id"]) == 22 for f in images.getFeatures())


def test_a_filter_on_a_layer_hides_nothing_from_a_retry(wide, server, qtbot):  # noqa: F811
    spoil(server, 8529)
    download(qtbot, wide)
    ledger = layers()["Tiles (partial)"]
    ledger.setSubsetString("\"status\" = 'ok'")
    server.faults.clear()
    retry(qtbot, wide)
    assert ledger.subsetString() == "\"status\" = 'ok'"
    ledger.setSubsetString("")
    assert {f["status"] for f in ledger.getFeatures()} == {"ok"}


def test_a_layer_without_its_id_is_not_called_complete(wide, server, qtbot):  # noqa: F811
    spoil(server, 8529)
    download(qtbot, wide)
    layers()["Images (partial)"].dataProvider().deleteAttributes([0])
    server.faults.clear()
    retry(qtbot, wide)
    assert wide.panel.resultLabel.text().startswith("QGIS did not take all features into the layer")
    retry(qtbot, wide)
    assert layers()["Images"].featureCount() == expected(wide, server)[0]


def test_layers_that_are_removed_during_a_retry_can_be_had_again(wide, server, qtbot):  # noqa: F811
    spoil(server, 8529)
    download(qtbot, wide)
    server.faults.clear()
    server.delay = 0.5
    press(qtbot, wide.panel.retryButton)
    QgsProject.instance().removeAllMapLayers()
    QgsProject.instance().layerTreeRoot().clear()
    qtbot.waitUntil(lambda: not wide.download.is_running(), timeout=30_000)
    assert wide.panel.resultLabel.text().startswith("The layers were removed meanwhile.")
    retry(qtbot, wide)
    assert layers()["Images"].featureCount() == expected(wide, server)[0]


def test_what_a_server_says_is_no_markup(wide, server, qtbot, bar):  # noqa: F811
    server.fail("markup")
    download(qtbot, wide)
    assert "<b>" in wide.panel.resultLabel.text()
    assert wide.panel.resultLabel.textFormat() == Qt.TextFormat.PlainText
    assert "<b>" not in messages(bar)[0][1]
