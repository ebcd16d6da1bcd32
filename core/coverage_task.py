"""A download as one task of QGIS' task manager: fetches, decodes and builds the layers off the main thread."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from qgis.core import QgsApplication, QgsVectorLayer

from .creators import with_creators
from .graph_access import GraphAccess
from .layer_changes import LayerChanges, changes_between
from .layers import kinds_of, memory_layer
from .log import log
from .mvt import engine_name
from .request import CoverageRequest
from .result import CoverageResult
from .task import PluginTask
from .tile_access import TileAccess

_READ_PERCENT = 70
"""How far reading the tiles brings the progress; the rest is for building the layers."""


class CoverageTask(PluginTask):
    """Runs a request, or completes an `earlier` result of it.

    Then `result` is there, and by kind the `layers` or, with `earlier`, the `changes` to make to its layers; or `error`
    says why not. `cancel` keeps what was read until then, `abandon` drops it.
    """

    def __init__(
        self,
        request: CoverageRequest,
        access: TileAccess,
        graph: Optional[GraphAccess],
        earlier: Optional[CoverageResult] = None,
    ) -> None:
        super().__init__("Mapillary coverage")
        self.request = request
        self.result: Optional[CoverageResult] = None
        self.layers: dict[str, QgsVectorLayer] = {}
        self.changes: dict[str, LayerChanges] = {}
        self.access = access
        self._graph = graph
        self._earlier = earlier
        self._is_abandoned = False

    def abandon(self) -> None:
        """End as soon as possible, with nothing."""
        self._is_abandoned = True
        self.cancel()

    def work(self) -> None:
        """In a thread of the task manager."""
        # requests takes 0.15 s to import, which QGIS' start should not pay for.
        from .download import download_coverage

        chosen = with_creators(self.request.filter, self._graph, self.isCanceled)
        self.request = replace(self.request, filter=chosen)
        log(f"Downloading {self.request}; decoding with {engine_name()}.")
        result = download_coverage(
            self.request, self.access, self.isCanceled, self._show_progress, earlier=self._earlier
        )
        if result.failure:
            raise result.failure
        self._build(result)
        self.result = result

    def _build(self, result: CoverageResult) -> None:
        kinds = kinds_of(self.request)
        if self._earlier:
            self.changes = {kind: changes_between(kind, self._earlier, result, self._was_abandoned) for kind in kinds}
            return
        layers = {}
        for kind in kinds:
            layers[kind] = memory_layer(kind, result, self._was_abandoned)
            self.setProgress(_READ_PERCENT + (100 - _READ_PERCENT) * len(layers) / len(kinds))
        for layer in layers.values():
            layer.moveToThread(QgsApplication.instance().thread())
        self.layers = layers

    def _was_abandoned(self) -> bool:
        return self._is_abandoned

    def _show_progress(self, done: int, total: int) -> None:
        self.setProgress(_READ_PERCENT * done / total)
