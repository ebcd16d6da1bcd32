"""Where layers come in the layer tree, and what a further download does with those of the last."""

import pytest
from qgis.core import QgsProject, QgsRectangle, QgsSingleSymbolRenderer, QgsVectorFileWriter

from mapillary_coverage.core.area.tiling import TileId, tile_box
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.layers.metadata import remembered
from mapillary_coverage.core.mapillary.symbols import symbol_svg
from mapillary_coverage.core.request.request_json import request_from_json
from mapillary_coverage.ui.dock.last_layers import APPEND, NEW, REPLACE
from tests.conftest import access_to
from tests.ui.test_coverage_dock import bar, dock, download, group, layers, server  # noqa: F401
from tests.whole.test_partial import by_key, retry

pytestmark = pytest.mark.qgis

LEFT, MIDDLE, RIGHT = (tile_box(TileId(14, x, 5975)) for x in (8528, 8529, 8530))


def add_as(dock, word):  # noqa: F811
    dock.panel.intoCombo.setCurrentIndex(dock.panel.intoCombo.findData(word))


def ask_for(dock, west, east):  # noqa: F811
    """The middle rows of the tiles between two longitudes."""
    box = MIDDLE
    dock.panel.areaPanel.areaCombo.setCurrentIndex(dock.panel.areaPanel.areaCombo.findData("extent"))
    widget = dock.panel.areaPanel.extentWidget
    widget.setOutputExtentFromUser(QgsRectangle(west, box.south + 0.004, east, box.north - 0.004), widget.outputCrs())


def downloaded(dock, server):  # noqa: F811
    """What an undisturbed download of the form's request gives."""
    return download_coverage(dock.panel.request(), access_to(server))


def ids(layer):
    return sorted(feature["id"] for feature in layer.getFeatures())


def parts(geometry):
    return {part.asWkt(7) for part in geometry.asGeometryCollection()}


def kinds_in_order():
    return [node.layer().name().split(",")[0] for node in group().children()]


def save(layer, path):
    """Made permanent, as QGIS does it."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), QgsProject.instance().transformContext(), options)
    layer.setDataSource(str(path), layer.name(), "ogr")


def test_all_downloads_come_into_one_group_by_kind_the_newest_first(dock, server, qtbot):  # noqa: F811
    dock.panel.pointsCheck.setChecked(True)
    download(qtbot, dock)
    first = layers()
    download(qtbot, dock)
    assert [node.name() for node in QgsProject.instance().layerTreeRoot().children()] == ["Mapillary"]
    assert kinds_in_order() == [kind for kind in ("Map features", "Images", "Sequences", "Tiles") for _ in range(2)]
    assert [node.layer() for node in group().children()][1::2] == list(first.values())


def test_the_group_stays_where_and_as_a_person_puts_it(dock, server, qtbot):  # noqa: F811
    download(qtbot, dock)
    root = QgsProject.instance().layerTreeRoot()
    outer = root.addGroup("Survey")
    outer.addChildNode(group().clone())
    root.removeChildNode(group())
    outer.children()[0].setName("Street images")
    download(qtbot, dock)
    assert [node.name() for node in root.children()] == ["Survey"]
    assert [node.name() for node in outer.children()] == ["Street images"]
    assert len(outer.children()[0].children()) == 6


def test_a_group_that_was_removed_is_made_again(dock, server, qtbot):  # noqa: F811
    download(qtbot, dock)
    root = QgsProject.instance().layerTreeRoot()
    root.removeChildNode(group())
    download(qtbot, dock)
    assert kinds_in_order() == ["Images", "Sequences", "Tiles"]


def test_a_name_tells_the_day_and_the_filter_that_has_to_do_with_the_layer(dock, server, qtbot):  # noqa: F811
    ask_for(dock, LEFT.west + 0.002, RIGHT.east - 0.002)
    dock.panel.pointsCheck.setChecked(True)
    dock.panel.filterPanel.panoramaCombo.setCurrentIndex(1)
    download(qtbot, dock)
    assert list(layers()) == ["Map features", "Images, panoramas only", "Sequences, panoramas only", "Tiles"]
    ledger = layers()["Tiles"]
    day = max(row["fetched_at"] for row in ledger.getFeatures()).toString("yyyy-MM-dd")
    assert ledger.name() == f"Tiles, {day}"


def test_a_bar_in_a_filter_is_none_in_a_name(dock, server, qtbot):  # noqa: F811
    """A table of a file could not be reached under such a name."""
    dock.panel.filterPanel.expressionWidget.setExpression("is_pano or id = 'a|layername=b'")
    download(qtbot, dock)
    assert not any("|" in layer.name() for layer in layers().values())


def test_replacing_changes_the_same_layers_and_leaves_what_a_person_did(dock, server, qtbot):  # noqa: F811
    ask_for(dock, LEFT.west + 0.002, MIDDLE.east)
    download(qtbot, dock)
    images, sequences, ledger = layers().values()
    images.setName("mine")
    renderer = QgsSingleSymbolRenderer.defaultRenderer(images.geometryType())
    images.setRenderer(renderer)
    QgsProject.instance().removeMapLayer(ledger.id())
    ask_for(dock, MIDDLE.west + 0.002, RIGHT.east - 0.002)
    add_as(dock, REPLACE)
    download(qtbot, dock)
    fresh = downloaded(dock, server)
    assert [node.layer() for node in group().children()] == [images, sequences]
    assert ids(images) == sorted(fresh.images.columns["id"])
    assert ids(sequences) == sorted(fresh.sequences.columns["id"])
    assert (images.name(), images.renderer()) == ("mine", renderer)
    (text,) = remembered(images.metadata())
    assert request_from_json(text) == dock.panel.request()
    add_as(dock, NEW)
    download(qtbot, dock)
    assert by_key(layers()["Images"]) == by_key(images)
    assert by_key(layers()["Sequences"]) == by_key(sequences)


def test_replacing_takes_away_what_is_not_asked_for_any_more(dock, server, qtbot):  # noqa: F811
    download(qtbot, dock)
    sequences = layers()["Sequences"].id()
    dock.panel.imagesCheck.setChecked(False)
    dock.panel.pointsCheck.setChecked(True)
    add_as(dock, REPLACE)
    download(qtbot, dock)
    assert list(layers()) == ["Map features", "Sequences", "Tiles"]
    assert layers()["Sequences"].id() == sequences


def test_a_layer_that_was_saved_to_a_file_is_not_replaced(dock, server, qtbot, tmp_path):  # noqa: F811
    ask_for(dock, LEFT.west + 0.002, LEFT.east)
    download(qtbot, dock)
    saved = layers()["Images"]
    save(saved, tmp_path / "kept.gpkg")
    before = ids(saved)
    ask_for(dock, RIGHT.west, RIGHT.east - 0.002)
    add_as(dock, REPLACE)
    download(qtbot, dock)
    assert ids(saved) == before
    assert kinds_in_order() == ["Images", "Images", "Sequences", "Tiles"]
    assert ids(layers()["Images"]) == sorted(downloaded(dock, server).images.columns["id"])


def test_appending_gives_what_one_download_of_both_would_have_given(dock, server, qtbot):  # noqa: F811
    middle = (MIDDLE.west + MIDDLE.east) / 2
    ask_for(dock, LEFT.west + 0.002, middle)
    download(qtbot, dock)
    images, sequences, ledger = layers().values()
    ask_for(dock, middle - 0.005, RIGHT.east - 0.002)
    add_as(dock, APPEND)
    download(qtbot, dock)
    assert [node.layer() for node in group().children()] == [images, sequences, ledger]
    assert len(remembered(images.metadata())) == 2
    ask_for(dock, LEFT.west + 0.002, RIGHT.east - 0.002)
    add_as(dock, NEW)
    download(qtbot, dock)
    whole = layers()
    assert by_key(images) == by_key(whole["Images"])
    merged = {f["id"]: parts(f.geometry()) for f in sequences.getFeatures()}
    assert merged == {f["id"]: parts(f.geometry()) for f in whole["Sequences"].getFeatures()}
    assert sorted(f["tile"] for f in ledger.getFeatures()) == sorted(f["tile"] for f in whole["Tiles"].getFeatures())


def test_appending_another_filter_is_told_by_the_name(dock, server, qtbot):  # noqa: F811
    ask_for(dock, LEFT.west + 0.002, RIGHT.east - 0.002)
    dock.panel.filterPanel.panoramaCombo.setCurrentIndex(1)
    download(qtbot, dock)
    dock.panel.filterPanel.panoramaCombo.setCurrentIndex(2)
    add_as(dock, APPEND)
    download(qtbot, dock)
    assert list(layers()) == ["Images, several requests", "Sequences, several requests", "Tiles, several requests"]


def test_a_retry_completes_what_was_appended(dock, server, qtbot):  # noqa: F811
    ask_for(dock, LEFT.west + 0.002, MIDDLE.east - 0.005)
    download(qtbot, dock)
    images = layers()["Images"]
    server.fail("html", tile=f"14/{TileId(14, 8530, 5975).x}/5975")
    ask_for(dock, MIDDLE.west + 0.002, RIGHT.east - 0.002)
    add_as(dock, APPEND)
    download(qtbot, dock)
    assert "Images (partial)" in layers()
    server.faults.clear()
    retry(qtbot, dock)
    assert layers()["Images"] is images
    appended, sequences = by_key(images), layers()["Sequences"]
    merged = {f["id"]: parts(f.geometry()) for f in sequences.getFeatures()}
    add_as(dock, NEW)
    ask_for(dock, LEFT.west + 0.002, RIGHT.east - 0.002)
    download(qtbot, dock)
    assert appended == by_key(layers()["Images"])
    assert merged == {f["id"]: parts(f.geometry()) for f in layers()["Sequences"].getFeatures()}


def test_what_is_appended_to_a_partial_layer_does_not_make_it_whole(dock, server, qtbot):  # noqa: F811
    server.fail("html", tile="14/8528/5975")
    ask_for(dock, LEFT.west + 0.002, MIDDLE.east)
    download(qtbot, dock)
    assert "Images (partial)" in layers()
    ask_for(dock, RIGHT.west, RIGHT.east - 0.002)
    add_as(dock, APPEND)
    download(qtbot, dock)
    assert list(layers()) == ["Images (partial)", "Sequences (partial)", "Tiles (partial)"]


@pytest.mark.parametrize("word", [REPLACE, APPEND])
def test_where_there_is_no_last_download_new_layers_come(dock, server, qtbot, word):  # noqa: F811
    add_as(dock, word)
    download(qtbot, dock)
    assert list(layers()) == ["Images", "Sequences", "Tiles"]
    QgsProject.instance().removeAllMapLayers()
    download(qtbot, dock)
    assert list(layers()) == ["Images", "Sequences", "Tiles"]


@pytest.mark.parametrize("word", [REPLACE, APPEND])
def test_an_edited_layer_holds_the_download_back(dock, server, qtbot, word):  # noqa: F811
    download(qtbot, dock)
    images = layers()["Images"]
    images.startEditing()
    asked = len(server.requests)
    add_as(dock, word)
    download(qtbot, dock)
    assert dock.panel.resultLabel.text().startswith(f"The layer {images.name()} is being edited.")
    assert len(server.requests) == asked
    images.rollBack()


def test_layers_that_are_removed_during_the_download_are_not_made_again(dock, server, qtbot):  # noqa: F811
    download(qtbot, dock)
    ask_for(dock, RIGHT.west, RIGHT.east - 0.002)
    add_as(dock, REPLACE)
    server.delay = 0.5
    dock.panel.downloadButton.click()
    QgsProject.instance().removeAllMapLayers()
    qtbot.waitUntil(lambda: not dock.download.is_running(), timeout=30_000)
    assert dock.panel.resultLabel.text().startswith("The layers were removed meanwhile. Press Download")
    download(qtbot, dock)
    assert list(layers()) == ["Images", "Sequences", "Tiles"]


def test_the_symbols_follow_what_is_appended_unless_a_person_has_changed_them(dock, server, qtbot):  # noqa: F811
    for check in (dock.panel.imagesCheck, dock.panel.sequencesCheck):
        check.setChecked(False)
    dock.panel.signsCheck.setChecked(True)
    ask_for(dock, LEFT.west + 0.002, LEFT.west + 0.006)
    download(qtbot, dock)
    (signs,) = [layer for name, layer in layers().items() if name.startswith("Map features")]
    before = labels(signs)
    ask_for(dock, MIDDLE.west, RIGHT.east - 0.002)
    add_as(dock, APPEND)
    download(qtbot, dock)
    assert labels(signs) > before
    assert labels(signs) >= {feature["label"] for feature in signs.getFeatures() if symbol_svg(feature["value"])}
    renderer = signs.renderer().clone()
    renderer.updateCategoryLabel(0, "Mine")
    signs.setRenderer(renderer)
    mine = labels(signs)
    ask_for(dock, LEFT.west + 0.002, RIGHT.east - 0.002)
    download(qtbot, dock)
    assert labels(signs) == mine


def labels(layer):
    return {category.label() for category in layer.renderer().categories()}
