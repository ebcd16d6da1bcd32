"""Gives layers of ours that come from a file what QGIS loses of them: times, form, names of fields, actions and tip."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.core import QgsMapLayer, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QObject

from ...core.layers.kinds import has_our_rights, kind_of_layer
from ...core.looks.layer_style import set_times, style_file
from ...core.mapillary.schema import IMAGES, MAP_FEATURES, SEQUENCES

_KINDS = (IMAGES, SEQUENCES, MAP_FEATURES)
_CATEGORIES = QgsMapLayer.StyleCategory
_LOST_CATEGORIES = _CATEGORIES.Fields | _CATEGORIES.Forms | _CATEGORIES.MapTips | _CATEGORIES.Actions


class ReopenedLayers(QObject):
    """Looks at each layer that comes into the project, until `close_down`."""

    def __init__(self, project: QgsProject, parent: QObject) -> None:
        super().__init__(parent)
        self._project = project
        project.layersAdded.connect(self._dress)
        self._dress(project.mapLayers().values())

    def close_down(self) -> None:
        """Layers stay as they are from now on."""
        self._project.layersAdded.disconnect(self._dress)
        self.deleteLater()

    def _dress(self, layers: Iterable[QgsMapLayer]) -> None:
        for layer in layers:
            kind = kind_of_layer(layer)
            if kind in _KINDS and has_our_rights(layer):
                restore(layer, kind)


def restore(layer: QgsVectorLayer, kind: str) -> None:
    """Only what is as QGIS makes it for any layer: whoever has set something there finds it as it was."""
    if not layer.mapTipTemplate() and not any(layer.attributeAliases().values()):
        layer.loadNamedStyle(str(style_file(kind)), False, _LOST_CATEGORIES)
    # Times that a person turned off keep their field. QGIS stores times with the style of a layer, but resets them
    # right after it has read that.
    if not _has_times(layer):
        layer.loadNamedStyle(layer.styleURI(), False, _CATEGORIES.Temporal)
    if not _has_times(layer):
        set_times(layer, kind)


def _has_times(layer: QgsVectorLayer) -> bool:
    times = layer.temporalProperties()
    return bool(times.isActive() or times.startField() or times.startExpression())
