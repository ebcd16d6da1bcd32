"""Running the algorithms that look things up, on layers of ids."""

from __future__ import annotations

import tempfile

import pytest
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingException,
    QgsVectorLayer,
)

from mapillary_coverage.core.settings import Settings
from tests.core.algorithms.test_download_coverage import Feedback


def layer_of(ids, field="id:string", geometry="Point?crs=EPSG:4326", places=None):
    """A memory layer with one feature for each id."""
    layer = QgsVectorLayer(f"{geometry}&field={field}&field=note:string" if "?" in geometry else
                           f"{geometry}?field={field}&field=note:string", "Ids", "memory")  # fmt: skip
    features = []
    for number, value in enumerate(ids):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([value, f"row {number}"])
        if geometry.startswith("Point"):
            place = places[number] if places else (7 + number / 1000, 43.7)
            feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(*place)))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def images_of(town, count=10**6):
    """The first images of the town's row 5975."""
    found = [image for x in range(town.west, town.west + town.size) for image in town.images(x, 5975)]
    return found[:count]


def ids_of(images):
    return [str(image.properties["id"]) for image in images]


@pytest.fixture
def look_up(monkeypatch, qgis_processing, own_cache):
    """Runs an algorithm on an emulator; the answer has the layer in place of its id. The cache lasts for the test."""
    monkeypatch.setenv("MAPILLARY_CACHE_DIR", tempfile.mkdtemp(dir=own_cache))

    def go(algorithm, server, feedback=None, project=None, **parameters):
        monkeypatch.setenv("MAPILLARY_GRAPH_URL", server.graph_url)
        monkeypatch.setenv("MAPILLARY_TILES_URL", server.tiles_url)
        monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", parameters.pop("credential", server.credential))
        context = QgsProcessingContext()
        if project:
            context.setProject(project)
        made = algorithm(Settings()).create()
        given = {"OUTPUT": "memory:", **parameters}
        ok, why = made.checkParameterValues(given, context)
        if not ok:
            raise QgsProcessingException(why)
        outputs, ok = made.run(given, context, feedback or Feedback(), {}, False)
        store = context.temporaryLayerStore()
        if outputs.get("OUTPUT") in store.mapLayers():
            outputs["OUTPUT"] = store.takeMapLayer(store.mapLayer(outputs["OUTPUT"]))
        return outputs

    return go
