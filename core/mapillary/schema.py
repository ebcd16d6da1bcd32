"""The fields of every layer, where in the tiles their values come from, and what counts as a value.

Names and types are a contract with other programs. Mapillary's tile properties:
https://www.mapillary.com/developer/api-documentation (vector tiles).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a field holds; see `cleaning` for what each accepts."""

    OBJECT_ID = "object id"
    KEY = "key"
    TIME = "time"
    ANGLE = "angle"
    FLAG = "flag"
    SCORE = "score"
    TEXT = "text"
    COUNT = "count"


@dataclass(frozen=True)
class Field:
    """One field of a layer. `tile_property` is empty where the value does not come from a tile."""

    name: str
    kind: Kind
    tile_property: str = ""


class Shape(Enum):
    """The geometry that the features of a source layer must have."""

    POINT = 1
    LINE = 2


@dataclass(frozen=True)
class SourceLayer:
    """A layer inside the vector tiles and the fields made from it."""

    name: str
    shape: Shape
    fields: tuple[Field, ...]

    @property
    def tile_fields(self) -> tuple[Field, ...]:
        """The fields whose values tiles hold."""
        return tuple(field for field in self.fields if field.tile_property)

    @property
    def tile_properties(self) -> tuple[str, ...]:
        """The names of the tile properties that are read."""
        return tuple(field.tile_property for field in self.tile_fields)


IMAGE = SourceLayer(
    "image",
    Shape.POINT,
    (
        Field("id", Kind.OBJECT_ID, "id"),
        Field("sequence_id", Kind.KEY, "sequence_id"),
        Field("captured_at", Kind.TIME, "captured_at"),
        Field("compass_angle", Kind.ANGLE, "compass_angle"),
        Field("is_pano", Kind.FLAG, "is_pano"),
        Field("creator_id", Kind.OBJECT_ID, "creator_id"),
        Field("organization_id", Kind.OBJECT_ID, "organization_id"),
        Field("on_foot", Kind.FLAG, "foot"),
        Field("quality_score", Kind.SCORE, "quality_score"),
    ),
)

SEQUENCE = SourceLayer(
    "sequence",
    Shape.LINE,
    (
        Field("id", Kind.KEY, "id"),
        Field("image_id", Kind.OBJECT_ID, "image_id"),
        Field("captured_at", Kind.TIME, "captured_at"),
        Field("is_pano", Kind.FLAG, "is_pano"),
        Field("creator_id", Kind.OBJECT_ID, "creator_id"),
        Field("organization_id", Kind.OBJECT_ID, "organization_id"),
        Field("on_foot", Kind.FLAG, "foot"),
        Field("quality_score", Kind.SCORE, "quality_score"),
    ),
)

OVERVIEW = SourceLayer(
    "overview",
    Shape.POINT,
    (
        Field("id", Kind.OBJECT_ID, "id"),
        Field("sequence_id", Kind.KEY, "sequence_id"),
        Field("captured_at", Kind.TIME, "captured_at"),
        Field("is_pano", Kind.FLAG, "is_pano"),
        Field("creator_id", Kind.OBJECT_ID, "creator_id"),
    ),
)
"""One image standing for each sequence, in tiles up to zoom 5; shown live only."""

_MAP_FEATURE_FIELDS = (
    Field("id", Kind.OBJECT_ID, "id"),
    Field("value", Kind.KEY, "value"),
    Field("label", Kind.TEXT),
    Field("first_seen_at", Kind.TIME, "first_seen_at"),
    Field("last_seen_at", Kind.TIME, "last_seen_at"),
    Field("kind", Kind.TEXT),
)
"""`label` is made from the value, and `kind` is the name of the source layer."""

MAP_FEATURE_POINT = SourceLayer("point", Shape.POINT, _MAP_FEATURE_FIELDS)

TRAFFIC_SIGN = SourceLayer("traffic_sign", Shape.POINT, _MAP_FEATURE_FIELDS)

MAP_FEATURES = (MAP_FEATURE_POINT, TRAFFIC_SIGN)

LEDGER_FIELDS = (
    Field("tile", Kind.TEXT),
    Field("tileset", Kind.TEXT),
    Field("status", Kind.TEXT),
    Field("reason", Kind.TEXT),
    Field("features", Kind.COUNT),
    Field("kept", Kind.COUNT),
    Field("bytes", Kind.COUNT),
    Field("source", Kind.TEXT),
    Field("fetched_at", Kind.TIME),
)

SHORT_NAMES = {
    "sequence_id": "seq_id",
    "captured_at": "captured",
    "compass_angle": "compass",
    "organization_id": "org_id",
    "quality_score": "quality",
    "first_seen_at": "first_seen",
    "last_seen_at": "last_seen",
}
"""What the fields of our layers are called in a Shapefile: a contract with other programs."""

COVERAGE_TILESETS = {"original": "mly1_public", "computed": "mly1_computed_public"}
"""The tileset of each position: `original` as the GPS gave it, `computed` after structure from motion."""

DEFAULT_POSITION = "original"

MAP_FEATURE_TILESETS = {
    "mly_map_feature_point": MAP_FEATURE_POINT,
    "mly_map_feature_traffic_sign": TRAFFIC_SIGN,
}
"""The source layer in each tileset of map features."""

COVERAGE_ZOOM = 14
"""The only zoom whose tiles hold single images and map features."""

FIRST_SEQUENCE_ZOOM = 6
"""From here on tiles hold sequences; below they hold one point for each, in the layer `overview`."""

KNOWN_EMPTY_LAYER = "mapillary-empty"
"""The layer, without features, of the tiles that old tile hosts sent for areas without coverage."""

RETIRED_LAYERS = frozenset({"mapillary-images", "mapillary-sequences", "mapillary-sequence-overview"})
"""Layers of the API v3 tiles, retired in 2021."""


def tileset_layers(tileset: str) -> tuple[SourceLayer, ...]:
    """The layers of a tileset's tiles that are read."""
    if tileset in COVERAGE_TILESETS.values():
        return (IMAGE, SEQUENCE)
    return (MAP_FEATURE_TILESETS[tileset],) if tileset in MAP_FEATURE_TILESETS else ()
