"""A download as one task of QGIS' task manager: fetches, decodes and builds the layers off the main thread."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication, QgsTask, QgsVectorLayer
from qgis.PyQt.QtCore import pyqtSignal

from .errors import MapillaryError
from .layer_changes import LayerChanges, changes_between
from .layers import IMAGES, SEQUENCES, TILES, memory_layer
from .log import log
from .mvt import engine_name
from .request import CoverageRequest
from .result import CoverageResult
from .tile_access import TileAccess


class CoverageTask(QgsTask):
    """Runs a request, or completes an `earlier` result of it. `ended` fires once on the main thread, however it ends.

    Then `result` is there, and by `images`, `sequences` and `tiles` the `layers` or, with `earlier`, the `changes` to
    make to its layers; or `error` says why not. Neither is there after an unexpected exception, which QGIS logs.
    `cancel` keeps what was read until then, `abandon` drops it.
    """

    ended = pyqtSignal()

    def __init__(self, request: CoverageRequest, access: TileAccess, earlier: Optional[CoverageResult] = None) -> None:
        # Without the notice "Task complete", which would cover ours; QGIS 3.22 cannot leave it out.
        silent = getattr(QgsTask.Flag, "Silent", QgsTask.Flag.CanCancel)
        super().__init__("Mapillary coverage", QgsTask.Flag.CanCancel | silent)
        self.request = request
        self.result: Optional[CoverageResult] = None
        self.layers: dict[str, QgsVectorLayer] = {}
        self.changes: dict[str, LayerChanges] = {}
        self.error: Optional[MapillaryError] = None
        self._access = access
        self._earlier = earlier
        self._is_abandoned = False

    def abandon(self) -> None:
        """End as soon as possible, with nothing."""
        self._is_abandoned = True
        self.cancel()

    def run(self) -> bool:
        """In a thread of the task manager."""
        # requests takes 0.15 s to import, which QGIS' start should not pay for.
        from .download import download_coverage

        log(f"Downloading {self.request}; decoding with {engine_name()}.")
        try:
            result = download_coverage(
                self.request, self._access, self.isCanceled, self._show_progress, earlier=self._earlier
            )
            if result.failure:
                raise result.failure
            self._build(result)
        except MapillaryError as error:
            self.error = error
            return False
        self.result = result
        return True

    def _build(self, result: CoverageResult) -> None:
        kinds = [IMAGES] * self.request.images + [SEQUENCES] * self.request.sequences + [TILES]
        if self._earlier:
            self.changes = {kind: changes_between(kind, self._earlier, result, self._was_abandoned) for kind in kinds}
            return
        layers = {kind: memory_layer(kind, result, self._was_abandoned) for kind in kinds}
        for layer in layers.values():
            layer.moveToThread(QgsApplication.instance().thread())
        self.layers = layers

    def _was_abandoned(self) -> bool:
        return self._is_abandoned

    def finished(self, succeeded: bool) -> None:
        """On the main thread."""
        self.ended.emit()

    def _show_progress(self, done: int, total: int) -> None:
        self.setProgress(100 * done / total)
