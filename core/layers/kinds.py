"""Of which kind a layer is, also after it was exported and reopened, had fields joined, or was made with fewer fields.

A layer of ours says its kind, and the version of its fields, in the keywords of its metadata, which a GeoPackage, a
layer file and a project keep.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from qgis.core import QgsField, QgsFields, QgsLayerMetadata, QgsMapLayer, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt.QtCore import QVariant

from ..graph.graph_fields import FIELDS
from ..mapillary.licence import RIGHTS
from ..mapillary.schema import (
    IMAGES,
    KINDS,
    MAP_FEATURES,
    SHORT_NAMES,
    TILES,
    Field,
    FieldType,
    Shape,
    fields_of_kind,
    shape_of_kind,
)

VOCABULARY = "mapillary_coverage"
"""Of the keywords that tell what a layer is."""

_KIND, _FIELDS_VERSION = "kind:", "fields:"

_WKB_TYPES = {
    Shape.POINT: QgsWkbTypes.Type.Point,
    Shape.LINE: QgsWkbTypes.Type.MultiLineString,
    Shape.POLYGON: QgsWkbTypes.Type.Polygon,
}
_TYPES = {
    FieldType.OBJECT_ID: QVariant.String,
    FieldType.KEY: QVariant.String,
    FieldType.TEXT: QVariant.String,
    FieldType.TIME: QVariant.DateTime,
    FieldType.ANGLE: QVariant.Double,
    FieldType.SCORE: QVariant.Double,
    FieldType.FLAG: QVariant.Bool,
    FieldType.COUNT: QVariant.Int,
}


def key_fields(kind: str) -> tuple[str, ...]:
    """The fields that tell the features of a layer apart, its first ones: a tile is one of a tileset, all else has an
    id.
    """
    return ("tile", "tileset") if kind == TILES else ("id",)


def wkb_type(kind: str) -> QgsWkbTypes.Type:
    """The geometry of the layers of a kind."""
    return _WKB_TYPES[shape_of_kind(kind)]


def fields_of(kind: str) -> QgsFields:
    """The fields of `images`, `sequences`, `map_features` or `tiles`."""
    return qgis_fields(fields_of_kind(kind))


def qgis_fields(fields: Iterable[Field]) -> QgsFields:
    """Fields of the schema as QGIS has them."""
    made = QgsFields()
    for field in fields:
        made.append(QgsField(field.name, _TYPES[field.type]))
    return made


def mark_kind(metadata: QgsLayerMetadata, kind: str) -> None:
    """Say in the metadata which kind of layer this is, and which version its fields are of."""
    version = max(field.since for field in fields_of_kind(kind))
    metadata.addKeywords(VOCABULARY, [f"{_KIND}{kind}", f"{_FIELDS_VERSION}{version}"])


def has_our_rights(layer: QgsMapLayer) -> bool:
    """Whether the layer's metadata credit Mapillary as ours do; a GeoPackage keeps them."""
    return RIGHTS in layer.metadata().rights()


def is_ours(layer: Optional[QgsMapLayer]) -> bool:
    """Whether the layer holds Mapillary's data: its rights say so, which a GeoPackage keeps, or its fields do."""
    if not isinstance(layer, QgsVectorLayer) or not layer.isValid():
        return False
    return has_our_rights(layer) or kind_of_layer(layer) is not None


def kind_of_layer(layer: Optional[QgsMapLayer]) -> Optional[str]:
    """`images`, `sequences`, `map_features` or `tiles`, None where it is none of these.

    The layer says so and has the fields that tell its features apart; or it has all fields of its kind in some version,
    maybe under the names of a Shapefile; or it has points, our rights, `id`, and a field that only images or only map
    features have.
    """
    if not isinstance(layer, QgsVectorLayer) or not layer.isValid():
        return None
    names = set(layer.fields().names())
    marked = _marked_kind(layer)
    if marked is not None and set(key_fields(marked)) <= names:
        return marked
    for kind, known in _VERSIONS:
        if known <= names:
            return kind
    if "id" in names and has_points(layer) and has_our_rights(layer):
        return next((kind for kind, telling in _TELLING.items() if telling & _long(names)), None)
    return None


def has_points(layer: QgsVectorLayer) -> bool:
    """Whether the layer's geometries are points, or several points each."""
    return bool(layer.geometryType() == QgsWkbTypes.GeometryType.PointGeometry)


def _marked_kind(layer: QgsVectorLayer) -> Optional[str]:
    """Anybody can have written it, so the geometry has to be that of the kind."""
    said = layer.metadata().keywords().get(VOCABULARY, [])
    kind = next((kind for kind in KINDS if f"{_KIND}{kind}" in said), None)
    if kind is None or QgsWkbTypes.geometryType(wkb_type(kind)) != layer.geometryType():
        return None
    return kind


def _names(fields: Iterable[Field]) -> frozenset[str]:
    return frozenset(field.name for field in fields)


def _versions(kind: str) -> list[frozenset[str]]:
    """The names of a kind's fields in each version, the newest first, and those that a Shapefile has."""
    fields = fields_of_kind(kind)
    versions = sorted({field.since for field in fields}, reverse=True)
    known = [_names(field for field in fields if field.since <= version) for version in versions]
    return [names for long in known for names in (long, frozenset(SHORT_NAMES.get(name, name) for name in long))]


def _graph_names(entity: str) -> frozenset[str]:
    return frozenset(column.name for field in FIELDS[entity] for column in field.columns)


def _long(names: Iterable[str]) -> set[str]:
    by_short = {short: name for name, short in SHORT_NAMES.items()}
    return {by_short.get(name, name) for name in names}


_VERSIONS = [(kind, names) for kind in KINDS for names in _versions(kind)]
_OF_IMAGES = _names(fields_of_kind(IMAGES)) | _graph_names("image")
_OF_MAP_FEATURES = _names(fields_of_kind(MAP_FEATURES)) | _graph_names("map_feature")
_TELLING = {IMAGES: _OF_IMAGES - _OF_MAP_FEATURES, MAP_FEATURES: _OF_MAP_FEATURES - _OF_IMAGES}
"""Fields that only one of the two has."""
