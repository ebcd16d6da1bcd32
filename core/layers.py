"""Columns to QGIS: fields, features and memory layers, made in a task's thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsLayerMetadata,
    QgsMemoryProviderUtils,
    QgsPointXY,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDateTime, Qt, QVariant

from .about import PLUGIN_FOLDER, TITLE, version
from .collector import Table
from .errors import CancelledError, RefusedFeaturesError
from .extent import DEGREES
from .ledger import TileRecord
from .live.seen import Seen
from .moments import moment
from .remembered_request import lines_of
from .report import remarks, result_line, warnings
from .request import CoverageRequest
from .result import CoverageResult
from .schema import DEFAULT_POSITION, IMAGE, LEDGER_FIELDS, MAP_FEATURE_POINT, SEQUENCE, Field, Kind, Shape
from .tiling import tile_box

RIGHTS = "© Mapillary, CC BY-SA 4.0"
LICENCE = "CC BY-SA 4.0, https://creativecommons.org/licenses/by-sa/4.0/"
HOMEPAGE = "https://www.mapillary.com"

IMAGES, SEQUENCES, MAP_FEATURES, TILES = "images", "sequences", "map_features", "tiles"
KINDS = (MAP_FEATURES, IMAGES, SEQUENCES, TILES)
"""From top to bottom."""

WKB_TYPES = {
    IMAGES: QgsWkbTypes.Type.Point,
    SEQUENCES: QgsWkbTypes.Type.MultiLineString,
    MAP_FEATURES: QgsWkbTypes.Type.Point,
    TILES: QgsWkbTypes.Type.Polygon,
}
BATCH = 5_000
PARTIAL = " (partial)"
"""How names of layers end where tiles are missing."""
_LONGEST_NAME = 140

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


_FIELDS: dict[str, Sequence[Field]] = {
    IMAGES: IMAGE.fields,
    SEQUENCES: SEQUENCE.fields,
    MAP_FEATURES: MAP_FEATURE_POINT.fields,
    TILES: LEDGER_FIELDS,
}


def fields_of(kind: str) -> QgsFields:
    """The fields of `images`, `sequences`, `map_features` or `tiles`."""
    return qgis_fields(_FIELDS[kind])


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


def degrees_crs() -> QgsCoordinateReferenceSystem:
    """The CRS of all layers, EPSG:4326."""
    return QgsCoordinateReferenceSystem(DEGREES)


def features_of(kind: str, result: CoverageResult) -> Iterator[QgsFeature]:
    """The features of one of the layers, made one at a time."""
    if kind == TILES:
        return _ledger_features(result.ledger)
    tables = {IMAGES: result.images, SEQUENCES: result.sequences}
    return table_features(result.map_features if kind == MAP_FEATURES else tables[kind])


def add_features(sink: QgsFeatureSink, features: Iterable[QgsFeature], is_cancelled: Callable[[], bool]) -> bool:
    """Add all features in batches; False where the sink refused some. Raises CancelledError."""
    batch: list[QgsFeature] = []
    added = True
    for feature in features:
        batch.append(feature)
        if len(batch) == BATCH:
            if is_cancelled():
                raise CancelledError()
            added = sink.addFeatures(batch, QgsFeatureSink.Flag.FastInsert) and added
            batch = []
    return (sink.addFeatures(batch, QgsFeatureSink.Flag.FastInsert) if batch else True) and added


def memory_layer(kind: str, result: CoverageResult, is_cancelled: Callable[[], bool]) -> QgsVectorLayer:
    """One of the layers, filled and with its metadata, without a style. Raises CancelledError."""
    layer = QgsMemoryProviderUtils.createMemoryLayer(
        layer_name(kind, result), fields_of(kind), WKB_TYPES[kind], degrees_crs()
    )
    # Made before the features, batch by batch: made after them it would keep Python from all other threads for seconds.
    layer.dataProvider().createSpatialIndex()
    if not add_features(layer.dataProvider(), features_of(kind, result), is_cancelled):
        raise RefusedFeaturesError()
    layer.updateExtents()
    layer.setMetadata(metadata_of(result, kind))
    return layer


def layer_name(kind: str, result: CoverageResult, is_mixed: bool = False) -> str:
    """Such as `Images, 2024-05-01, panoramas only`: with the day (UTC) on which the newest of the tiles was fetched,
    and `(partial)` where tiles are missing. Where a layer `is_mixed` from requests that differ, it says so instead.
    """
    request = result.request
    parts = [kind.replace("_", " ").capitalize()]
    if kind in (IMAGES, SEQUENCES) and not is_mixed and request.position != DEFAULT_POSITION:
        parts.append(f"{request.position} positions")
    times = [record.fetched_at for record in result.ledger if record.fetched_at]
    if times:
        parts.append(f"{moment(max(times)):%Y-%m-%d}")
    if is_mixed:
        parts.append("several requests")
    elif kind != TILES:
        parts.append(request.filter.said_of(MAP_FEATURE_POINT if kind == MAP_FEATURES else IMAGE))
    # In the address of a table in a file, | stands between the file and the table.
    name = ", ".join(filter(None, parts)).replace("|", "¦")
    return (name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…") + PARTIAL * result.is_partial


def seen_in(kind: str, result: CoverageResult) -> Seen:
    """What occurs in one of the layers, for its legend."""
    tables = {IMAGES: result.images, SEQUENCES: result.sequences, MAP_FEATURES: result.map_features}
    return Seen.of_columns(tables[kind].columns) if kind in tables else Seen()


def style_file(kind: str) -> Path:
    """The QML file for layers of this kind: their fields, form, tip, actions and times; of tiles also their look."""
    return PLUGIN_FOLDER / "resources" / "styles" / f"{kind}.qml"


def metadata_of(result: CoverageResult, kind: str) -> QgsLayerMetadata:
    """Rights, licence and the request: these stay with the layer in a GeoPackage and feed QGIS' map_credits()."""
    history = [str(result.request), *lines_of([result.request])]
    return credited(kind.replace("_", " "), _abstract(result), history)


def metadata_after(
    before: QgsLayerMetadata, results: Sequence[CoverageResult], requests: Sequence[CoverageRequest] = ()
) -> QgsLayerMetadata:
    """What the metadata of a layer become with further results, and with requests that are remembered from now on."""
    metadata = before.clone()
    metadata.setAbstract("\n\n".join(map(_abstract, results)))
    earlier = before.history()
    entries = [_entry(str(result.request)) for result in results]
    metadata.setHistory([*entries, *earlier, *(line for line in lines_of(requests) if line not in earlier)])
    return metadata


def _abstract(result: CoverageResult) -> str:
    return "\n".join([str(result.request), result_line(result), *remarks(result), *warnings(result)])


def _entry(text: str) -> str:
    """A line of a history."""
    return f"{datetime.now(timezone.utc).isoformat(timespec='seconds')} {TITLE} {version()}: {text}"


def credited(what: str, abstract: str, history: Sequence[str]) -> QgsLayerMetadata:
    """Metadata with Mapillary's rights and licence; the first line of the history gets the time and the plugin."""
    metadata = QgsLayerMetadata()
    metadata.setTitle(f"Mapillary {what}")
    metadata.setType("dataset")
    metadata.setAbstract(abstract)
    metadata.setRights([RIGHTS])
    metadata.setLicenses([LICENCE])
    metadata.setLinks([QgsLayerMetadata.Link("Mapillary", "WWW:LINK", HOMEPAGE)])
    metadata.setHistory([_entry(history[0]), *history[1:]])
    metadata.setCrs(degrees_crs())
    return metadata


def qgis_time(milliseconds: Optional[int]) -> Optional[QDateTime]:
    """A time in UTC as QGIS has it."""
    return None if milliseconds is None else QDateTime.fromMSecsSinceEpoch(milliseconds, Qt.TimeSpec.UTC)


def table_features(table: Table) -> Iterator[QgsFeature]:
    """The rows of a table as features, made one at a time."""
    columns = [
        map(qgis_time, table.columns[field.name]) if field.kind is Kind.TIME else table.columns[field.name]
        for field in table.layer.fields
    ]
    make_geometry = _point if table.layer.shape is Shape.POINT else _lines
    for position, *values in zip(table.geometries, *columns):
        yield _feature(values, make_geometry(position))


def _point(position: tuple[float, float]) -> QgsGeometry:
    return QgsGeometry.fromPointXY(QgsPointXY(*position))


def _lines(parts: list[list[tuple[float, float]]]) -> QgsGeometry:
    return QgsGeometry.fromMultiPolylineXY([[QgsPointXY(*position) for position in part] for part in parts])


def _ledger_features(ledger: Iterable[TileRecord]) -> Iterator[QgsFeature]:
    for record in ledger:
        box = tile_box(record.tile)
        values = [
            str(record.tile),
            record.tileset,
            record.status,
            record.reason or None,
            record.features,
            record.kept,
            record.bytes,
            record.source,
            qgis_time(record.fetched_at),
        ]
        yield _feature(values, QgsGeometry.fromRect(QgsRectangle(box.west, box.south, box.east, box.north)))


def _feature(values: list[Any], geometry: QgsGeometry) -> QgsFeature:
    feature = QgsFeature()
    feature.setAttributes(values)
    feature.setGeometry(geometry)
    return feature
