"""Style and metadata for the layers that QGIS loads after an algorithm."""

from __future__ import annotations

from typing import Any, ClassVar

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsVectorLayer,
)

from ..layers import apply_style, metadata_of
from ..result import CoverageResult


class Dressing(QgsProcessingLayerPostProcessorInterface):
    """Dresses one output. QGIS calls it on the main thread and does not own it."""

    _alive: ClassVar[list[Dressing]] = []

    @classmethod
    def of(cls, kind: str, result: CoverageResult) -> Dressing:
        dressing = cls()
        dressing.kind, dressing.result = kind, result
        cls._alive.append(dressing)
        return dressing

    def postProcessLayer(  # noqa: N802
        self, layer: Any, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        if isinstance(layer, QgsVectorLayer):
            apply_style(layer, self.kind)
            layer.setMetadata(metadata_of(self.result, self.kind))
        self._alive.remove(self)
