"""`mapillary:downloadmapfeatures`: the objects and traffic signs of an area as a layer."""

from __future__ import annotations

from typing import Any, ClassVar

from qgis.core import QgsProcessingContext

from ..download.result import CoverageResult
from ..mapillary.schema import MAP_FEATURE_LAYERS, MAP_FEATURE_POINT, MAP_FEATURES, TILES
from ..request.filters import CoverageFilter
from .download_algorithm import DownloadAlgorithm
from .parameters import choices, condition_inputs, declare, read, read_words

CHOSEN_KINDS = "KINDS"

HELP = f"""Downloads the map features that Mapillary has found in its images: objects such as benches, street lights \
and crosswalks (points), and traffic signs. The outputs are one layer of points, and a ledger with one polygon per \
tile that says whether the tile was read, is empty, or failed and why.

Area: give exactly one of EXTENT, AREA (a layer with polygons, in any coordinate reference system) and POINT with \
RADIUS in metres. Features are clipped exactly to AREA and to the circle, and for EXTENT to the box in longitude and \
latitude around it.

KINDS are points, traffic_signs or both; each costs one tile request for each tile of the area. VALUES are Mapillary's \
names with commas between them; * stands for any letters and ? for one, as in regulatory--maximum-speed-limit-*. The \
name of a sign without its variant, as regulatory--stop, takes all variants. FIRST_SEEN_AFTER and LAST_SEEN_AFTER \
keep what was first, or last, seen on that day (UTC) or later. FILTER is an expression over the fields \
{MAP_FEATURE_POINT.field_names}. The log says how many each filter left out.

Token, cache, quota and TILES_INPUT are as for “Download coverage”.

Example: qgis_process run mapillary:downloadmapfeatures -- \
EXTENT="-80.13423442840576,-80.1264238357544,25.77376933762778,25.788608487732198 [EPSG:4326]" KINDS=points \
VALUES="object--support--utility-pole,object--street-light" MAP_FEATURES=poles.gpkg

Example: qgis_process run mapillary:downloadmapfeatures -- POINT="13.01765352487564,55.60817207168841 [EPSG:4326]" \
RADIUS=200 KINDS=traffic_signs VALUES="regulatory--maximum-speed-limit-*" MAP_FEATURES=limits.gpkg"""


class DownloadMapFeaturesAlgorithm(DownloadAlgorithm):
    """Points, traffic signs and the ledger."""

    sinks: ClassVar = {"MAP_FEATURES": MAP_FEATURES, "TILES": TILES}
    counts: ClassVar = {"FEATURE_COUNT": "Number of map features"}

    def name(self) -> str:
        return "downloadmapfeatures"

    def displayName(self) -> str:  # noqa: N802
        return "Download map features"

    def shortDescription(self) -> str:  # noqa: N802
        return "Objects and traffic signs of an area, from Mapillary's vector tiles"

    def shortHelpString(self) -> str:  # noqa: N802
        return HELP

    def tags(self) -> list[str]:
        return ["street-level", "traffic signs", "objects", "points", "street furniture", "poles", "vector tiles"]

    def add_options(self) -> None:
        self.addParameter(choices(CHOSEN_KINDS, "Kinds", [layer.word for layer in MAP_FEATURE_LAYERS]))
        for given in condition_inputs(MAP_FEATURE_POINT):
            parameter = declare(given)
            if given.parameter in self.widgets:
                parameter.setMetadata({"widget_wrapper": {"class": self.widgets[given.parameter]}})
            self.addParameter(parameter)

    def read_options(self, parameters: dict[str, Any], context: QgsProcessingContext) -> dict[str, Any]:
        words = read_words(parameters, CHOSEN_KINDS, [layer.word for layer in MAP_FEATURE_LAYERS])
        inputs = condition_inputs(MAP_FEATURE_POINT)
        values = {given.name: read(self, parameters, given, MAP_FEATURE_POINT, context) for given in inputs}
        return {
            "filter": CoverageFilter(**values),
            "source_layers": tuple(layer for layer in MAP_FEATURE_LAYERS if layer.word in words),
        }

    def count(self, result: CoverageResult) -> dict[str, int]:
        return {"FEATURE_COUNT": len(result.map_features)}
