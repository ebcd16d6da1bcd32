"""What happens to layers while a retry is changing them is seen, and never called complete when it is not."""

import pytest
from qgis.core import QgsProject, QgsVectorFileWriter
from qgis.PyQt.QtCore import QTimer

from mapillary_coverage.core.layers import layer_changes
from tests.ui.test_coverage_dock import bar, dock, download, server  # noqa: F401
from tests.whole.test_partial import expected, layers, retry, spoil, wide  # noqa: F401

NOT_NULL = '"id" IS NOT NULL'

pytestmark = [pytest.mark.qgis, pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")]


@pytest.fixture
def whole(wide, server):  # noqa: F811
    """How many images and sequences there are."""
    return expected(wide, server)


@pytest.fixture
def lacking(wide, whole, server, qtbot, monkeypatch):  # noqa: F811
    """A dock after a download that lacks a column of tiles; a retry will change its layers in many steps."""
    spoil(server, 8529)
    download(qtbot, wide)
    server.faults.clear()
    monkeypatch.setattr(layer_changes, "FEATURES_PER_BATCH", 5)
    return wide


@pytest.fixture
def meanwhile(monkeypatch):
    """Does something between two steps, once the first feature is on its way into a layer."""
    fitted = layer_changes._fitted

    def plan(action):
        def first(*arguments):
            monkeypatch.setattr(layer_changes, "_fitted", fitted)
            QTimer.singleShot(0, action)
            return fitted(*arguments)

        monkeypatch.setattr(layer_changes, "_fitted", first)

    return plan


def test_a_bug_is_said_and_logged_and_the_layers_can_be_had_again(lacking, whole, qtbot, monkeypatch, logged):
    def broken(*arguments):
        raise ValueError("not foreseen")

    with monkeypatch.context() as patch:
        patch.setattr(layer_changes, "_fitted", broken)
        retry(qtbot, lacking)
    assert lacking.panel.resultLabel.text().startswith("Something went wrong that should not: a bug of the plugin.")
    assert any("Traceback" in text and "ValueError: not foreseen" in text for text in logged)
    assert "Images (partial)" in layers()
    retry(qtbot, lacking)
    assert layers()["Images"].featureCount() == whole[0]


def test_a_layer_that_is_made_permanent_in_the_middle_is_not_called_complete(
    lacking, meanwhile, whole, qtbot, tmp_path
):
    images = layers()["Images (partial)"]

    def make_permanent():
        path, options = str(tmp_path / "images.gpkg"), QgsVectorFileWriter.SaveVectorOptions()
        QgsVectorFileWriter.writeAsVectorFormatV2(images, path, QgsProject.instance().transformContext(), options)
        images.setDataSource(path, images.name(), "ogr")

    meanwhile(make_permanent)
    retry(qtbot, lacking)
    assert lacking.panel.resultLabel.text().startswith("QGIS did not take all features into the layer")
    assert images.providerType() == "ogr"
    assert layers()["Images (partial)"] is images
    retry(qtbot, lacking)
    assert layers()["Images"].featureCount() == whole[0]


def test_a_filtered_layer_that_is_removed_in_the_middle_costs_the_others_nothing(lacking, meanwhile, whole, qtbot):
    images = layers()["Images (partial)"]
    images.setSubsetString(NOT_NULL)
    meanwhile(lambda: QgsProject.instance().removeMapLayer(images.id()))
    retry(qtbot, lacking)
    assert list(layers()) == ["Sequences", "Tiles"]
    assert layers()["Sequences"].featureCount() == whole[1]
    assert {feature["status"] for feature in layers()["Tiles"].getFeatures()} == {"ok"}


def test_a_filter_comes_back_when_the_plugin_is_unloaded_in_the_middle(lacking, meanwhile, qtbot):
    images = layers()["Images (partial)"]
    images.setSubsetString(NOT_NULL)
    meanwhile(lacking.download.close_down)
    retry(qtbot, lacking)
    assert images.subsetString() == NOT_NULL
