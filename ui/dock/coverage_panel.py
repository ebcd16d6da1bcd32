"""The form: what to load and which filters, as a request for what the map canvas shows."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.gui import QgsMapCanvas
from qgis.PyQt import uic
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from ...core.errors import InvalidRequestError
from ...core.looks.colour_by import ColourBy
from ...core.mapillary.schema import COVERAGE_LAYERS, IMAGE, MAP_FEATURE_POINT, SEQUENCE, TRAFFIC_SIGN, SourceLayer
from ...core.request.request import CoverageRequest
from ...core.settings import Settings
from ..token.token_panel import TokenPanel
from .area_panel import AreaPanel
from .estimate_line import EstimateLine
from .last_layers import APPEND, NEW, REPLACE

_POSITIONS = {"original": "Original (GPS)", "computed": "Computed (structure from motion)"}

_INTO = {NEW: "New layers", REPLACE: "Replace the last", APPEND: "Append to the last"}

_ESTIMATE_LINES = 4
_RESULT_LINES = 7


class CoveragePanel(QWidget):
    """The widgets of the form. `request()` reads them."""

    def __init__(self, canvas: QgsMapCanvas, settings: Settings, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(Path(__file__).with_suffix(".ui")), self)
        self._settings = settings
        colours = {word: word.title for word in ColourBy}
        combos = {self.positionCombo: _POSITIONS, self.intoCombo: _INTO, self.colourCombo: colours}
        for combo, labels in combos.items():
            for word, label in labels.items():
                combo.addItem(label, word)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(8)
        self.areaPanel = AreaPanel(canvas)
        self.areaBox.layout().insertWidget(0, self.areaPanel)
        self.areaPanel.changed.connect(self.show_estimate)
        self.areaPanel.areaCombo.currentIndexChanged.connect(self._fit)
        self.filterPanel.changed.connect(self.show_estimate)
        self.filterPanel.failed.connect(self.say)
        self.positionCombo.currentIndexChanged.connect(self.show_estimate)
        self.layer_checks = {
            IMAGE: self.imagesCheck,
            SEQUENCE: self.sequencesCheck,
            MAP_FEATURE_POINT: self.pointsCheck,
            TRAFFIC_SIGN: self.signsCheck,
        }
        for check in self.layer_checks.values():
            check.toggled.connect(self._show_layers)
        self.tokenPanel = TokenPanel(settings)
        self.tokenBox.layout().addWidget(self.tokenPanel)
        self.setTabOrder(self.tokenPanel.tokenButton, self.liveCheck)
        self.offlineCheck.setChecked(settings.is_offline())
        self.offlineCheck.toggled.connect(self._set_offline)
        settings.credentials.changed.connect(self.show_estimate)
        # The buttons below stay where they are when the rest of the estimate comes.
        self.liveLabel.setMinimumHeight(self.fontMetrics().lineSpacing())
        self.estimateLabel.setMinimumHeight(_ESTIMATE_LINES * self.fontMetrics().lineSpacing())
        self.resultScroll.setFixedHeight(_RESULT_LINES * self.fontMetrics().lineSpacing())
        self.resultScroll.hide()
        self._estimate = EstimateLine(self.estimateLabel, settings)
        self._is_running = False
        self._show_layers()
        self.set_running(False)

    def request(self) -> CoverageRequest:
        """What the form asks for. Raises InvalidRequestError."""
        return CoverageRequest(
            self.areaPanel.area(),
            self.positionCombo.currentData(),
            self.filterPanel.filter(),
            self.chosen_layers(),
        )

    def chosen_layers(self) -> tuple[SourceLayer, ...]:
        """What is ticked."""
        return tuple(layer for layer, check in self.layer_checks.items() if check.isChecked())

    def into(self) -> str:
        """Whether the result comes as `new` layers, shall `replace` the last, or `append` to it."""
        return str(self.intoCombo.currentData())

    def colour_by(self) -> ColourBy:
        """What the colours of live coverage and of new layers tell."""
        return self.colourCombo.currentData()

    def say(self, text: str) -> None:
        """Show what came of the last action; its place stays from the first time on."""
        self.resultLabel.setText(text)
        self.resultScroll.setVisible(bool(text) or self.resultScroll.isVisible())

    def show_estimate(self) -> None:
        """Say what the button would do, or why it cannot."""
        try:
            request = self.request()
        except InvalidRequestError as error:
            self._estimate.say(str(error))
            self.downloadButton.setEnabled(False)
            return
        self._estimate.show(request, self.areaPanel.subject())
        self.downloadButton.setEnabled(not self._is_running)

    def _fit(self) -> None:
        """Nothing of the form is cut off at its side."""
        self.form.layout().activate()
        bar_width = self.formScroll.verticalScrollBar().sizeHint().width()
        self.formScroll.setMinimumWidth(self.form.minimumSizeHint().width() + bar_width)

    def _show_layers(self) -> None:
        layers = self.chosen_layers()
        self.positionCombo.setEnabled(any(layer in COVERAGE_LAYERS for layer in layers))
        self.filterPanel.show_layers(layers)
        self._fit()
        self.show_estimate()

    def close_down(self) -> None:
        """Before the panel is deleted."""
        self._settings.credentials.changed.disconnect(self.show_estimate)
        self._estimate.close_down()
        self.filterPanel.valuePicker.close_down()
        self.areaPanel.close_down()
        self.tokenPanel.close_down()

    def _set_offline(self, is_offline: bool) -> None:
        self._settings.set_offline(is_offline)
        self.show_estimate()

    def set_running(self, is_running: bool) -> None:
        """Switch between waiting for Download and for Cancel."""
        self._is_running = is_running
        self.cancelButton.setEnabled(is_running)
        self.retryButton.setEnabled(not is_running)
        self.progressBar.setVisible(is_running)
        self.progressBar.setValue(0)
        self.show_estimate()
