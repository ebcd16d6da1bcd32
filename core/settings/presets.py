"""Filters that a person has saved under a name."""

from __future__ import annotations

import json

from ..errors import InvalidRequestError
from ..request.filters import CoverageFilter
from ..request.request_json import filter_from_json, filter_to_json
from .preferences import read_text, write

_KEY = "filters"


def preset_names() -> list[str]:
    """In alphabetical order."""
    return sorted(_stored(), key=str.casefold)


def read_preset(name: str) -> CoverageFilter:
    """Raises InvalidRequestError where it cannot be read, or is not there."""
    return filter_from_json(_stored().get(name, ""))


def write_preset(name: str, chosen: CoverageFilter) -> None:
    """Save a filter; one of the same name is replaced. Raises InvalidRequestError without a name."""
    if not name:
        raise InvalidRequestError("Type a name for the filter first.")
    write(_KEY, json.dumps({**_stored(), name: filter_to_json(chosen)}))


def remove_preset(name: str) -> None:
    """Remove a filter, if there is one."""
    kept = {other: text for other, text in _stored().items() if other != name}
    write(_KEY, json.dumps(kept) if kept else "")


def _stored() -> dict[str, str]:
    """The settings file can be edited by anyone: what is no filter's text is passed over."""
    try:
        found = json.loads(read_text(_KEY) or "{}")
        return {name: text for name, text in found.items() if isinstance(text, str)}
    except (AttributeError, ValueError, RecursionError):
        return {}
