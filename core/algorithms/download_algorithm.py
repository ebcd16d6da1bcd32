"""What the downloads from vector tiles have in common: area and ledger in, the run, sinks out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Optional

from qgis.core import (
    QgsFeatureSource,
    QgsField,
    QgsFields,
    QgsLayerMetadata,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsWkbTypes,
)

from ..area.area import Area
from ..area.extent import degrees_crs
from ..area.tiling import TileAddress
from ..download.report import remarks, result_line, warnings
from ..download.result import CoverageResult
from ..errors import CancelledError, InvalidRequestError
from ..export.formats import SHAPEFILE, names_in
from ..graph.creators import with_creators
from ..layers.expression import matching_rows
from ..layers.features import add_features, features_of
from ..layers.kinds import fields_of, wkb_type
from ..layers.ledger_layer import missing_tiles
from ..layers.metadata import PARTIAL, metadata_of
from ..mvt import engine_name
from ..network.access import Access
from ..request.request import CoverageRequest
from ..settings import Settings
from ..wording import counted
from .algorithm import MapillaryAlgorithm
from .areas import AREA, DeferredArea, add_area_parameters, has_polygons, read_area
from .destinations import check_destinations, check_new, is_csv, is_shapefile
from .dressing import Dressing, store_metadata
from .parameters import advanced, auth_config, is_given

TILES_INPUT = "TILES_INPUT"

GROUP, GROUP_ID = "Download", "download"

_SOURCE_TYPES = {
    QgsWkbTypes.GeometryType.PointGeometry: QgsProcessing.SourceType.TypeVectorPoint,
    QgsWkbTypes.GeometryType.LineGeometry: QgsProcessing.SourceType.TypeVectorLine,
    QgsWkbTypes.GeometryType.PolygonGeometry: QgsProcessing.SourceType.TypeVectorPolygon,
}


class DownloadAlgorithm(MapillaryAlgorithm):
    """Thin over `download_coverage`. A subclass has `sinks`, the kind of layer by output name, `counts`, the label by
    the name of a number that is put out, and says what is asked for.
    """

    sinks: ClassVar[dict[str, str]]
    counts: ClassVar[dict[str, str]]

    def __init__(self, settings: Settings, widgets: Optional[Mapping[str, str]] = None) -> None:
        super().__init__(settings, widgets)
        self._area: DeferredArea
        self._options: dict[str, Any]
        self._ledger: Optional[QgsFeatureSource] = None
        self._access: Access
        self._written: list[tuple[str, QgsLayerMetadata]] = []
        self._graph: Optional[Access] = None

    @abstractmethod
    def add_options(self) -> None:
        """Declare the parameters beside the area."""

    @abstractmethod
    def read_options(self, parameters: dict[str, Any], context: QgsProcessingContext) -> dict[str, Any]:
        """What a CoverageRequest takes beside the area. Raises InvalidRequestError."""

    @abstractmethod
    def count(self, result: CoverageResult) -> dict[str, int]:
        """The numbers that are put out beside those of the tiles."""

    def group(self) -> str:
        return GROUP

    def groupId(self) -> str:  # noqa: N802
        return GROUP_ID

    def initAlgorithm(self, configuration: Optional[dict[str, Any]] = None) -> None:  # noqa: N802
        add_area_parameters(self)
        self.add_options()
        label = "Ledger of an earlier run: read only what failed or was skipped"
        self.addParameter(advanced(QgsProcessingParameterFeatureSource(TILES_INPUT, label, optional=True)))
        self.addParameter(auth_config())
        for name, kind in self.sinks.items():
            source_type = _SOURCE_TYPES[QgsWkbTypes.geometryType(wkb_type(kind))]
            label = kind.replace("_", " ").capitalize()
            self.addParameter(QgsProcessingParameterFeatureSink(name, label, source_type, None, True))
        tile_counts = {"TILE_COUNT": "Number of tiles", "FAILED_COUNT": "Number of tiles that failed"}
        for name, label in {**tile_counts, **self.counts}.items():
            self.addOutput(QgsProcessingOutputNumber(name, label))

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """All that can be told at once; polygons are read by the run, since it can take long."""
        area, options = read_area(self, parameters, context), self.read_options(parameters, context)
        if not has_polygons(parameters):
            self._read_ledger(CoverageRequest(area(), **options), self._ledger_source(parameters, context))
        self._check_outputs(parameters, context)

    def prepare(self, parameters: dict[str, Any], context: QgsProcessingContext, config_id: str) -> None:
        self._area = read_area(self, parameters, context)
        self._options = self.read_options(parameters, context)
        self._ledger = self._ledger_source(parameters, context)
        self._access = self.settings.tile_access(config_id)
        if self._options["filter"].creators:
            self._graph = self.settings.graph_access(config_id)

    def do(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        result = self._download(self._area(), feedback)
        if isinstance(result.stopped_by, CancelledError):
            raise result.stopped_by
        if result.failure:
            raise result.failure
        outputs = self._write(result, parameters, context, feedback)
        feedback.pushInfo(result_line(result))
        for remark in remarks(result):
            feedback.pushInfo(remark)
        for warning in warnings(result):
            feedback.pushWarning(warning)
        return outputs

    def postProcessAlgorithm(  # noqa: N802
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Rights and request go into each GeoPackage, also where no layer is loaded from it."""
        for destination, metadata in self._written:
            store_metadata(destination, metadata, feedback)
        return {}

    def _download(self, area: Area, feedback: QgsProcessingFeedback) -> CoverageResult:
        from ..download.download import download_coverage

        chosen = with_creators(self._options["filter"], self._graph, feedback.isCanceled)
        request = CoverageRequest(area, **{**self._options, "filter": chosen})
        only = self._read_ledger(request, self._ledger)
        self._tell_what_is_read(request, only, feedback)
        return download_coverage(
            request,
            self._access,
            feedback.isCanceled,
            lambda done, total: feedback.setProgress(100 * done / total),
            only=only,
            matching_rows=matching_rows,
        )

    def _tell_what_is_read(
        self, request: CoverageRequest, only: Optional[set[TileAddress]], feedback: QgsProcessingFeedback
    ) -> None:
        count = request.tile_count
        if only is not None:
            count = len(only.intersection(request.addresses()))
            outside = len(only) - count
            if outside:
                feedback.pushWarning(f"{counted(outside, 'tile')} of TILES_INPUT outside the area: not read.")
        feedback.pushInfo(f"{counted(count, 'tile')}: {request}.")
        feedback.pushInfo(f"Decoding with {engine_name()}.")
        if self._access.offline:
            feedback.pushWarning("“Work offline” is ticked in the Mapillary panel: tiles of any age are used.")

    def _write(
        self,
        result: CoverageResult,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        """Written whole, without a look at cancel: half a file would pass for a whole one."""
        outputs: dict[str, Any] = {
            "TILE_COUNT": len(result.ledger),
            "FAILED_COUNT": result.failed_count,
            **self.count(result),
        }
        for name, kind in self.sinks.items():
            fields = _short_named(fields_of(kind)) if is_shapefile(parameters.get(name)) else fields_of(kind)
            sink, destination = self.parameterAsSink(parameters, name, context, fields, wkb_type(kind), degrees_crs())
            if sink is None:
                if parameters.get(name):
                    raise QgsProcessingException(self.invalidSinkError(parameters, name))
                continue
            if not add_features(sink, features_of(kind, result), lambda: False):
                raise QgsProcessingException(self.writeFeatureError(sink, parameters, name))
            outputs[name] = destination
            self._written.append((destination, metadata_of(result, kind)))
            if is_csv(parameters.get(name)):
                feedback.pushWarning(f"{name}: QGIS writes CSV without positions. Choose another format to have them.")
        for name, kind in self.sinks.items():
            if name in outputs and context.willLoadLayerOnCompletion(outputs[name]):
                details = context.layerToLoadOnCompletionDetails(outputs[name])
                details.setPostProcessor(Dressing.of(metadata_of(result, kind), kind))
                details.name += PARTIAL if result.is_partial else ""
        return outputs

    def _check_outputs(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        outputs = {name: parameters.get(name) for name in self.sinks}
        layers = {name: self.parameterAsVectorLayer(parameters, name, context) for name in (AREA, TILES_INPUT)}
        check_destinations(outputs, {name: layer.source() for name, layer in layers.items() if layer})
        if is_given(parameters.get(TILES_INPUT)):
            check_new(outputs)

    def _ledger_source(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Optional[QgsFeatureSource]:
        if not is_given(parameters.get(TILES_INPUT)):
            return None
        source = self.parameterAsSource(parameters, TILES_INPUT, context)
        if source is None:
            raise InvalidRequestError(self.invalidSourceError(parameters, TILES_INPUT))
        return source

    @staticmethod
    def _read_ledger(request: CoverageRequest, source: Optional[QgsFeatureSource]) -> Optional[set[TileAddress]]:
        return None if source is None else missing_tiles(source, request.tilesets)


def _short_named(fields: QgsFields) -> QgsFields:
    """With the names that the fields of our layers have in a Shapefile."""
    short = QgsFields()
    for field, name in zip(fields, names_in(SHAPEFILE, fields.names())):
        short.append(QgsField(name, field.type()))
    return short
