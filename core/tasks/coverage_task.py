"""A download as one task of QGIS' task manager: fetches, decodes and builds the layers off the main thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

from qgis.core import QgsApplication, QgsVectorLayer

from ..download.result import CoverageResult
from ..graph.creators import with_creators
from ..layers.expression import matching_rows
from ..layers.features import memory_layer
from ..layers.layer_changes import Revision, additions, changes_between
from ..layers.layer_content import content_of
from ..log import log
from ..looks.seen import Seen, seen_in
from ..mapillary.schema import kinds_of
from ..mvt import engine_name
from ..network.access import Access
from ..request.request import CoverageRequest
from .task import PluginTask

_READ_PERCENT = 70
"""How far reading the tiles brings the progress; the rest is for building the layers."""


@dataclass(frozen=True)
class Into:
    """The kinds whose layers are there already and take what a run gives: in place of what they hold, or with
    `appends` besides it, of which tiles are missing where it `lacks` some.
    """

    kinds: frozenset[str] = frozenset()
    appends: bool = False
    lacks: bool = False


class CoverageTask(PluginTask):
    """Runs a request, or completes an `earlier` result of it.

    Then `result` is there, and by kind the new `layers`, with what was `seen` in them, and the `changes` to make to
    those that are there, with `earlier` to all; or `error` says why not. `cancel` keeps what was read until then,
    `abandon` drops it.
    """

    def __init__(
        self,
        request: CoverageRequest,
        access: Access,
        graph: Optional[Access],
        earlier: Optional[CoverageResult] = None,
        into: Optional[Into] = None,
    ) -> None:
        super().__init__("Mapillary coverage")
        self.request = request
        self.result: Optional[CoverageResult] = None
        self.layers: dict[str, QgsVectorLayer] = {}
        self.seen: dict[str, Seen] = {}
        self.changes: dict[str, Revision] = {}
        self.access = access
        self._graph = graph
        self.into = into or Into()
        self.completes = earlier is not None
        self._earlier = earlier
        self._is_abandoned = False

    def abandon(self) -> None:
        """End as soon as possible, with nothing."""
        self._is_abandoned = True
        self.cancel()

    def work(self) -> None:
        """In a thread of the task manager."""
        from ..download.download import download_coverage

        chosen = with_creators(self.request.filter, self._graph, self.isCanceled)
        self.request = replace(self.request, filter=chosen)
        log(f"Downloading {self.request}; decoding with {engine_name()}.")
        result = download_coverage(
            self.request,
            self.access,
            self.isCanceled,
            self._show_progress,
            earlier=self._earlier,
            matching_rows=matching_rows,
        )
        if result.failure:
            raise result.failure
        self._build(result)
        self.result = result

    def _build(self, result: CoverageResult) -> None:
        layers = {}
        kinds = kinds_of(self.request.source_layers)
        for number, kind in enumerate(kinds, 1):
            if self._earlier is not None or kind in self.into.kinds:
                self.changes[kind] = self._changes(kind, result)
            else:
                layers[kind] = memory_layer(kind, result, self._was_abandoned)
                self.seen[kind] = seen_in(kind, result)
            self.setProgress(_READ_PERCENT + (100 - _READ_PERCENT) * number / len(kinds))
        for layer in layers.values():
            layer.moveToThread(QgsApplication.instance().thread())
        self.layers = layers

    def _changes(self, kind: str, result: CoverageResult) -> Revision:
        if self._earlier is not None:
            return changes_between(kind, self._earlier, result, self._was_abandoned, self.into.appends)
        if self.into.appends:
            return additions(kind, result, self._was_abandoned)
        return content_of(kind, [result], self._was_abandoned, is_whole=True)

    def _was_abandoned(self) -> bool:
        return self._is_abandoned

    def _show_progress(self, done: int, total: int) -> None:
        self.setProgress(_READ_PERCENT * done / total)
