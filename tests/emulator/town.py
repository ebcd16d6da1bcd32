"""A generated town: a deterministic grid of streets with sequences and images, as Mapillary's tiles show them.

Sequences run through up to three tiles and are cut at each; images near a border come in both tiles, one unit apart;
some values are absent or impossible, in the shares that genuine tiles show (0.04 % of times are 0, 76 % of images have
no organization).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from random import Random

from .encoding import LINE, POINT, TILE_EXTENT, Feature, encode

ZOOM = 14
BUFFER = 64
STREETS = 4
TILES_PER_SEQUENCE = 3
FIRST_TIME_MS, LAST_TIME_MS = 1_400_000_000_000, 1_760_000_000_000


@dataclass(frozen=True)
class Street:
    """One sequence's way along a street: `along` is the axis, `row` the tile across it, `block` the piece along it."""

    along: str
    row: int
    number: int
    block: int


@dataclass(frozen=True)
class Image:
    """An image at whole units of the zoom 14 world, x to the east and y down."""

    street: Street
    x: int
    y: int
    properties: tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Town:
    """`size` x `size` tiles of zoom 14 from (`west`, `north`); it may cross the antimeridian."""

    seed: int = 1
    images_per_tile: int = 400
    west: int = 8528
    north: int = 5974
    size: int = 4

    def tile(self, tileset: str, z: int, x: int, y: int) -> bytes:
        """The tile's bytes, empty where there is nothing."""
        computed = tileset == "mly1_computed_public"
        if z == ZOOM:
            layers = {"sequence": list(self._lines(x, y)), "image": list(self._points(x, y, computed))}
        elif z > 5:
            layers = {"sequence": list(self._simple_lines(z, x, y))}
        else:
            layers = {"overview": list(self._overview(z, x, y))}
        layers = {name: features for name, features in layers.items() if features}
        return encode(layers) if layers else b""

    def _column(self, x: int) -> int:
        """How many tiles east of the town's west edge, around the world."""
        return (x - self.west) % 2**ZOOM

    def _inside(self, x: int, y: int) -> bool:
        return self._column(x) < self.size and 0 <= y - self.north < self.size

    def _streets(self, x: int, y: int) -> list[Street]:
        column, row = self._column(x), y - self.north
        return [Street("x", row, number, column // TILES_PER_SEQUENCE) for number in range(STREETS)] + [
            Street("y", column, number, row // TILES_PER_SEQUENCE) for number in range(STREETS)
        ]

    def _random(self, *what: object) -> Random:
        return Random(repr((self.seed, *what)))

    def _across(self, street: Street, along: int) -> int:
        """The street's distance from its tile row's edge: a gentle bend, the same in every tile that it crosses."""
        base = self._random(street.along, street.row, street.number).randrange(200, TILE_EXTENT - 200)
        return base + abs(along % 1600 - 800) // 10

    def _place(self, street: Street, along: int) -> tuple[int, int]:
        """World units from the town's corner of a place on the street."""
        across = street.row * TILE_EXTENT + self._across(street, along)
        return (along, across) if street.along == "x" else (across, along)

    def _lines(self, x: int, y: int) -> Iterator[Feature]:
        if not self._inside(x, y):
            return
        left, top = self._column(x) * TILE_EXTENT, (y - self.north) * TILE_EXTENT
        for street in self._streets(x, y):
            start = (left if street.along == "x" else top) - BUFFER
            first, last = self._reach(street)
            begin, end = max(start, first), min(start + TILE_EXTENT + 2 * BUFFER, last)
            vertices = [
                (px - left, py - top)
                for px, py in (self._place(street, along) for along in [*range(begin, end, 200), end])
            ]
            cut = len(vertices) // 2
            parts = [vertices[:cut], vertices[cut:]] if street.number % 2 and cut > 1 else [vertices]
            yield Feature(LINE, parts, self._sequence(street))

    def _reach(self, street: Street) -> tuple[int, int]:
        """Where the sequence begins and ends along its street."""
        first = street.block * TILES_PER_SEQUENCE * TILE_EXTENT
        return first + 40, min(first + TILES_PER_SEQUENCE * TILE_EXTENT, self.size * TILE_EXTENT) - 40

    def _sequence(self, street: Street) -> dict[str, object]:
        random = self._random("sequence", street)
        return {
            "captured_at": random.randrange(FIRST_TIME_MS, LAST_TIME_MS),
            "creator_id": 10**14 + random.randrange(12) * 104_729,
            "foot": random.random() < 0.1,
            "id": sha256(repr((self.seed, street)).encode()).hexdigest()[:22],
            "image_id": self._image_id(random),
            "is_pano": random.random() < 0.22,
            "organization_id": 5 * 10**14 + random.randrange(3) if random.random() < 0.24 else None,
            "quality_score": round(random.uniform(0.3, 0.95), 4) if random.random() < 0.95 else None,
        }

    @staticmethod
    def _image_id(random: Random) -> int:
        return random.randrange(10**14, 3 * 10**16)

    @lru_cache(maxsize=64)  # noqa: B019
    def _images(self, x: int, y: int) -> tuple[Image, ...]:
        """The images of one tile, without its buffer."""
        if not self._inside(x, y):
            return ()
        left, top = self._column(x) * TILE_EXTENT, (y - self.north) * TILE_EXTENT
        streets = self._streets(x, y)
        found = []
        for index in range(self.images_per_tile):
            street = streets[index % len(streets)]
            random = self._random("image", x, y, index)
            start = left if street.along == "x" else top
            first, last = self._reach(street)
            along = random.randrange(max(start, first), min(start + TILE_EXTENT, last))
            px, py = self._place(street, along)
            found.append(Image(street, px, py, tuple(self._image(street, along, random).items())))
        return tuple(found)

    def _image(self, street: Street, along: int, random: Random) -> dict[str, object]:
        sequence = self._sequence(street)
        started = int(str(sequence["captured_at"]))
        return {
            "captured_at": 0 if random.random() < 0.0004 else started + (along - self._reach(street)[0]) * 300,
            "compass_angle": (90.0 if street.along == "x" else 180.0) + random.uniform(-5, 5),
            "creator_id": sequence["creator_id"],
            "foot": sequence["foot"],
            "id": self._image_id(random),
            "is_pano": sequence["is_pano"],
            "organization_id": sequence["organization_id"],
            "quality_score": sequence["quality_score"],
            "sequence_id": sequence["id"],
        }

    def _points(self, x: int, y: int, computed: bool) -> Iterator[Feature]:
        left, top = self._column(x) * TILE_EXTENT, (y - self.north) * TILE_EXTENT
        for dx in (0, -1, 1):
            for dy in (0, -1, 1):
                for image in self._images((x + dx) % 2**ZOOM, y + dy):
                    px, py = image.x - left, image.y - top
                    properties = dict(image.properties)
                    if computed:
                        shift = int(str(properties["id"]))
                        px, py = px + shift % 7 - 3, py + shift % 5 - 2
                    if dx or dy:
                        py += 1
                    if -BUFFER <= px < TILE_EXTENT + BUFFER and -BUFFER <= py < TILE_EXTENT + BUFFER:
                        yield Feature(POINT, [[(px, py)]], properties)

    def _all_streets(self) -> Iterator[Street]:
        blocks = -(-self.size // TILES_PER_SEQUENCE)
        for along in "xy":
            for row in range(self.size):
                for number in range(STREETS):
                    for block in range(blocks):
                        street = Street(along, row, number, block)
                        first, last = self._reach(street)
                        if first < last:
                            yield street

    def _in_tile(self, street: Street, along: int, z: int, x: int, y: int) -> tuple[int, int]:
        """A place on a street in the units of a tile of a lower zoom."""
        px, py = self._place(street, along)
        scale = 2 ** (ZOOM - z)
        return (self.west * TILE_EXTENT + px) // scale - x * TILE_EXTENT, (
            self.north * TILE_EXTENT + py
        ) // scale - y * TILE_EXTENT

    def _simple_lines(self, z: int, x: int, y: int) -> Iterator[Feature]:
        for street in self._all_streets():
            ends = [self._in_tile(street, along, z, x, y) for along in self._reach(street)]
            if any(0 <= px < TILE_EXTENT and 0 <= py < TILE_EXTENT for px, py in ends):
                yield Feature(LINE, [ends], self._sequence(street))

    def _overview(self, z: int, x: int, y: int) -> Iterator[Feature]:
        for street in self._all_streets():
            px, py = self._in_tile(street, self._reach(street)[0], z, x, y)
            if 0 <= px < TILE_EXTENT and 0 <= py < TILE_EXTENT:
                sequence = self._sequence(street)
                yield Feature(
                    POINT,
                    [[(px, py)]],
                    {
                        "captured_at": sequence["captured_at"],
                        "creator_id": sequence["creator_id"],
                        "id": sequence["image_id"],
                        "is_pano": sequence["is_pano"],
                        "sequence_id": sequence["id"],
                    },
                )
