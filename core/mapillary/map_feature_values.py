"""The names that Mapillary gives to map features and traffic signs: their labels, and patterns that choose among them.

A value is a path of words, `object--street-light`, `regulatory--maximum-speed-limit-50--g1`; the last part of a sign,
`--g<n>`, is the variant of its look in some countries. The names in `resources/values` are those that the API uses:
points as its clients know them, the first 42 documented; signs, without variant, from the list in Mapillary's own
Python SDK (tests/data/traffic_signs_filter_values.csv of github.com/mapillary/mapillary-python-sdk, read on
2026-11-23) and six more that tiles hold. The API may answer with others at any time.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, Optional

from ..about import PLUGIN_FOLDER
from ..errors import InvalidRequestError
from .schema import MAP_FEATURE_LAYERS, TRAFFIC_SIGN, SourceLayer

LONGEST_LABEL = 120
LONGEST_PATTERN = 200

_VARIANT = re.compile(r"--g[0-9]+\Z")
_VARIANT_PATTERN = re.compile(r"--g[0-9*?]+\Z")
_ALLOWED = re.compile(r"[A-Za-z0-9_*?-]+")
_MEANINGLESS_ALONE = {"other", "reject"}


class Entry(NamedTuple):
    """A known value; signs come without variant."""

    value: str
    label: str
    group: str


@lru_cache(maxsize=8)
def catalogue(layer: SourceLayer) -> Sequence[Entry]:
    """The known values of a source layer of map features, those of a group one after the other."""
    path = PLUGIN_FOLDER / "resources" / "values" / f"{layer.noun.replace(' ', '_')}s.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(Entry(row["value"], row["label"], row["group"]) for row in csv.DictReader(lines))


def source_layer_of(pattern: str) -> Optional[SourceLayer]:
    """The source layer of a value or pattern, by its first word; None where that does not tell."""
    category = pattern.split("--", maxsplit=1)[0]
    return next((layer for layer in MAP_FEATURE_LAYERS if category in _categories(layer)), None)


@lru_cache(maxsize=8)
def _categories(layer: SourceLayer) -> frozenset[str]:
    return frozenset(entry.value.split("--")[0] for entry in catalogue(layer))


def group_of(value: str) -> Optional[str]:
    """The group of a value, with or without variant: that of the catalogue, or of the signs of its first word. None
    for an object that is not known.
    """
    known = _known().get(_VARIANT.sub("", value))
    if known is not None:
        return known.group
    category = value.split("--", maxsplit=1)[0]
    signs = catalogue(TRAFFIC_SIGN)
    return next((entry.group for entry in signs if entry.value.split("--")[0] == category), None)


@lru_cache(maxsize=1)
def _known() -> dict[str, Entry]:
    return {entry.value: entry for layer in MAP_FEATURE_LAYERS for entry in catalogue(layer)}


@lru_cache(maxsize=10_000)
def label(value: str) -> str:
    """What people read for a value, known or not, without its variant: at most LONGEST_LABEL characters.

    The empty text has the empty label.
    """
    name = _VARIANT.sub("", value[: 2 * LONGEST_LABEL])
    known = _known().get(name)
    return known.label if known is not None else _label_from_name(name)


def _label_from_name(name: str) -> str:
    parts = [" ".join(re.sub("[-_]", " ", part).split()) for part in name.split("--")]
    parts = [part for part in parts if part and not re.fullmatch("g[0-9]+", part)]
    if len(parts) > 1 and not (len(parts) == 2 and parts[1] in _MEANINGLESS_ALONE):
        category = parts.pop(0)
        if category == "marking" and parts[0] == "discrete" and len(parts) > 1:
            parts.pop(0)
    text = ": ".join(parts) or name
    text = "".join(character if character.isprintable() else " " for character in text).strip()
    text = text[:1].upper() + text[1:]
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def split_patterns(text: str) -> tuple[str, ...]:
    """The items of a comma list, without the blanks around them and without repetitions; none for a blank text."""
    return tuple(dict.fromkeys(item.strip() for item in text.split(","))) if text.strip() else ()


def check_patterns(patterns: Sequence[str]) -> None:
    """Raises InvalidRequestError for a pattern that no value can match; one that no known value matches is fine."""
    problem = pattern_problem(patterns)
    if problem:
        raise InvalidRequestError(problem)


def pattern_problem(patterns: Sequence[str]) -> str:
    """What is wrong with the first pattern that no value can match, as a sentence; empty where all are fine."""
    return next(filter(None, map(_problem, patterns)), "")


def _problem(pattern: str) -> str:
    shown = pattern if len(pattern) <= 60 else pattern[:59] + "…"
    if not pattern.strip():
        return "One of the values is empty. Remove the comma too many."
    if len(pattern) > LONGEST_PATTERN:
        return f"The value “{shown}” is longer than any that Mapillary has."
    if len(pattern.split()) > 1:
        return f"The value “{shown}” has blanks in it. Values look like object--street-light; put commas between them."
    if not _ALLOWED.fullmatch(pattern):
        return (
            f"The value “{shown}” has characters that no value has. Letters, digits and hyphens can be used, and the"
            " wildcards * and ?."
        )
    return ""


def has_wildcard(pattern: str) -> bool:
    """Whether a pattern stands for more than one name."""
    return "*" in pattern or "?" in pattern


def value_matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """A function that says whether a value matches one of the patterns; without patterns every value does.

    `*` stands for any characters, `?` for one. Upper and lower case differ. What matches a sign without its variant
    matches all its variants. Takes time in proportion to the length of the value, whatever the pattern.
    """
    tests = [_glob(pattern) for pattern in dict.fromkeys(patterns)]

    @lru_cache(maxsize=10_000)
    def matches(value: str) -> bool:
        name = _VARIANT.sub("", value)
        return not tests or any(test(value) or (name != value and test(name)) for test in tests)

    return matches


def unknown_patterns(patterns: Sequence[str]) -> list[str]:
    """Those of the patterns that match no known value, in their order."""
    names = _known()
    unknown = []
    for pattern in patterns:
        matches = value_matcher([pattern, _VARIANT_PATTERN.sub("", pattern)])
        if not any(matches(name) or matches(f"{name}--g1") for name in names):
            unknown.append(pattern)
    return unknown


def _glob(pattern: str) -> Callable[[str], bool]:
    """Whether a whole text matches: the pieces between stars are looked for from left to right, none twice."""
    pieces = re.split(r"\*+", pattern)
    first, *middle = [_piece(piece) for piece in pieces[:-1]] or [_piece("")]
    last = _piece(pieces[-1])

    def matches(value: str) -> bool:
        if len(pieces) == 1:
            return last.fullmatch(value) is not None
        found = first.match(value)
        for piece in middle:
            found = found and piece.search(value, found.end())
        end = len(value) - len(pieces[-1])
        return found is not None and found.end() <= end and last.fullmatch(value, end) is not None

    return matches


def _piece(text: str) -> re.Pattern[str]:
    return re.compile("".join("." if character == "?" else re.escape(character) for character in text), re.DOTALL)
