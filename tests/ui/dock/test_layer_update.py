"""“Update from Mapillary”: what is new, changed and gone at Mapillary becomes so in the layers, and nothing else."""

from dataclasses import replace
from datetime import datetime, timezone

import pytest
from osgeo import ogr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from mapillary_coverage.core.area.tiling import tile_at
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.export.formats import GEOPACKAGE
from mapillary_coverage.core.export.plan import plan_export
from mapillary_coverage.core.export.run import run_export
from mapillary_coverage.core.layers import layer_content
from mapillary_coverage.core.layers.metadata import remembered
from mapillary_coverage.core.tiles.cache_folder import clear
from mapillary_coverage.ui.dock.last_layers import APPEND
from mapillary_coverage.ui.dock.layer_update import LayerUpdate, can_update
from mapillary_coverage.ui.messages import Messages
from tests.conftest import access_to
from tests.emulator import Town
from tests.ui.layers.test_project_layers import LEFT, MIDDLE, RIGHT, add_as, ask_for, ids, parts
from tests.ui.test_coverage_dock import bar, dock, download, group, layers, messages, server  # noqa: F401
from tests.whole.test_partial import by_key, retry, spoil

pytestmark = pytest.mark.qgis


class Earlier(Town):
    """The town before one image in eleven was made, one in seven deleted and one in five turned."""

    def _points(self, x, y, computed):
        for feature in super()._points(x, y, computed):
            if feature.properties["id"] % 11:
                yield feature


class Later(Town):
    """The town as it became."""

    def _points(self, x, y, computed):
        for feature in super()._points(x, y, computed):
            turned = {**feature.properties, "compass_angle": 12.5}
            if feature.properties["id"] % 7:
                yield replace(feature, properties=turned) if feature.properties["id"] % 5 == 0 else feature


@pytest.fixture
def update(dock, server, qgis_iface, bar):  # noqa: F811
    """The action, over layers of several tiles that are about to be out of date."""
    server.source = Earlier(images_per_tile=400)
    ask_for(dock, LEFT.west + 0.002, RIGHT.east - 0.002)
    made = LayerUpdate(qgis_iface, dock.panel._settings, Messages(bar), dock.panel, dock.download)
    yield made
    made.close_down()


def later(dock, server):  # noqa: F811
    """Mapillary changes, and no tile is fresh any more."""
    server.source = Later(images_per_tile=400)
    forget(dock)
    server.requests.clear()


def forget(dock):  # noqa: F811
    clear(dock.panel._settings.cache().folder)


def run(qtbot, update, *chosen):
    update.update(chosen)
    qtbot.waitUntil(lambda: not update.is_running(), timeout=30_000)


def result(dock):  # noqa: F811
    return dock.panel.resultLabel.text()


def expected(before, after):
    """How many ids are new, changed and gone."""
    common = before.keys() & after.keys()
    changed = sum(before[key] != after[key] for key in common)
    return len(after.keys() - before.keys()), changed, len(before.keys() - after.keys())


def fresh_images(dock, server):  # noqa: F811
    found = download_coverage(dock.panel.request(), access_to(server)).images
    return dict(zip(found.columns["id"], found.columns["compass_angle"]))


def angles(layer):
    return {feature["id"]: feature["compass_angle"] for feature in layer.getFeatures()}


def test_layers_become_what_mapillary_has_now_and_the_rest_is_untouched(dock, server, update, qtbot, bar):  # noqa: F811
    download(qtbot, dock)
    images, sequences, ledger = layers().values()
    images.setName("mine")
    before, numbers = angles(images), {f["id"]: f.id() for f in images.getFeatures()}
    later(dock, server)
    run(qtbot, update, images, sequences, ledger)
    after = fresh_images(dock, server)
    new, changed, gone = expected(before, after)
    assert min(new, changed, gone) > 5
    assert angles(images) == after
    assert {f["id"]: f.id() for f in images.getFeatures() if f["id"] in before} == {
        key: number for key, number in numbers.items() if key in after
    }
    told = result(dock).splitlines()[0]
    assert told.startswith(f"mine: {new} new (")
    assert f", {changed} changed (" in told
    assert f", {gone} gone (" in told
    assert all(key in before and key not in after for key in told.split("gone (")[1].split(" and ")[0].split(", "))
    assert result(dock).splitlines()[1] == f"{sequences.name()}: nothing has changed."
    assert messages(bar)[0][1].startswith("mine: ")
    assert images.name() == "mine"
    assert "images and" in images.metadata().abstract()
    assert len(remembered(images.metadata())) == 1


def test_only_what_was_chosen_is_fetched_and_changed(dock, server, update, qtbot):  # noqa: F811
    dock.panel.pointsCheck.setChecked(True)
    download(qtbot, dock)
    features, images, _, ledger = layers().values()
    tiles = by_key(ledger)
    later(dock, server)
    run(qtbot, update, images)
    assert {seen.path.split("/")[3] for seen in server.requests} == {"mly1_public"}
    assert angles(images) == fresh_images(dock, server)
    assert by_key(ledger) == tiles
    assert can_update(features)


def test_a_second_update_changes_nothing(dock, server, update, qtbot):  # noqa: F811
    download(qtbot, dock)
    images, sequences, _ = layers().values()
    later(dock, server)
    run(qtbot, update, images, sequences)
    forget(dock)
    run(qtbot, update, images, sequences)
    assert [line.rpartition(": ")[2] for line in result(dock).splitlines()[:2]] == ["nothing has changed."] * 2
    assert len(images.metadata().history()) == 4


def reopened(chosen, path, crs=None):
    """The layers exported to a GeoPackage and opened from there in another project."""
    names = [layer.name() for layer in chosen]
    plan = plan_export(QgsProject.instance(), list(zip(chosen, names)), GEOPACKAGE, str(path), crs=crs)
    run_export(plan, lambda: False, lambda percent: None)
    QgsProject.instance().clear()
    opened = [QgsVectorLayer(f"{path}|layername={name}", name, "ogr") for name in names]
    QgsProject.instance().addMapLayers(opened)
    return opened


def angles_in_file(path, table):
    """As GDAL reads them."""
    dataset = ogr.Open(str(path))
    return {row["id"]: row["compass_angle"] for row in dataset.GetLayerByName(table)}


def test_a_geopackage_is_updated_in_place(dock, server, update, qtbot, tmp_path, zone):  # noqa: F811
    path = tmp_path / "kept.gpkg"
    download(qtbot, dock)
    images, sequences, _ = layers().values()
    before = angles(images)
    images, sequences = reopened([images, sequences], path)
    later(dock, server)
    run(qtbot, update, images, sequences)
    after = fresh_images(dock, server)
    new, changed, gone = expected(before, after)
    assert f": {new} new (" in result(dock), result(dock)
    assert f", {changed} changed (" in result(dock)
    assert f", {gone} gone (" in result(dock)
    assert f"{sequences.name()}: nothing has changed." in result(dock)
    assert angles_in_file(path, images.name()) == after
    again = QgsVectorLayer(f"{path}|layername={images.name()}", "again", "ogr")
    assert len(again.metadata().history()) == 3
    assert can_update(again)
    whole = download_coverage(dock.panel.request(), access_to(server)).images
    times = dict(zip(whole.columns["id"], whole.columns["captured_at"]))
    dataset = ogr.Open(str(path))
    for row in dataset.GetLayerByName(images.name()):
        *day, second, _ = row.GetFieldAsDateTime(row.GetFieldIndex("captured_at"))
        read = datetime(*day, tzinfo=timezone.utc).timestamp() + second
        assert -0.002 < times[row["id"]] / 1000 - read < 1, "QGIS 3.22 writes whole seconds"
    forget(dock)
    run(qtbot, update, images, sequences)
    assert [line.rpartition(": ")[2] for line in result(dock).splitlines()[:2]] == ["nothing has changed."] * 2


def test_a_geopackage_in_another_crs_is_updated_too(dock, server, update, qtbot, tmp_path):  # noqa: F811
    download(qtbot, dock)
    (images, sequences) = reopened(
        [layers()["Images"], layers()["Sequences"]], tmp_path / "utm.gpkg", QgsCoordinateReferenceSystem("EPSG:32632")
    )
    later(dock, server)
    run(qtbot, update, images, sequences)
    assert angles(images) == fresh_images(dock, server)
    assert f"{sequences.name()}: nothing has changed." in result(dock)
    assert all(feature.geometry().asPoint().x() > 1000 for feature in images.getFeatures())


def test_what_lies_in_tiles_that_failed_stays(dock, server, update, qtbot, bar):  # noqa: F811
    download(qtbot, dock)
    images, sequences, ledger = layers().values()
    before = angles(images)
    lines = {f["id"]: parts(f.geometry()) for f in sequences.getFeatures()}
    places = {f["id"]: tile_at(*f.geometry().asPoint()).x for f in images.getFeatures()}
    later(dock, server)
    spoil(server, 8529)
    run(qtbot, update, images, sequences, ledger)
    server.faults.clear()
    after = fresh_images(dock, server)
    now = angles(images)
    assert {key: now.get(key) for key in before if places[key] == 8529} == {
        key: angle for key, angle in before.items() if places[key] == 8529
    }
    assert {key for key in before if key not in now} == {
        key for key in before if key not in after and places[key] != 8529
    }
    assert {f["id"]: parts(f.geometry()) for f in sequences.getFeatures()} == lines
    assert "What lies in tiles that are missing stays as it was." in result(dock)
    assert messages(bar)[0][1].startswith("The result is partial: ")
    assert list(layers()) == ["Images (partial)", "Sequences (partial)", "Tiles (partial)"]
    assert {f["status"] for f in ledger.getFeatures()} == {"ok", "failed"}
    forget(dock)
    run(qtbot, update, images, sequences, ledger)
    assert angles(images) == after
    assert list(layers()) == ["Images", "Sequences", "Tiles"]


def test_where_no_tile_can_be_read_nothing_changes(dock, server, update, qtbot):  # noqa: F811
    download(qtbot, dock)
    images = layers()["Images"]
    before = by_key(images)
    later(dock, server)
    spoil(server, 8528, 8529, 8530)
    run(qtbot, update, images)
    assert "None of the " in result(dock)
    assert by_key(images) == before


def test_a_cancelled_update_changes_nothing(dock, server, update, qtbot):  # noqa: F811
    download(qtbot, dock)
    images = layers()["Images"]
    before = by_key(images)
    later(dock, server)
    server.delay = 0.5
    update.update([images])
    qtbot.waitUntil(lambda: len(server.requests) > 0, timeout=10_000)
    assert not dock.panel.downloadButton.isEnabled()
    dock.panel.cancelButton.click()
    qtbot.waitUntil(lambda: not update.is_running(), timeout=10_000)
    assert result(dock) == "The update was cancelled; nothing was changed."
    assert by_key(images) == before
    assert dock.panel.downloadButton.isEnabled()


def test_one_thing_at_a_time(dock, server, update, qtbot, bar):  # noqa: F811
    download(qtbot, dock)
    images = layers()["Images"]
    server.delay = 0.3
    forget(dock)
    dock.panel.downloadButton.click()
    update.update([images])
    assert messages(bar)[0][1].startswith("Mapillary data are being fetched already.")
    assert not update.is_running()
    qtbot.waitUntil(lambda: not dock.download.is_running(), timeout=30_000)


def test_an_edited_layer_is_not_touched(dock, server, update, qtbot, monkeypatch):  # noqa: F811
    download(qtbot, dock)
    images = layers()["Images"]
    before = by_key(images)
    later(dock, server)
    images.startEditing()
    run(qtbot, update, images)
    assert result(dock).startswith(f"The layer {images.name()} is being edited.")
    assert server.requests == []
    images.rollBack()
    server.delay = 0.3
    update.update([images])
    images.startEditing()
    qtbot.waitUntil(lambda: not update.is_running(), timeout=30_000)
    assert result(dock).startswith(f"The layer {images.name()} is being edited.")
    images.rollBack()
    assert by_key(images) == before


def test_a_layer_that_is_removed_meanwhile_does_no_harm(dock, server, update, qtbot, monkeypatch):  # noqa: F811
    monkeypatch.setattr(layer_content, "_STEP", 5)
    download(qtbot, dock)
    images, sequences, _ = layers().values()
    later(dock, server)
    update.update([images, sequences])
    qtbot.waitUntil(lambda: update._steps is not None, timeout=20_000)
    QgsProject.instance().removeMapLayer(images.id())
    qtbot.waitUntil(lambda: not update.is_running(), timeout=30_000)
    assert result(dock).splitlines()[0] == f"{sequences.name()}: nothing has changed."


def test_closing_the_project_ends_the_update(dock, server, update, qtbot):  # noqa: F811
    download(qtbot, dock)
    server.delay = 30
    forget(dock)
    update.update([layers()["Images"]])
    QgsProject.instance().clear()
    assert not update.is_running()
    assert dock.panel.downloadButton.isEnabled()


def test_an_appended_layer_is_updated_with_all_its_requests(dock, server, update, qtbot):  # noqa: F811
    ask_for(dock, LEFT.west + 0.002, MIDDLE.east - 0.01)
    download(qtbot, dock)
    ask_for(dock, MIDDLE.east - 0.012, RIGHT.east - 0.002)
    add_as(dock, APPEND)
    download(qtbot, dock)
    images, sequences, ledger = layers().values()
    later(dock, server)
    run(qtbot, update, images, sequences, ledger)
    ask_for(dock, LEFT.west + 0.002, RIGHT.east - 0.002)
    assert angles(images) == fresh_images(dock, server)
    assert f"{sequences.name()}: nothing has changed." in result(dock)
    assert len(remembered(images.metadata())) == 2


def test_a_retry_after_an_update_doubles_nothing(dock, server, update, qtbot):  # noqa: F811
    spoil(server, 8529)
    download(qtbot, dock)
    server.faults.clear()
    images = layers()["Images (partial)"]
    run(qtbot, update, images)
    complete = ids(images)
    assert len(complete) == len(set(complete)) == len(fresh_images(dock, server))
    retry(qtbot, dock)
    assert ids(images) == complete


def test_a_filtered_layer_stays_filtered(dock, server, update, qtbot):  # noqa: F811
    download(qtbot, dock)
    images = layers()["Images"]
    images.setSubsetString('"is_pano"')
    later(dock, server)
    run(qtbot, update, images)
    assert images.subsetString() == '"is_pano"'
    images.setSubsetString("")
    assert angles(images) == fresh_images(dock, server)


@pytest.mark.parametrize("text", ["", "{}", "[" * 1000, '{"layers": 7}'])
def test_what_anyone_wrote_into_a_layer_is_one_sentence(dock, server, update, qtbot, text):  # noqa: F811
    download(qtbot, dock)
    images = layers()["Images"]
    metadata = images.metadata().clone()
    metadata.setHistory([f"Request: {text}"])
    images.setMetadata(metadata)
    server.requests.clear()
    run(qtbot, update, images)
    assert result(dock).startswith("The request that the layer remembers cannot be read")
    assert server.requests == []


def test_other_layers_are_not_offered_it(dock, server, update, qtbot, tmp_path):  # noqa: F811
    download(qtbot, dock)
    images = layers()["Images"]
    assert can_update(images)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GeoJSON"
    path = str(tmp_path / "a.geojson")
    QgsVectorFileWriter.writeAsVectorFormatV3(images, path, QgsProject.instance().transformContext(), options)
    other = QgsVectorLayer(path, "a", "ogr")
    other.setMetadata(images.metadata())
    assert not can_update(other)
    assert not can_update(QgsVectorLayer("Point?crs=EPSG:4326", "mine", "memory"))


def test_a_read_only_file_is_left_alone(dock, server, update, qtbot, tmp_path):  # noqa: F811
    download(qtbot, dock)
    (images,) = reopened([layers()["Images"]], tmp_path / "kept.gpkg")
    images.setReadOnly(True)
    run(qtbot, update, images)
    assert result(dock).startswith(f"The layer {images.name()} cannot be changed")


def test_the_token_is_kept_nowhere(dock, server, update, qtbot, logged):  # noqa: F811
    download(qtbot, dock)
    images = layers()["Images"]
    later(dock, server)
    run(qtbot, update, images)
    secret = server.credential.split("|")[2]
    assert secret not in "".join(logged) + images.htmlMetadata() + result(dock)
    assert any("Updating images" in text for text in logged)


def test_a_layer_without_the_newest_field_is_updated_too(dock, server, update, qtbot):  # noqa: F811
    """As one that was made before there was that field."""
    download(qtbot, dock)
    images, _, _ = layers().values()
    assert images.dataProvider().deleteAttributes([images.fields().indexOf("quality_score")])
    images.updateFields()
    assert can_update(images)
    later(dock, server)
    run(qtbot, update, images)
    assert angles(images) == fresh_images(dock, server)
    assert images.name().startswith("Images, ")
