"""A request as JSON, for layers to remember what they were made from."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date
from typing import Any, Callable

from ..area.definition import area_of_definition, definition_of
from ..errors import InvalidRequestError
from ..mapillary.schema import IMAGE, MAP_FEATURE_POINT, SEQUENCE, TRAFFIC_SIGN
from .filters import CoverageFilter
from .request import CoverageRequest

_CHOICES = {
    IMAGE.name: "images",
    SEQUENCE.name: "sequences",
    MAP_FEATURE_POINT.name: "points",
    TRAFFIC_SIGN.name: "traffic_signs",
}


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
        layers = {_CHOICES[name] for name in found["layers"]}
        return CoverageRequest(
            area_of_definition(found["area"]),
            found["position"],
            filter_of_values(found["filter"]),
            **{choice: choice in layers for choice in _CHOICES.values()},
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
        return CoverageFilter(**{name: _READ[name](value) for name, value in values.items()})
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _unreadable() from None


def _unreadable() -> InvalidRequestError:
    return InvalidRequestError("The stored filter cannot be read. Save it anew.")


def _of(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(kind)
        return value

    return read


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_of(str), _of(list)(value)))


_READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("start_date", "end_date", "first_seen_after", "last_seen_after"), date.fromisoformat),
    **dict.fromkeys(("panorama", "on_foot", "expression", "feature_expression"), _of(str)),
    **dict.fromkeys(
        ("organization_ids", "creator_ids", "creators", "sequence_ids", "image_ids", "values"),
        _texts,
    ),
    "last_months": _of(int),
    "min_quality": float,
    "keep_unscored": _of(bool),
}
