"""A filter as an expression over the properties of tiles, which keeps what `core.filters` keeps.

Tiles do not tell everything at every zoom. A condition that they cannot answer takes nothing out, and is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple, Optional

from ..mapillary.map_feature_values import has_wildcard
from ..mapillary.schema import IMAGE, MAP_FEATURES, OVERVIEW, SEQUENCE, SourceLayer
from ..mapillary.tile_expression import on_tiles
from ..mapillary.tile_values import flag_is_set, is_among, number_of, quoted, score_is_known, text_of, time_is_within
from ..request.filters import CoverageFilter, day_range_ms

_Conditions = Iterator[tuple[str, Optional[str]]]
"""What a condition is called, and its expression, or None where the tiles cannot answer it."""

_WITHOUT_VARIANT = r"""regexp_replace("value", '--g[0-9]+\\z', '')"""
_LAYERS = {layer.name: layer for layer in (OVERVIEW, SEQUENCE, IMAGE, *MAP_FEATURES)}


class TileFilter(NamedTuple):
    """`expression` is empty where all is kept. `unanswered` names conditions that the tiles cannot answer."""

    expression: str
    unanswered: tuple[str, ...]


def tile_filter(chosen: CoverageFilter, source_layer: str) -> TileFilter:
    """The filter for features of `overview`, `sequence`, `image`, `point` or `traffic_sign`."""
    layer = _LAYERS[source_layer]
    conditions = list(_on_features(chosen, layer) if layer in MAP_FEATURES else _on_coverage(chosen, layer))
    answered = [expression for _, expression in conditions if expression is not None]
    return TileFilter(
        " AND ".join(f"({expression})" for expression in answered),
        tuple(name for name, expression in conditions if expression is None),
    )


def _on_coverage(chosen: CoverageFilter, layer: SourceLayer) -> _Conditions:
    has = {field.name for field in layer.fields}
    if chosen.start_date or chosen.end_date:
        yield "the dates", _time_is_in("captured_at", chosen.start_date, chosen.end_date)
    if chosen.panorama != "all":
        yield "panoramas", _flag_is("is_pano", chosen.panorama)
    if chosen.on_foot != "all":
        yield "on foot", _flag_is("foot", chosen.on_foot) if "on_foot" in has else None
    if chosen.organization_ids:
        is_theirs = is_among(text_of("organization_id"), chosen.organization_ids)
        yield "organizations", is_theirs if "organization_id" in has else None
    if chosen.creator_ids or chosen.creators:
        yield "creators", is_among(text_of("creator_id"), chosen.creator_ids)
    if chosen.sequence_ids:
        yield "sequences", is_among(text_of("id" if layer is SEQUENCE else "sequence_id"), chosen.sequence_ids)
    yield from _on_images(chosen, layer)


def _on_images(chosen: CoverageFilter, layer: SourceLayer) -> _Conditions:
    """What only single images tell."""
    if chosen.image_ids:
        yield "image ids", is_among(text_of("id"), chosen.image_ids) if layer is IMAGE else None
    if chosen.min_quality is not None:
        yield "quality", _quality_is(chosen.min_quality, chosen.keep_unscored) if layer is IMAGE else None
    if chosen.expression:
        yield "the expression", on_tiles(chosen.expression, layer) if layer is IMAGE else None


def _on_features(chosen: CoverageFilter, layer: SourceLayer) -> _Conditions:
    if chosen.values:
        yield "values", _value_matches(chosen.values)
    if chosen.first_seen_after:
        yield "first seen", _time_is_in("first_seen_at", chosen.first_seen_after, None)
    if chosen.last_seen_after:
        yield "last seen", _time_is_in("last_seen_at", chosen.last_seen_after, None)
    if chosen.feature_expression:
        yield "the expression", on_tiles(chosen.feature_expression, layer)


def _time_is_in(name: str, start: Optional[date], end: Optional[date]) -> str:
    first, end_ms = day_range_ms(start, end)
    return time_is_within(name, first, end_ms - 1)


def _flag_is(name: str, choice: str) -> str:
    return flag_is_set(name) if choice == "only" else f"NOT {flag_is_set(name)}"


def _quality_is(least: float, keep_unscored: bool) -> str:
    score, is_known = number_of("quality_score"), score_is_known("quality_score")
    if keep_unscored:
        return f"NOT {is_known} OR {score} >= {least!r}"
    return f"{is_known} AND {score} >= {least!r}"


def _value_matches(patterns: tuple[str, ...]) -> str:
    """Plain names are looked up, since regular expressions are slow; both mean all variants of a sign too."""
    plain = [pattern for pattern in patterns if not has_wildcard(pattern)]
    tests = [is_among(text, plain) for text in ('"value"', _WITHOUT_VARIANT) if plain]
    tests += [f'regexp_match("value", {quoted(_regular(pattern))})' for pattern in patterns if has_wildcard(pattern)]
    return " OR ".join(tests)


def _regular(pattern: str) -> str:
    """Each piece between stars is taken where it comes first and not tried again elsewhere, so that no value takes
    long.
    """
    first, *middle, last = (
        "".join("." if letter == "?" else re.escape(letter) for letter in piece)
        for piece in (re.split(r"\*+", pattern) if "*" in pattern else [pattern, ""])
    )
    pieces = "".join(f"(?>.*?{piece})" for piece in middle)
    rest = f".*{last}" if "*" in pattern else ""
    return rf"(?s)\A(?=.){first}{pieces}{rest}(?:--g[0-9]+)?\z"
