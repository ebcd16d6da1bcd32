"""VALUES in Processing's own dialogs: typed, picked from the list, and left to the model designer."""

import subprocess
import sys

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelParameter,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDialogButtonBox

from mapillary_coverage.core.algorithms.provider import MapillaryProvider
from mapillary_coverage.core.settings import Settings
from mapillary_coverage.plugin import PARAMETER_WIDGETS
from mapillary_coverage.ui.values.value_picker import ValueDialog
from tests.conftest import ROOT

pytestmark = pytest.mark.qgis

ID = "mapillary:downloadmapfeatures"


@pytest.fixture
def algorithm(qgis_processing):
    provider = MapillaryProvider(Settings(), PARAMETER_WIDGETS)
    QgsApplication.processingRegistry().addProvider(provider)
    yield QgsApplication.processingRegistry().createAlgorithmById(ID)
    QgsApplication.processingRegistry().removeProvider(provider)


@pytest.fixture
def dialog(algorithm, qgis_iface, qtbot, monkeypatch):
    """Processing's dialog of the algorithm, shown."""
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    monkeypatch.setattr(qgis_iface, "browserModel", lambda: None, raising=False)
    shown = AlgorithmDialog(algorithm)
    qtbot.addWidget(shown)
    shown.show()
    return shown


def line_of(dialog):
    return dialog.mainWidget().wrappers["VALUES"].widget


def given(dialog):
    return dialog.createProcessingParameters().get("VALUES")


def test_values_are_typed(dialog, qtbot):
    assert not given(dialog)
    qtbot.keyClicks(line_of(dialog).edit, "warning--*, object--bench")
    assert given(dialog) == "warning--*, object--bench"


def test_values_are_picked_and_keep_what_was_typed(dialog, qtbot):
    line = line_of(dialog)
    qtbot.keyClicks(line.edit, "object--bench,regulatory--night-*")
    qtbot.mouseClick(line.button, Qt.MouseButton.LeftButton)
    chooser = dialog.findChild(ValueDialog)
    assert chooser.isVisible()
    chooser.values.set_patterns([*chooser.values.patterns(), "warning--*"])
    qtbot.mouseClick(chooser.buttons.button(QDialogButtonBox.StandardButton.Ok), Qt.MouseButton.LeftButton)
    assert given(dialog) == "object--bench,warning--*,regulatory--night-*"


def test_cancel_leaves_what_was_typed(dialog, qtbot):
    line = line_of(dialog)
    qtbot.keyClicks(line.edit, "object--bench")
    qtbot.mouseClick(line.button, Qt.MouseButton.LeftButton)
    chooser = dialog.findChild(ValueDialog)
    chooser.values.clear()
    qtbot.mouseClick(chooser.buttons.button(QDialogButtonBox.StandardButton.Cancel), Qt.MouseButton.LeftButton)
    assert given(dialog) == "object--bench"


def test_a_run_of_the_history_is_shown(dialog):
    dialog.setParameters({"VALUES": "regulatory--stop"})
    assert line_of(dialog).edit.text() == "regulatory--stop"


def test_each_row_of_a_batch_has_its_values(algorithm, qgis_iface, qtbot):
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog

    shown = BatchAlgorithmDialog(algorithm)
    qtbot.addWidget(shown)
    wrapper = shown.mainWidget().wrappers[0]
    values = next(one for one in wrapper if one is not None and one.parameterDefinition().name() == "VALUES")
    qtbot.keyClicks(values.widget.edit, "object--bench")
    assert values.parameterValue() == "object--bench"


def test_an_input_of_a_model_stays_an_input(algorithm, qgis_iface, qtbot):
    from processing.modeler.ModelerParametersDialog import ModelerParametersDialog

    model = QgsProcessingModelAlgorithm()
    model.addModelParameter(QgsProcessingParameterString("wanted", "Wanted"), QgsProcessingModelParameter("wanted"))
    child = QgsProcessingModelChildAlgorithm(ID)
    child.addParameterSources("VALUES", [QgsProcessingModelChildParameterSource.fromModelParameter("wanted")])
    name = model.addChildAlgorithm(child)
    shown = ModelerParametersDialog(algorithm, model, name)
    qtbot.addWidget(shown)
    source = shown.createAlgorithm().parameterSources()["VALUES"][0]
    assert source.parameterName() == "wanted"


def test_without_a_window_the_widget_is_not_loaded():
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import conftest
from mapillary_coverage.core.algorithms.download_map_features import DownloadMapFeaturesAlgorithm
from mapillary_coverage.core.settings import Settings
DownloadMapFeaturesAlgorithm(Settings()).create()
print([name for name in sys.modules if name.startswith("mapillary_coverage.ui")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
