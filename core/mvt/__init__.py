"""Mapbox Vector Tiles: bytes to columns.

Two engines give equal output: mapbox-vector-tile's protobuf message where it can be imported, else GDAL's MVT driver,
which every QGIS has. Specification: https://github.com/mapbox/vector-tile-spec (2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType

from ..errors import DamagedTileError
from ..inflate import inflate
from ..mapillary.schema import Shape, SourceLayer
from .columns import Features, Tile
from .layer_index import MAX_LINE_LAYER_BYTES, read_index

__all__ = ["Features", "Tile", "decode", "engine_name"]


@lru_cache(maxsize=1)
def _engine_and_reason() -> tuple[ModuleType, str]:
    """The engine, and why it is not the first choice. Importing that one can fail in many ways besides its absence:
    protobuf and shapely raise errors of their own where their parts do not fit together."""
    try:
        from . import protobuf_engine
    except ModuleNotFoundError:
        reason = ""
    except Exception as error:  # noqa: BLE001
        reason = f", since mapbox-vector-tile cannot be imported ({type(error).__name__})"
    else:
        return protobuf_engine, ""
    from . import gdal_engine

    return gdal_engine, reason


def _engine() -> ModuleType:
    return _engine_and_reason()[0]


def engine_name() -> str:
    """The engine in use, for the log: `mapbox-vector-tile` or `GDAL`. The first call imports it."""
    engine, reason = _engine_and_reason()
    return f"{engine.NAME}{reason}"


def decode(body: bytes, wanted: Sequence[SourceLayer]) -> Tile:
    """The features of the wanted layers, as columns, and what else the tile holds.

    `body` may be gzip. An empty body is a tile without layers. Raises DamagedTileError for anything that is not, from
    the first byte to the last, a vector tile.
    """
    body = inflate(body)
    index = read_index(body)
    present = {layer: index[layer.name] for layer in wanted if layer.name in index and index[layer.name].features}
    if any(
        layer.shape is Shape.LINE and indexed.end - indexed.start > MAX_LINE_LAYER_BYTES
        for layer, indexed in present.items()
    ):
        raise DamagedTileError("The tile holds more lines than any of Mapillary's.")
    layers = _engine().read_layers(body, present) if present else {}
    for layer, expected in present.items():
        if len(layers[layer.name]) != expected.features:
            raise DamagedTileError("Some features of the vector tile are damaged.")
    return Tile({name: layer.features for name, layer in index.items()}, layers)
