"""A tile's outline, read from its lengths alone: which layers it has and how many features are in each.

Both engines start from it. It takes a time linear in the number of features, notices every tile that was cut off, and
gives the count that the features read are checked against, since GDAL passes over what it cannot read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import DamagedTileError

MAX_FEATURES = 1_000_000
"""Five times the fullest tile seen: the centre of São Paulo with 188,206 images."""

DEFAULT_TILE_EXTENT = 4096
MAX_TILE_EXTENT = 2**16

_TILE_LAYER = 3 << 3 | 2
_LAYER_NAME = 1 << 3 | 2
_LAYER_FEATURE = 2 << 3 | 2
_LAYER_EXTENT = 5 << 3
_FIXED_LENGTHS = {1: 8, 5: 4}


@dataclass(frozen=True)
class LayerOutline:
    """How many features a layer has, and how many units its side is long."""

    features: int
    tile_extent: int


def _varint(body: bytes, position: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while position < end and shift < 64:
        byte = body[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise DamagedTileError("The reply is not a whole vector tile.")


def _fields(body: bytes, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The fields of a protobuf message as (key, start, end) of their values."""
    while position < end:
        key, position = _varint(body, position, end)
        wire_type = key & 7
        start = position
        if wire_type == 2:
            length, start = _varint(body, position, end)
            position = start + length
        elif wire_type == 0:
            _, position = _varint(body, position, end)
        elif wire_type in _FIXED_LENGTHS:
            position += _FIXED_LENGTHS[wire_type]
        else:
            raise DamagedTileError("The reply is not a vector tile.")
        if position > end or key >> 3 == 0:
            raise DamagedTileError("The reply is not a whole vector tile.")
        yield key, start, position


def read_outline(body: bytes) -> dict[str, LayerOutline]:
    """The layers of a tile by name; none for an empty body.

    Raises DamagedTileError where the bytes are no tile, are cut off, or hold more features than any tile does.
    """
    outline: dict[str, LayerOutline] = {}
    for key, start, end in _fields(body, 0, len(body)):
        if key == _TILE_LAYER:
            name, layer = _read_layer(body, start, end)
            if name in outline:
                raise DamagedTileError("The vector tile has two layers of the same name.")
            outline[name] = layer
    if body and not outline:
        raise DamagedTileError("The reply is not a vector tile.")
    if sum(layer.features for layer in outline.values()) > MAX_FEATURES:
        raise DamagedTileError(f"The tile holds more than {MAX_FEATURES:,} features.")
    return outline


def _read_layer(body: bytes, start: int, end: int) -> tuple[str, LayerOutline]:
    name, features, tile_extent = "", 0, DEFAULT_TILE_EXTENT
    for key, field_start, field_end in _fields(body, start, end):
        if key == _LAYER_FEATURE:
            features += 1
        elif key == _LAYER_NAME:
            name = body[field_start:field_end].decode("utf-8", "replace")
        elif key == _LAYER_EXTENT:
            tile_extent, _ = _varint(body, field_start, field_end)
    if not name or not 0 < tile_extent <= MAX_TILE_EXTENT:
        raise DamagedTileError("The vector tile has a layer without a name or size.")
    return name, LayerOutline(features, tile_extent)
