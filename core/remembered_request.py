"""The requests that a layer was made from: lines in the history of its metadata, which a project and a GeoPackage
keep.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from qgis.core import QgsLayerMetadata

from .request import CoverageRequest
from .request_json import request_to_json

_BEGINNING = "Request: "
_LONGEST = 1_000_000
"""Characters; an outline of about 40,000 vertices. A project would hold more than that once a layer."""


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
