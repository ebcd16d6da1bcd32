"""The filter as a form, and the filters that were saved under a name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

from qgis.gui import QgsFieldExpressionWidget
from qgis.PyQt import uic
from qgis.PyQt.QtCore import QSignalBlocker, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QLineEdit, QWidget

from ...core.errors import InvalidRequestError
from ...core.layers.expression import check_expression
from ...core.layers.kinds import IMAGES, MAP_FEATURES, fields_of
from ...core.mapillary.schema import IMAGE, MAP_FEATURE_POINT, SourceLayer
from ...core.request.filters import CoverageFilter
from ...core.settings.presets import preset_names, read_preset, remove_preset, write_preset

_PANORAMAS = {"all": "All images", "only": "Panoramas only", "without": "Without panoramas"}
_ON_FOOT = {"all": "All images", "only": "On foot only", "without": "Not on foot"}


class FilterPanel(QWidget):
    """`filter()` reads the widgets; `changed` fires when it would give something else."""

    changed = pyqtSignal()
    failed = pyqtSignal(str)
    """Why a filter could not be saved or shown."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(Path(__file__).with_suffix(".ui")), self)
        self._has_images = self._has_features = True
        for combo, words in ((self.panoramaCombo, _PANORAMAS), (self.footCombo, _ON_FOOT)):
            for word, label in words.items():
                combo.addItem(label, word)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(8)
            combo.currentIndexChanged.connect(self.changed)
        self.monthsSpin.setClearValue(0)
        self.qualitySpin.setClearValue(self.qualitySpin.minimum())
        self.expressionWidget.setFields(fields_of(IMAGES))
        self.featureExpressionWidget.setFields(fields_of(MAP_FEATURES))
        for edit in self._days():
            edit.dateValueChanged.connect(self.changed)
        for line in self._lists():
            line.textChanged.connect(self.changed)
        for spin in (self.monthsSpin, self.qualitySpin):
            spin.valueChanged.connect(self.changed)
        for widget in (self.expressionWidget, self.featureExpressionWidget):
            widget.fieldChanged.connect(self.changed)
        self.unscoredCheck.toggled.connect(self.changed)
        self.valuePicker.changed.connect(self.changed)
        self.changed.connect(self._show_what_applies)
        self._list_presets()
        self.presetCombo.activated.connect(self._apply_preset)
        self.presetCombo.editTextChanged.connect(self._show_preset_buttons)
        self.saveButton.clicked.connect(self._save_preset)
        self.removeButton.clicked.connect(self._remove_preset)
        self._show_what_applies()

    def filter(self) -> CoverageFilter:
        """The conditions that are shown. Raises InvalidRequestError."""
        return CoverageFilter(
            **(self._coverage_conditions() if self._has_images else {}),
            **(self._feature_conditions() if self._has_features else {}),
        )

    def _coverage_conditions(self) -> dict[str, Any]:
        months = self.monthsSpin.value() or None
        quality = self.qualitySpin.value()
        return {
            "start_date": None if months else self.startEdit.day(),
            "end_date": None if months else self.endEdit.day(),
            "last_months": months,
            "panorama": self.panoramaCombo.currentData(),
            "on_foot": self.footCombo.currentData(),
            "organization_ids": _items(self.organizationsEdit),
            "creators": _items(self.creatorsEdit),
            "sequence_ids": _items(self.sequencesEdit),
            "image_ids": _items(self.imagesEdit),
            "min_quality": round(quality, 4) if quality >= 0 else None,
            "keep_unscored": self.unscoredCheck.isChecked(),
            "expression": _expression(self.expressionWidget, IMAGE),
        }

    def _feature_conditions(self) -> dict[str, Any]:
        return {
            "values": self.valuePicker.patterns(),
            "first_seen_after": self.firstEdit.day(),
            "last_seen_after": self.lastEdit.day(),
            "feature_expression": _expression(self.featureExpressionWidget, MAP_FEATURE_POINT),
        }

    def set_filter(self, chosen: CoverageFilter) -> None:
        """Show a filter."""
        blocker = QSignalBlocker(self)
        dates = (chosen.start_date, chosen.end_date) if chosen.last_months is None else (None, None)
        for edit, day in zip(self._days(), (*dates, chosen.first_seen_after, chosen.last_seen_after)):
            edit.set_day(day)
        self.monthsSpin.setValue(chosen.last_months or 0)
        for combo, word in ((self.panoramaCombo, chosen.panorama), (self.footCombo, chosen.on_foot)):
            combo.setCurrentIndex(combo.findData(word))
        lists = (chosen.creators, chosen.organization_ids, chosen.sequence_ids, chosen.image_ids)
        for line, items in zip(self._lists(), lists):
            line.setText(", ".join(items))
        self.qualitySpin.setValue(self.qualitySpin.minimum() if chosen.min_quality is None else chosen.min_quality)
        self.unscoredCheck.setChecked(chosen.keep_unscored)
        self.expressionWidget.setExpression(chosen.expression)
        self.featureExpressionWidget.setExpression(chosen.feature_expression)
        self.valuePicker.set_patterns(chosen.values)
        blocker.unblock()
        self.changed.emit()

    def show_kinds(self, images: bool, points: bool, traffic_signs: bool) -> None:
        """Show the conditions that act on what is loaded."""
        self._has_images, self._has_features = images, points or traffic_signs
        self.coverageBox.setVisible(images)
        self.moreBox.setVisible(images)
        self.featuresBox.setVisible(self._has_features)
        self.valuePicker.set_kinds(points, traffic_signs)

    def _days(self) -> tuple[QWidget, ...]:
        return self.startEdit, self.endEdit, self.firstEdit, self.lastEdit

    def _lists(self) -> tuple[QLineEdit, ...]:
        return self.creatorsEdit, self.organizationsEdit, self.sequencesEdit, self.imagesEdit

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
            write_preset(name, CoverageFilter(**self._coverage_conditions(), **self._feature_conditions()))
        except InvalidRequestError as error:
            self.failed.emit(str(error))
        else:
            self._list_presets(name)

    def _remove_preset(self) -> None:
        remove_preset(self.presetCombo.currentText().strip())
        self._list_presets()


def _items(line: QLineEdit) -> tuple[str, ...]:
    items: Iterable[str] = (item.strip() for item in line.text().split(","))
    return tuple(dict.fromkeys(item for item in items if item))


def _expression(widget: QgsFieldExpressionWidget, layer: SourceLayer) -> str:
    text = widget.expression().strip()
    if text:
        check_expression(text, layer)
    return text
