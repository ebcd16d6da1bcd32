"""A generated town: a deterministic grid of streets with sequences, images and map features, as Mapillary's tiles show
them.

Sequences run through up to three tiles and are cut at each; images near a border come in both tiles, one unit apart;
some values are absent or impossible, in the shares that genuine tiles show (0.04 % of times are 0, 76 % of images have
no organization).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import sha256
from random import Random
from typing import Any, Optional

from tests.emulator.encoding import LINE, POINT, TILE_EXTENT, Feature, encode
from tests.emulator.map_features import LAYERS, MapFeature, along_streets
from tests.emulator.streets import BUFFER, STREETS, TILES_PER_SEQUENCE, ZOOM, Placed, Street, StreetGrid

FIRST_TIME_MS, LAST_TIME_MS = 1_400_000_000_000, 1_760_000_000_000
FIRST_CREATOR, CREATORS, CREATOR_STEP = 10**14, 12, 104_729
FIRST_ORGANIZATION, ORGANIZATIONS = 5 * 10**14, 3


@dataclass(frozen=True)
class Town(StreetGrid):
    """The streets of a grid with so many images in each tile, and so many objects and as many signs."""

    images_per_tile: int = 400
    features_per_tile: int = 60

    def tile(self, tileset: str, z: int, x: int, y: int) -> bytes:
        """The tile's bytes, empty where there is nothing."""
        if tileset in LAYERS:
            seen = list(self._seen(tileset, x, y)) if z == ZOOM else []
            return encode({LAYERS[tileset]: seen}) if seen else b""
        computed = tileset == "mly1_computed_public"
        if z == ZOOM:
            layers = {"sequence": list(self._lines(x, y)), "image": list(self._points(x, y, computed))}
        elif z > 5:
            layers = {"sequence": list(self._simple_lines(z, x, y))}
        else:
            layers = {"overview": list(self._overview(z, x, y))}
        layers = {name: features for name, features in layers.items() if features}
        return encode(layers) if layers else b""

    def sequence(self, street: Street) -> dict[str, Any]:
        """The properties of a street's sequence. Where no image was made on its first tile, its image is gone."""
        traits = self._traits(street)
        column, row = (street.block * TILES_PER_SEQUENCE, street.row)
        if street.along == "y":
            column, row = row, column
        index = street.number + (STREETS if street.along == "y" else 0)
        if index < self.images_per_tile:
            first = self._image((self.west + column) % 2**ZOOM, self.north + row, index)
            return {**traits, "image_id": first.properties["id"]}
        return traits

    @lru_cache(maxsize=4096)  # noqa: B019
    def _traits(self, street: Street) -> dict[str, Any]:
        random = self.random("sequence", street)
        return {
            "captured_at": random.randrange(FIRST_TIME_MS, LAST_TIME_MS),
            "creator_id": FIRST_CREATOR + random.randrange(CREATORS) * CREATOR_STEP,
            "foot": random.random() < 0.1,
            "id": sha256(repr((self.seed, street)).encode()).hexdigest()[:22],
            "image_id": self._image_id(random),
            "is_pano": random.random() < 0.22,
            "organization_id": FIRST_ORGANIZATION + random.randrange(ORGANIZATIONS) if random.random() < 0.24 else None,
            "quality_score": round(random.uniform(0.3, 0.95), 4) if random.random() < 0.95 else None,
        }

    @staticmethod
    def _image_id(random: Random) -> int:
        return random.randrange(10**14, 3 * 10**16)

    @lru_cache(maxsize=64)  # noqa: B019
    def images(self, x: int, y: int) -> tuple[Placed, ...]:
        """The images of one tile, without its buffer."""
        if not self.inside(x, y):
            return ()
        return tuple(self._image(x, y, index) for index in range(self.images_per_tile))

    def _image(self, x: int, y: int, index: int) -> Placed:
        streets = self.streets(x, y)
        street = streets[index % len(streets)]
        random = self.random("image", x, y, index)
        stretch = self.within(street, x, y)
        along = random.randrange(stretch.start, stretch.stop)
        return Placed(street, *self.place(street, along), self._properties(street, along, random))

    def _properties(self, street: Street, along: int, random: Random) -> dict[str, Any]:
        sequence = self._traits(street)
        started = sequence["captured_at"]
        return {
            "captured_at": 0 if random.random() < 0.0004 else started + (along - self.reach(street)[0]) * 300,
            "compass_angle": (90.0 if street.along == "x" else 180.0) + random.uniform(-5, 5),
            "creator_id": sequence["creator_id"],
            "foot": sequence["foot"],
            "id": self._image_id(random),
            "is_pano": sequence["is_pano"],
            "organization_id": sequence["organization_id"],
            "quality_score": sequence["quality_score"],
            "sequence_id": sequence["id"],
        }

    @staticmethod
    def computed_place(image: Placed) -> Optional[tuple[int, int]]:
        """Where an image was found to be; None for the one in 13 that was not processed."""
        number = image.properties["id"]
        return (image.x + number % 7 - 3, image.y + number % 5 - 2) if number % 13 else None

    def _points(self, x: int, y: int, computed: bool) -> Iterator[Feature]:
        def place(image: Placed) -> tuple[int, int]:
            return (computed and self.computed_place(image)) or (image.x, image.y)

        for image, px, py in self.drawn(x, y, self.images, place):
            yield Feature(POINT, [[(px, py)]], image.properties)

    @lru_cache(maxsize=64)  # noqa: B019
    def map_features(self, tileset: str, x: int, y: int) -> tuple[MapFeature, ...]:
        """The objects or signs of one tile, without its buffer."""
        return along_streets(self, tileset, self.features_per_tile, x, y)

    def _seen(self, tileset: str, x: int, y: int) -> Iterator[Feature]:
        for feature, px, py in self.drawn(x, y, partial(self.map_features, tileset)):
            yield Feature(POINT, [[(px, py)]], feature.properties)

    def _lines(self, x: int, y: int) -> Iterator[Feature]:
        if not self.inside(x, y):
            return
        left, top = self.corner(x, y)
        for street in self.streets(x, y):
            start = (left if street.along == "x" else top) - BUFFER
            first, last = self.reach(street)
            begin, end = max(start, first), min(start + TILE_EXTENT + 2 * BUFFER, last)
            vertices = [
                (px - left, py - top)
                for px, py in (self.place(street, along) for along in [*range(begin, end, 200), end])
            ]
            cut = len(vertices) // 2
            parts = [vertices[:cut], vertices[cut:]] if street.number % 2 and cut > 1 else [vertices]
            yield Feature(LINE, parts, self.sequence(street))

    def _in_tile(self, street: Street, along: int, z: int, x: int, y: int) -> tuple[int, int]:
        """A place on a street in the units of a tile of a lower zoom."""
        px, py = self.place(street, along)
        scale = 2 ** (ZOOM - z)
        return (self.west * TILE_EXTENT + px) // scale - x * TILE_EXTENT, (
            self.north * TILE_EXTENT + py
        ) // scale - y * TILE_EXTENT

    def _simple_lines(self, z: int, x: int, y: int) -> Iterator[Feature]:
        for street in self.all_streets():
            ends = [self._in_tile(street, along, z, x, y) for along in self.reach(street)]
            if any(0 <= px < TILE_EXTENT and 0 <= py < TILE_EXTENT for px, py in ends):
                yield Feature(LINE, [ends], self.sequence(street))

    def _overview(self, z: int, x: int, y: int) -> Iterator[Feature]:
        for street in self.all_streets():
            px, py = self._in_tile(street, self.reach(street)[0], z, x, y)
            if 0 <= px < TILE_EXTENT and 0 <= py < TILE_EXTENT:
                sequence = self.sequence(street)
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
