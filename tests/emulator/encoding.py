"""Features to vector tile bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from mapbox_vector_tile.Mapbox import vector_tile_pb2

TILE_EXTENT = 4096
POINT, LINE, POLYGON = 1, 2, 3


@dataclass
class Feature:
    """`parts` in tile units, y down: a point is one part with one vertex, a polygon's are its rings, not closed.

    Properties that are None are left out.
    """

    shape: int
    parts: list[list[tuple[int, int]]]
    properties: Mapping[str, Any] = field(default_factory=dict)


def encode(layers: Mapping[str, Iterable[Feature]], version: int = 2, first_id: Optional[int] = 0) -> bytes:
    """The tile with these layers; feature ids run through the whole tile, as Mapillary's do. None leaves them out."""
    tile = vector_tile_pb2.tile()
    ordinal = first_id
    for name, features in layers.items():
        layer = tile.layers.add(name=name, version=version, extent=TILE_EXTENT)
        keys: dict[str, int] = {}
        values: dict[tuple[type, Any], int] = {}
        for source in features:
            tags: list[int] = []
            for key, value in source.properties.items():
                if value is not None:
                    tags.append(keys.setdefault(key, len(keys)))
                    tags.append(values.setdefault((type(value), value), len(values)))
            encoded = layer.features.add(type=source.shape, tags=tags, geometry=_commands(source))
            if ordinal is not None:
                encoded.id = ordinal
                ordinal += 1
        layer.keys.extend(keys)
        for kind, value in values:
            layer.values.add(**{_VALUE_FIELDS[kind]: value})
    return bytes(tile.SerializeToString())


_VALUE_FIELDS = {int: "int_value", str: "string_value", float: "double_value", bool: "bool_value"}


def _commands(feature: Feature) -> list[int]:
    commands: list[int] = []
    x = y = 0
    for part in feature.parts:
        for index, (next_x, next_y) in enumerate(part):
            if index == 0:
                commands.append(1 << 3 | 1)
            elif index == 1:
                commands.append((len(part) - 1) << 3 | 2)
            commands += [_zigzag(next_x - x), _zigzag(next_y - y)]
            x, y = next_x, next_y
        if feature.shape == POLYGON:
            commands.append(1 << 3 | 7)
    return commands


def _zigzag(number: int) -> int:
    return number << 1 ^ number >> 31
