"""mapbox-vector-tile's protobuf message, read column by column.

Its own `decode()` makes a dictionary per feature, at several times the cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from google.protobuf.message import DecodeError
from mapbox_vector_tile.Mapbox import vector_tile_pb2

from ..errors import DamagedTileError
from ..mapillary.schema import Shape, SourceLayer
from .columns import Features, Line, Point
from .layer_index import IndexedLayer

NAME = "mapbox-vector-tile"

_VALUE_TYPES = (
    "int_value",
    "string_value",
    "double_value",
    "bool_value",
    "float_value",
    "sint_value",
    "uint_value",
)
_MOVE_TO, _LINE_TO = 1, 2
_ONE_MOVE_TO = 1 << 3 | _MOVE_TO


def read_layers(body: bytes, wanted: Mapping[SourceLayer, IndexedLayer]) -> dict[str, Features]:
    """The wanted layers of the tile by name. Raises DamagedTileError."""
    message = vector_tile_pb2.tile()
    try:
        message.ParseFromString(body)
        found = {layer.name: layer for layer in message.layers}
        return {layer.name: _read_layer(found[layer.name], layer, indexed) for layer, indexed in wanted.items()}
    except (DecodeError, IndexError, ValueError, KeyError):
        raise DamagedTileError("The vector tile is damaged.") from None


def _read_layer(layer: Any, wanted: SourceLayer, indexed: IndexedLayer) -> Features:
    count = len(layer.features)
    properties: dict[str, list[Any]] = {name: [None] * count for name in wanted.tile_properties}
    columns = [properties.get(name) for name in layer.keys]
    values = [_value(value) for value in layer.values]
    read_geometry = _point if wanted.shape is Shape.POINT else _lines
    geometries: list[Any] = []
    for row, feature in enumerate(layer.features):
        tags = list(feature.tags)
        for key, value in zip(tags[::2], tags[1::2]):
            column = columns[key]
            if column is not None:
                column[row] = values[value]
        geometries.append(read_geometry(list(feature.geometry)) if feature.type == wanted.shape.value else None)
    return Features(indexed.tile_extent, properties, geometries)


def _value(value: Any) -> Any:
    for name in _VALUE_TYPES:
        if value.HasField(name):
            return getattr(value, name)
    return None


def _unzigzag(number: int) -> int:
    return number >> 1 ^ -(number & 1)


def _point(commands: list[int]) -> Optional[Point]:
    """The first point; Mapillary's features have one each."""
    if len(commands) < 3 or commands[0] & 7 != _MOVE_TO:
        return None
    return _unzigzag(commands[1]), _unzigzag(commands[2])


def _lines(commands: list[int]) -> Optional[list[Line]]:
    """The parts of a line, those with at least two vertices."""
    parts: list[Line] = []
    x = y = position = 0
    while position < len(commands):
        command, repeat = commands[position] & 7, commands[position] >> 3
        end = position + 1 + 2 * repeat
        if command not in (_MOVE_TO, _LINE_TO) or end > len(commands):
            raise ValueError("no line geometry")
        for step in range(position + 1, end, 2):
            x += _unzigzag(commands[step])
            y += _unzigzag(commands[step + 1])
            if command == _MOVE_TO:
                parts.append([])
            parts[-1].append((x, y))
        position = end
    return [part for part in parts if len(part) > 1] or None
