"""GDAL's MVT driver, read column by column through a SQLite file that GDAL writes.

GDAL's own Python loop costs a call per value; its copy to SQLite and sqlite3's rows cost half of that, keep int64 and
double exact and absent apart from empty, and need no numpy. A column in which types are mixed comes as text or as
numbers with a fraction, which `cleaning` reads back.
https://gdal.org/drivers/vector/mvt.html
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Optional
from uuid import uuid4

from osgeo import gdal

from ..errors import DamagedTileError, TemporaryFolderError
from ..mapillary.schema import Shape, SourceLayer
from .columns import Features, Line, Point
from .layer_index import IndexedLayer, split_layer

NAME = "GDAL"

MOST_BYTES = 10 * 2**20
"""The driver opens no larger file, and does not say so; the centre of São Paulo comes to 12 MB."""

_POINT, _LINE, _MULTI_POINT, _MULTI_LINE = 1, 2, 4, 5
_WKB_HEADER_BYTES = 5


def read_layers(body: bytes, wanted: Mapping[SourceLayer, IndexedLayer]) -> dict[str, Features]:
    """The wanted layers of the tile by name. Raises DamagedTileError and TemporaryFolderError."""
    layers = {}
    for layer, indexed in wanted.items():
        pieces = [body] if len(body) <= MOST_BYTES else split_layer(body, indexed, MOST_BYTES)
        properties: dict[str, list[Any]] = {name: [] for name in layer.tile_properties}
        features = layers[layer.name] = Features(indexed.tile_extent, properties)
        for piece in pieces:
            _read_piece(piece, layer, features)
    return layers


def _read_piece(body: bytes, layer: SourceLayer, features: Features) -> None:
    """Append the piece's features."""
    tile_path = f"/vsimem/{uuid4().hex}.mvt"
    gdal.FileFromMemBuffer(tile_path, body)
    try:
        with TemporaryDirectory(prefix="mapillary_coverage_") as folder, _quiet_gdal():
            database = str(Path(folder, "features.sqlite"))
            _copy_to_sqlite(tile_path, database, layer)
            _read_sqlite(database, layer, features)
    except OSError as error:
        raise TemporaryFolderError(error.strerror or type(error).__name__) from None
    except (RuntimeError, sqlite3.Error, struct.error):
        raise DamagedTileError("The vector tile is damaged.") from None
    finally:
        gdal.Unlink(tile_path)


@contextmanager
def _quiet_gdal() -> Iterator[None]:
    """GDAL's messages about a damaged tile stay off the console; this thread's settings only."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    gdal.SetThreadLocalConfigOption("OGR_SQLITE_SYNCHRONOUS", "OFF")
    try:
        yield
    finally:
        gdal.SetThreadLocalConfigOption("OGR_SQLITE_SYNCHRONOUS", None)
        gdal.PopErrorHandler()


def _read_sqlite(database: str, layer: SourceLayer, features: Features) -> None:
    with closing(sqlite3.connect(database)) as connection:
        cursor = connection.execute("SELECT * FROM features ORDER BY ogc_fid")
        names = [description[0] for description in cursor.description]
        rows = cursor.fetchall()
    columns = dict(zip(names, zip(*rows))) if rows else {"wkb": ()}
    absent = (None,) * len(rows)
    for name, column in features.properties.items():
        column.extend(columns.get(name, absent))
    read_geometry = _point if layer.shape is Shape.POINT else _lines
    features.geometries.extend(read_geometry(wkb, features.tile_extent) if wkb else None for wkb in columns["wkb"])


def _copy_to_sqlite(tile_path: str, database: str, layer: SourceLayer) -> None:
    """Works whether or not another plugin switched on GDAL's exceptions: a failure is None, or a RuntimeError."""
    tile = gdal.OpenEx(tile_path, gdal.OF_VECTOR, allowed_drivers=["MVT"], open_options=["CLIP=NO"])
    source = tile and tile.GetLayerByName(layer.name)
    if source is None:
        raise RuntimeError("not opened")
    definition = source.GetLayerDefn()
    present = {definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount())}
    copy = gdal.VectorTranslate(
        database,
        tile,
        format="SQLite",
        layers=[layer.name],
        layerName="features",
        selectFields=["mvt_id", *(name for name in layer.tile_properties if name in present)],
        datasetCreationOptions=["METADATA=NO"],
        layerCreationOptions=["LAUNDER=NO", "FORMAT=WKB", "SPATIAL_INDEX=NO", "GEOMETRY_NAME=wkb"],
    )
    if copy is None:
        raise RuntimeError("not copied")


def _point(wkb: bytes, tile_extent: int) -> Optional[Point]:
    """The first point. Without a place for the tile, GDAL gives tile units with y up."""
    kind = wkb[1]
    if kind not in (_POINT, _MULTI_POINT):
        return None
    offset = 9 + _WKB_HEADER_BYTES if kind == _MULTI_POINT else _WKB_HEADER_BYTES
    x, y = struct.unpack_from("<dd", wkb, offset)
    return int(x), tile_extent - int(y)


def _lines(wkb: bytes, tile_extent: int) -> Optional[list[Line]]:
    kind = wkb[1]
    if kind not in (_LINE, _MULTI_LINE):
        return None
    (count,), offset = (struct.unpack_from("<I", wkb, _WKB_HEADER_BYTES), 9) if kind == _MULTI_LINE else ((1,), 0)
    parts: list[Line] = []
    for _ in range(count):
        (vertices,) = struct.unpack_from("<I", wkb, offset + _WKB_HEADER_BYTES)
        offset += 9
        flat = struct.unpack_from(f"<{2 * vertices}d", wkb, offset)
        offset += 16 * vertices
        parts.append([(int(x), tile_extent - int(y)) for x, y in zip(flat[::2], flat[1::2])])
    return [part for part in parts if len(part) > 1] or None
