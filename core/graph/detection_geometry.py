"""The outline of a detection: from the text in which Mapillary sends it to polygons in coordinates of the image.

The text is base64 of a vector tile whose layer `mpy-or` has one feature or more: a rectangle for a sign, outlines with
holes and several parts for all else. Polygons: https://github.com/mapbox/vector-tile-spec (2.1), 4.3.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import DamagedDetectionError, DamagedTileError
from ..mvt.layer_index import LAYER_FEATURE, IndexedLayer, read_fields, read_index, read_varint

MAX_TEXT_LENGTH = 2**18
"""Four hundred times the longest seen, 552. At two bytes or more a vertex, it leaves room for 98,304."""

LAYER = "mpy-or"

_FEATURE_TYPE = 3 << 3
_FEATURE_GEOMETRY = 4 << 3 | 2
_POLYGON = 3
_MOVE_TO, _LINE_TO, _CLOSE_PATH = 1, 2, 7
_LARGEST_NUMBER = 2**32 - 1

_Ring = list[tuple[int, int]]
_Polygon = list[_Ring]

Ring = list[tuple[float, float]]
"""Vertices in shares of the image's width and height, 0..1 from its top left corner, y down; the last is the first."""

Polygons = list[list[Ring]]
"""Each polygon's outer ring and then its holes."""


def detection_polygons(text: Any) -> Polygons:
    """The polygons of the `geometry` of a detection, of all its features; at least one.

    What reaches over the image's edge is moved onto it; rings without area are left out. Raises DamagedDetectionError
    for anything that is not, as a whole, such a text, or has no polygon with an area.
    """
    try:
        if not isinstance(text, str) or len(text) > MAX_TEXT_LENGTH:
            raise DamagedDetectionError
        body = b64decode(text, validate=True)
        layer = read_index(body)[LAYER]
        extent = layer.tile_extent
        polygons = [
            [[(x / extent, y / extent) for x, y in [*ring, ring[0]]] for ring in polygon]
            for numbers in _geometries(body, layer)
            for polygon in _polygons(_rings(numbers, extent))
        ]
    except (ValueError, KeyError, DamagedTileError):
        raise DamagedDetectionError from None
    if not polygons:
        raise DamagedDetectionError
    return polygons


def detection_wkt(text: Any) -> str:
    """The polygons of `detection_polygons` as POLYGON, or MULTIPOLYGON where there are several, with up to six
    decimals. Raises DamagedDetectionError.
    """
    parts = [_polygon_text(polygon) for polygon in detection_polygons(text)]
    return f"POLYGON {parts[0]}" if len(parts) == 1 else f"MULTIPOLYGON ({', '.join(parts)})"


def _geometries(body: bytes, layer: IndexedLayer) -> Iterator[list[int]]:
    """The numbers that draw each feature: commands, each with its parameters."""
    for key, _, feature_start, feature_end in read_fields(body, layer.start, layer.end):
        if key != LAYER_FEATURE:
            continue
        kind = 0
        numbers: list[int] = []
        for field, _, start, end in read_fields(body, feature_start, feature_end):
            if field == _FEATURE_TYPE:
                kind, _ = read_varint(body, start, end)
            elif field == _FEATURE_GEOMETRY:
                numbers += _packed(body, start, end)
        if kind != _POLYGON or max(numbers, default=0) > _LARGEST_NUMBER:
            raise DamagedDetectionError
        yield numbers


def _packed(body: bytes, position: int, end: int) -> Iterator[int]:
    while position < end:
        number, position = read_varint(body, position, end)
        yield number


def _rings(numbers: list[int], extent: int) -> Iterator[_Ring]:
    """The rings that the commands draw, not closed, within the extent and without repeated vertices."""
    x = y = position = 0
    ring: _Ring = []
    while position < len(numbers):
        command, count = numbers[position] & 7, numbers[position] >> 3
        position += 1
        if command == _CLOSE_PATH and count == 1 and ring:
            yield [vertex for vertex, following in zip(ring, ring[1:] + ring[:1]) if vertex != following]
            ring = []
            continue
        is_start = command == _MOVE_TO and count == 1 and not ring
        is_line = command == _LINE_TO and count > 0 and bool(ring)
        after = position + 2 * count
        if not (is_start or is_line) or after > len(numbers):
            raise DamagedDetectionError
        for index in range(position, after, 2):
            x += _signed(numbers[index])
            y += _signed(numbers[index + 1])
            ring.append((min(max(x, 0), extent), min(max(y, 0), extent)))
        position = after
    if ring:
        raise DamagedDetectionError


def _signed(number: int) -> int:
    return number >> 1 ^ -(number & 1)


def _polygons(rings: Iterable[_Ring]) -> list[_Polygon]:
    """The rings of a feature by polygon, the outer one first.

    A ring that turns the other way than the first is a hole of the polygon before it. That the first turns clockwise,
    as version 2 of the format demands, is not relied on, since signs come in version 1, which does not.
    """
    polygons: list[_Polygon] = []
    first_area = 0
    for ring in rings:
        area = _doubled_area(ring)
        first_area = first_area or area
        if area * first_area > 0:
            polygons.append([ring])
        elif area:
            polygons[-1].append(ring)
    return polygons


def _doubled_area(ring: _Ring) -> int:
    """Twice the area in square tile units, positive where the ring is clockwise as seen."""
    return sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in zip(ring, ring[1:] + ring[:1]))


def _polygon_text(polygon: list[Ring]) -> str:
    rings = (", ".join(f"{_number_text(x)} {_number_text(y)}" for x, y in ring) for ring in polygon)
    return "(" + ", ".join(f"({ring})" for ring in rings) + ")"


def _number_text(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")
