"""`mapillary:detections`: what Mapillary has outlined in images, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Optional

from qgis.core import (
    QgsFeature,
    QgsField,
    QgsFields,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
)
from qgis.PyQt.QtCore import QVariant

from ..errors import DamagedDetectionError, UnknownObjectError
from ..graph.detection_geometry import detection_wkt
from ..graph.graph_fields import time as graph_time
from ..layers.times import qgis_time
from ..mapillary.cleaning import key, object_id
from ..wording import counted, listed
from .destinations import check_holds
from .graph_algorithm import MAP_FEATURE_ENTITY, OUTPUT, GraphAlgorithm, distinct_ids

_FIELDS = ("id", "image_id", "value", "created_at", "polygon", "map_feature_id")
_ASKED = ("created_at", "geometry", "image", "value")

HELP = """Looks up what Mapillary has recognised in images, or the places in images where a map feature was seen: one \
row for each detection.

polygon is the outline as WKT, in shares of the image's width and height from its top left corner, y down: POLYGON, \
or MULTIPOLYGON where it has several parts. All parts and holes are there. Multiply by the size of the picture at hand \
to have pixels. created_at is in UTC. map_feature_id is NULL for the detections of an image, since Mapillary does not \
say which map feature they belong to: ask for those of the map feature then.

Each image or map feature takes one request. Ids that Mapillary does not know are named and counted in NOT_FOUND_COUNT.

Example: qgis_process run mapillary:detections -- INPUT=images.gpkg OUTPUT=detections.gpkg

Example: qgis_process run mapillary:detections -- INPUT=signs.gpkg ENTITY=map_feature OUTPUT=detections.csv"""


class DetectionsAlgorithm(GraphAlgorithm):
    """One row a detection."""

    counts: ClassVar = {
        "DETECTION_COUNT": "Number of detections",
        "NOT_FOUND_COUNT": "Number of ids that Mapillary does not know",
    }
    output_label: ClassVar = "Detections"
    output_type: ClassVar = QgsProcessing.SourceType.TypeVector

    def name(self) -> str:
        return "detections"

    def displayName(self) -> str:  # noqa: N802
        return "Detections in images"

    def shortDescription(self) -> str:  # noqa: N802
        return "What Mapillary has outlined in images, or where a map feature was seen"

    def shortHelpString(self) -> str:  # noqa: N802
        return HELP

    def tags(self) -> list[str]:
        return ["segmentation", "objects", "outlines", "polygons", "recognition"]

    def add_options(self) -> None:
        """There are none."""

    def check_options(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """A Shapefile would cut the outlines."""
        check_holds(parameters.get(OUTPUT), OUTPUT, has_geometry=False, has_long_text=True)

    def do(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ..graph.graph_run import run_jobs

        ids = distinct_ids(self.read_rows(parameters, context, feedback))
        entity = self.entity(parameters)
        feedback.pushInfo(f"Asking for the detections of {counted(len(ids), entity.replace('_', ' '))}.")
        outcomes = run_jobs(
            ids,
            lambda client, object_id: client.edge(object_id, "detections", _ASKED),
            self.access,
            feedback.isCanceled,
            lambda done, total: feedback.setProgress(100 * done / total),
        )
        gone = [outcome.job for outcome in outcomes if isinstance(outcome.error, UnknownObjectError)]
        failed = [o for o in outcomes if o.error is not None and not isinstance(o.error, UnknownObjectError)]
        if failed and failed[0].error and len(failed) + len(gone) == len(outcomes):
            raise failed[0].error
        features, damaged = [], 0
        for outcome in outcomes:
            for detection in outcome.value or ():
                values = _values(detection, outcome.job, entity)
                damaged += values["polygon"] is None
                feature = QgsFeature()
                feature.setAttributes([values[name] for name in _FIELDS])
                features.append(feature)
        if failed:
            feedback.pushWarning(
                f"The result is partial: {counted(len(failed), 'id')} could not be asked for. {failed[0].error}"
            )
        if gone:
            shown = listed(gone, rest=" …")
            feedback.pushWarning(f"Mapillary does not know {counted(len(gone), 'id')}: {shown}")
        if damaged:
            feedback.pushWarning(f"{counted(damaged, 'detection')} came without a usable outline: polygon is NULL.")
        feedback.pushInfo(f"{counted(len(features), 'detection')} of {counted(len(ids) - len(gone), 'id')}.")
        destination = self.write(parameters, context, _fields(), features)
        return {"OUTPUT": destination, "DETECTION_COUNT": len(features), "NOT_FOUND_COUNT": len(gone)}


def _fields() -> QgsFields:
    fields = QgsFields()
    for name in _FIELDS:
        fields.append(QgsField(name, QVariant.DateTime if name == "created_at" else QVariant.String))
    return fields


def _values(detection: Mapping[str, Any], asked_id: str, entity: str) -> dict[str, Any]:
    image = detection.get("image")
    named = object_id(image.get("id")) if isinstance(image, dict) else None
    return {
        "id": object_id(detection.get("id")),
        "image_id": named if entity == MAP_FEATURE_ENTITY else asked_id,
        "value": key(detection.get("value")),
        "created_at": qgis_time(graph_time(detection.get("created_at"))),
        "polygon": _polygon(detection.get("geometry")),
        "map_feature_id": asked_id if entity == MAP_FEATURE_ENTITY else None,
    }


def _polygon(text: Any) -> Optional[str]:
    try:
        return detection_wkt(text)
    except DamagedDetectionError:
        return None
