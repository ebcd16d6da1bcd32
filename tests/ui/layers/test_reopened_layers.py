"""Layers of ours that come back from a GeoPackage have their times, form and names again; what a person set stays."""

import sqlite3
from contextlib import closing

import pytest
from qgis.core import Qgis, QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt.QtXml import QDomDocument

from mapillary_coverage.core.export.formats import GEOPACKAGE, SHAPEFILE
from mapillary_coverage.core.export.plan import plan_export
from mapillary_coverage.core.export.run import run_export
from mapillary_coverage.core.layers.metadata import credited
from mapillary_coverage.core.mapillary.schema import IMAGES, MAP_FEATURES, SEQUENCES, TILES
from mapillary_coverage.ui.layers.reopened_layers import ReopenedLayers
from tests.core.looks.test_layer_style_times import drawn, layer_of

pytestmark = pytest.mark.qgis

KINDS = [IMAGES, SEQUENCES, MAP_FEATURES]
TIMES = {
    IMAGES: [["2020-06-01T12:00:00"], ["2022-06-01T00:30:00"], [None]],
    SEQUENCES: [["2020-06-01T12:00:00"], ["2022-06-01T00:30:00"], [None]],
    MAP_FEATURES: [
        ["2020-01-01T00:00:00", "2020-12-31T00:00:00"],
        ["2022-06-01T00:30:00", "2022-06-01T00:30:00"],
        [None, None],
    ],
}


@pytest.fixture
def reopened(qgis_new_project, qgis_parent):
    made = ReopenedLayers(QgsProject.instance(), qgis_parent)
    yield made
    made.close_down()


def ours(kind):
    layer = layer_of(kind, TIMES[kind])
    layer.setMetadata(credited(kind, "a test", ["made"]))
    return layer


def export(layer, path, target=GEOPACKAGE):
    run_export(plan_export(QgsProject.instance(), [(layer, "exported")], target, str(path)), lambda: False, print)
    return path


def opened(path):
    """The layer in a file, as QGIS adds it to the project."""
    layer = QgsVectorLayer(f"{path}|layername=exported", "exported", "ogr")
    assert layer.isValid()
    QgsProject.instance().addMapLayer(layer)
    return layer


def aliases(layer):
    return {name: alias for name, alias in layer.attributeAliases().items() if alias}


def groups(layer):
    """The parts of the layer's form."""
    form = layer.editFormConfig()
    return [group.name() for group in form.tabs()]


@pytest.mark.parametrize("kind", KINDS)
def test_the_times_are_there_again(kind, reopened, tmp_path, zone):
    path = export(ours(kind), tmp_path / "exported.gpkg")
    alone = QgsVectorLayer(f"{path}|layername=exported", "alone", "ogr")
    assert not alone.temporalProperties().isActive(), "QGIS keeps them now, so this is not needed any more"
    layer = opened(path)
    assert drawn(layer, "2020-06-01T00:00:00", "2020-07-01T00:00:00") == [0, 2]
    assert drawn(layer, "2022-06-01T00:00:00", "2022-06-01T01:00:00") == [1, 2]
    assert drawn(layer, "2024-01-01T00:00:00", "2025-01-01T00:00:00") == [2]
    assert aliases(layer) == aliases(ours(kind))
    assert groups(layer) == groups(ours(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_a_style_gets_form_tip_and_actions(kind, reopened, tmp_path):
    """Such as one that an algorithm wrote: that keeps no style."""
    layer = ours(kind)
    path = export(layer, tmp_path / "exported.gpkg")
    with closing(sqlite3.connect(path)) as file, file:
        assert file.execute("DELETE FROM layer_styles").rowcount == 1
    found = opened(path)
    assert aliases(found) == aliases(layer)
    assert found.mapTipTemplate() == layer.mapTipTemplate()
    assert [a.name() for a in found.actions().actions()] == [a.name() for a in layer.actions().actions()]
    assert drawn(found, "2024-01-01T00:00:00", "2025-01-01T00:00:00") == [2]


def test_times_that_were_turned_off_or_changed_stay_so(reopened, tmp_path):
    off = ours(IMAGES)
    off.temporalProperties().setIsActive(False)
    assert not opened(export(off, tmp_path / "off.gpkg")).temporalProperties().isActive()
    changed = ours(MAP_FEATURES)
    changed.temporalProperties().setMode(Qgis.VectorTemporalMode.FeatureDateTimeInstantFromField)
    changed.temporalProperties().setStartField("last_seen_at")
    times = opened(export(changed, tmp_path / "changed.gpkg")).temporalProperties()
    assert times.isActive()
    assert (times.mode(), times.startField()) == (
        Qgis.VectorTemporalMode.FeatureDateTimeInstantFromField,
        "last_seen_at",
    )


def test_names_form_and_tip_of_a_person_stay(reopened, tmp_path):
    layer = ours(IMAGES)
    for index in range(layer.fields().count()):
        layer.removeFieldAlias(index)
    layer.setMapTipTemplate("mine")
    layer.actions().clearActions()
    found = opened(export(layer, tmp_path / "mine.gpkg"))
    assert aliases(found) == {}
    assert found.mapTipTemplate() == "mine"
    assert found.actions().actions() == []


def test_a_project_is_read_as_it_was_saved(reopened, tmp_path):
    layer = opened(export(ours(IMAGES), tmp_path / "exported.gpkg"))
    layer.temporalProperties().setIsActive(False)
    layer.setFieldAlias(layer.fields().lookupField("id"), "mine")
    project = QgsProject.instance()
    assert project.write(str(tmp_path / "saved.qgz"))
    project.clear()
    assert project.read(str(tmp_path / "saved.qgz"))
    (found,) = project.mapLayers().values()
    assert not found.temporalProperties().isActive()
    assert aliases(found)["id"] == "mine"
    assert not project.isDirty()


@pytest.mark.parametrize("adds_first", [True, False])
def test_a_copy_of_a_layer_is_as_the_layer(adds_first, reopened, tmp_path):
    """QGIS clones the layer, and gives the clone the style, times included."""
    layer = opened(export(ours(IMAGES), tmp_path / "exported.gpkg"))
    layer.temporalProperties().setIsActive(False)
    copy, style = layer.clone(), QDomDocument()
    layer.exportNamedStyle(style)
    steps = [lambda: QgsProject.instance().addMapLayer(copy), lambda: copy.importNamedStyle(style)]
    for step in steps if adds_first else reversed(steps):
        step()
    assert not copy.temporalProperties().isActive()


def test_layers_that_were_there_before_the_plugin_are_looked_at_too(qgis_new_project, qgis_parent, tmp_path):
    layer = opened(export(ours(IMAGES), tmp_path / "exported.gpkg"))
    assert not layer.temporalProperties().isActive()
    reopened = ReopenedLayers(QgsProject.instance(), qgis_parent)
    assert layer.temporalProperties().isActive()
    reopened.close_down()
    assert not opened(tmp_path / "exported.gpkg").temporalProperties().isActive()


def test_layers_of_others_stay_as_they_are(reopened, tmp_path):
    shapefile = QgsVectorLayer(str(export(ours(IMAGES), tmp_path / "exported.shp", SHAPEFILE)), "x", "ogr")
    foreign = QgsVectorLayer("Point?crs=EPSG:4326&field=id:string&field=captured_at:datetime", "foreign", "memory")
    for layer in (shapefile, foreign):
        QgsProject.instance().addMapLayer(layer)
        assert not layer.temporalProperties().isActive()
        assert layer.mapTipTemplate() == ""
        assert aliases(layer) == {}


def test_the_ledger_has_no_times(reopened):
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326", "tiles", "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromWkt("POLYGON((0 0,0 1,1 1,0 0))"))
    layer.setMetadata(credited(TILES, "a test", ["made"]))
    QgsProject.instance().addMapLayer(layer)
    assert not layer.temporalProperties().isActive()
