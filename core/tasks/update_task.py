"""Fetching again what layers were made from, as one task of QGIS' task manager."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from ..download.result import CoverageResult
from ..errors import CancelledError
from ..layers.expression import matching_rows
from ..layers.layer_content import LayerContent, content_of
from ..log import log
from ..mapillary.schema import TILES
from ..network.access import Access
from ..request.request import CoverageRequest
from ..request.request_json import request_from_json
from .task import PluginTask

_READ_PERCENT = 80


@dataclass(frozen=True)
class Remembering:
    """What a layer is, and its requests as JSON."""

    kind: str
    requests: tuple[str, ...]


class UpdateTask(PluginTask):
    """Runs the requests that layers, named by their ids, remember; each request once, for the kinds that are wanted.

    Then there are for each layer the `contents` that it shall have and the `results` of its requests, or `error` says
    why not: a cancel leaves nothing, nor does a request none of whose tiles could be read.
    """

    def __init__(self, layers: Mapping[str, Remembering], access: Access) -> None:
        super().__init__("Mapillary: updating layers")
        self.contents: dict[str, LayerContent] = {}
        self.results: dict[str, list[CoverageResult]] = {}
        self._layers = layers
        # Who asks for what is new does not want the tiles of this morning.
        self._access = replace(access, cache=access.cache and replace(access.cache, fresh_seconds=0))

    def work(self) -> None:
        """In a thread of the task manager."""
        kinds: dict[str, set[str]] = {}
        for layer in self._layers.values():
            for text in layer.requests:
                kinds.setdefault(text, set()).add(layer.kind)
        requests = {text: _narrowed(request_from_json(text), wanted) for text, wanted in kinds.items()}
        results: dict[str, CoverageResult] = {}
        for text, request in requests.items():
            results[text] = self._run(request, len(results), len(requests))
        for layer_id, layer in self._layers.items():
            own = [results[text] for text in layer.requests]
            self.contents[layer_id] = content_of(layer.kind, own, self.isCanceled)
            self.results[layer_id] = own

    def _run(self, request: CoverageRequest, number: int, count: int) -> CoverageResult:
        from ..download.download import download_coverage

        log(f"Updating {request}.")

        def show(done: int, total: int) -> None:
            self.setProgress(_READ_PERCENT * (number + done / max(total, 1)) / count)

        result = download_coverage(request, self._access, self.isCanceled, show, matching_rows=matching_rows)
        if self.isCanceled():
            raise CancelledError()
        if result.failure:
            raise result.failure
        if result.stopped_by and number < count - 1:
            raise result.stopped_by
        return result


def _narrowed(request: CoverageRequest, kinds: Collection[str]) -> CoverageRequest:
    """The request for these kinds only; a ledger is of all. Raises InvalidRequestError where it has none of them."""
    if TILES in kinds:
        return request
    layers = tuple(layer for layer in request.source_layers if layer.kind in kinds)
    return replace(request, source_layers=layers)
