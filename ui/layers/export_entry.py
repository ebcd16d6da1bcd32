"""Where the export is found: in the Web menu, and in the context menu of our layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

from qgis.core import QgsMapLayer, QgsProject
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QAction

from ...core.about import TITLE
from ...core.export.formats import FORMATS
from ...core.layers.kinds import is_ours
from ...core.wording import joined
from ..messages import Messages
from .layer_menu import LayerMenu

if TYPE_CHECKING:
    from .export_dialog import ExportDialog


class ExportEntry(QObject):
    """Two actions and the dialog that they open; `close_down` takes them out again."""

    def __init__(self, iface: Any, messages: Messages) -> None:
        super().__init__(iface.mainWindow())
        self._iface = iface
        self._messages = messages
        self._dialog: Optional[ExportDialog] = None
        self._menu_action = self._action("MapillaryExportAction", self.open_all)
        self._layer_action = self._action("MapillaryExportLayersAction", self.open_selected)
        iface.addPluginToWebMenu(TITLE, self._menu_action)
        self._layer_menu = LayerMenu(iface, self._layer_action, is_ours)

    def open_for(self, layers: Sequence[QgsMapLayer]) -> None:
        """Open the dialog with these layers ticked."""
        from .export_dialog import ExportDialog

        if self._dialog is None:
            self._dialog = ExportDialog(self._messages, self._iface.mainWindow())
        self._dialog.open_for(layers)

    def open_all(self) -> None:
        """Open the dialog with all our layers ticked."""
        self.open_for([layer for layer in QgsProject.instance().mapLayers().values() if is_ours(layer)])

    def open_selected(self) -> None:
        """Open the dialog with those ticked that are selected in the layer tree."""
        self.open_for(self._layer_menu.chosen())

    def close_down(self) -> None:
        """End what runs and take everything out."""
        self._iface.removePluginWebMenu(TITLE, self._menu_action)
        self._layer_menu.close_down()
        if self._dialog is not None:
            self._dialog.close_down()
            self._dialog.deleteLater()
            self._dialog = None
        self.deleteLater()

    def _action(self, name: str, run: Any) -> QAction:
        action = QAction("Export Mapillary layers…", self)
        action.setObjectName(name)
        action.setToolTip(f"Save Mapillary layers as {joined([known.label for known in FORMATS], 'or')}")
        action.triggered.connect(run)
        return action
