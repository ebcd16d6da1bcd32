"""What a layer holds, also after it was exported and reopened, or had fields of the graph joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Optional

from qgis.core import QgsField, QgsFields, QgsMapLayer, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt.QtCore import QVariant

from ..graph.graph_fields import FIELDS
from ..mapillary.licence import RIGHTS
from ..mapillary.schema import IMAGE, LEDGER_FIELDS, MAP_FEATURE_POINT, SEQUENCE, SHORT_NAMES, Field, Kind
from ..request.request import CoverageRequest

IMAGES, SEQUENCES, MAP_FEATURES, TILES = "images", "sequences", "map_features", "tiles"

KINDS = (MAP_FEATURES, IMAGES, SEQUENCES, TILES)
"""From top to bottom."""

WKB_TYPES = {
    IMAGES: QgsWkbTypes.Type.Point,
    SEQUENCES: QgsWkbTypes.Type.MultiLineString,
    MAP_FEATURES: QgsWkbTypes.Type.Point,
    TILES: QgsWkbTypes.Type.Polygon,
}

_TYPES = {
    Kind.OBJECT_ID: QVariant.String,
    Kind.KEY: QVariant.String,
    Kind.TEXT: QVariant.String,
    Kind.TIME: QVariant.DateTime,
    Kind.ANGLE: QVariant.Double,
    Kind.SCORE: QVariant.Double,
    Kind.FLAG: QVariant.Bool,
    Kind.COUNT: QVariant.Int,
}

_SCHEMAS: dict[str, Sequence[Field]] = {
    IMAGES: IMAGE.fields,
    SEQUENCES: SEQUENCE.fields,
    MAP_FEATURES: MAP_FEATURE_POINT.fields,
    TILES: LEDGER_FIELDS,
}


def _names(fields: Iterable[Field]) -> frozenset[str]:
    return frozenset(field.name for field in fields)


def _short(names: Iterable[str]) -> frozenset[str]:
    return frozenset(SHORT_NAMES.get(name, name) for name in names)


def _graph_names(entity: str) -> frozenset[str]:
    return frozenset(column.name for field in FIELDS[entity] for column in field.columns)


_COMPLETE = [(kind, names) for kind, fields in _SCHEMAS.items() for names in (_names(fields), _short(_names(fields)))]
_OF_IMAGES = _names(IMAGE.fields) | _graph_names("image")
_OF_MAP_FEATURES = _names(MAP_FEATURE_POINT.fields) | _graph_names("map_feature")
_TELLING = {IMAGES: _OF_IMAGES - _OF_MAP_FEATURES, MAP_FEATURES: _OF_MAP_FEATURES - _OF_IMAGES}
"""Fields that only one of the two has."""


def has_our_rights(layer: QgsMapLayer) -> bool:
    """Whether the layer's metadata credit Mapillary as ours do; a GeoPackage keeps them."""
    return RIGHTS in layer.metadata().rights()


def kind_of_layer(layer: Optional[QgsMapLayer]) -> Optional[str]:
    """`images`, `sequences`, `map_features` or `tiles`, None where it is none of these.

    The layer has all fields of its kind, maybe under the names of a Shapefile; or it has points, our rights, `id`, and
    a field that only images or only map features have.
    """
    if not isinstance(layer, QgsVectorLayer) or not layer.isValid():
        return None
    names = set(layer.fields().names())
    for kind, known in _COMPLETE:
        if known <= names:
            return kind
    if "id" in names and has_points(layer) and has_our_rights(layer):
        return next((kind for kind, telling in _TELLING.items() if telling & _long(names)), None)
    return None


def has_points(layer: QgsVectorLayer) -> bool:
    """Whether the layer's geometries are points, or several points each."""
    return bool(layer.geometryType() == QgsWkbTypes.GeometryType.PointGeometry)


def _long(names: Iterable[str]) -> set[str]:
    by_short = {short: name for name, short in SHORT_NAMES.items()}
    return {by_short.get(name, name) for name in names}


def fields_of(kind: str) -> QgsFields:
    """The fields of `images`, `sequences`, `map_features` or `tiles`."""
    return qgis_fields(_SCHEMAS[kind])


def qgis_fields(fields: Iterable[Field]) -> QgsFields:
    """Fields of the schema as QGIS has them."""
    made = QgsFields()
    for field in fields:
        made.append(QgsField(field.name, _TYPES[field.kind]))
    return made


def kinds_of(request: CoverageRequest) -> list[str]:
    """The layers that a request gives, from top to bottom."""
    chosen = {
        MAP_FEATURES: request.points or request.traffic_signs,
        IMAGES: request.images,
        SEQUENCES: request.sequences,
        TILES: True,
    }
    return [kind for kind in KINDS if chosen[kind]]
