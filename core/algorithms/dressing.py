"""Style and metadata for the layers that an algorithm makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Optional

from qgis.core import (
    QgsLayerMetadata,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProviderRegistry,
    QgsVectorLayer,
)

from ..looks.layer_style import apply_style


class Dressing(QgsProcessingLayerPostProcessorInterface):
    """Dresses one output that QGIS loads, in a style of ours where it has one.

    QGIS calls it on the main thread and does not own it.
    """

    _alive: ClassVar[list[Dressing]] = []

    @classmethod
    def of(cls, metadata: QgsLayerMetadata, style: Optional[str] = None) -> Dressing:
        dressing = cls()
        dressing.metadata, dressing.style = metadata, style
        cls._alive.append(dressing)
        return dressing

    def postProcessLayer(  # noqa: N802
        self, layer: Any, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        if isinstance(layer, QgsVectorLayer):
            if self.style is not None:
                apply_style(layer, self.style)
            layer.setMetadata(self.metadata)
        self._alive.remove(self)


def store_metadata(destination: str, metadata: QgsLayerMetadata, feedback: QgsProcessingFeedback) -> None:
    """Put rights and request into a GeoPackage, also where no layer is loaded from it; other outputs are left alone."""
    if ".gpkg" not in destination.lower():
        return
    # QGIS calls the one table of a file as the file.
    named = "|layername=" in destination
    uri = destination if named else f"{destination}|layername={Path(destination).stem}"
    saved, reason = QgsProviderRegistry.instance().saveLayerMetadata("ogr", uri, metadata)
    if not saved:
        feedback.pushWarning(f"Rights and request could not be stored in {destination}: {reason}.")
