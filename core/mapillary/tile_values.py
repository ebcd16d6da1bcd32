"""The fields of our layers as expressions over the properties of tiles: what `core.cleaning` does, in QGIS' language.

Of the tiles that QGIS draws, whole numbers beyond 32 bits are text, and flags are `true` or 1; what is absent is NULL.
The expressions run once for each of up to 200,000 features of a tile, so they do without regular expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .cleaning import LAST_TIME_MS
from .map_feature_values import has_wildcard
from .schema import Field, FieldType

NEVER = "FALSE"

_WITHOUT_VARIANT = r"""regexp_replace("value", '--g[0-9]+\\z', '')"""


def text_of(name: str) -> str:
    """A property as text."""
    return f'to_string("{name}")'


def number_of(name: str) -> str:
    """A property as a number, NULL where it is none."""
    return f'try(to_real("{name}"))'


def flag_is_set(name: str) -> str:
    """Whether a flag is known to be set; never NULL."""
    return f"coalesce({text_of(name)} IN ('true', '1'), FALSE)"


def id_is_known(name: str) -> str:
    """Whether there is an id; never NULL."""
    return f"coalesce({number_of(name)} > 0, FALSE)"


def score_is_known(name: str) -> str:
    """Whether there is a score; never NULL."""
    return f"coalesce({number_of(name)} > 0 AND {number_of(name)} <= 1, FALSE)"


def time_is_known(name: str) -> str:
    """Whether there is a time; never NULL."""
    return f"coalesce({time_is_within(name, 1, LAST_TIME_MS)}, FALSE)"


def time_is_within(name: str, first: float, last: float) -> str:
    """Whether there is a time and it is from `first` to `last`, in milliseconds since 1970 UTC, both inclusive."""
    return f"{number_of(name)} >= {max(first, 1):.0f} AND {number_of(name)} <= {min(last, LAST_TIME_MS):.0f}"


def is_among(expression: str, texts: Iterable[str]) -> str:
    """Whether a text is one of these, of which there may be many: `IN` compares with one after the other."""
    entries = ", ".join(f"{quoted(text)}, 1" for text in dict.fromkeys(texts))
    return f"map_exist(map({entries}), {expression})" if entries else NEVER


def value_matches(patterns: Sequence[str]) -> str:
    """Whether the value of a map feature matches one of the patterns, as `map_feature_values.value_matcher` says it.

    Plain names are looked up, since regular expressions are slow; both mean all variants of a sign too.
    """
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


def quoted(text: str) -> str:
    """A text as a literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def value_of(field: Field) -> str:
    """The value of the field, NULL where it is absent or impossible; empty where an expression cannot give it as the
    layers have it: times, and what does not come from tiles.
    """
    name = field.tile_property
    if not name or field.type not in _VALUES:
        return ""
    return _VALUES[field.type].format(text=text_of(name), number=number_of(name))


_VALUES = {
    FieldType.OBJECT_ID: "CASE WHEN {number} > 0 THEN {text} END",
    FieldType.KEY: "nullif({text}, '')",
    FieldType.ANGLE: "CASE WHEN {number} >= 0 AND {number} <= 360 THEN {number} END",
    FieldType.SCORE: "CASE WHEN {number} > 0 AND {number} <= 1 THEN {number} END",
    FieldType.FLAG: "CASE WHEN {text} IN ('true', '1') THEN TRUE WHEN {text} IN ('false', '0') THEN FALSE END",
}
