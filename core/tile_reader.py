"""One tile all the way: fetched, decoded, cleaned, filtered, marked by area. Runs in many threads at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .area import Area, Box
from .cleaning import clean_column
from .collector import Table
from .errors import DamagedTileError, ForeignTileError, MapillaryError
from .georeference import georeference
from .ledger import EMPTY, FAILED, OK, TileRecord
from .map_feature_values import label
from .mvt import Features, Tile, decode
from .request import CoverageRequest, TileAddress
from .result import LayerCounts, TileOutcome
from .schema import (
    COVERAGE_TILESETS,
    IMAGE,
    KNOWN_EMPTY_LAYER,
    MAP_FEATURES,
    OVERVIEW_NAME,
    RETIRED_LAYERS,
    Shape,
    SourceLayer,
    tileset_layers,
)
from .tile_cache import FetchedTile
from .tile_client import TileClient
from .tiling import TileId, tile_box


def read_tile(client: TileClient, request: CoverageRequest, address: TileAddress) -> TileOutcome:
    """The outcome of one tile; a failure of the tile is part of it and not raised."""
    tileset, tile = address
    try:
        with client.alone(tile):
            cached = client.find(tile)
            if cached is not None:
                outcome = _read(client, cached, request, address)
                if not isinstance(outcome.error, DamagedTileError):
                    return outcome
            return _read(client, client.fetch(tile), request, address)
    except MapillaryError as error:
        return _failed(TileRecord(tile, tileset, FAILED, str(error)), error)


def _read(client: TileClient, fetched: FetchedTile, request: CoverageRequest, address: TileAddress) -> TileOutcome:
    tileset, tile = address
    layers = request.tilesets[tileset]
    origin: dict[str, Any] = {
        "bytes": fetched.received_bytes,
        "source": fetched.source,
        "fetched_at": fetched.fetched_at,
    }
    try:
        decoded = decode(fetched.body, layers)
        check_layers(decoded, tileset)
        client.keep(tile, fetched, sum(decoded.outline.get(layer.name, 0) for layer in (IMAGE, *MAP_FEATURES)))
        if not any(decoded.outline.values()):
            return TileOutcome(TileRecord(tile, tileset, EMPTY, fetched.reason, **origin))
        outcome = TileOutcome(TileRecord(tile, tileset, OK))
        area = request.area.near(tile_box(tile))
        for layer in layers:
            features = decoded.features(layer.name)
            if features is not None:
                read = _read_layer(features, layer, request, area, tile)
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


def _failed(record: TileRecord, error: MapillaryError) -> TileOutcome:
    """Without the traceback, whose frames would keep replies in memory, and the token with them."""
    return TileOutcome(record, error=error.with_traceback(None))


def check_layers(tile: Tile, tileset: str) -> None:
    """Raises ForeignTileError where a sound vector tile is none of this tileset of Mapillary's API v4."""
    names = set(tile.outline)
    if names & RETIRED_LAYERS:
        raise ForeignTileError(
            "The tile is of Mapillary's API v3, which was retired in 2021. Check the server address in the settings."
        )
    known = {layer.name for layer in tileset_layers(tileset)} | {KNOWN_EMPTY_LAYER}
    what = "map features"
    if tileset in COVERAGE_TILESETS.values():
        known.add(OVERVIEW_NAME)
        what = "coverage"
    if any(tile.outline.values()) and not names & known:
        raise ForeignTileError(f"The vector tile holds no Mapillary {what}. Check the server address in the settings.")


def _read_layer(
    features: Features, layer: SourceLayer, request: CoverageRequest, area: Area, tile: TileId
) -> tuple[Table, LayerCounts]:
    geometries = georeference(features, layer.shape, tile)
    table = Table(layer, _columns(features, layer), geometries, _in_tile(features, layer.shape), [])
    rows, removed = request.filter.select(layer, table.columns)
    placed = [row for row in rows if geometries[row] is not None]
    counts = LayerCounts(len(features), len(rows) - len(placed), removed)
    table.in_area = _in_area(table, area, placed, tile_box(tile))
    # What lies outside the area stays until all tiles are there: a sequence may touch the area in another tile, and
    # an image's copy in a buffer may lie inside while the image itself does not.
    kept = table.take(placed)
    expression = request.filter.expression_for(layer)
    if expression:
        # Only this needs QGIS.
        from .expression import matching_rows

        matching = matching_rows(expression, kept)
        counts.removed["that do not fulfil the expression"] = len(kept) - len(matching)
        kept = kept.take(matching)
    return kept, counts


def _columns(features: Features, layer: SourceLayer) -> dict[str, list[Any]]:
    read = {
        field.name: clean_column(field.kind, features.properties[field.tile_property]) for field in layer.tile_fields
    }
    if layer in MAP_FEATURES:
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
