"""What attribute tables and forms of our layers show for fields and values, also after a GeoPackage."""

import pytest
from qgis.core import QgsApplication, QgsFeature, QgsProject, QgsVectorLayer
from qgis.gui import QgsAttributeForm
from qgis.PyQt.QtCore import QDateTime, Qt
from qgis.PyQt.QtWidgets import QGroupBox, QLineEdit

from mapillary_coverage.core.export.formats import GEOPACKAGE
from mapillary_coverage.core.export.plan import plan_export
from mapillary_coverage.core.export.run import run_export
from mapillary_coverage.core.mapillary.schema import IMAGES, MAP_FEATURES, SEQUENCES
from tests.core.looks.test_layer_style_actions import ID, layer_of

pytestmark = pytest.mark.qgis

IDS = {
    IMAGES: {"id", "sequence_id", "creator_id", "organization_id"},
    SEQUENCES: {"id", "image_id", "creator_id", "organization_id"},
    MAP_FEATURES: {"id", "value"},
}


@pytest.fixture(params=["memory", "GeoPackage"])
def where(request, tmp_path, qgis_new_project):
    """Gives a layer as it is, or as it comes back from a file."""

    def reopened(layer):
        path = tmp_path / f"{layer.name()}.gpkg"
        plan = plan_export(QgsProject.instance(), [(layer, "exported")], GEOPACKAGE, str(path))
        run_export(plan, lambda: False, lambda percent: None)
        return QgsVectorLayer(f"{path}|layername=exported", "exported", "ogr")

    return reopened if request.param == "GeoPackage" else lambda layer: layer


def shown(layer, name):
    """What the attribute table shows for a field of the layer's only feature."""
    index = layer.fields().lookupField(name)
    setup = layer.editorWidgetSetup(index)
    formatter = QgsApplication.fieldFormatterRegistry().fieldFormatter(setup.type())
    return formatter.representValue(layer, index, setup.config(), None, next(layer.getFeatures())[index])


def time_of(layer, name):
    """Without the zone that QGIS adds, which for a GeoPackage QGIS 3.22 gets wrong: the time is always UTC."""
    return shown(layer, name)[:19]


def test_values_are_in_words_and_times_in_utc(where, zone):
    images = where(layer_of(IMAGES, on_foot=False))
    assert [shown(images, name) for name in ("is_pano", "on_foot")] == ["Yes", "No"]
    assert time_of(images, "captured_at") == "2024-03-31 02:30:00"
    assert shown(images, "id") == ID
    features = where(layer_of(MAP_FEATURES, kind="traffic_sign"))
    assert shown(features, "kind") == "Traffic sign"
    assert time_of(features, "first_seen_at") == "2021-07-01 12:00:05"


@pytest.mark.parametrize("kind", [IMAGES, SEQUENCES, MAP_FEATURES])
def test_every_field_has_a_name_and_ids_cannot_be_edited(kind, where):
    layer = where(layer_of(kind))
    form = layer.editFormConfig()
    ours = [index for index, field in enumerate(layer.fields()) if field.name() != "fid"]
    assert all(layer.attributeAlias(index) for index in ours)
    assert {layer.fields().at(index).name() for index in ours if form.readOnly(index)} == IDS[kind]


def test_the_form_begins_with_the_picture(qtbot, where):
    layer = where(layer_of(IMAGES))
    form = QgsAttributeForm(layer, next(layer.getFeatures()))
    qtbot.addWidget(form)
    form.show()
    boxes = [box.title() for box in form.findChildren(QGroupBox)]
    assert boxes[1:] == ["Image", "Ids"]
    assert ID in [edit.text() for edit in form.findChildren(QLineEdit)]


def test_times_that_are_entered_are_kept_as_they_are(where, zone):
    layer = where(layer_of(IMAGES))
    feature = QgsFeature(next(layer.getFeatures()))
    assert layer.startEditing()
    entered = QDateTime.fromMSecsSinceEpoch(1_600_000_000_000, Qt.TimeSpec.UTC)
    layer.changeAttributeValue(feature.id(), layer.fields().lookupField("captured_at"), entered)
    assert layer.commitChanges()
    assert time_of(layer, "captured_at") == "2020-09-13 12:26:40"
