"""Everything in a town by its id."""

from __future__ import annotations

from dataclasses import dataclass

from tests.emulator.map_features import LAYERS, MapFeature
from tests.emulator.streets import Placed
from tests.emulator.town import CREATOR_STEP, CREATORS, FIRST_CREATOR, FIRST_ORGANIZATION, ORGANIZATIONS, Town


def id_of(placed: Placed) -> str:
    return str(placed.properties["id"])


@dataclass(frozen=True)
class TownIndex:
    """`sequences` are in the order along their streets."""

    images: dict[str, Placed]
    sequences: dict[str, list[Placed]]
    features: dict[str, MapFeature]
    users: dict[str, int]
    organizations: dict[str, int]

    @classmethod
    def of(cls, town: Town) -> TownIndex:
        """A look through the whole town."""
        images = [image for tile in town.tiles() for image in town.images(*tile)]
        sequences: dict[str, list[Placed]] = {}
        for image in sorted(images, key=lambda image: image.along):
            sequences.setdefault(image.properties["sequence_id"], []).append(image)
        features = [
            feature for tile in town.tiles() for tileset in LAYERS for feature in town.map_features(tileset, *tile)
        ]
        users = range(FIRST_CREATOR, FIRST_CREATOR + CREATORS * CREATOR_STEP, CREATOR_STEP)
        organizations = range(FIRST_ORGANIZATION, FIRST_ORGANIZATION + ORGANIZATIONS)
        return cls(
            {id_of(image): image for image in images},
            sequences,
            {id_of(feature): feature for feature in features},
            {str(user): user for user in users},
            {str(organization): organization for organization in organizations},
        )
