"""Chooses values of map features and traffic signs: from a list with check boxes and a search, or typed as patterns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from qgis.PyQt import uic
from qgis.PyQt.QtCore import QEvent, QObject, QSize, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from ...core.errors import InvalidRequestError
from ...core.mapillary.map_feature_values import check_patterns, source_layer_of, split_patterns, unknown_patterns
from ...core.mapillary.schema import MAP_FEATURE_LAYERS, SourceLayer
from .value_model import SYMBOL_SIZE, ValueFilter, ValueModel

_INTO_THE_LIST = {Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter}


class ValueList(QWidget):
    """Nothing chosen stands for all values. `changed` is emitted when `patterns` may give something else."""

    changed = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(Path(__file__).with_suffix(".ui")), self)
        self._layers: tuple[SourceLayer, ...] = MAP_FEATURE_LAYERS
        self._model = ValueModel(self)
        self._filter = ValueFilter(self._model, self)
        self.tree.setModel(self._filter)
        self.tree.setIconSize(QSize(SYMBOL_SIZE, SYMBOL_SIZE))
        self.searchEdit.setShowSearchIcon(True)
        self.searchEdit.installEventFilter(self)
        self.searchEdit.textChanged.connect(self._search)
        self.typedEdit.textChanged.connect(self._on_changed)
        self._model.checks_changed.connect(self._on_changed)
        self.clearButton.clicked.connect(self.clear)
        self._on_changed()

    def patterns(self) -> tuple[str, ...]:
        """The chosen values of the kinds shown, as `core.map_feature_values` takes them: those of the list, then those
        typed. A group of signs that is checked as a whole is one pattern, `regulatory--*`.
        """
        return tuple(dict.fromkeys([*self._model.patterns(self._layers), *self._typed()]))

    def set_patterns(self, patterns: Sequence[str]) -> None:
        """Choose these. Those that are not in the list appear as typed."""
        listed = {pattern: self._model.values_of(pattern) for pattern in patterns}
        self.clear()
        self._model.check([value for values in listed.values() for value in values], True)
        self.typedEdit.setText(", ".join(pattern for pattern, values in listed.items() if not values))

    def set_layers(self, layers: Sequence[SourceLayer]) -> None:
        """Offer the values of these. What was chosen of the others comes back with them."""
        self._layers = tuple(layers)
        self._filter.set_layers(self._layers)
        self._on_changed()

    def clear(self) -> None:
        """Choose nothing."""
        self._model.check(self._model.checked(MAP_FEATURE_LAYERS), False)
        self.typedEdit.clear()

    def problem(self) -> str:
        """Why what is typed cannot be used, empty where it can."""
        try:
            check_patterns(split_patterns(self.typedEdit.text()))
        except InvalidRequestError as error:
            return str(error)
        return ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.KeyPress and event.key() in _INTO_THE_LIST:
            self._enter_list()
            return True
        return super().eventFilter(watched, event)

    def _enter_list(self) -> None:
        group = self._filter.index(0, 0)
        first = self._filter.index(0, 0, group)
        self.tree.setCurrentIndex(first if self.searchEdit.text() and first.isValid() else group)
        self.tree.setFocus()

    def _typed(self) -> list[str]:
        """What is typed, but for values of a kind that is not offered; nothing while there is a problem."""
        if self.problem():
            return []
        return [
            item for item in split_patterns(self.typedEdit.text()) if source_layer_of(item) in (None, *self._layers)
        ]

    def _search(self, text: str) -> None:
        self._filter.search(text)
        if text.strip():
            self.tree.expandAll()
        else:
            self.tree.collapseAll()
        self._show_note()

    def _on_changed(self) -> None:
        chosen = len(self._model.checked(self._layers)) + len(self._typed())
        self.countLabel.setText(f"{chosen:,} chosen" if chosen else "All values")
        self._show_note()
        self.changed.emit()

    def _show_note(self) -> None:
        note = self.problem()
        if not note and self.searchEdit.text().strip() and not self._filter.rowCount():
            note = "No value in the list has this. If you know its name, type it above."
        if not note:
            unknown = ", ".join(f"“{item}”" for item in unknown_patterns(self._typed()))
            note = f"No known value is like {unknown}; it is looked for all the same." if unknown else ""
        self.noteLabel.setText(note)
        self.noteLabel.setVisible(bool(note))
