"""Objects and traffic signs along a town's streets: where they are and which images see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from tests.emulator.streets import Placed, StreetGrid

POINTS, SIGNS = "mly_map_feature_point", "mly_map_feature_traffic_sign"
LAYERS = {POINTS: "point", SIGNS: "traffic_sign"}
VALUES = {
    POINTS: (
        *("object--bench", "object--bike-rack", "object--catch-basin", "object--fire-hydrant", "object--mailbox"),
        *("object--manhole", "object--sign--advertisement", "object--street-light", "object--support--pole"),
        *("object--support--utility-pole", "object--traffic-light--cyclists"),
        *("object--traffic-light--general-upright", "object--trash-can", "object--sign--other"),
        *("marking--discrete--arrow--left", "marking--discrete--crosswalk-zebra", "marking--discrete--stop-line"),
        *("marking--discrete--symbol--bicycle", "marking--discrete--text", "construction--barrier--temporary"),
        *("construction--flat--driveway", "object--street-furniture--robot"),
    ),
    SIGNS: (
        *("regulatory--stop--g1", "regulatory--yield--g1", "regulatory--no-entry--g1", "regulatory--no-entry--other"),
        *("regulatory--no-parking--g2", "regulatory--one-way-right--g3", "regulatory--keep-right--g1"),
        *("regulatory--maximum-speed-limit-30--g1", "regulatory--maximum-speed-limit-50--g1"),
        *("regulatory--maximum-speed-limit-70--g1", "regulatory--maximum-speed-limit-25--g2"),
        *("regulatory--maximum-speed-limit-35--g3", "warning--curve-left--g1", "warning--children--g2"),
        *("warning--pedestrians-crossing--g1", "warning--roadworks--g3", "information--parking--g1"),
        *("information--general-directions--g1", "information--pedestrians-crossing--g2"),
        *("complementary--both-directions--g2", "complementary--distance--g1", "complementary--trucks--g3"),
    ),
}
"""The robot is a class that no list has."""
FIRST_SEEN_S, LAST_SEEN_S = 1_400_000_000, 1_760_000_000


@dataclass(frozen=True)
class MapFeature(Placed):
    """Its `tileset` says whether it is an object or a sign."""

    tileset: str = POINTS


def along_streets(grid: StreetGrid, tileset: str, count: int, x: int, y: int) -> tuple[MapFeature, ...]:
    """So many of a tile, beside its streets."""
    if not grid.inside(x, y):
        return ()
    return tuple(_feature(grid, tileset, x, y, index) for index in range(count))


def _feature(grid: StreetGrid, tileset: str, x: int, y: int, index: int) -> MapFeature:
    random = grid.random(tileset, x, y, index)
    street = random.choice(grid.streets(x, y))
    stretch = grid.within(street, x, y)
    px, py = grid.place(street, random.randrange(stretch.start + 8, stretch.stop - 8))
    aside = random.choice((-6, 6))
    px, py = (px, py + aside) if street.along == "x" else (px + aside, py)
    first = random.randrange(FIRST_SEEN_S, LAST_SEEN_S)
    seen: tuple[Optional[int], Optional[int]] = (first * 1000, random.randrange(first, LAST_SEEN_S) * 1000)
    luck = random.random()
    if luck < 0.06:
        seen = (0, 0) if luck < 0.03 else (None, None)
    values = VALUES[tileset]
    properties = {
        "first_seen_at": seen[0],
        "id": random.randrange(10**14, 6 * 10**16),
        "last_seen_at": seen[1],
        "value": values[index] if index < len(values) else random.choice(values),
    }
    return MapFeature(street, px, py, properties, tileset)


def images_of(feature: MapFeature, images: Sequence[Placed]) -> list[Placed]:
    """The one to four images of a tile that see a feature: on its street, the nearest first."""
    beside = [image for image in images if image.street == feature.street]
    beside.sort(key=lambda image: abs(image.along - feature.along))
    return beside[: 1 + feature.properties["id"] % 4]
