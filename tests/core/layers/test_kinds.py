"""What a layer of ours is stays known: through files, without some of its fields, and after fields were added."""

from dataclasses import replace

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsLayerDefinition,
    QgsLayerMetadata,
    QgsProject,
    QgsReadWriteContext,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.export.formats import GEOPACKAGE
from mapillary_coverage.core.export.plan import plan_export
from mapillary_coverage.core.export.run import run_export
from mapillary_coverage.core.layers import kinds
from mapillary_coverage.core.layers.features import memory_layer
from mapillary_coverage.core.layers.kinds import VOCABULARY, fields_of, key_fields, kind_of_layer, mark_kind
from mapillary_coverage.core.mapillary.schema import (
    IMAGES,
    KINDS,
    MAP_FEATURES,
    SEQUENCES,
    SOURCE_LAYERS,
    TILES,
    FieldType,
    fields_of_kind,
)
from tests.conftest import GENUINE_TILE, access_to, request_for
from tests.emulator import Town

pytestmark = pytest.mark.qgis


@pytest.fixture
def layers(emulator, qgis_new_project):
    """One of each kind."""
    server = emulator(Town(images_per_tile=20, features_per_tile=20))
    result = download_coverage(request_for(GENUINE_TILE, source_layers=SOURCE_LAYERS), access_to(server))
    return {kind: memory_layer(kind, result, lambda: False) for kind in KINDS}


def without_fields(layer, kept):
    """As a layer that was made when there were fewer fields."""
    others = [index for index, name in enumerate(layer.fields().names()) if name not in kept]
    assert layer.dataProvider().deleteAttributes(others)
    layer.updateFields()
    return layer


def by_our_export(layer, path):
    run_export(plan_export(QgsProject.instance(), [(layer, "made")], GEOPACKAGE, str(path)), lambda: False, print)
    return QgsVectorLayer(f"{path}|layername=made", "made", "ogr")


def by_the_writer_of_qgis(layer, path):
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.layerName, options.saveMetadata = "made", True
    options.layerMetadata = layer.metadata()
    context = QgsProject.instance().transformContext()
    assert QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), context, options)[0] == 0
    return QgsVectorLayer(f"{path}|layername=made", "made", "ogr")


def by_a_layer_file(layer, path):
    """Of a layer in a GeoPackage: one in memory is empty there."""
    in_file = by_our_export(layer, path)
    in_file.setMetadata(layer.metadata())
    saved = path.with_suffix(".qlr")
    done, message = QgsLayerDefinition.exportLayerDefinitionLayers([in_file], QgsReadWriteContext()), ""
    saved.write_text(done.toString())
    (again,) = QgsLayerDefinition.loadLayerDefinitionLayers(str(saved))
    assert again.isValid(), message
    return again


def by_a_project(layer, path):
    project = QgsProject()
    in_file = by_our_export(layer, path)
    project.addMapLayer(in_file)
    assert project.write(str(path.with_suffix(".qgz")))
    again = QgsProject()
    assert again.read(str(path.with_suffix(".qgz")))
    (found,) = again.mapLayers().values()
    return found.clone()


@pytest.mark.parametrize("way", [by_our_export, by_the_writer_of_qgis, by_a_layer_file, by_a_project])
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_that_lacks_fields_is_known_by_its_mark(layers, tmp_path, kind, way):
    layer = without_fields(layers[kind], [*key_fields(kind), fields_of_kind(kind)[2].name])
    assert kind_of_layer(layer) == kind
    assert kind_of_layer(way(layer, tmp_path / "layer.gpkg")) == kind


def test_the_mark_says_the_version_of_the_fields(layers):
    assert layers[IMAGES].metadata().keywords() == {VOCABULARY: ["kind:images", "fields:1"]}


@pytest.mark.parametrize("kind", [IMAGES, SEQUENCES, MAP_FEATURES])
def test_a_layer_of_before_is_known_without_a_mark_once_fields_are_added(layers, monkeypatch, kind):
    """As one that was exported by an earlier version, or to a format without metadata."""
    layer = layers[kind]
    layer.setMetadata(QgsLayerMetadata())
    added = replace(fields_of_kind(kind)[0], name="brand_new", type=FieldType.TEXT, since=2)

    def grown(asked):
        return (*fields_of_kind(asked), added) if asked == kind else fields_of_kind(asked)

    monkeypatch.setattr(kinds, "fields_of_kind", grown)
    monkeypatch.setattr(kinds, "_VERSIONS", [(each, names) for each in KINDS for names in kinds._versions(each)])
    assert kind_of_layer(layer) == kind
    metadata = QgsLayerMetadata()
    mark_kind(metadata, kind)
    assert metadata.keywords()[VOCABULARY] == [f"kind:{kind}", "fields:2"]


def test_a_mark_that_does_not_fit_is_not_believed(layers):
    """Anybody can have written it."""
    polygons = QgsVectorLayer("Polygon?crs=EPSG:4326&field=id:string", "polygons", "memory")
    polygons.setMetadata(layers[IMAGES].metadata())
    assert kind_of_layer(polygons) is None
    without_id = without_fields(layers[IMAGES], ["captured_at"])
    assert kind_of_layer(without_id) is None
    points = QgsVectorLayer("Point?crs=EPSG:4326&field=id:string", "points", "memory")
    metadata = QgsLayerMetadata()
    metadata.addKeywords(VOCABULARY, ["kind:nonsense", "fields:-1"])
    points.setMetadata(metadata)
    assert kind_of_layer(points) is None


def test_the_fields_of_a_kind_are_those_of_its_layers(layers):
    for kind, layer in layers.items():
        assert layer.fields().names() == fields_of(kind).names()
        assert layer.crs() == QgsCoordinateReferenceSystem("EPSG:4326")
    assert fields_of(TILES).names()[:2] == list(key_fields(TILES))
