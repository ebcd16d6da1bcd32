"""Tile values to field values: what is absent, of the wrong type or impossible becomes None.

Tiles are untrusted, and types differ between generations of tiles: `is_pano` is a bool or 0/1, ids are numbers in
tiles and text in the graph. Ids become text because they exceed 2^53. Where a tile mixes types, GDAL widens all values
of the property to numbers with a fraction or to text, so both are read back.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Optional

from .schema import FieldType

_NUMBER_TEXT = re.compile(r"-?\d{1,9}(\.\d{1,20})?")
LAST_TIME_MS = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z, the last time that ISO 8601 can write; devices have sent the year 318857."""


def whole_number(value: Any) -> Optional[int]:
    """A number without a fraction, also from text or a float that holds it exactly."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if abs(value) < 2**53 and value.is_integer() else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return None


def object_id(value: Any) -> Optional[str]:
    """A positive 64-bit id as text; 0 means none."""
    number = whole_number(value)
    return str(number) if number is not None and 0 < number < 2**64 else None


def key(value: Any) -> Optional[str]:
    """A sequence's key, such as 22 characters of base 64."""
    return value if isinstance(value, str) and value else None


def time_ms(value: Any) -> Optional[int]:
    """Milliseconds since 1970 UTC; 0 is what a camera without a clock sends."""
    number = whole_number(value)
    return number if number is not None and 0 < number <= LAST_TIME_MS else None


def real_number(value: Any) -> Optional[float]:
    """A number between -10^9 and 10^9, also from text."""
    if isinstance(value, str) and _NUMBER_TEXT.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if -1e9 < value < 1e9 else None


def angle(value: Any) -> Optional[float]:
    """Degrees clockwise from north, 0 to 360."""
    number = real_number(value)
    return number if number is not None and 0 <= number <= 360 else None


def flag(value: Any) -> Optional[bool]:
    """True or False, also from 1 or 0."""
    if isinstance(value, str):
        return {"0": False, "1": True}.get(value)
    return bool(value) if isinstance(value, (bool, int)) and value in (0, 1) else None


def score(value: Any) -> Optional[float]:
    """A quality from above 0 to 1; 0 means not scored."""
    number = real_number(value)
    return number if number is not None and 0 < number <= 1 else None


_CLEAN: dict[FieldType, Callable[[Any], Any]] = {
    FieldType.OBJECT_ID: object_id,
    FieldType.KEY: key,
    FieldType.TIME: time_ms,
    FieldType.ANGLE: angle,
    FieldType.FLAG: flag,
    FieldType.SCORE: score,
}


def clean_column(kind: FieldType, column: list[Any]) -> list[Any]:
    """The column with every value cleaned, in the same order."""
    clean = _CLEAN[kind]
    return [clean(value) if value is not None else None for value in column]
