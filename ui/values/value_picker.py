"""One line of a form that says which values are chosen, and opens the list of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Optional

from qgis.PyQt.QtCore import QSize, pyqtSignal
from qgis.PyQt.QtGui import QIcon, QResizeEvent
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ...core.mapillary.map_feature_values import label, source_layer_of
from ...core.mapillary.schema import MAP_FEATURE_LAYERS, TRAFFIC_SIGN, SourceLayer
from ..symbol_icon import symbol_icon
from .value_list import ValueList

_MARGIN = 24
_MOST_NAMED = 3
_MOST_IN_TIP = 20


class ValuePicker(QWidget):
    """A button as wide as its place. `changed` is emitted when `patterns` gives something else."""

    changed = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._chosen: tuple[str, ...] = ()
        self._layers: tuple[SourceLayer, ...] = MAP_FEATURE_LAYERS
        self._dialog: Optional[ValueDialog] = None
        self.button = QPushButton()
        self.button.setAccessibleName("Values")
        self.button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.button.clicked.connect(self.open)
        self.setFocusProxy(self.button)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        self._show()

    def patterns(self) -> tuple[str, ...]:
        """The chosen values and patterns of what is offered; none of them stands for all values."""
        return tuple(pattern for pattern in self._chosen if source_layer_of(pattern) in (None, *self._layers))

    def set_patterns(self, patterns: Sequence[str]) -> None:
        """Choose these."""
        self._change(tuple(patterns), self._layers)

    def set_layers(self, layers: Collection[SourceLayer]) -> None:
        """Offer the values of these. What was chosen of the others comes back with them."""
        self._change(self._chosen, tuple(layer for layer in MAP_FEATURE_LAYERS if layer in layers))

    def open(self) -> None:
        """Show the list; OK takes what is chosen there."""
        if self._dialog is not None:
            self._dialog.reject()
        self._dialog = ValueDialog(self._layers, self.patterns(), self.window())
        self._dialog.accepted.connect(self._on_accepted)
        self._dialog.finished.connect(self._on_closed)
        self._dialog.open()

    def close_down(self) -> None:
        """Before the widget is deleted."""
        if self._dialog is not None:
            self._dialog.reject()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(self.fontMetrics().averageCharWidth() * 12, self.button.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._show()

    def _on_accepted(self) -> None:
        if self._dialog is not None:
            hidden = [pattern for pattern in self._chosen if pattern not in self.patterns()]
            self._change((*self._dialog.values.patterns(), *hidden), self._layers)

    def _on_closed(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _change(self, chosen: tuple[str, ...], layers: tuple[SourceLayer, ...]) -> None:
        before = self.patterns()
        self._chosen, self._layers = chosen, layers
        self.setEnabled(bool(layers))
        self._show()
        if self.patterns() != before:
            self.changed.emit()

    def _show(self) -> None:
        patterns = self.patterns()
        names = [_name(pattern) for pattern in patterns]
        size = self.button.iconSize().width()
        icon = symbol_icon(patterns[0], size) if len(patterns) == 1 else QIcon()
        self.button.setIcon(icon)
        margin = _MARGIN if icon.isNull() else _MARGIN + size
        metrics, width = self.button.fontMetrics(), self.button.width() - margin
        texts = [_summary(names, named) for named in range(min(len(names), _MOST_NAMED), -1, -1)]
        fitting = (text for text in texts if metrics.horizontalAdvance(text) <= width)
        self.button.setText(next(fitting, texts[-1]).replace("&", "&&"))
        more = ["…"] if len(names) > _MOST_IN_TIP else []
        self.button.setToolTip("\n".join([*names[:_MOST_IN_TIP], *more]) or "Choose objects and signs")


class ValueDialog(QDialog):
    """The list, with OK and Cancel. OK waits until what is typed can be used."""

    def __init__(self, layers: Sequence[SourceLayer], patterns: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Objects and traffic signs")
        self.values = ValueList(self)
        self.values.set_layers(layers)
        self.values.set_patterns(patterns)
        choices = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(choices.Ok | choices.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.values)
        layout.addWidget(self.buttons)
        self.values.changed.connect(self._allow)
        self._allow()
        self.resize(380, 520)
        self.values.searchEdit.setFocus()

    def _allow(self) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not self.values.problem())


def _name(pattern: str) -> str:
    if "*" not in pattern and "?" not in pattern:
        return label(pattern)
    category, _, rest = pattern.partition("--")
    return f"All {category} signs" if rest == "*" and source_layer_of(category) is TRAFFIC_SIGN else pattern


def _summary(names: Sequence[str], named: int) -> str:
    if not names:
        return "All values"
    if not named:
        return f"{len(names)} values"
    rest = len(names) - named
    return ", ".join(names[:named]) + (f" and {rest} more" if rest else "")
