"""Tilesets, their source layers and fields: one row each, which all else reads.

Names and types of fields are a contract with other programs. Mapillary's tile properties:
https://www.mapillary.com/developer/api-documentation (vector tiles), and docs/MAPILLARY_API.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

IMAGES, SEQUENCES, MAP_FEATURES, TILES = "images", "sequences", "map_features", "tiles"
"""The kinds of layers in QGIS; `tiles` is the ledger."""

KINDS = (MAP_FEATURES, IMAGES, SEQUENCES, TILES)
"""From top to bottom."""


class FieldType(Enum):
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
    """One field of a layer. `tile_property` is empty where the value does not come from a tile, `short` where the name
    fits into a Shapefile. Layers that were made with fields of an earlier version than `since` lack it, and stay ours.
    """

    name: str
    type: FieldType
    tile_property: str = ""
    short: str = ""
    since: int = 1


class Shape(Enum):
    """The geometry that the features of a source layer must have; the number is that of vector tiles."""

    POINT = 1
    LINE = 2
    POLYGON = 3


@dataclass(frozen=True, eq=False)
class SourceLayer:
    """A layer inside the vector tiles, the fields made from it, and the kind of layer that they go to. `noun` is what
    people read for one of its features.
    """

    name: str
    shape: Shape
    fields: tuple[Field, ...]
    kind: str
    noun: str

    @property
    def word(self) -> str:
        """What requests call all of its features, such as `traffic_signs`."""
        return f"{self.name}s"

    @property
    def tile_fields(self) -> tuple[Field, ...]:
        """The fields whose values tiles hold."""
        return tuple(field for field in self.fields if field.tile_property)

    @property
    def tile_properties(self) -> tuple[str, ...]:
        """The names of the tile properties that are read."""
        return tuple(field.tile_property for field in self.tile_fields)

    @property
    def field_names(self) -> str:
        """The names of all fields, as a list to read."""
        return ", ".join(field.name for field in self.fields)

    def has(self, field_name: str) -> bool:
        """Whether it has a field of this name."""
        return any(field.name == field_name for field in self.fields)


@dataclass(frozen=True)
class Tileset:
    """Tiles of one address. `layers` are read from them at COVERAGE_ZOOM, `title` is that of its live layer, and
    `position` that of its images, where it has any.
    """

    name: str
    title: str
    layers: tuple[SourceLayer, ...]
    position: str = ""


IMAGE = SourceLayer(
    "image",
    Shape.POINT,
    (
        Field("id", FieldType.OBJECT_ID, "id"),
        Field("sequence_id", FieldType.KEY, "sequence_id", "seq_id"),
        Field("captured_at", FieldType.TIME, "captured_at", "captured"),
        Field("compass_angle", FieldType.ANGLE, "compass_angle", "compass"),
        Field("is_pano", FieldType.FLAG, "is_pano"),
        Field("creator_id", FieldType.OBJECT_ID, "creator_id"),
        Field("organization_id", FieldType.OBJECT_ID, "organization_id", "org_id"),
        Field("on_foot", FieldType.FLAG, "foot"),
        Field("quality_score", FieldType.SCORE, "quality_score", "quality"),
    ),
    IMAGES,
    "image",
)

SEQUENCE = SourceLayer(
    "sequence",
    Shape.LINE,
    (
        Field("id", FieldType.KEY, "id"),
        Field("image_id", FieldType.OBJECT_ID, "image_id"),
        Field("captured_at", FieldType.TIME, "captured_at", "captured"),
        Field("is_pano", FieldType.FLAG, "is_pano"),
        Field("creator_id", FieldType.OBJECT_ID, "creator_id"),
        Field("organization_id", FieldType.OBJECT_ID, "organization_id", "org_id"),
        Field("on_foot", FieldType.FLAG, "foot"),
        Field("quality_score", FieldType.SCORE, "quality_score", "quality"),
    ),
    SEQUENCES,
    "sequence",
)

OVERVIEW = SourceLayer(
    "overview",
    Shape.POINT,
    (
        Field("id", FieldType.OBJECT_ID, "id"),
        Field("sequence_id", FieldType.KEY, "sequence_id"),
        Field("captured_at", FieldType.TIME, "captured_at"),
        Field("is_pano", FieldType.FLAG, "is_pano"),
        Field("creator_id", FieldType.OBJECT_ID, "creator_id"),
    ),
    SEQUENCES,
    "sequence",
)
"""One image standing for each sequence, in tiles up to zoom 5; shown live only."""

_MAP_FEATURE_FIELDS = (
    Field("id", FieldType.OBJECT_ID, "id"),
    Field("value", FieldType.KEY, "value"),
    Field("label", FieldType.TEXT),
    Field("first_seen_at", FieldType.TIME, "first_seen_at", "first_seen"),
    Field("last_seen_at", FieldType.TIME, "last_seen_at", "last_seen"),
    Field("kind", FieldType.TEXT),
)
"""`label` is made from the value, and `kind` is the name of the source layer."""

MAP_FEATURE_POINT = SourceLayer("point", Shape.POINT, _MAP_FEATURE_FIELDS, MAP_FEATURES, "object")

TRAFFIC_SIGN = SourceLayer("traffic_sign", Shape.POINT, _MAP_FEATURE_FIELDS, MAP_FEATURES, "traffic sign")

LEDGER_FIELDS = (
    Field("tile", FieldType.TEXT),
    Field("tileset", FieldType.TEXT),
    Field("status", FieldType.TEXT),
    Field("reason", FieldType.TEXT),
    Field("features", FieldType.COUNT),
    Field("kept", FieldType.COUNT),
    Field("bytes", FieldType.COUNT),
    Field("source", FieldType.TEXT),
    Field("fetched_at", FieldType.TIME),
)

TILESETS = (
    Tileset("mly1_public", "Live coverage", (IMAGE, SEQUENCE), "original"),
    Tileset("mly1_computed_public", "Live coverage, computed positions", (IMAGE, SEQUENCE), "computed"),
    Tileset("mly_map_feature_point", "Live objects", (MAP_FEATURE_POINT,)),
    Tileset("mly_map_feature_traffic_sign", "Live traffic signs", (TRAFFIC_SIGN,)),
)
"""The original positions are as the GPS gave them, the computed ones after structure from motion."""

COVERAGE_ZOOM = 14
"""The only zoom whose tiles hold single images and map features."""

FIRST_SEQUENCE_ZOOM = 6
"""From here on tiles hold sequences; below they hold one point for each, in the layer `overview`."""

KNOWN_EMPTY_LAYER = "mapillary-empty"
"""The layer, without features, of the tiles that old tile hosts sent for areas without coverage."""

RETIRED_LAYERS = frozenset({"mapillary-images", "mapillary-sequences", "mapillary-sequence-overview"})
"""Layers of the API v3 tiles, retired in 2021."""

# What follows from the rows.

COVERAGE_TILESETS = {tileset.position: tileset.name for tileset in TILESETS if tileset.position}
"""The tileset of each position."""

DEFAULT_POSITION = TILESETS[0].position

MAP_FEATURE_TILESETS = {tileset.name: tileset.layers[0] for tileset in TILESETS if not tileset.position}
"""The source layer in each tileset of map features."""

COVERAGE_LAYERS = (IMAGE, SEQUENCE)
MAP_FEATURE_LAYERS = tuple(MAP_FEATURE_TILESETS.values())
SOURCE_LAYERS = (*COVERAGE_LAYERS, *MAP_FEATURE_LAYERS)
"""What can be asked for."""

SHORT_NAMES = {field.name: field.short for layer in SOURCE_LAYERS for field in layer.fields if field.short}
"""What fields of our layers are called in a Shapefile, where their names are too long for it."""


def fields_of_kind(kind: str) -> tuple[Field, ...]:
    """The fields of a kind of layer."""
    if kind == TILES:
        return LEDGER_FIELDS
    return next(layer.fields for layer in SOURCE_LAYERS if layer.kind == kind)


def shape_of_kind(kind: str) -> Shape:
    """The geometry of a kind of layer; the lines of sequences have several parts."""
    if kind == TILES:
        return Shape.POLYGON
    return next(layer.shape for layer in SOURCE_LAYERS if layer.kind == kind)


def kinds_of(layers: Iterable[SourceLayer]) -> list[str]:
    """The kinds of layers that source layers give, from top to bottom, with the ledger."""
    given = {TILES, *(layer.kind for layer in layers)}
    return [kind for kind in KINDS if kind in given]


def tileset_layers(tileset: str) -> tuple[SourceLayer, ...]:
    """The layers of a tileset's tiles that are read; none where it is not one of ours."""
    return next((known.layers for known in TILESETS if known.name == tileset), ())
