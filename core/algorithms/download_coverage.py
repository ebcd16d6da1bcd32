"""`mapillary:downloadcoverage`: the coverage of an extent as layers."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import (
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterAuthConfig,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
)
from qgis.PyQt.QtGui import QIcon

from ..about import PLUGIN_FOLDER
from ..errors import CancelledError, InvalidRequestError, MapillaryError
from ..filters import PANORAMA_CHOICES, CoverageFilter
from ..layers import (
    IMAGES,
    PARTIAL,
    SEQUENCES,
    TILES,
    WKB_TYPES,
    add_features,
    degrees_crs,
    features_of,
    fields_of,
)
from ..ledger_layer import missing_tiles
from ..mvt import engine_name
from ..report import counted, remarks, result_line, warnings
from ..request import CoverageRequest
from ..result import CoverageResult
from ..schema import COVERAGE_TILESETS
from ..settings import Settings
from ..tile_access import TileAccess
from ..tiling import TileId, tiles_of
from .destinations import check_destinations
from .dressing import Dressing
from .parameters import choice, day, read_area, read_day, read_word

EXTENT, POSITION, START_DATE, END_DATE, PANORAMA = "EXTENT", "POSITION", "START_DATE", "END_DATE", "PANORAMA"
TILES_INPUT, AUTH_CONFIG = "TILES_INPUT", "AUTH_CONFIG"
SINKS = {"IMAGES": IMAGES, "SEQUENCES": SEQUENCES, "TILES": TILES}

HELP = """Downloads Mapillary's street-level coverage of an extent: images as points, sequences as lines, and a ledger \
with one polygon per tile that says whether the tile was read, is empty, or failed and why.

The token comes from the Mapillary panel, from the variable MAPILLARY_ACCESS_TOKEN, or from the authentication \
configuration that AUTH_CONFIG names (method Basic, the token as password); it is no parameter itself, so it does not \
show up in the history.

Tiles are kept in a cache for a day, so a second run over the same extent asks Mapillary for nothing. When a run is \
partial, hand its ledger in as TILES_INPUT: then only the tiles that failed or were skipped are read. The outputs hold \
what they add: the images can be appended; parts of a sequence that is in both have to be merged by id. A run that \
needs more tiles than are left of today's 50,000 is refused before it starts. A cancelled run writes nothing, but what \
it read is in the cache.

An extent across the antimeridian is written with xmin greater than xmax, such as 179.9,-179.9,-17,-16 [EPSG:4326]. \
POSITION is original or computed, PANORAMA all, only or without. Both dates belong to the range, in UTC; images \
without a date are left out when a date is given. Images are clipped exactly to the box in longitude and latitude \
around the extent; sequences that touch it are kept with all their parts in the tiles read. When some tiles fail the \
result is partial, and a warning says so.

Example: qgis_process run mapillary:downloadcoverage -- EXTENT="7.40,7.42,43.72,43.74 [EPSG:4326]" PANORAMA=only \
START_DATE=2024-05-01 IMAGES=images.gpkg TILES=tiles.gpkg"""


class DownloadCoverageAlgorithm(QgsProcessingAlgorithm):
    """Thin over `download_coverage`: parameters in, sinks out."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._request: CoverageRequest
        self._access: TileAccess
        self._only: Optional[set[TileId]] = None

    def createInstance(self) -> DownloadCoverageAlgorithm:  # noqa: N802
        return DownloadCoverageAlgorithm(self._settings)

    def name(self) -> str:
        return "downloadcoverage"

    def displayName(self) -> str:  # noqa: N802
        return "Download coverage"

    def shortHelpString(self) -> str:  # noqa: N802
        return HELP

    def tags(self) -> list[str]:
        return ["street-level", "imagery", "images", "sequences", "panorama", "photos", "vector tiles"]

    def icon(self) -> QIcon:
        return QIcon(str(PLUGIN_FOLDER / "resources" / "icons" / "mapillary_coverage.svg"))

    def initAlgorithm(self, configuration: Optional[dict[str, Any]] = None) -> None:  # noqa: N802
        self.addParameter(QgsProcessingParameterExtent(EXTENT, "Extent"))
        self.addParameter(choice(POSITION, "Position", list(COVERAGE_TILESETS)))
        self.addParameter(day(START_DATE, "Captured from (UTC)"))
        self.addParameter(day(END_DATE, "Captured up to and including (UTC)"))
        self.addParameter(choice(PANORAMA, "Panoramas", list(PANORAMA_CHOICES)))
        ledger = QgsProcessingParameterFeatureSource(
            TILES_INPUT, "Ledger of an earlier run: read only what failed or was skipped", optional=True
        )
        config = QgsProcessingParameterAuthConfig(AUTH_CONFIG, "Authentication with the token", optional=True)
        for parameter in (ledger, config):
            parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
            self.addParameter(parameter)
        for name, label, kind in (
            ("IMAGES", "Images", QgsProcessing.SourceType.TypeVectorPoint),
            ("SEQUENCES", "Sequences", QgsProcessing.SourceType.TypeVectorLine),
            ("TILES", "Tiles", QgsProcessing.SourceType.TypeVectorPolygon),
        ):
            self.addParameter(QgsProcessingParameterFeatureSink(name, label, kind, None, True))
        for name, label in (
            ("TILE_COUNT", "Number of tiles"),
            ("FAILED_COUNT", "Number of tiles that failed"),
            ("IMAGE_COUNT", "Number of images"),
            ("SEQUENCE_COUNT", "Number of sequences"),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, label))

    def checkParameterValues(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        try:
            request = self._read_request(parameters, context)
            self._read_ledger(parameters, context, request)
            ledger = self.parameterAsVectorLayer(parameters, TILES_INPUT, context)
            check_destinations({name: parameters.get(name) for name in SINKS}, ledger.source() if ledger else "")
            config_id = self.parameterAsString(parameters, AUTH_CONFIG, context)
            if config_id:
                self._settings.credentials.check_configuration(config_id)
        except MapillaryError as error:
            return False, str(error)
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """On the main thread, where settings and the token may be read."""
        try:
            self._request = self._read_request(parameters, context)
            self._only = self._read_ledger(parameters, context, self._request)
            self._access = self._settings.tile_access(self.parameterAsString(parameters, AUTH_CONFIG, context))
        except MapillaryError as error:
            raise QgsProcessingException(str(error)) from None
        return True

    def processAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """The sinks are opened only after the download, so that a failing run touches no file."""
        # requests takes 0.15 s to import, which QGIS' start should not pay for.
        from ..download import download_coverage

        self._tell_what_is_read(feedback)
        feedback.pushInfo(f"Decoding with {engine_name()}.")
        try:
            result = download_coverage(
                self._request,
                self._access,
                feedback.isCanceled,
                lambda done, total: feedback.setProgress(100 * done / total),
                only=self._only,
            )
            if isinstance(result.stopped_by, CancelledError):
                return {}
            if result.failure:
                raise result.failure
            outputs = self._write(result, parameters, context)
        except MapillaryError as error:
            raise QgsProcessingException(str(error)) from None
        feedback.pushInfo(result_line(result))
        for remark in remarks(result):
            feedback.pushInfo(remark)
        for warning in warnings(result):
            feedback.pushWarning(warning)
        return outputs

    def _tell_what_is_read(self, feedback: QgsProcessingFeedback) -> None:
        count = self._request.tile_count
        if self._only is not None:
            count = len(self._only.intersection(tiles_of(self._request.area)))
            outside = len(self._only) - count
            if outside:
                feedback.pushWarning(f"{counted(outside, 'tile')} of TILES_INPUT outside the extent: not read.")
        feedback.pushInfo(f"{counted(count, 'tile')}: {self._request}.")
        if self._access.offline:
            feedback.pushWarning("“Work offline” is ticked in the Mapillary panel: tiles of any age are used.")

    def _write(
        self,
        result: CoverageResult,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
    ) -> dict[str, Any]:
        """Written whole, without a look at cancel: half a file would pass for a whole one."""
        outputs: dict[str, Any] = {
            "TILE_COUNT": len(result.ledger),
            "FAILED_COUNT": result.failed_count,
            "IMAGE_COUNT": len(result.images),
            "SEQUENCE_COUNT": len(result.sequences),
        }
        for name, kind in SINKS.items():
            sink, destination = self.parameterAsSink(
                parameters, name, context, fields_of(kind), WKB_TYPES[kind], degrees_crs()
            )
            if sink is None:
                if parameters.get(name):
                    raise QgsProcessingException(self.invalidSinkError(parameters, name))
                continue
            if not add_features(sink, features_of(kind, result), lambda: False):
                raise QgsProcessingException(self.writeFeatureError(sink, parameters, name))
            outputs[name] = destination
        for name, kind in SINKS.items():
            if name in outputs and context.willLoadLayerOnCompletion(outputs[name]):
                details = context.layerToLoadOnCompletionDetails(outputs[name])
                details.setPostProcessor(Dressing.of(kind, result))
                details.name += PARTIAL if result.is_partial else ""
        return outputs

    def _read_request(self, parameters: dict[str, Any], context: QgsProcessingContext) -> CoverageRequest:
        wants = {kind: bool(parameters.get(name)) for name, kind in SINKS.items()}
        everything = not (wants[IMAGES] or wants[SEQUENCES])
        return CoverageRequest(
            read_area(self, parameters, EXTENT, context),
            read_word(parameters, POSITION, list(COVERAGE_TILESETS)),
            CoverageFilter(
                read_day(self, parameters, START_DATE, context),
                read_day(self, parameters, END_DATE, context),
                read_word(parameters, PANORAMA, list(PANORAMA_CHOICES)),
            ),
            wants[IMAGES] or everything,
            wants[SEQUENCES] or everything,
        )

    def _read_ledger(
        self, parameters: dict[str, Any], context: QgsProcessingContext, request: CoverageRequest
    ) -> Optional[set[TileId]]:
        if not parameters.get(TILES_INPUT):
            return None
        source = self.parameterAsSource(parameters, TILES_INPUT, context)
        if source is None:
            raise InvalidRequestError(self.invalidSourceError(parameters, TILES_INPUT))
        return missing_tiles(source, request.tileset)
