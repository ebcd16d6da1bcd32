"""The index of a tile, read from its lengths alone: which layers it has and how many features are in each.

Both engines start from it. It takes a time linear in the number of features, notices every tile that was cut off, and
gives the count that the features read are checked against, since GDAL passes over what it cannot read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import DamagedTileError

MAX_FIELDS = 2_000_000
"""Features, keys and values. Three times what the fullest tile seen holds: São Paulo's centre with 188,206 images."""

MAX_FEATURE_BYTES = 2**16
"""A genuine sequence has up to 499 images in a tile, at a few bytes each."""

MAX_LINE_LAYER_BYTES = 2**22
"""Two million vertices, ten for each image of the fullest tile."""

MAX_KEYS = 200
"""Mapillary's layers have up to nine; GDAL takes a time quadratic in the properties of a feature."""

MAX_VALUE_BYTES = 2**26
"""What the longest value would come to in every feature, since GDAL writes it out for each."""

DEFAULT_TILE_EXTENT = 4096
MAX_TILE_EXTENT = 2**16

TILE_LAYER = 3 << 3 | 2
LAYER_FEATURE = 2 << 3 | 2
LAYER_KEY = 3 << 3 | 2
LAYER_VALUE = 4 << 3 | 2
_LAYER_NAME = 1 << 3 | 2
_LAYER_EXTENT = 5 << 3
_LONGEST_HEADER = 11
_FIXED_LENGTHS = {1: 8, 5: 4}


@dataclass(frozen=True)
class IndexedLayer:
    """How many features a layer has, how many units its side is long, and where in the tile it stands."""

    features: int
    tile_extent: int
    start: int
    end: int


def read_varint(body: bytes, position: int, end: int) -> tuple[int, int]:
    """The number at a position, and the position after it. Raises DamagedTileError where it does not end in time."""
    value = shift = 0
    while position < end and shift < 64:
        byte = body[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise DamagedTileError("The reply is not a whole vector tile.")


def written_varint(number: int) -> bytes:
    """A number, not negative, as `read_varint` reads it."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def read_fields(body: bytes, position: int, end: int, most: int = MAX_FIELDS) -> Iterator[tuple[int, int, int, int]]:
    """The fields of a protobuf message: key, where the field starts, where its value starts, where both end.

    Raises DamagedTileError where the message is cut off or has more fields than `most`.
    """
    while position < end:
        if most == 0:
            raise DamagedTileError(f"The tile holds more than {MAX_FIELDS:,} features and values.")
        most -= 1
        field_start = position
        key, position = read_varint(body, position, end)
        wire_type = key & 7
        start = position
        if wire_type == 2:
            length, start = read_varint(body, position, end)
            position = start + length
        elif wire_type == 0:
            _, position = read_varint(body, position, end)
        elif wire_type in _FIXED_LENGTHS:
            position += _FIXED_LENGTHS[wire_type]
        else:
            raise DamagedTileError("The reply is not a vector tile.")
        if position > end or key >> 3 == 0:
            raise DamagedTileError("The reply is not a whole vector tile.")
        yield key, field_start, start, position


def read_index(body: bytes) -> dict[str, IndexedLayer]:
    """The layers of a tile by name; none for an empty body.

    Raises DamagedTileError where the bytes are no tile, are cut off, or hold more features than any tile does.
    """
    index: dict[str, IndexedLayer] = {}
    left = MAX_FIELDS
    for key, _, start, end in read_fields(body, 0, len(body), left):
        left -= 1
        if key == TILE_LAYER:
            name, layer, left = _read_layer(body, start, end, left)
            if name in index:
                raise DamagedTileError("The vector tile has two layers of the same name.")
            index[name] = layer
    if body and not index:
        raise DamagedTileError("The reply is not a vector tile.")
    return index


def _read_layer(body: bytes, start: int, end: int, left: int) -> tuple[str, IndexedLayer, int]:
    """The layer's name and what the index says of it, and how many fields of those left may still follow."""
    name, features, keys, longest, tile_extent = "", 0, 0, 0, DEFAULT_TILE_EXTENT
    for key, _, value_start, value_end in read_fields(body, start, end, left):
        left -= 1
        if key == LAYER_FEATURE:
            features += 1
            if value_end - value_start > MAX_FEATURE_BYTES:
                raise DamagedTileError("The tile holds a feature larger than any of Mapillary's.")
        elif key == LAYER_KEY:
            keys += 1
        elif key == LAYER_VALUE:
            longest = max(longest, value_end - value_start)
        elif key == _LAYER_NAME:
            name = body[value_start:value_end].decode("utf-8", "replace")
        elif key == _LAYER_EXTENT:
            tile_extent, _ = read_varint(body, value_start, value_end)
    if not name or not 0 < tile_extent <= MAX_TILE_EXTENT:
        raise DamagedTileError("The vector tile has a layer without a name or size.")
    if keys > MAX_KEYS or longest * features > MAX_VALUE_BYTES:
        raise DamagedTileError("The tile holds more properties or longer ones than any of Mapillary's.")
    return name, IndexedLayer(features, tile_extent, start, end), left


def split_layer(body: bytes, layer: IndexedLayer, most_bytes: int) -> list[bytes]:
    """Tiles of at most `most_bytes` with this layer only, each with some of its features, in their order.

    Raises DamagedTileError where what the features share, their keys and values, is too large by itself.
    """
    shared = bytearray()
    features: list[tuple[int, int]] = []
    for key, field_start, _, end in read_fields(body, layer.start, layer.end):
        if key == LAYER_FEATURE:
            features.append((field_start, end))
        else:
            shared += body[field_start:end]
    room = most_bytes - len(shared) - _LONGEST_HEADER
    if room < max((end - start for start, end in features), default=0):
        raise DamagedTileError(
            "The tile is too large for GDAL. Install the Python package mapbox-vector-tile to read tiles of this size."
        )
    pieces = [bytearray()]
    for start, end in features:
        if len(pieces[-1]) + end - start > room:
            pieces.append(bytearray())
        pieces[-1] += body[start:end]
    return [_tile_of_layer(bytes(shared + piece)) for piece in pieces]


def _tile_of_layer(layer: bytes) -> bytes:
    return written_varint(TILE_LAYER) + written_varint(len(layer)) + layer
