"""What a layer is called and what its metadata say: whose it is, and which requests it was made from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone

from qgis.core import QgsLayerMetadata

from ..about import TITLE, version
from ..area.extent import degrees_crs
from ..download.report import remarks, result_line, warnings
from ..download.result import CoverageResult
from ..mapillary.licence import LICENCE_WITH_LINK, RIGHTS, SITE
from ..mapillary.schema import DEFAULT_POSITION, IMAGES, SEQUENCES, SOURCE_LAYERS, TILES
from ..moments import moment
from ..request.request import CoverageRequest
from ..request.request_json import request_to_json
from .kinds import mark_kind

PARTIAL = " (partial)"
"""How names of layers end where tiles are missing."""

_LONGEST_NAME = 140


_BEGINNING = "Request: "

_LONGEST = 1_000_000
"""Characters; an outline of about 40,000 vertices. A project would hold more than that once a layer."""


def layer_name(kind: str, result: CoverageResult, is_mixed: bool = False) -> str:
    """Such as `Images, 2024-05-01, panoramas only`: with the day (UTC) on which the newest of the tiles was fetched,
    and `(partial)` where tiles are missing. Where a layer `is_mixed` from requests that differ, it says so instead.
    """
    request = result.request
    parts = [kind.replace("_", " ").capitalize()]
    if kind in (IMAGES, SEQUENCES) and not is_mixed and request.position != DEFAULT_POSITION:
        parts.append(f"{request.position} positions")
    times = [record.fetched_at for record in result.ledger if record.fetched_at]
    if times:
        parts.append(f"{moment(max(times)):%Y-%m-%d}")
    if is_mixed:
        parts.append("several requests")
    elif kind != TILES:
        parts.append(request.filter.said_of(next(layer for layer in SOURCE_LAYERS if layer.kind == kind)))
    # In the address of a table in a file, | stands between the file and the table.
    name = ", ".join(filter(None, parts)).replace("|", "¦")
    return (name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…") + PARTIAL * result.is_partial


def metadata_of(result: CoverageResult, kind: str) -> QgsLayerMetadata:
    """Rights, licence and the request: these stay with the layer in a GeoPackage and feed QGIS' map_credits()."""
    history = [str(result.request), *lines_of([result.request])]
    metadata = credited(kind.replace("_", " "), _abstract(result), history)
    mark_kind(metadata, kind)
    return metadata


def metadata_after(
    before: QgsLayerMetadata, results: Sequence[CoverageResult], requests: Sequence[CoverageRequest] = ()
) -> QgsLayerMetadata:
    """What the metadata of a layer become with further results, and with requests that are remembered from now on."""
    metadata = before.clone()
    metadata.setAbstract("\n\n".join(map(_abstract, results)))
    earlier = before.history()
    entries = [_entry(str(result.request)) for result in results]
    metadata.setHistory([*entries, *earlier, *(line for line in lines_of(requests) if line not in earlier)])
    return metadata


def _abstract(result: CoverageResult) -> str:
    return "\n".join([str(result.request), result_line(result), *remarks(result), *warnings(result)])


def _entry(text: str) -> str:
    """A line of a history."""
    return f"{datetime.now(timezone.utc).isoformat(timespec='seconds')} {TITLE} {version()}: {text}"


def credited(what: str, abstract: str, history: Sequence[str]) -> QgsLayerMetadata:
    """Metadata with Mapillary's rights and licence; the first line of the history gets the time and the plugin."""
    metadata = QgsLayerMetadata()
    metadata.setTitle(f"Mapillary {what}")
    metadata.setType("dataset")
    metadata.setAbstract(abstract)
    metadata.setRights([RIGHTS])
    metadata.setLicenses([LICENCE_WITH_LINK])
    metadata.setLinks([QgsLayerMetadata.Link("Mapillary", "WWW:LINK", SITE)])
    metadata.setHistory([_entry(history[0]), *history[1:]])
    metadata.setCrs(degrees_crs())
    return metadata


def lines_of(requests: Iterable[CoverageRequest]) -> list[str]:
    """What a history says of the requests, each once; one with too fine an outline is not remembered."""
    texts = dict.fromkeys(map(request_to_json, requests))
    return [_BEGINNING + text for text in texts if len(text) <= _LONGEST]


def remembered(metadata: QgsLayerMetadata) -> tuple[str, ...]:
    """The requests, each once, for `request_from_json`; anyone can have written them."""
    lines = (line for line in metadata.history() if line.startswith(_BEGINNING))
    texts = dict.fromkeys(line[len(_BEGINNING) :] for line in lines)
    return tuple(text for text in texts if len(text) <= _LONGEST)


def have_one_filter(texts: Iterable[str]) -> bool:
    """Whether the requests differ in nothing but their areas."""
    try:
        found = [json.loads(text) for text in texts]
        conditions = {json.dumps([one.get("position"), one.get("filter")], sort_keys=True) for one in found}
    except (AttributeError, ValueError, RecursionError):
        return False
    return len(conditions) == 1
