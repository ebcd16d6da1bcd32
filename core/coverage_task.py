"""A download as one task of QGIS' task manager: fetches, decodes and builds the layers off the main thread."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication, QgsTask, QgsVectorLayer
from qgis.PyQt.QtCore import pyqtSignal

from .endpoint import TileServer
from .errors import MapillaryError
from .layers import IMAGES, SEQUENCES, TILES, memory_layer
from .log import log
from .mvt import engine_name
from .request import CoverageRequest
from .result import CoverageResult


class CoverageTask(QgsTask):
    """Runs a request. `ended` fires once on the main thread, however it ends.

    Then `result` and `layers` (by `images`, `sequences`, `tiles`) are there, or `error` says why not; neither is there
    after an unexpected exception, which QGIS logs.
    """

    ended = pyqtSignal()

    def __init__(self, request: CoverageRequest, server: TileServer) -> None:
        # Without the notice "Task complete", which would cover ours; QGIS 3.22 cannot leave it out.
        silent = getattr(QgsTask.Flag, "Silent", QgsTask.Flag.CanCancel)
        super().__init__("Mapillary coverage", QgsTask.Flag.CanCancel | silent)
        self.request = request
        self.result: Optional[CoverageResult] = None
        self.layers: dict[str, QgsVectorLayer] = {}
        self.error: Optional[MapillaryError] = None
        self._server = server

    def run(self) -> bool:
        """In a thread of the task manager."""
        # requests takes 0.15 s to import, which QGIS' start should not pay for.
        from .download import download_coverage

        log(f"Downloading {self.request}; decoding with {engine_name()}.")
        try:
            result = download_coverage(self.request, self._server, self.isCanceled, self._show_progress)
            if result.failure:
                raise result.failure
            kinds = [IMAGES] * self.request.images + [SEQUENCES] * self.request.sequences + [TILES]
            layers = {kind: memory_layer(kind, result, self.isCanceled) for kind in kinds}
        except MapillaryError as error:
            self.error = error
            return False
        for layer in layers.values():
            layer.moveToThread(QgsApplication.instance().thread())
        self.result, self.layers = result, layers
        return True

    def finished(self, succeeded: bool) -> None:
        """On the main thread."""
        self.ended.emit()

    def _show_progress(self, done: int, total: int) -> None:
        self.setProgress(100 * done / total)
