"""A request as JSON, for layers to remember what they were made from."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date
from typing import Any

from ..area.definition import area_of_definition, definition_of
from ..errors import InvalidRequestError
from ..mapillary.schema import SOURCE_LAYERS
from .filters import CONDITIONS, CoverageFilter
from .request import CoverageRequest

_INPUTS = {given.name: given for condition in CONDITIONS for given in condition.inputs}


def request_to_json(request: CoverageRequest) -> str:
    """In one line. A filter by the last months stays one, so that a later run reads the months before that."""
    return json.dumps(
        {
            "area": definition_of(request.area),
            "position": request.position,
            "layers": [layer.name for layer in request.source_layers],
            "filter": values_of_filter(request.filter),
        },
        ensure_ascii=False,
    )


def request_from_json(text: str) -> CoverageRequest:
    """The request that `request_to_json` wrote. Raises InvalidRequestError for any other text."""
    try:
        found = json.loads(text)
        layers = {layer.name: layer for layer in SOURCE_LAYERS}
        return CoverageRequest(
            area_of_definition(found["area"]),
            found["position"],
            filter_of_values(found["filter"]),
            tuple(layers[name] for name in found["layers"]),
        )
    except (AttributeError, InvalidRequestError, KeyError, OverflowError, TypeError, ValueError, RecursionError):
        raise InvalidRequestError(
            "The request that the layer remembers cannot be read or makes no sense. Download the area anew."
        ) from None


def filter_to_json(chosen: CoverageFilter) -> str:
    """What is not as it is by default."""
    return json.dumps(values_of_filter(chosen), ensure_ascii=False)


def filter_from_json(text: str) -> CoverageFilter:
    """The filter that `filter_to_json` wrote. Raises InvalidRequestError for any other text."""
    try:
        return filter_of_values(json.loads(text))
    except (ValueError, RecursionError):
        raise _unreadable() from None


def values_of_filter(chosen: CoverageFilter) -> dict[str, Any]:
    """What is not as it is by default, as JSON has it."""
    kept = {}
    for field in fields(chosen):
        value = getattr(chosen, field.name)
        follows = field.name == "start_date" and chosen.last_months is not None
        if value != field.default and not follows:
            kept[field.name] = value.isoformat() if isinstance(value, date) else value
    return kept


def filter_of_values(values: Any) -> CoverageFilter:
    """The filter of which `values_of_filter` told. Raises InvalidRequestError for anything else."""
    try:
        return CoverageFilter(**{name: _INPUTS[name].from_json(value) for name, value in values.items()})
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _unreadable() from None


def _unreadable() -> InvalidRequestError:
    return InvalidRequestError("The stored filter cannot be read. Save it anew.")
