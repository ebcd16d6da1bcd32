"""Columns to QGIS: fields, features and memory layers, made in a task's thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Callable

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsGeometry,
    QgsMemoryProviderUtils,
    QgsPointXY,
    QgsRectangle,
    QgsVectorLayer,
)

from ..area.extent import degrees_crs
from ..area.tiling import tile_box
from ..download.collector import Table
from ..download.ledger import TileRecord
from ..download.result import CoverageResult
from ..errors import CancelledError, RefusedFeaturesError
from ..mapillary.schema import TILES, FieldType, Shape
from .kinds import fields_of, wkb_type
from .metadata import layer_name, metadata_of
from .times import qgis_time

FEATURES_PER_BATCH = 5_000


def features_of(kind: str, result: CoverageResult) -> Iterator[QgsFeature]:
    """The features of one of the layers, made one at a time."""
    if kind == TILES:
        return _ledger_features(result.ledger)
    return table_features(result.of_kind(kind))


def add_features(sink: QgsFeatureSink, features: Iterable[QgsFeature], is_cancelled: Callable[[], bool]) -> bool:
    """Add all features in batches; False where the sink refused some. Raises CancelledError."""
    batch: list[QgsFeature] = []
    added = True
    for feature in features:
        batch.append(feature)
        if len(batch) == FEATURES_PER_BATCH:
            if is_cancelled():
                raise CancelledError()
            added = sink.addFeatures(batch, QgsFeatureSink.Flag.FastInsert) and added
            batch = []
    return (sink.addFeatures(batch, QgsFeatureSink.Flag.FastInsert) if batch else True) and added


def memory_layer(kind: str, result: CoverageResult, is_cancelled: Callable[[], bool]) -> QgsVectorLayer:
    """One of the layers, filled and with its metadata, without a style. Raises CancelledError."""
    layer = QgsMemoryProviderUtils.createMemoryLayer(
        layer_name(kind, result), fields_of(kind), wkb_type(kind), degrees_crs()
    )
    # Made before the features, batch by batch: made after them it would keep Python from all other threads for seconds.
    layer.dataProvider().createSpatialIndex()
    if not add_features(layer.dataProvider(), features_of(kind, result), is_cancelled):
        raise RefusedFeaturesError()
    layer.updateExtents()
    layer.setMetadata(metadata_of(result, kind))
    return layer


def table_features(table: Table) -> Iterator[QgsFeature]:
    """The rows of a table as features, made one at a time."""
    columns = [
        map(qgis_time, table.columns[field.name]) if field.type is FieldType.TIME else table.columns[field.name]
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
