"""What is detected in a town's images: each map feature in those that see it, and some things that no map shows.

A sign has a box around it; all else has an outline of one or more polygons, some with a hole or with a second ring.
"""

from __future__ import annotations

import math
from base64 import b64encode
from dataclasses import dataclass
from random import Random
from typing import Any, Optional

from tests.emulator.encoding import POLYGON, TILE_EXTENT, Feature, encode
from tests.emulator.entities import graph_time
from tests.emulator.fields import Node, Selection, select
from tests.emulator.map_features import LAYERS, SIGNS, MapFeature, images_of
from tests.emulator.streets import Placed
from tests.emulator.town import FIRST_TIME_MS, Town

LAYER = "mpy-or"
MOST_PER_IMAGE = 6
DAY_MS = 86_400_000
SCENERY = (
    *("object--vehicle--car", "human--person--individual", "nature--vegetation", "construction--flat--road"),
    *("marking--continuous--dashed", "object--traffic-sign--back", "void--car-mount", "animal--bird"),
)

Ring = list[tuple[int, int]]


@dataclass(frozen=True)
class Detection:
    """Something in an image; `feature` is the map feature that it is of."""

    image: Placed
    number: int
    feature: Optional[MapFeature] = None


def of_feature(town: Town, feature: MapFeature) -> list[Detection]:
    """One in each image that sees the feature."""
    return [
        Detection(image, feature.properties["id"], feature)
        for image in images_of(feature, town.images(*town.tile_of(feature)))
    ]


def of_image(town: Town, image: Placed) -> list[Detection]:
    """Its map features, and then scenery: none to MOST_PER_IMAGE in all unless more features than that crowd there."""
    tile = town.tile_of(image)
    features = [
        feature
        for tileset in LAYERS
        for feature in town.map_features(tileset, *tile)
        if feature.street == image.street and image in images_of(feature, town.images(*tile))
    ]
    free = town.random("detections", image.properties["id"]).randrange(MOST_PER_IMAGE + 1) - len(features)
    return [Detection(image, feature.properties["id"], feature) for feature in features] + [
        Detection(image, number) for number in range(free)
    ]


def node(town: Town, detection: Detection, image: Node) -> Node:
    """The detection as the graph describes it; `image` is the one that it is in."""
    random = town.random("detection", detection.image.properties["id"], detection.number)
    feature = detection.feature
    captured_at = detection.image.properties["captured_at"] or FIRST_TIME_MS

    def shown(inner: Selection) -> dict[str, Any]:
        return select(image, inner or {"geometry": {}})

    values = {
        "created_at": graph_time(captured_at + random.randrange(DAY_MS, 30 * DAY_MS)),
        "id": str(random.randrange(10**14, 5 * 10**15)),
        "value": feature.properties["value"] if feature else random.choice(SCENERY),
        "image": shown,
    }
    is_sign = feature is not None and feature.tileset == SIGNS
    values["geometry"] = b64encode(_box(random) if is_sign else _outline(random)).decode()
    return Node("Detection", values)


def _box(random: Random) -> bytes:
    """Layer version 1, a rectangle without a feature id."""
    width, height = random.randrange(40, 400), random.randrange(40, 400)
    left, top = random.randrange(TILE_EXTENT - width), random.randrange(TILE_EXTENT - height)
    right, bottom = left + width, top + height
    rectangle = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return encode({LAYER: [Feature(POLYGON, [rectangle], {"type": "polygon"})]}, version=1, first_id=None)


def _outline(random: Random) -> bytes:
    """Layer version 2, features numbered from 1."""
    features = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        radius = random.randrange(60, 500)
        centre = random.randrange(600, TILE_EXTENT - 1200), random.randrange(600, TILE_EXTENT - 600)
        rings = [_ring(random, centre, radius, 0.6)]
        luck = random.random()
        if luck < 0.25:
            rings.append(_ring(random, centre, radius // 2, 0.8)[::-1])
        elif luck < 0.4:
            rings.append(_ring(random, (centre[0] + radius + 60, centre[1]), 50, 0.6))
        features.append(Feature(POLYGON, rings))
    return encode({LAYER: features}, first_id=1)


def _ring(random: Random, centre: tuple[int, int], radius: int, least: float) -> Ring:
    """A polygon around a centre, from `least` to all of the radius away; clockwise as seen, which is an outer ring."""
    corners = random.randrange(7, 13)
    ring = []
    for corner in range(corners):
        angle, reach = 2 * math.pi * corner / corners, radius * random.uniform(least, 1)
        ring.append((centre[0] + round(math.cos(angle) * reach), centre[1] + round(math.sin(angle) * reach)))
    return ring
