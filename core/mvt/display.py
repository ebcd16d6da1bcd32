"""Tiles as QGIS can draw them: QGIS 3.22 keeps no more than 32 bits of a whole number, so larger ones become text."""

from __future__ import annotations

from .layer_index import LAYER_VALUE, TILE_LAYER, read_fields, read_index, written_varint
from .values import WHOLE_NUMBERS, read_whole_number, written_text

_LEAST, _MOST = -(2**31), 2**31 - 1


def displayable(body: bytes) -> bytes:
    """The tile with digits in place of each whole number that does not fit into 32 bits, such as a time or an id; all
    else is as it was, byte for byte.

    Raises DamagedTileError for what is no vector tile.
    """
    read_index(body)
    tile = bytearray()
    for key, field_start, start, end in read_fields(body, 0, len(body)):
        if key == TILE_LAYER:
            layer = _displayable_layer(body, start, end)
            tile += written_varint(key) + written_varint(len(layer)) + layer
        else:
            tile += body[field_start:end]
    return bytes(tile)


def _displayable_layer(body: bytes, layer_start: int, layer_end: int) -> bytes:
    """All between one such number and the next is copied at once."""
    layer, copied = bytearray(), layer_start
    for key, field_start, start, end in read_fields(body, layer_start, layer_end):
        if key == LAYER_VALUE and start < end and body[start] in WHOLE_NUMBERS:
            number = read_whole_number(body, start, end)
            if not _LEAST <= number <= _MOST:
                text = written_text(str(number))
                layer += body[copied:field_start] + written_varint(key) + written_varint(len(text)) + text
                copied = end
    return bytes(layer + body[copied:layer_end])
