"""`mapillary:downloadcoverage`: the images and sequences of an area as layers."""

from __future__ import annotations

from typing import Any, ClassVar

from qgis.core import QgsProcessingContext

from ..download.result import CoverageResult
from ..errors import InvalidRequestError
from ..mapillary.schema import COVERAGE_LAYERS, COVERAGE_TILESETS, IMAGE, IMAGES, SEQUENCES, TILES
from ..request.filters import CoverageFilter
from .download_algorithm import DownloadAlgorithm
from .parameters import choice, condition_inputs, declare, is_given, read, read_word

POSITION, START_DATE, END_DATE, LAST_MONTHS = "POSITION", "START_DATE", "END_DATE", "LAST_MONTHS"

HELP = f"""Downloads Mapillary's street-level coverage of an area: images as points, sequences as lines, and a ledger \
with one polygon per tile that says whether the tile was read, is empty, or failed and why.

Area: give exactly one of EXTENT, AREA (a layer with polygons, in any coordinate reference system) and POINT with \
RADIUS in metres. Images are clipped exactly to AREA and to the circle, and for EXTENT to the box in longitude and \
latitude around it; tiles that the area does not touch are not asked for. Sequences that touch the area are kept with \
all their parts in the tiles read. An extent across the antimeridian is written with xmin greater than xmax, such as \
179.9,-179.9,-17,-16 [EPSG:4326].

Filters: both dates belong to the range, in UTC, and images without a date are left out when a date is given; or give \
LAST_MONTHS. POSITION is original or computed; PANORAMA and ON_FOOT are all, only or without. Lists are written with \
commas; CREATORS are user names. With MIN_QUALITY, from 0 to 1, images that Mapillary has not scored are left out \
unless KEEP_UNSCORED is set. FILTER is an expression over the fields of the images: \
{IMAGE.field_names}. \
With FILTER, MIN_QUALITY or IMAGE_IDS, the sequences are those of the images that are kept. The log says how many each \
filter left out.

The token comes from the Mapillary panel, from the variable MAPILLARY_ACCESS_TOKEN, or from the authentication \
configuration that AUTH_CONFIG names (method Basic, the token as password); it is no parameter itself, so it does not \
show up in the history.

Tiles are kept in a cache for a day, so a second run over the same area asks Mapillary for nothing. When some tiles \
fail the result is partial, and a warning says so: hand its ledger in as TILES_INPUT, and only the tiles that failed \
or were skipped are read. The outputs hold what they add: the images can be appended; parts of a sequence that is in \
both have to be merged by id. A run that needs more tiles than are left of today's 50,000 is refused before it starts. \
A cancelled run writes nothing, but what it read is in the cache.

Example: qgis_process run mapillary:downloadcoverage -- EXTENT="7.40,7.42,43.72,43.74 [EPSG:4326]" PANORAMA=only \
START_DATE=2024-05-01 IMAGES=images.gpkg TILES=tiles.gpkg

Example: qgis_process run mapillary:downloadcoverage -- POINT="13.0177,55.6082 [EPSG:4326]" RADIUS=200 LAST_MONTHS=24 \
FILTER="compass_angle < 45 or compass_angle > 315" IMAGES=images.gpkg"""


class DownloadCoverageAlgorithm(DownloadAlgorithm):
    """Images, sequences and the ledger."""

    sinks: ClassVar = {"IMAGES": IMAGES, "SEQUENCES": SEQUENCES, "TILES": TILES}
    counts: ClassVar = {"IMAGE_COUNT": "Number of images", "SEQUENCE_COUNT": "Number of sequences"}

    def name(self) -> str:
        return "downloadcoverage"

    def displayName(self) -> str:  # noqa: N802
        return "Download coverage"

    def shortDescription(self) -> str:  # noqa: N802
        return "Images and sequences of an area, from Mapillary's vector tiles"

    def shortHelpString(self) -> str:  # noqa: N802
        return HELP

    def tags(self) -> list[str]:
        return ["street-level", "imagery", "images", "sequences", "panorama", "photos", "vector tiles"]

    def add_options(self) -> None:
        self.addParameter(choice(POSITION, "Position", list(COVERAGE_TILESETS)))
        for given in condition_inputs(IMAGE):
            self.addParameter(declare(given))

    def read_options(self, parameters: dict[str, Any], context: QgsProcessingContext) -> dict[str, Any]:
        if is_given(parameters.get(LAST_MONTHS)) and any(
            is_given(parameters.get(day)) for day in (START_DATE, END_DATE)
        ):
            raise InvalidRequestError("Give START_DATE and END_DATE, or LAST_MONTHS, not both.")
        values = {given.name: read(self, parameters, given, IMAGE, context) for given in condition_inputs(IMAGE)}
        wanted = tuple(layer for layer in COVERAGE_LAYERS if parameters.get(layer.kind.upper()))
        return {
            "position": read_word(parameters, POSITION, list(COVERAGE_TILESETS)),
            "filter": CoverageFilter(**values),
            "source_layers": wanted or COVERAGE_LAYERS,
        }

    def count(self, result: CoverageResult) -> dict[str, int]:
        return {"IMAGE_COUNT": len(result.images), "SEQUENCE_COUNT": len(result.sequences)}
