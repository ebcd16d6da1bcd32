"""How often which values occur in a tile, without its geometries: a legend of 190,000 sequences needs no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from ..errors import DamagedTileError
from .layer_index import LAYER_FEATURE, LAYER_KEY, LAYER_VALUE, IndexedLayer, read_fields, read_index
from .values import Value, read_value

_FEATURE_TAGS = 2 << 3 | 2
_MOST_BITS = 63


def tally(body: bytes, layer_name: str, properties: Sequence[str]) -> dict[str, Counter[Value]]:
    """How many features of a layer have which value of each of the properties, None where they lack it.

    `body` is a tile that is not compressed. Raises DamagedTileError.
    """
    layer = read_index(body).get(layer_name)
    counted: dict[str, Counter[Value]] = {name: Counter() for name in properties}
    if layer is None:
        return counted
    keys, values = _shared(body, layer)
    for key_index, used in _used(body, layer, {index for index, key in enumerate(keys) if key in counted}).items():
        for value_index, count in used.items():
            if value_index >= len(values):
                raise DamagedTileError("A feature of the vector tile has a property that the tile does not hold.")
            counted[keys[key_index]][read_value(body, *values[value_index])] += count
    for found in counted.values():
        absent = layer.features - sum(found.values())
        if absent > 0:
            found[None] += absent
    return counted


def _shared(body: bytes, layer: IndexedLayer) -> tuple[list[str], list[tuple[int, int]]]:
    """What the features of a layer share: the names of its properties, and where their values stand."""
    keys, values = [], []
    for key, _, start, end in read_fields(body, layer.start, layer.end):
        if key == LAYER_KEY:
            keys.append(body[start:end].decode("utf-8", "replace"))
        elif key == LAYER_VALUE:
            values.append((start, end))
    return keys, values


def _used(body: bytes, layer: IndexedLayer, wanted: Collection[int]) -> dict[int, Counter[int]]:
    """How many features have which value of each of the wanted keys, both as numbers."""
    used: dict[int, Counter[int]] = {key_index: Counter() for key_index in wanted}
    for key, _, start, end in read_fields(body, layer.start, layer.end):
        if key == LAYER_FEATURE:
            for key_index, value_index in _tags(body, start, end).items():
                if key_index in used:
                    used[key_index][value_index] += 1
    return used


def _tags(body: bytes, start: int, end: int) -> dict[int, int]:
    """A feature's values by its keys, both as numbers among those of the layer."""
    numbers = []
    for key, _, tags_start, tags_end in read_fields(body, start, end):
        if key == _FEATURE_TAGS:
            number = shift = 0
            for byte in body[tags_start:tags_end]:
                number |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    numbers.append(number)
                    number = shift = 0
                elif shift > _MOST_BITS:
                    raise DamagedTileError("A feature of the vector tile is damaged.")
    return dict(zip(numbers[::2], numbers[1::2]))
