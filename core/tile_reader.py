"""One tile all the way: fetched, decoded, cleaned, filtered, marked by area. Runs in many threads at once."""

from __future__ import annotations

from typing import Any

from .area import Area, Box
from .cleaning import clean_column
from .collector import Table
from .errors import DamagedTileError, ForeignTileError, MapillaryError
from .georeference import georeference
from .ledger import EMPTY, FAILED, OK, TileRecord
from .mvt import Features, Tile, decode
from .request import CoverageRequest
from .result import LayerCounts, TileOutcome
from .schema import IMAGE, KNOWN_EMPTY_LAYER, RETIRED_LAYERS, SEQUENCE, Shape, SourceLayer
from .tile_cache import FetchedTile
from .tile_client import TileClient
from .tiling import TileId, tile_box

_COVERAGE_LAYERS = {IMAGE.name, SEQUENCE.name, "overview", KNOWN_EMPTY_LAYER}


def read_tile(client: TileClient, request: CoverageRequest, tile: TileId) -> TileOutcome:
    """The outcome of one tile; a failure of the tile is part of it and not raised."""
    cached = client.find(tile)
    if cached is not None:
        outcome = _read(client, cached, request, tile)
        if not isinstance(outcome.error, DamagedTileError):
            return outcome
    try:
        fetched = client.fetch(tile)
    except MapillaryError as error:
        return _failed(TileRecord(tile, request.tileset, FAILED, str(error)), error)
    return _read(client, fetched, request, tile)


def _read(client: TileClient, fetched: FetchedTile, request: CoverageRequest, tile: TileId) -> TileOutcome:
    tileset = request.tileset
    origin: dict[str, Any] = {
        "bytes": fetched.received_bytes,
        "source": fetched.source,
        "fetched_at": fetched.fetched_at,
    }
    try:
        decoded = decode(fetched.body, request.source_layers)
        _check_layers(decoded)
    except MapillaryError as error:
        return _failed(TileRecord(tile, tileset, FAILED, str(error), **origin), error)
    client.keep(tile, fetched, decoded.outline.get(IMAGE.name, 0))
    if not any(decoded.outline.values()):
        return TileOutcome(TileRecord(tile, tileset, EMPTY, fetched.reason, **origin))
    outcome = TileOutcome(TileRecord(tile, tileset, OK))
    for layer in request.source_layers:
        features = decoded.features(layer.name)
        if features is not None:
            outcome.tables[layer.name], outcome.counts[layer.name] = _read_layer(features, layer, request, tile)
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


def _check_layers(tile: Tile) -> None:
    names = set(tile.outline)
    if names & RETIRED_LAYERS:
        raise ForeignTileError(
            "The tile is of Mapillary's API v3, which was retired in 2021. Check the server address in the settings."
        )
    if any(tile.outline.values()) and not names & _COVERAGE_LAYERS:
        raise ForeignTileError("The vector tile holds no Mapillary coverage. Check the server address in the settings.")


def _read_layer(
    features: Features, layer: SourceLayer, request: CoverageRequest, tile: TileId
) -> tuple[Table, LayerCounts]:
    columns = {field.name: clean_column(field.kind, features.properties[field.tile_property]) for field in layer.fields}
    geometries = georeference(features, layer.shape, tile)
    table = Table(layer, columns, geometries, _in_tile(features, layer.shape), [])
    rows, removed = request.filter.select(columns)
    placed = [row for row in rows if geometries[row] is not None]
    counts = LayerCounts(len(features), len(rows) - len(placed), removed)
    table.in_area = _in_area(table, request.area, placed, tile_box(tile))
    # What lies outside the area stays until all tiles are there: a sequence may touch the area in another tile, and
    # an image's copy in a buffer may lie inside while the image itself does not.
    return table.take(placed), counts


def _in_tile(features: Features, shape: Shape) -> list[bool]:
    if shape is Shape.LINE:
        return [True] * len(features)
    side = features.tile_extent
    return [point is not None and 0 <= point[0] < side and 0 <= point[1] < side for point in features.geometries]


def _in_area(table: Table, area: Area, rows: list[int], bounds: Box) -> list[bool]:
    """Which rows lie in, or touch, the area; rows not asked about count as outside."""
    inside = [False] * len(table)
    whole = any(
        box.west <= bounds.west and box.east >= bounds.east and box.south <= bounds.south and box.north >= bounds.north
        for box in area.boxes
    )
    for row in rows:
        if whole and table.in_tile[row] and table.layer.shape is Shape.POINT:
            inside[row] = True
        elif table.layer.shape is Shape.POINT:
            inside[row] = area.contains(*table.geometries[row])
        else:
            inside[row] = area.touches(table.geometries[row])
    return inside
