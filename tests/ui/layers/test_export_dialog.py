"""The export dialog, driven through its widgets, and where it is found."""

import sqlite3

import pytest
from osgeo import ogr
from qgis.core import Qgis, QgsFeature, QgsLayerMetadata, QgsProject, QgsVectorLayer
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QMessageBox

from mapillary_coverage.core.export.formats import FORMATS, GEOJSON, GEOPACKAGE, SHAPEFILE
from mapillary_coverage.core.mapillary.licence import RIGHTS
from mapillary_coverage.core.mapillary.schema import IMAGES, SEQUENCES, TILES
from mapillary_coverage.ui.layers.export_dialog import ExportDialog
from mapillary_coverage.ui.messages import Messages
from tests.core.export.test_run import layer_of

pytestmark = pytest.mark.qgis


@pytest.fixture
def bar(qgis_parent):
    return QgsMessageBar(qgis_parent)


@pytest.fixture
def dialog(qgis_parent, qgis_new_project, bar):
    made = ExportDialog(Messages(bar), qgis_parent)
    yield made
    made.close_down()
    made.deleteLater()


@pytest.fixture
def layers(qgis_new_project):
    """Three of ours and one of somebody else's."""
    made = [layer_of(kind) for kind in (IMAGES, SEQUENCES, TILES)]
    QgsProject.instance().addMapLayers([*made, QgsVectorLayer("Point?crs=EPSG:4326", "mine", "memory")])
    return made


def choose(dialog, target, path):
    dialog.formatCombo.setCurrentIndex(FORMATS.index(target))
    dialog.fileWidget.setFilePath(str(path))


def press_export(qtbot, dialog):
    qtbot.mouseClick(dialog.exportButton, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog._task is None, timeout=30_000)


def answer(qtbot, dialog, word):
    question = dialog._question
    (button,) = [found for found in question.buttons() if found.text().replace("&", "").startswith(word)]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.is_running(), timeout=30_000)


def test_only_our_layers_are_listed_and_those_asked_for_are_ticked(dialog, layers):
    dialog.open_for(layers[:2])
    items = {item.text(): item.checkState() == Qt.CheckState.Checked for item in dialog._items()}
    assert items == {"Images": True, "Sequences": True, "Tiles": False}


def test_three_layers_go_into_one_geopackage_with_their_styles(dialog, layers, qtbot, tmp_path, bar):
    dialog.open_for(layers)
    choose(dialog, GEOPACKAGE, tmp_path / "coverage.gpkg")
    assert dialog.lossesText.toPlainText() == ""
    press_export(qtbot, dialog)
    dataset = ogr.Open(str(tmp_path / "coverage.gpkg"))
    names = [dataset.GetLayer(index).GetName() for index in range(dataset.GetLayerCount())]
    assert [name for name in names if name != "layer_styles"] == ["Images", "Sequences", "Tiles"]
    assert [dataset.GetLayerByName(name).GetFeatureCount() for name in ("Images", "Sequences", "Tiles")] == [5, 5, 5]
    styles = sqlite3.connect(tmp_path / "coverage.gpkg").execute("SELECT count(*) FROM layer_styles").fetchone()
    assert styles == (3,)
    assert not dialog.isVisible()
    assert [item.level() for item in bar.items()] == [Qgis.MessageLevel.Success]
    assert "Exported 3 layers with 15 features to" in bar.items()[0].text()


def test_what_a_shapefile_loses_is_said_before(dialog, layers):
    dialog.open_for(layers)
    choose(dialog, SHAPEFILE, "/tmp/x.shp")
    told = dialog.lossesText.toPlainText()
    assert "sequence_id" in told
    assert "seq_id" in told
    assert "© Mapillary" in told


def test_an_existing_file_is_replaced_only_after_a_question(dialog, layers, qtbot, tmp_path):
    path = tmp_path / "images.geojson"
    path.write_text("mine")
    dialog.open_for(layers[:1])
    choose(dialog, GEOJSON, path)
    press_export(qtbot, dialog)
    assert isinstance(dialog._question, QMessageBox)
    assert str(path) in dialog._question.text()
    answer(qtbot, dialog, "Cancel")
    assert path.read_text() == "mine"
    press_export(qtbot, dialog)
    answer(qtbot, dialog, "Replace")
    assert ogr.Open(str(path)).GetLayer(0).GetFeatureCount() == 5


def test_layers_are_added_to_an_existing_geopackage(dialog, layers, qtbot, tmp_path):
    path = tmp_path / "coverage.gpkg"
    dialog.open_for(layers[:1])
    choose(dialog, GEOPACKAGE, path)
    press_export(qtbot, dialog)
    dialog.open_for(layers[1:2])
    press_export(qtbot, dialog)
    answer(qtbot, dialog, "Add")
    dataset = ogr.Open(str(path))
    assert dataset.GetLayerByName("Images").GetFeatureCount() == 5
    assert dataset.GetLayerByName("Sequences").GetFeatureCount() == 5


def test_only_selected_features(dialog, layers, qtbot, tmp_path):
    layers[0].selectByIds([1, 3])
    dialog.open_for(layers[:1])
    assert dialog.selectedCheck.text().replace("&", "") == "Only selected features (2)"
    dialog.selectedCheck.setChecked(True)
    choose(dialog, GEOPACKAGE, tmp_path / "some.gpkg")
    press_export(qtbot, dialog)
    assert ogr.Open(str(tmp_path / "some.gpkg")).GetLayer(0).GetFeatureCount() == 2


@pytest.mark.parametrize(
    ("path", "words"),
    [("", "No file is named"), ("/nowhere/at/all/x.gpkg", "does not exist"), ("/tmp", "is a folder|No file is named")],
)
def test_a_file_that_cannot_be_is_a_sentence_in_the_dialog(dialog, layers, qtbot, path, words):
    import re

    dialog.open_for(layers[:1])
    choose(dialog, GEOPACKAGE, path)
    press_export(qtbot, dialog)
    assert dialog.isVisible()
    assert re.search(words, dialog.noteLabel.text()), dialog.noteLabel.text()


def test_a_layer_removed_meanwhile_leaves_the_list(dialog, layers):
    dialog.open_for(layers)
    QgsProject.instance().removeMapLayer(layers[1].id())
    assert [item.text() for item in dialog._items()] == ["Images", "Tiles"]


@pytest.mark.parametrize("target", [GEOPACKAGE, SHAPEFILE], ids=lambda target: target.label)
def test_a_table_is_added_to_the_project_from_the_file_that_it_is_in(dialog, qgis_new_project, qtbot, tmp_path, target):
    """A Shapefile without geometry is a .dbf alone."""
    table = QgsVectorLayer("None?field=id:string&field=value:string", "detections", "memory")
    table.dataProvider().addFeatures([QgsFeature(table.fields())])
    metadata = QgsLayerMetadata()
    metadata.setRights([RIGHTS])
    table.setMetadata(metadata)
    QgsProject.instance().addMapLayer(table)
    dialog.open_for([table])
    choose(dialog, target, tmp_path / f"table{target.suffix}")
    dialog.addCheck.setChecked(True)
    press_export(qtbot, dialog)
    (added,) = [layer for layer in QgsProject.instance().mapLayers().values() if layer.providerType() == "ogr"]
    assert added.isValid()
    assert added.featureCount() == 1
