"""`mapillary:metadata`: what the graph knows of images or map features, joined to a layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ..area.extent import degrees_crs
from ..errors import InvalidRequestError, MapillaryError
from ..graph.entity_cache import EntityCache
from ..graph.graph_client import IDS_PER_REQUEST, Entities, GraphClient
from ..graph.graph_fields import DEFAULT_FIELDS, FIELDS, GraphType, columns_of, point, read_entity
from ..layers.times import qgis_time
from ..wording import counted, listed
from .destinations import check_holds
from .graph_algorithm import ENTITIES, MAP_FEATURE_ENTITY, OUTPUT, GraphAlgorithm, distinct_ids
from .parameters import advanced, choice, read_several, read_word

FIELDS_PARAMETER, GEOMETRY = "FIELDS", "GEOMETRY"
GEOMETRIES = {"input": "", "original": "geometry", "computed": "computed_geometry"}
"""The field of the graph that each choice takes the geometry from."""

_TYPES = {
    GraphType.TEXT: QVariant.String,
    GraphType.JSON: QVariant.String,
    GraphType.INTEGER: QVariant.LongLong,
    GraphType.REAL: QVariant.Double,
    GraphType.FLAG: QVariant.Bool,
    GraphType.TIME: QVariant.DateTime,
}
_CLASH = "_graph"

HELP = """Looks up in Mapillary's graph what it knows of images or map features, and joins it to the rows of a layer, \
for example camera and altitude to images that were downloaded, or the facing direction to traffic signs. With \
“Selected features only”, only those are looked up.

Every row of INPUT is in OUTPUT; where the graph has no such object, because it was deleted or is private, the joined \
fields are NULL, and NOT_FOUND_COUNT says how many ids that are. FIELDS are the graph's names; those that do not \
belong to ENTITY are refused. Times are in UTC. GEOMETRY keeps the geometry of INPUT, or takes the original or \
computed position of the graph (EPSG:4326); rows without one have no geometry.

50 ids go in one request, so 10,000 images take 200. Replies are kept for a day: after a cancelled or broken run, the \
next one asks only for what is missing.

Example: qgis_process run mapillary:metadata -- INPUT=images.gpkg FIELDS=make FIELDS=model FIELDS=computed_altitude \
OUTPUT=cameras.gpkg"""


class MetadataAlgorithm(GraphAlgorithm):
    """Every row of INPUT with the graph's fields."""

    counts: ClassVar = {"NOT_FOUND_COUNT": "Number of ids that Mapillary does not know"}
    output_label: ClassVar = "With metadata"

    def name(self) -> str:
        return "metadata"

    def displayName(self) -> str:  # noqa: N802
        return "Add metadata from the graph"

    def shortDescription(self) -> str:  # noqa: N802
        return "Joins what Mapillary's graph knows of images or map features to a layer"

    def shortHelpString(self) -> str:  # noqa: N802
        return HELP

    def tags(self) -> list[str]:
        return ["camera", "altitude", "attributes", "enrich", "join", "entities", "batch"]

    def add_options(self) -> None:
        names = _all_names()
        default = list(DEFAULT_FIELDS[ENTITIES[0]])
        self.addParameter(QgsProcessingParameterEnum(FIELDS_PARAMETER, "Fields", names, True, default, True, True))
        geometry: QgsProcessingParameterDefinition = choice(GEOMETRY, "Geometry", list(GEOMETRIES))
        self.addParameter(advanced(geometry))

    def check_options(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        self._read_fields(parameters)
        has_geometry = not self._read_geometry(parameters) and self.source(parameters, context).wkbType() not in (
            QgsWkbTypes.Type.NoGeometry,
            QgsWkbTypes.Type.Unknown,
        )
        check_holds(parameters.get(OUTPUT), OUTPUT, has_geometry=has_geometry)

    def do(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        rows = self.read_rows(parameters, context, feedback)
        entity, names = self.entity(parameters), self._read_fields(parameters)
        position = self._read_geometry(parameters)
        asked = list(dict.fromkeys([*names, position] if position else names))
        found, gone = self._find(entity, distinct_ids(rows), asked, feedback)
        source = self.source(parameters, context)
        fields = _joined_fields(source.fields(), entity, names)
        wkb_type, crs = _shape(source, position)
        features = _joined(rows, found, entity, names, position)
        feedback.pushInfo(f"{len(found):,} of {counted(len(found) + len(gone), 'id')} found.")
        outputs = {"OUTPUT": self.write(parameters, context, fields, list(features), wkb_type=wkb_type, crs=crs)}
        return {**outputs, "NOT_FOUND_COUNT": len(gone)}

    def _read_fields(self, parameters: dict[str, Any]) -> list[str]:
        entity = self.entity(parameters)
        chosen = read_several(parameters, FIELDS_PARAMETER)
        if not chosen:
            return list(DEFAULT_FIELDS[entity])
        known = [field.name for field in FIELDS[entity]]
        if entity == MAP_FEATURE_ENTITY and chosen == list(DEFAULT_FIELDS[ENTITIES[0]]):
            return list(DEFAULT_FIELDS[entity])
        wrong = next((name for name in chosen if name not in known), None)
        if wrong is not None:
            raise InvalidRequestError(f"“{wrong}” is no field of {entity}. Its fields are {', '.join(known)}.")
        return [name for name in known if name in chosen]

    def _read_geometry(self, parameters: dict[str, Any]) -> str:
        word = read_word(parameters, GEOMETRY, list(GEOMETRIES))
        if word == "computed" and self.entity(parameters) == MAP_FEATURE_ENTITY:
            raise InvalidRequestError("Map features have no computed position. Choose the geometry original or input.")
        return GEOMETRIES[word]

    def _find(
        self, entity: str, ids: Sequence[str], asked: Sequence[str], feedback: QgsProcessingFeedback
    ) -> tuple[dict[str, dict[str, Any]], list[str]]:
        """The objects by id, and the ids that Mapillary does not know. Raises MapillaryError where nothing came."""
        from ..graph.graph_run import in_batches, run_jobs

        cache = EntityCache.of(self.access)
        try:
            found = cache.find(entity, ids, asked)
            batches = in_batches([key for key in ids if key not in found], IDS_PER_REQUEST)
            requests = counted(len(batches), "request")
            feedback.pushInfo(f"{counted(len(ids), 'id')}: {len(found):,} looked up before, {requests} for the rest.")

            def ask(client: GraphClient, batch: list[str]) -> Entities:
                entities = client.entities(batch, asked)
                cache.keep(entity, asked, entities.found)
                return entities

            outcomes = run_jobs(
                batches,
                ask,
                self.access,
                feedback.isCanceled,
                lambda done, total: feedback.setProgress(100 * done / total),
            )
        finally:
            cache.close()
        gone: list[str] = []
        unasked, why = 0, None
        for outcome in outcomes:
            if outcome.error is None:
                found.update(outcome.value.found)
                gone += outcome.value.gone
                unasked += len(outcome.value.refused)
                why = why or next(iter(outcome.value.refused.values()), None)
            else:
                unasked, why = unasked + len(outcome.job), why or outcome.error
        _tell(feedback, found, gone, unasked, why)
        if cache.problem:
            feedback.pushWarning(cache.problem)
        return found, gone


def _tell(
    feedback: QgsProcessingFeedback,
    found: Mapping[str, Any],
    gone: Sequence[str],
    unasked: int,
    why: Optional[MapillaryError],
) -> None:
    if why is not None and not found and not gone:
        raise why
    if why is not None:
        feedback.pushWarning(
            f"The result is partial: {counted(unasked, 'id')} could not be asked for, and their fields are NULL. {why}"
            " Run again to have the rest; what was read is kept for a day."
        )
    if gone:
        shown = listed(gone, rest=" …")
        feedback.pushWarning(
            f"Mapillary does not know {counted(len(gone), 'id')}: deleted, private, or never there. Their fields are"
            f" NULL: {shown}"
        )


def _all_names() -> list[str]:
    return list(dict.fromkeys(field.name for entity in ENTITIES for field in FIELDS[entity]))


def _joined_fields(own: QgsFields, entity: str, names: Sequence[str]) -> QgsFields:
    fields = QgsFields(own)
    for column in columns_of(entity, names):
        name = column.name
        while fields.lookupField(name) >= 0:
            name += _CLASH
        fields.append(QgsField(name, _TYPES[column.type]))
    return fields


def _shape(source: QgsProcessingFeatureSource, position: str) -> tuple[QgsWkbTypes.Type, QgsCoordinateReferenceSystem]:
    if position:
        return QgsWkbTypes.Type.Point, degrees_crs()
    return source.wkbType(), source.sourceCrs()


def _joined(
    rows: Sequence[tuple[QgsFeature, Optional[str]]],
    found: Mapping[str, Mapping[str, Any]],
    entity: str,
    names: Sequence[str],
    position: str,
) -> Iterator[QgsFeature]:
    columns = columns_of(entity, names)
    for feature, key in rows:
        known = found.get(key or "", {})
        values = read_entity(entity, names, known)
        joined = QgsFeature()
        joined.setAttributes(
            feature.attributes()
            + [qgis_time(value) if column.type is GraphType.TIME else value for column, value in zip(columns, values)]
        )
        place = point(known.get(position)) if position else None
        if not position:
            joined.setGeometry(feature.geometry())
        elif place is not None:
            joined.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(*place)))
        yield joined
