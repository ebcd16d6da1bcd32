"""One tile all the way: fetched, decoded, cleaned, filtered, marked by area. Runs in many threads at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Optional

from ..area.area import Area, Box
from ..area.tiling import TileAddress, TileId, tile_box
from ..errors import DamagedTileError, ForeignTileError, MapillaryError
from ..mapillary.cleaning import clean_column
from ..mapillary.map_feature_values import label
from ..mapillary.schema import (
    COVERAGE_TILESETS,
    IMAGE,
    KNOWN_EMPTY_LAYER,
    MAP_FEATURE_LAYERS,
    OVERVIEW,
    RETIRED_LAYERS,
    Shape,
    SourceLayer,
    tileset_layers,
)
from ..mvt import Features, Tile, decode
from ..request.request import CoverageRequest
from ..tiles.georeference import georeference
from ..tiles.tile_cache import FetchedTile
from ..tiles.tile_client import TileClient
from .collector import Table
from .ledger import EMPTY, FAILED, OK, TileRecord
from .result import LayerCounts, TileOutcome

MatchingRows = Callable[[str, Table], list[int]]
"""The rows for which an expression is true: `core.layers.expression.matching_rows`, handed in by those who have QGIS.
Raises UnusableExpressionError.
"""


class TileReader:
    """Reads tiles of one request, in any thread. Without `matching_rows` the request can have no expression."""

    def __init__(self, request: CoverageRequest, matching_rows: Optional[MatchingRows] = None) -> None:
        self.request = request
        self._matching_rows = matching_rows

    def read(self, client: TileClient, address: TileAddress) -> TileOutcome:
        """The outcome of one tile; a failure of the tile is part of it and not raised."""
        tileset, tile = address
        try:
            with client.alone(tile):
                cached = client.find(tile)
                if cached is not None:
                    outcome = self._outcome(client, cached, address)
                    if not isinstance(outcome.error, DamagedTileError):
                        return outcome
                return self._outcome(client, client.fetch(tile), address)
        except MapillaryError as error:
            return _failed(TileRecord(tile, tileset, FAILED, str(error)), error)

    def _outcome(self, client: TileClient, fetched: FetchedTile, address: TileAddress) -> TileOutcome:
        tileset, tile = address
        layers = self.request.tilesets[tileset]
        origin: dict[str, Any] = {
            "bytes": fetched.received_bytes,
            "source": fetched.source,
            "fetched_at": fetched.fetched_at,
        }
        try:
            decoded = decode(fetched.body, layers)
            check_layers(decoded, tileset)
            client.keep(tile, fetched, sum(decoded.counts.get(layer.name, 0) for layer in (IMAGE, *MAP_FEATURE_LAYERS)))
            if not any(decoded.counts.values()):
                return TileOutcome(TileRecord(tile, tileset, EMPTY, fetched.reason, **origin))
            outcome = TileOutcome(TileRecord(tile, tileset, OK))
            area = self.request.area.near(tile_box(tile))
            for layer in layers:
                features = decoded.features(layer.name)
                if features is not None:
                    read = self._layer(features, layer, area, tile)
                    outcome.tables[layer.name], outcome.counts[layer.name] = read
        except MapillaryError as error:
            return _failed(TileRecord(tile, tileset, FAILED, str(error), **origin), error)
        outcome.record = TileRecord(
            tile,
            tileset,
            OK,
            features=sum(counts.decoded for counts in outcome.counts.values()),
            kept=sum(sum(table.in_area) for table in outcome.tables.values()),
            **origin,
        )
        return outcome

    def _layer(self, features: Features, layer: SourceLayer, area: Area, tile: TileId) -> tuple[Table, LayerCounts]:
        chosen = self.request.filter
        geometries = georeference(features, layer.shape, tile)
        table = Table(layer, _columns(features, layer), geometries, _in_tile(features, layer.shape), [])
        rows, removed = chosen.select(layer, table.columns)
        placed = [row for row in rows if geometries[row] is not None]
        counts = LayerCounts(len(features), len(rows) - len(placed), removed)
        table.in_area = _in_area(table, area, placed, tile_box(tile))
        # What lies outside the area stays until all tiles are there: a sequence may touch the area in another tile, and
        # an image's copy in a buffer may lie inside while the image itself does not.
        kept = table.take(placed)
        expression = chosen.expression_for(layer)
        if expression and self._matching_rows is not None:
            matching = self._matching_rows(expression, kept)
            counts.removed["that do not fulfil the expression"] = len(kept) - len(matching)
            kept = kept.take(matching)
        return kept, counts


def _failed(record: TileRecord, error: MapillaryError) -> TileOutcome:
    """Without the traceback, whose frames would keep replies in memory, and the token with them."""
    return TileOutcome(record, error=error.with_traceback(None))


def check_layers(tile: Tile, tileset: str) -> None:
    """Raises ForeignTileError where a sound vector tile is none of this tileset of Mapillary's API v4."""
    names = set(tile.counts)
    if names & RETIRED_LAYERS:
        raise ForeignTileError(
            "The tile is of Mapillary's API v3, which was retired in 2021. Check the server address in the settings."
        )
    known = {layer.name for layer in tileset_layers(tileset)} | {KNOWN_EMPTY_LAYER}
    what = "map features"
    if tileset in COVERAGE_TILESETS.values():
        known.add(OVERVIEW.name)
        what = "coverage"
    if any(tile.counts.values()) and not names & known:
        raise ForeignTileError(f"The vector tile holds no Mapillary {what}. Check the server address in the settings.")


def _columns(features: Features, layer: SourceLayer) -> dict[str, list[Any]]:
    read = {
        field.name: clean_column(field.type, features.properties[field.tile_property]) for field in layer.tile_fields
    }
    if layer in MAP_FEATURE_LAYERS:
        read["label"] = [value and label(value) for value in read["value"]]
        read["kind"] = [layer.name] * len(features)
    return {field.name: read[field.name] for field in layer.fields}


def _in_tile(features: Features, shape: Shape) -> list[bool]:
    if shape is Shape.LINE:
        return [True] * len(features)
    side = features.tile_extent
    return [point is not None and 0 <= point[0] < side and 0 <= point[1] < side for point in features.geometries]


def _in_area(table: Table, area: Area, rows: Sequence[int], bounds: Box) -> list[bool]:
    """Which rows lie in, or touch, the area; rows not asked about count as outside."""
    inside = [False] * len(table)
    is_whole = area.covers(bounds)
    for row in rows:
        if table.layer.shape is Shape.LINE:
            inside[row] = area.touches(table.geometries[row])
        else:
            inside[row] = (is_whole and table.in_tile[row]) or area.contains(*table.geometries[row])
    return inside
