"""The form: what to load and which filters, as a request for what the map canvas shows."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsProject
from qgis.gui import QgsMapCanvas
from qgis.PyQt import uic
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from ..core.errors import InvalidRequestError
from ..core.extent import area_of_extent, corners_of
from ..core.filters import CoverageFilter
from ..core.request import CoverageRequest
from ..core.settings import Settings
from .estimate_line import EstimateLine
from .token_panel import TokenPanel

_POSITIONS = {"original": "Original (GPS)", "computed": "Computed (structure from motion)"}
_PANORAMAS = {"all": "All images", "only": "Panoramas only", "without": "Without panoramas"}

_ESTIMATE_LINES = 4
_EMPTY_MAP = (
    "The map is empty. Add a base map, such as XYZ Tiles > OpenStreetMap in the Browser panel, and zoom to a town."
)


class CoveragePanel(QWidget):
    """The widgets of the form. `request()` reads them."""

    def __init__(self, canvas: QgsMapCanvas, settings: Settings, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(Path(__file__).with_suffix(".ui")), self)
        self._canvas = canvas
        self._settings = settings
        for combo, words in ((self.positionCombo, _POSITIONS), (self.panoramaCombo, _PANORAMAS)):
            for word, label in words.items():
                combo.addItem(label, word)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(8)
        for edit in (self.startEdit, self.endEdit):
            edit.dateValueChanged.connect(self.show_estimate)
        self.panoramaCombo.currentIndexChanged.connect(self.show_estimate)
        self.imagesCheck.toggled.connect(self.show_estimate)
        self.sequencesCheck.toggled.connect(self.show_estimate)
        self.tokenPanel = TokenPanel(settings)
        self.tokenBox.layout().addWidget(self.tokenPanel)
        self.setTabOrder(self.tokenPanel.tokenButton, self.imagesCheck)
        self.offlineCheck.setChecked(settings.is_offline())
        self.offlineCheck.toggled.connect(self._set_offline)
        settings.credentials.changed.connect(self.show_estimate)
        # The buttons below stay where they are when the rest of the estimate comes.
        self.estimateLabel.setMinimumHeight(_ESTIMATE_LINES * self.fontMetrics().lineSpacing())
        self._estimate = EstimateLine(self.estimateLabel, settings)
        self._is_running = False
        self.set_running(False)

    def request(self) -> CoverageRequest:
        """What the form and the canvas ask for. Raises InvalidRequestError."""
        view = self._canvas.mapSettings()
        return CoverageRequest(
            area_of_extent(
                corners_of(view.visibleExtent()), view.destinationCrs(), QgsProject.instance().transformContext()
            ),
            self.positionCombo.currentData(),
            CoverageFilter(self.startEdit.day(), self.endEdit.day(), self.panoramaCombo.currentData()),
            self.imagesCheck.isChecked(),
            self.sequencesCheck.isChecked(),
        )

    def show_estimate(self) -> None:
        """Say what the button would do, or why it cannot."""
        if self._canvas.extent().isEmpty():
            self._estimate.say(_EMPTY_MAP)
            self.downloadButton.setEnabled(False)
            return
        try:
            request = self.request()
        except InvalidRequestError as error:
            self._estimate.say(str(error))
            self.downloadButton.setEnabled(False)
            return
        self._estimate.show(request)
        self.downloadButton.setEnabled(not self._is_running)

    def close_down(self) -> None:
        """Before the panel is deleted."""
        self._settings.credentials.changed.disconnect(self.show_estimate)
        self._estimate.close_down()
        self.tokenPanel.close_down()

    def _set_offline(self, is_offline: bool) -> None:
        self._settings.set_offline(is_offline)
        self.show_estimate()

    def set_running(self, is_running: bool) -> None:
        """Switch between waiting for Download and for Cancel."""
        self._is_running = is_running
        self.cancelButton.setEnabled(is_running)
        self.progressBar.setVisible(is_running)
        self.progressBar.setValue(0)
        self.show_estimate()
