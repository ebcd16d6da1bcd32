"""A generated town's ground: a grid of streets over tiles of zoom 14, and what is placed along them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Callable

from tests.emulator.encoding import TILE_EXTENT

ZOOM = 14
BUFFER = 64
STREETS = 4
TILES_PER_SEQUENCE = 3
WORLD = TILE_EXTENT * 2**ZOOM


@dataclass(frozen=True)
class Street:
    """One sequence's way along a street: `along` is the axis, `row` the tile across it, `block` the piece along it."""

    along: str
    row: int
    number: int
    block: int


@dataclass(frozen=True)
class Placed:
    """What stands at whole units of zoom 14 from the town's corner, x to the east and y down."""

    street: Street
    x: int
    y: int
    properties: Mapping[str, Any] = field(hash=False)

    @property
    def along(self) -> int:
        """How far along its street."""
        return self.x if self.street.along == "x" else self.y


@dataclass(frozen=True)
class StreetGrid:
    """`size` x `size` tiles of zoom 14 from (`west`, `north`); it may cross the antimeridian."""

    seed: int = 1
    west: int = 8528
    north: int = 5974
    size: int = 4

    def tiles(self) -> Iterator[tuple[int, int]]:
        """All tiles of the town."""
        for column in range(self.size):
            for row in range(self.size):
                yield (self.west + column) % 2**ZOOM, self.north + row

    def tile_of(self, placed: Placed) -> tuple[int, int]:
        """The tile that something stands in."""
        return (self.west + placed.x // TILE_EXTENT) % 2**ZOOM, self.north + placed.y // TILE_EXTENT

    def lon_lat(self, x: int, y: int) -> tuple[float, float]:
        """Degrees of a place given in units from the town's corner."""
        east = (self.west * TILE_EXTENT + x) % WORLD
        north = math.pi * (1 - 2 * (self.north * TILE_EXTENT + y) / WORLD)
        return round(east / WORLD * 360 - 180, 12), round(math.degrees(math.atan(math.sinh(north))), 12)

    def random(self, *what: object) -> Random:
        """Chance that is the same for the same seed and subject."""
        return Random(repr((self.seed, *what)))

    def column(self, x: int) -> int:
        """How many tiles east of the town's west edge, around the world."""
        return (x - self.west) % 2**ZOOM

    def corner(self, x: int, y: int) -> tuple[int, int]:
        """A tile's north-west corner."""
        return self.column(x) * TILE_EXTENT, (y - self.north) * TILE_EXTENT

    def inside(self, x: int, y: int) -> bool:
        return self.column(x) < self.size and 0 <= y - self.north < self.size

    def streets(self, x: int, y: int) -> list[Street]:
        """The streets through a tile."""
        column, row = self.column(x), y - self.north
        return [Street("x", row, number, column // TILES_PER_SEQUENCE) for number in range(STREETS)] + [
            Street("y", column, number, row // TILES_PER_SEQUENCE) for number in range(STREETS)
        ]

    def all_streets(self) -> Iterator[Street]:
        blocks = -(-self.size // TILES_PER_SEQUENCE)
        for along in "xy":
            for row in range(self.size):
                for number in range(STREETS):
                    for block in range(blocks):
                        street = Street(along, row, number, block)
                        first, last = self.reach(street)
                        if first < last:
                            yield street

    def reach(self, street: Street) -> tuple[int, int]:
        """Where the sequence begins and ends along its street."""
        first = street.block * TILES_PER_SEQUENCE * TILE_EXTENT
        return first + 40, min(first + TILES_PER_SEQUENCE * TILE_EXTENT, self.size * TILE_EXTENT) - 40

    def place(self, street: Street, along: int) -> tuple[int, int]:
        """A place on the street."""
        across = street.row * TILE_EXTENT + self._across(street, along)
        return (along, across) if street.along == "x" else (across, along)

    def _across(self, street: Street, along: int) -> int:
        """The street's distance from its tile row's edge: a gentle bend, the same in every tile that it crosses."""
        base = self.random(street.along, street.row, street.number).randrange(200, TILE_EXTENT - 200)
        return base + abs(along % 1600 - 800) // 10

    def within(self, street: Street, x: int, y: int) -> range:
        """The part of a street's length that lies in a tile."""
        left, top = self.corner(x, y)
        start = left if street.along == "x" else top
        first, last = self.reach(street)
        return range(max(start, first), min(start + TILE_EXTENT, last))

    def drawn(
        self,
        x: int,
        y: int,
        of_tile: Callable[[int, int], Iterable[Placed]],
        place: Callable[[Placed], tuple[int, int]] = lambda placed: (placed.x, placed.y),
    ) -> Iterator[tuple[Placed, int, int]]:
        """What a tile shows of it and its neighbours, in units of the tile; what comes from those is one unit lower."""
        left, top = self.corner(x, y)
        for dx in (0, -1, 1):
            for dy in (0, -1, 1):
                for placed in of_tile((x + dx) % 2**ZOOM, y + dy):
                    px, py = place(placed)
                    px, py = px - left, py - top + bool(dx or dy)
                    if -BUFFER <= px < TILE_EXTENT + BUFFER and -BUFFER <= py < TILE_EXTENT + BUFFER:
                        yield placed, px, py
