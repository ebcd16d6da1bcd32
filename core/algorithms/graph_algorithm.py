"""What the algorithms that look things up in the graph have in common: a layer with ids in, a layer out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFields,
    QgsLayerMetadata,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsWkbTypes,
)

from ..area.extent import degrees_crs
from ..errors import CancelledError, InvalidRequestError
from ..layers.features import add_features
from ..layers.metadata import credited
from ..mapillary.cleaning import object_id
from ..network.access import Access
from ..settings import Settings
from ..wording import counted
from .algorithm import MapillaryAlgorithm
from .destinations import check_destinations
from .dressing import Dressing, store_metadata
from .parameters import auth_config, choice, read_word

INPUT, ID_FIELD, ENTITY, OUTPUT = "INPUT", "ID_FIELD", "ENTITY", "OUTPUT"
IMAGE_ENTITY, MAP_FEATURE_ENTITY = "image", "map_feature"
ENTITIES = (IMAGE_ENTITY, MAP_FEATURE_ENTITY)


class GraphAlgorithm(MapillaryAlgorithm):
    """A subclass has `counts`, the label by the name of a number that is put out, and does `do`."""

    counts: ClassVar[dict[str, str]]
    output_label: ClassVar[str]
    output_type: ClassVar[Any] = QgsProcessing.SourceType.TypeVector
    has_entity: ClassVar[bool] = True

    def __init__(self, settings: Settings, widgets: Optional[Mapping[str, str]] = None) -> None:
        super().__init__(settings, widgets)
        self.access: Access
        self._written = ""

    @abstractmethod
    def add_options(self) -> None:
        """Declare the parameters beside input and token."""

    @abstractmethod
    def check_options(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Raises InvalidRequestError for parameters that make no sense."""

    def group(self) -> str:
        return "Look up"

    def groupId(self) -> str:  # noqa: N802
        return "lookup"

    def initAlgorithm(self, configuration: Optional[dict[str, Any]] = None) -> None:  # noqa: N802
        vector = [QgsProcessing.SourceType.TypeVector]
        self.addParameter(QgsProcessingParameterFeatureSource(INPUT, "Layer with ids", vector))
        self.addParameter(QgsProcessingParameterField(ID_FIELD, "Field with the ids", "id", INPUT, optional=True))
        if self.has_entity:
            self.addParameter(choice(ENTITY, "What the ids are of", ENTITIES))
        self.add_options()
        self.addParameter(auth_config())
        self.addParameter(QgsProcessingParameterFeatureSink(OUTPUT, self.output_label, self.output_type))
        for name, label in self.counts.items():
            self.addOutput(QgsProcessingOutputNumber(name, label))

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        source = self.source(parameters, context)
        self.id_field(source, parameters, context)
        if self.has_entity:
            _check_entity(self.entity(parameters), source.fields().names())
        self.check_options(parameters, context)
        layer = self.parameterAsVectorLayer(parameters, INPUT, context)
        check_destinations({OUTPUT: parameters.get(OUTPUT)}, {INPUT: layer.source() if layer else ""})

    def prepare(self, parameters: dict[str, Any], context: QgsProcessingContext, config_id: str) -> None:
        self.access = self.settings.graph_access(config_id)

    def source(self, parameters: dict[str, Any], context: QgsProcessingContext) -> QgsProcessingFeatureSource:
        """INPUT. Raises InvalidRequestError."""
        source = self.parameterAsSource(parameters, INPUT, context)
        if source is None:
            raise InvalidRequestError(self.invalidSourceError(parameters, INPUT))
        return source

    def id_field(
        self, source: QgsProcessingFeatureSource, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> int:
        """The index of ID_FIELD. Raises InvalidRequestError."""
        name = self.parameterAsString(parameters, ID_FIELD, context) or "id"
        index = source.fields().lookupField(name)
        if index < 0:
            names = ", ".join(source.fields().names())
            raise InvalidRequestError(f"INPUT has no field “{name}”. Set ID_FIELD to the one with the ids: {names}.")
        return int(index)

    @staticmethod
    def entity(parameters: dict[str, Any]) -> str:
        """The kind of objects that the ids are of. Raises InvalidRequestError."""
        return read_word(parameters, ENTITY, ENTITIES)

    def read_rows(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> list[tuple[QgsFeature, Optional[str]]]:
        """The features of INPUT with their ids; None is no id. Raises InvalidRequestError where none has one."""
        source = self.source(parameters, context)
        index = self.id_field(source, parameters, context)
        rows = []
        for feature in source.getFeatures():
            if feedback.isCanceled():
                raise CancelledError()
            value = feature[index]
            rows.append((feature, object_id(value.strip() if isinstance(value, str) else value)))
        without = sum(found is None for _, found in rows)
        if rows and without == len(rows):
            name = source.fields().at(index).name()
            raise InvalidRequestError(f"No feature of INPUT has an id of Mapillary's, a number, in “{name}”.")
        if without:
            feedback.pushWarning(f"{counted(without, 'feature')} without a usable id: nothing to look up.")
        return rows

    def write(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        fields: QgsFields,
        features: Iterable[QgsFeature],
        *,
        wkb_type: QgsWkbTypes.Type = QgsWkbTypes.Type.NoGeometry,
        crs: Optional[QgsCoordinateReferenceSystem] = None,
    ) -> str:
        """The destination, with all features written; without `crs` their geometries are in EPSG:4326."""
        crs = degrees_crs() if crs is None else crs
        sink, destination = self.parameterAsSink(parameters, OUTPUT, context, fields, wkb_type, crs)
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(parameters, OUTPUT))
        if not add_features(sink, features, lambda: False):
            raise QgsProcessingException(self.writeFeatureError(sink, parameters, OUTPUT))
        self._written = str(destination)
        if context.willLoadLayerOnCompletion(self._written):
            context.layerToLoadOnCompletionDetails(self._written).setPostProcessor(Dressing.of(self._metadata()))
        return self._written

    def postProcessAlgorithm(  # noqa: N802
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Rights go into a GeoPackage, also where no layer is loaded from it."""
        store_metadata(self._written, self._metadata(), feedback)
        return {}

    def _metadata(self) -> QgsLayerMetadata:
        return credited(self.output_label.lower(), self.shortDescription(), [self.displayName()])


def _check_entity(entity: str, names: Sequence[str]) -> None:
    """Raises InvalidRequestError where the fields are those of our layers of the other kind."""
    looks_like = (
        IMAGE_ENTITY if "sequence_id" in names else MAP_FEATURE_ENTITY if {"value", "kind"} <= set(names) else entity
    )
    if entity != looks_like:
        raise InvalidRequestError(
            f"INPUT looks like {looks_like.replace('_', ' ')}s, but ENTITY is {entity}. Set ENTITY to {looks_like}."
        )


def distinct_ids(rows: Sequence[tuple[QgsFeature, Optional[str]]]) -> list[str]:
    """Each id once, in the order of the rows."""
    return list(dict.fromkeys(found for _, found in rows if found is not None))
