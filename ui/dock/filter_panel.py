"""The filter as a form, and the filters that were saved under a name."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Optional

from qgis.PyQt import uic
from qgis.PyQt.QtCore import QSignalBlocker, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from ...core.errors import InvalidRequestError
from ...core.layers.kinds import fields_of
from ...core.mapillary.schema import COVERAGE_LAYERS, IMAGES, MAP_FEATURE_LAYERS, MAP_FEATURES, SourceLayer
from ...core.request.filters import CONDITIONS, CoverageFilter
from ...core.settings.presets import preset_names, read_preset, remove_preset, write_preset
from .filter_values import FilterValue, value_of

_WIDGETS = {
    "start_date": "startEdit",
    "end_date": "endEdit",
    "last_months": "monthsSpin",
    "panorama": "panoramaCombo",
    "on_foot": "footCombo",
    "organization_ids": "organizationsEdit",
    "creators": "creatorsEdit",
    "sequence_ids": "sequencesEdit",
    "image_ids": "imagesEdit",
    "min_quality": "qualitySpin",
    "keep_unscored": "unscoredCheck",
    "expression": "expressionWidget",
    "values": "valuePicker",
    "first_seen_after": "firstEdit",
    "last_seen_after": "lastEdit",
    "feature_expression": "featureExpressionWidget",
}
"""By the names of a filter's values; what has no widget is for Processing alone."""

_CHOICES = {
    "panoramaCombo": {"all": "All images", "only": "Panoramas only", "without": "Without panoramas"},
    "footCombo": {"all": "All images", "only": "On foot only", "without": "Not on foot"},
}


class FilterPanel(QWidget):
    """`filter()` reads the widgets; `changed` fires when it would give something else."""

    changed = pyqtSignal()
    failed = pyqtSignal(str)
    """Why a filter could not be saved or shown."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(Path(__file__).with_suffix(".ui")), self)
        self._layers: Collection[SourceLayer] = (*COVERAGE_LAYERS, *MAP_FEATURE_LAYERS)
        for name, words in _CHOICES.items():
            _fill(getattr(self, name), words)
        self.monthsSpin.setClearValue(0)
        self.qualitySpin.setClearValue(self.qualitySpin.minimum())
        self.expressionWidget.setFields(fields_of(IMAGES))
        self.featureExpressionWidget.setFields(fields_of(MAP_FEATURES))
        self._values: dict[str, FilterValue] = {}
        for condition in CONDITIONS:
            for given in condition.inputs:
                if given.name in _WIDGETS:
                    widget = getattr(self, _WIDGETS[given.name])
                    self._values[given.name] = value_of(widget, given, condition.layers)
        for value in self._values.values():
            value.changed.connect(self.changed)
        self.changed.connect(self._show_what_applies)
        self._list_presets()
        self.presetCombo.activated.connect(self._apply_preset)
        self.presetCombo.editTextChanged.connect(self._show_preset_buttons)
        self.saveButton.clicked.connect(self._save_preset)
        self.removeButton.clicked.connect(self._remove_preset)
        self._show_what_applies()

    def filter(self) -> CoverageFilter:
        """The conditions that are shown. Raises InvalidRequestError."""
        return self._read(self._layers)

    def set_filter(self, chosen: CoverageFilter) -> None:
        """Show a filter."""
        blocker = QSignalBlocker(self)
        follows = chosen.last_months is not None
        for name, value in self._values.items():
            value.write(None if follows and name in ("start_date", "end_date") else getattr(chosen, name))
        blocker.unblock()
        self.changed.emit()

    def show_layers(self, layers: Collection[SourceLayer]) -> None:
        """Show the conditions that act on what is loaded: those on images stand for sequences too."""
        has_coverage = any(layer in COVERAGE_LAYERS for layer in layers)
        features = [layer for layer in MAP_FEATURE_LAYERS if layer in layers]
        self._layers = (*(COVERAGE_LAYERS if has_coverage else ()), *features)
        self.coverageBox.setVisible(has_coverage)
        self.moreBox.setVisible(has_coverage)
        self.featuresBox.setVisible(bool(features))
        self.valuePicker.set_layers(features)

    def _read(self, layers: Collection[SourceLayer]) -> CoverageFilter:
        """From the widgets of the conditions on these layers. The last months win over days."""
        values = {name: value.read() for name, value in self._values.items() if set(value.layers) & set(layers)}
        if values.get("last_months"):
            values.update(start_date=None, end_date=None)
        return CoverageFilter(**values)

    def _show_what_applies(self) -> None:
        for edit in (self.startEdit, self.endEdit):
            edit.setEnabled(self.monthsSpin.value() == 0)
        self.unscoredCheck.setEnabled(self.qualitySpin.value() >= 0)

    def _list_presets(self, current: str = "") -> None:
        self.presetCombo.clear()
        self.presetCombo.addItems(preset_names())
        self.presetCombo.lineEdit().setPlaceholderText("Saved filters")
        self.presetCombo.setCurrentText(current)
        self._show_preset_buttons()

    def _show_preset_buttons(self) -> None:
        name = self.presetCombo.currentText().strip()
        self.saveButton.setEnabled(bool(name))
        self.removeButton.setEnabled(name in preset_names())

    def _apply_preset(self) -> None:
        try:
            self.set_filter(read_preset(self.presetCombo.currentText()))
        except InvalidRequestError as error:
            self.failed.emit(str(error))

    def _save_preset(self) -> None:
        name = self.presetCombo.currentText().strip()
        try:
            write_preset(name, self._read((*COVERAGE_LAYERS, *MAP_FEATURE_LAYERS)))
        except InvalidRequestError as error:
            self.failed.emit(str(error))
        else:
            self._list_presets(name)

    def _remove_preset(self) -> None:
        remove_preset(self.presetCombo.currentText().strip())
        self._list_presets()


def _fill(combo: QComboBox, words: dict[str, Any]) -> None:
    for word, label in words.items():
        combo.addItem(label, word)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
