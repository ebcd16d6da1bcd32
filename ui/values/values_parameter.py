"""VALUES in Processing's dialogs: a line to type in, and a button that opens the list."""

from __future__ import annotations

from typing import Any, Optional

from processing.gui.wrappers import WidgetWrapper
from qgis.core import QgsProcessingParameterDefinition
from qgis.gui import QgsFilterLineEdit, QgsGui
from qgis.PyQt.QtWidgets import QHBoxLayout, QToolButton, QWidget

from ...core.mapillary.map_feature_values import split_patterns
from ...core.mapillary.schema import MAP_FEATURE_LAYERS
from .value_picker import ValueDialog


class ValuesWidget:
    """What Processing finds by its name in the parameter's metadata, and calls with the dialog that needs a widget.

    The model designer gets the widget that it would have made itself: there, a value may also come from an input or an
    expression of the model.
    """

    def __new__(cls, parameter: QgsProcessingParameterDefinition, dialog: Any, *cell: int) -> Any:
        if type(dialog).__name__ == "ModelerParametersDialog":
            return QgsGui.processingGuiRegistry().createModelerParameterWidget(
                dialog.model, dialog.childId, parameter, dialog.context
            )
        return ValuesWrapper(parameter, dialog, *cell)


class ValuesWrapper(WidgetWrapper):
    """Hands text between the dialog and the line."""

    def createWidget(self) -> QWidget:  # noqa: N802
        return ValuesLine()

    def setValue(self, value: Any) -> None:  # noqa: N802
        self.widget.edit.setText(str(value or ""))

    def value(self) -> str:
        return str(self.widget.edit.text())


class ValuesLine(QWidget):
    """A comma list of values and patterns; blank stands for all values."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.edit = QgsFilterLineEdit()
        self.edit.setPlaceholderText("All values")
        self.button = QToolButton()
        self.button.setText("…")
        self.button.setToolTip("Choose objects and signs from a list")
        self.button.clicked.connect(self.open)
        self.setFocusProxy(self.edit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.edit)
        layout.addWidget(self.button)

    def open(self) -> None:
        """Show the list with what is typed; OK writes what is chosen there."""
        dialog = ValueDialog(MAP_FEATURE_LAYERS, split_patterns(self.edit.text()), self.window())
        dialog.accepted.connect(lambda: self.edit.setText(",".join(dialog.values.patterns())))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
