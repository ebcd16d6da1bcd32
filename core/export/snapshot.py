"""A layer as it is when the export begins: taken on the main thread, read in a task's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsLayerMetadata,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant
from qgis.PyQt.QtXml import QDomDocument

from ..layers.times import reads_utc
from .errors import NothingToExportError, UnusableCrsError
from .summary import ColumnType, ExportColumn, ExportGeometry, LayerSummary

_TYPES = {
    QVariant.Int: ColumnType.WHOLE,
    QVariant.UInt: ColumnType.LARGE,
    QVariant.LongLong: ColumnType.LARGE,
    QVariant.Double: ColumnType.REAL,
    QVariant.Bool: ColumnType.FLAG,
    QVariant.DateTime: ColumnType.TIME,
    QVariant.Date: ColumnType.DATE,
}


@dataclass(frozen=True)
class ExportLayer:
    """What is written of a layer: `columns` of the `summary` are the attributes at `indexes`, and positions come in
    `crs`. `reads_utc`: its local times are in UTC.
    """

    summary: LayerSummary
    indexes: tuple[int, ...]
    wkb_type: int
    crs: QgsCoordinateReferenceSystem
    transform: QgsCoordinateTransform
    reads_utc: bool
    metadata: QgsLayerMetadata
    style: str
    _source: QgsVectorLayerFeatureSource
    _selected: Optional[list[int]]

    def features(self) -> Iterator[QgsFeature]:
        """The features as the layer has them, edits that are not saved included."""
        request = QgsFeatureRequest()
        if self._selected is not None:
            request.setFilterFids(self._selected)
        return self._source.getFeatures(request)


def summary_of(layer: QgsVectorLayer, only_selected: bool = False) -> LayerSummary:
    """The layer as formats see it, without reading its features."""
    fields = layer.fields()
    return LayerSummary(
        layer.name(),
        tuple(
            ExportColumn(fields[index].name(), _TYPES.get(fields[index].type(), ColumnType.TEXT))
            for index in _kept(layer)
        ),
        _geometry(layer),
        layer.selectedFeatureCount() if only_selected else layer.featureCount(),
    )


def snapshot(
    layer: QgsVectorLayer,
    name: str,
    crs: Optional[QgsCoordinateReferenceSystem],
    context: QgsCoordinateTransformContext,
    only_selected: bool = False,
) -> ExportLayer:
    """The layer under the name that it shall have, in the CRS or in its own. Raises NothingToExportError and
    UnusableCrsError.
    """
    if only_selected and not layer.selectedFeatureCount():
        raise NothingToExportError(
            f"Nothing is selected in “{name}”. Select features in it, untick it, or export all features."
        )
    target = crs or layer.crs()
    if layer.isSpatial() and not (target.isValid() and layer.crs().isValid()):
        raise UnusableCrsError(f"“{name}” cannot be exported without a CRS. Set the CRS of the layer and the export.")
    return ExportLayer(
        replace(summary_of(layer, only_selected), name=name),
        tuple(_kept(layer)),
        _number(layer.wkbType()),
        target,
        QgsCoordinateTransform(layer.crs(), target, context),
        reads_utc(layer),
        layer.metadata().clone(),
        _style(layer),
        QgsVectorLayerFeatureSource(layer),
        list(layer.selectedFeatureIds()) if only_selected else None,
    )


def _kept(layer: QgsVectorLayer) -> list[int]:
    """All fields but the number that a file gives to its rows."""
    rows = layer.primaryKeyAttributes() if layer.providerType() == "ogr" else []
    return [index for index in range(layer.fields().count()) if index not in rows]


def _geometry(layer: QgsVectorLayer) -> ExportGeometry:
    if not layer.isSpatial():
        return ExportGeometry.NONE
    is_point = QgsWkbTypes.flatType(layer.wkbType()) == QgsWkbTypes.Type.Point
    return ExportGeometry.POINT if is_point else ExportGeometry.OTHER


def _number(wkb_type: Any) -> int:
    return int(getattr(wkb_type, "value", wkb_type))


def _style(layer: QgsVectorLayer) -> str:
    document = QDomDocument()
    layer.exportNamedStyle(document)
    return document.toString()
