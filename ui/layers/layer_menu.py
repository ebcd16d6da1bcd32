"""An action in the context menu of those layers that it is for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from qgis.core import QgsMapLayer, QgsMapLayerType, QgsProject
from qgis.PyQt.QtCore import QObject, QTimer
from qgis.PyQt.QtWidgets import QAction


class LayerMenu(QObject):
    """Offers `action` where `is_for` says so of a layer; `close_down` takes it out again."""

    def __init__(self, iface: Any, action: QAction, is_for: Callable[[QgsMapLayer], bool]) -> None:
        super().__init__(action)
        self._iface = iface
        self._action = action
        self._is_for = is_for
        self._added = list(QgsProject.instance().mapLayers())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._offer)
        iface.addCustomActionForLayerType(action, "", QgsMapLayerType.VectorLayer, False)
        QgsProject.instance().layersAdded.connect(self._on_layers_added)
        self._offer()

    def chosen(self) -> list[QgsMapLayer]:
        """The layers selected in the layer tree that the action is for."""
        return [layer for layer in self._iface.layerTreeView().selectedLayers() if self._is_for(layer)]

    def close_down(self) -> None:
        """Before the action is deleted."""
        QgsProject.instance().layersAdded.disconnect(self._on_layers_added)
        self._timer.stop()
        self._iface.removeCustomActionForLayerType(self._action)

    def _on_layers_added(self, layers: Sequence[QgsMapLayer]) -> None:
        """An algorithm's layers get their metadata only after they were added."""
        self._added += [layer.id() for layer in layers]
        self._timer.start(0)

    def _offer(self) -> None:
        added, self._added = self._added, []
        for layer_id in added:
            layer = QgsProject.instance().mapLayer(layer_id)
            if layer is not None and self._is_for(layer):
                self._iface.addCustomActionForLayer(self._action, layer)
