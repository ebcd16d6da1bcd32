"""One MBTiles file of vector tiles, with the time each tile was fetched beside it.

The file is what the specification asks for (https://github.com/mapbox/mbtiles-spec, 1.3: gzipped blobs, rows counted
from the south, `vector_layers` in the metadata), so that QGIS and GDAL open it as it is. The table `fetches` is ours:
it also holds the tiles without coverage, which have no blob. Several processes may use the file at once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..area.tiling import TileId, TileRange
from ..mapillary.licence import RIGHTS
from ..mapillary.schema import COVERAGE_ZOOM, FieldType, tileset_layers
from ..network.database import connect

_FIELD_TYPES = {
    FieldType.TIME: "Number",
    FieldType.ANGLE: "Number",
    FieldType.SCORE: "Number",
    FieldType.FLAG: "Boolean",
}
"""The specification's words. Ids are not called numbers: GDAL reads those as floats, which are too short for them."""

FORMAT = 1
"""Changes with the table `fetches`; files of another format are replaced."""

_MBTILES_ID = 0x4D504258
_BUSY_SECONDS = 1.0
_SCHEMA = """
CREATE TABLE metadata (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB,
    PRIMARY KEY (zoom_level, tile_column, tile_row));
CREATE TABLE fetches (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, fetched_at INTEGER NOT NULL,
    reason TEXT NOT NULL, received_bytes INTEGER NOT NULL, stored_bytes INTEGER NOT NULL, features INTEGER NOT NULL,
    PRIMARY KEY (zoom_level, tile_column, tile_row), CHECK (typeof(fetched_at) = 'integer'
    AND typeof(received_bytes) = 'integer' AND typeof(stored_bytes) = 'integer' AND typeof(features) = 'integer'));
CREATE INDEX fetches_by_time ON fetches (fetched_at);
"""


class ForeignFileError(Exception):
    """The file is a sound database of something else; it is left alone."""


@dataclass(frozen=True)
class StoredTile:
    """A tile as it is in the file: `blob` is gzipped, empty where there is no coverage. `features` counts the images,
    or map features, in it.
    """

    blob: bytes
    reason: str
    fetched_at: int
    received_bytes: int
    features: int


class MbtilesFile:
    """Any method may raise sqlite3.Error; `is_damaged` tells whether the file is damaged."""

    def __init__(self, path: Path, tileset: str, is_writable: bool = True) -> None:
        """Opens the file, or makes it where it is to be written. Raises ForeignFileError, sqlite3.Error and OSError."""
        self._path = path
        self._connection = connect(path, _BUSY_SECONDS, is_writable)
        try:
            self._prepare(tileset, is_writable)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, tileset: str, is_writable: bool) -> None:
        connection = self._connection
        if is_writable and self._is_empty():
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            # Readers do not wait for writers then. A file system that cannot do it keeps the usual journal, and where
            # another QGIS makes the file at this moment, that one switches.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = WAL")
            with self._writing():
                if self._is_empty():
                    self._make_tables(tileset)
        connection.execute("PRAGMA synchronous = NORMAL")
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if "fetches" not in names:
            raise ForeignFileError(f"{self._path} is another program's file")
        if found != FORMAT or not {"tiles", "metadata"} <= names:
            raise sqlite3.DatabaseError("The file has another format.")

    def _is_empty(self) -> bool:
        return self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0

    def _make_tables(self, tileset: str) -> None:
        for statement in _SCHEMA.split(";"):
            self._connection.execute(statement)
        self._connection.executemany("INSERT INTO metadata VALUES (?, ?)", _metadata(tileset).items())
        self._connection.execute(f"PRAGMA application_id = {_MBTILES_ID}")
        self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # Also where the commit is refused: what stays open would lock out everyone else.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def read(self, tile: TileId) -> Optional[StoredTile]:
        """The tile; None where it was never stored."""
        row = self._connection.execute(
            "SELECT CAST(tile_data AS BLOB), stored_bytes, reason, fetched_at, received_bytes, features FROM fetches"
            " LEFT JOIN tiles USING (zoom_level, tile_column, tile_row)"
            " WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
            " AND (stored_bytes = 0 OR tile_data IS NOT NULL)",
            _address(tile),
        ).fetchone()
        return StoredTile(row[0] or b"", *_sound(row[1:], int, str, int, int, int)[1:]) if row else None

    def write(self, tile: TileId, stored: StoredTile) -> None:
        """Store the tile in place of what is there, wholly or, if QGIS dies now, not at all."""
        values = (stored.fetched_at, stored.reason, stored.received_bytes, len(stored.blob), stored.features)
        with self._writing():
            self._forget(tile)
            if stored.blob:
                self._connection.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", (*_address(tile), stored.blob))
            self._connection.execute("INSERT INTO fetches VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*_address(tile), *values))

    def remove(self, tile: TileId) -> None:
        """Forget the tile."""
        with self._writing():
            self._forget(tile)

    def _forget(self, tile: TileId) -> None:
        for statement in (
            "DELETE FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            "DELETE FROM fetches WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
        ):
            self._connection.execute(statement, _address(tile))

    def times(self, tiles: TileRange) -> dict[TileId, tuple[int, str]]:
        """When the stored tiles of a range were fetched, and with which reason."""
        rows = self._connection.execute(
            "SELECT tile_column, tile_row, fetched_at, reason FROM fetches"
            " WHERE zoom_level = ? AND tile_column BETWEEN ? AND ? AND tile_row BETWEEN ? AND ?",
            _bounds(tiles),
        )
        return {
            TileId(tiles.zoom, x, _flipped(tiles.zoom, row)): (when, reason)
            for x, row, when, reason in (_sound(found, int, int, int, str) for found in rows)
        }

    def average(self, tiles: TileRange, least: int) -> Optional[tuple[float, float]]:
        """The mean number of features and of received bytes of the stored tiles of a range; None of fewer than
        `least`.
        """
        row = self._connection.execute(
            "SELECT avg(features), avg(received_bytes), count(*) FROM fetches"
            " WHERE zoom_level = ? AND tile_column BETWEEN ? AND ? AND tile_row BETWEEN ? AND ?",
            _bounds(tiles),
        ).fetchone()
        return None if row[2] < max(1, least) else _sound(row[:2], float, float)

    def sizes(self) -> list[tuple[int, int]]:
        """Fetch time and stored bytes of every tile."""
        rows = self._connection.execute("SELECT fetched_at, stored_bytes FROM fetches")
        return [_sound(row, int, int) for row in rows]

    def remove_until(self, fetched_at: int) -> None:
        """Forget every tile that was fetched then or before, and give the space back."""
        with self._writing():
            self._connection.execute(
                "DELETE FROM tiles WHERE (zoom_level, tile_column, tile_row) IN"
                " (SELECT zoom_level, tile_column, tile_row FROM fetches WHERE fetched_at <= ?)",
                (fetched_at,),
            )
            self._connection.execute("DELETE FROM fetches WHERE fetched_at <= ?", (fetched_at,))
        self._connection.execute("PRAGMA incremental_vacuum").fetchall()
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _sound(row: tuple[Any, ...], *kinds: type) -> tuple[Any, ...]:
    """A row as it was written. A damaged file can hold values of other types, which SQLite does not notice."""
    if not all(map(isinstance, row, kinds)):
        raise sqlite3.DatabaseError("The file is damaged.")
    return row


def _flipped(zoom: int, y: int) -> int:
    """MBTiles counts rows from the south."""
    return 2**zoom - 1 - y


def _address(tile: TileId) -> tuple[int, int, int]:
    return tile.z, tile.x, _flipped(tile.z, tile.y)


def _bounds(tiles: TileRange) -> tuple[int, int, int, int, int]:
    bottom, top = _flipped(tiles.zoom, tiles.bottom), _flipped(tiles.zoom, tiles.top)
    return tiles.zoom, tiles.left, tiles.right, bottom, top


def _metadata(tileset: str) -> Mapping[str, str]:
    layers = [
        {
            "id": layer.name,
            "fields": {field.tile_property: _FIELD_TYPES.get(field.type, "String") for field in layer.fields},
            "minzoom": COVERAGE_ZOOM,
            "maxzoom": COVERAGE_ZOOM,
        }
        for layer in tileset_layers(tileset)
    ]
    return {
        "name": f"Mapillary {tileset}",
        "format": "pbf",
        "type": "overlay",
        "minzoom": "0",
        "maxzoom": str(COVERAGE_ZOOM),
        "bounds": "-180,-85.0511,180,85.0511",
        "attribution": RIGHTS,
        "json": json.dumps({"vector_layers": layers}),
    }
