"""When the features of our layers are shown, by QGIS' temporal controller."""

from __future__ import annotations

from qgis.core import QgsMapLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QVariant

from ..layers import fields_of, style_file


def set_times(layer: QgsVectorLayer, kind: str) -> None:
    """Have images and sequences shown at `captured_at`, map features from `first_seen_at` to `last_seen_at`, both UTC,
    as the style of the kind says.

    A layer without these fields, or with other things than date-times in them, stays as it is: it would vanish as soon
    as the controller moves. QGIS shows features without a time at any time.
    """
    fields = layer.fields()
    times = [field.name() for field in fields_of(kind) if field.type() == QVariant.DateTime]
    if all(name in fields.names() and fields.field(name).type() == QVariant.DateTime for name in times):
        layer.loadNamedStyle(str(style_file(kind)), False, QgsMapLayer.StyleCategory.Temporal)
