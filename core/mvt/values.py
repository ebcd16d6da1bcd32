"""The values of a layer's properties, each a small message of its own in the tile."""

from __future__ import annotations

import struct
from typing import Union

from .layer_index import read_fields, read_varint, written_varint

Value = Union[str, float, int, bool, None]

_TEXT = 1 << 3 | 2
_SHORT_REAL = 2 << 3 | 5
_REAL = 3 << 3 | 1
_INT, _UINT, _SINT = 4 << 3, 5 << 3, 6 << 3
_FLAG = 7 << 3

WHOLE_NUMBERS = frozenset((_INT, _UINT, _SINT))
"""What the message of a whole number begins with."""


def read_value(body: bytes, start: int, end: int) -> Value:
    """The value of the message between two positions; None where it is of no known type. Raises DamagedTileError."""
    for key, _, value_start, value_end in read_fields(body, start, end):
        if key == _TEXT:
            return body[value_start:value_end].decode("utf-8", "replace")
        if key == _SHORT_REAL:
            return float(struct.unpack_from("<f", body, value_start)[0])
        if key == _REAL:
            return float(struct.unpack_from("<d", body, value_start)[0])
        if key in WHOLE_NUMBERS:
            return read_whole_number(body, start, end)
        if key == _FLAG:
            return bool(read_varint(body, value_start, value_end)[0])
    return None


def read_whole_number(body: bytes, start: int, end: int) -> int:
    """The number of a message that begins with one of WHOLE_NUMBERS. Raises DamagedTileError."""
    number, _ = read_varint(body, start + 1, end)
    number &= 2**64 - 1
    if body[start] == _SINT:
        return number >> 1 ^ -(number & 1)
    return number - 2**64 if body[start] == _INT and number >= 2**63 else number


def written_text(text: str) -> bytes:
    """The message of a text."""
    encoded = text.encode()
    return written_varint(_TEXT) + written_varint(len(encoded)) + encoded
