"""The algorithms as steps of a model, saved and opened again, and what every algorithm tells of itself."""

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingParameterDefinition,
)

from mapillary_coverage.core.algorithms.download_coverage import DownloadCoverageAlgorithm
from mapillary_coverage.core.algorithms.provider import MapillaryProvider
from mapillary_coverage.core.errors import UnexpectedError
from mapillary_coverage.core.settings import Settings
from tests.core.algorithms.test_download_coverage import Feedback
from tests.emulator import Town
from tests.emulator.tokens import made_up_token

pytestmark = pytest.mark.qgis

IDS = {"downloadcoverage", "downloadmapfeatures", "downloadthumbnails", "metadata", "detections"}


@pytest.fixture
def provider(qgis_processing):
    made = MapillaryProvider(Settings())
    QgsApplication.processingRegistry().addProvider(made)
    yield made
    QgsApplication.processingRegistry().removeProvider(made)


def child(model, algorithm, output=None, **values):
    step = QgsProcessingModelChildAlgorithm(f"mapillary:{algorithm}")
    step.setChildId(algorithm)
    for name, value in values.items():
        source = (
            QgsProcessingModelChildParameterSource.fromChildOutput(*value)
            if isinstance(value, tuple)
            else QgsProcessingModelChildParameterSource.fromStaticValue(value)
        )
        step.addParameterSources(name, [source])
    if output:
        model_output = QgsProcessingModelOutput(output)
        model_output.setChildId(algorithm)
        model_output.setChildOutputName(output)
        step.setModelOutputs({output: model_output})
    model.addChildAlgorithm(step)


def test_a_model_of_download_and_look_up(provider, emulator, monkeypatch, tmp_path):
    server = emulator(Town(features_per_tile=40))
    monkeypatch.setenv("MAPILLARY_TILES_URL", server.tiles_url)
    monkeypatch.setenv("MAPILLARY_GRAPH_URL", server.graph_url)
    monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", server.credential)
    model = QgsProcessingModelAlgorithm("Signs and where they were seen", "signs")
    child(
        model,
        "downloadmapfeatures",
        EXTENT="7.383,7.404,43.725,43.739 [EPSG:4326]",
        KINDS=["traffic_signs"],
        MAP_FEATURES="TEMPORARY_OUTPUT",
    )
    signs = ("downloadmapfeatures", "MAP_FEATURES")
    child(model, "detections", "OUTPUT", INPUT=signs, ID_FIELD="id", ENTITY="map_feature")
    path = tmp_path / "signs.model3"
    assert model.toFile(str(path))
    again = QgsProcessingModelAlgorithm()
    assert again.fromFile(str(path))
    context, feedback = QgsProcessingContext(), Feedback()
    name = next(d.name() for d in again.parameterDefinitions() if d.isDestination())
    outputs, ok = again.run({name: "memory:"}, context, feedback, {}, False)
    assert ok, feedback.told
    layer = context.temporaryLayerStore().mapLayer(outputs[name])
    assert layer.featureCount() > 0
    assert all(feature["map_feature_id"] for feature in layer.getFeatures())


def test_every_algorithm_tells_what_it_does(provider):
    algorithms = {algorithm.name(): algorithm for algorithm in provider.algorithms()}
    assert set(algorithms) == IDS
    for name, algorithm in algorithms.items():
        assert algorithm.id() == f"mapillary:{name}"
        assert algorithm.group() in ("Download", "Look up")
        assert f"qgis_process run mapillary:{name} --" in algorithm.shortHelpString()
        assert not algorithm.icon().isNull()
        assert algorithm.tags()
        assert algorithm.shortDescription()
        named = set(algorithm.shortHelpString().replace(",", " ").replace("=", " ").replace(".", " ").split())
        for definition in algorithm.parameterDefinitions():
            assert definition.description()
            is_advanced = definition.flags() & QgsProcessingParameterDefinition.Flag.FlagAdvanced
            is_output = definition.isDestination() or definition.name() in ("INPUT", "ID_FIELD")
            assert is_advanced or is_output or definition.name() in named or "DATE" in definition.name(), (
                name,
                definition.name(),
            )


@pytest.mark.parametrize("step", ["check", "prepare", "do"])
def test_a_bug_is_a_sentence_and_its_traceback_is_in_the_log(provider, monkeypatch, caplog, step):
    def wrong(*_):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(DownloadCoverageAlgorithm, step, wrong)
    monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", made_up_token())
    algorithm = DownloadCoverageAlgorithm(Settings()).create()
    parameters = {"EXTENT": "7.383,7.404,43.725,43.739 [EPSG:4326]"}
    context, feedback = QgsProcessingContext(), Feedback()
    if step == "check":
        assert algorithm.checkParameterValues(parameters, context) == (False, UnexpectedError.sentence)
    else:
        _, succeeded = algorithm.run(parameters, context, feedback)
        assert not succeeded
        assert f"ERROR {UnexpectedError.sentence}" in feedback.told
    assert "a bug" in caplog.text
