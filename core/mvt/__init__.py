"""Mapbox Vector Tiles: bytes to columns.

Two engines give equal output: mapbox-vector-tile's protobuf message where it can be imported, else GDAL's MVT driver,
which every QGIS has. Specification: https://github.com/mapbox/vector-tile-spec (2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from types import ModuleType

from ..errors import DamagedTileError
from ..inflate import inflate
from ..schema import SourceLayer
from .columns import Features, Tile
from .outline import read_outline

__all__ = ["Features", "Tile", "decode", "engine_name"]


def _engine() -> ModuleType:
    if find_spec("mapbox_vector_tile") and find_spec("google.protobuf"):
        from . import protobuf_engine

        return protobuf_engine
    from . import gdal_engine

    return gdal_engine


def engine_name() -> str:
    """The engine in use, for the log: `mapbox-vector-tile` or `GDAL`."""
    return str(_engine().NAME)


def decode(body: bytes, wanted: Sequence[SourceLayer]) -> Tile:
    """The features of the wanted layers, as columns, and what else the tile holds.

    `body` may be gzip. An empty body is a tile without layers. Raises DamagedTileError for anything that is not, from
    the first byte to the last, a vector tile.
    """
    body = inflate(body)
    outline = read_outline(body)
    present = {layer: outline[layer.name] for layer in wanted if layer.name in outline and outline[layer.name].features}
    layers = _engine().read_layers(body, present) if present else {}
    for layer, expected in present.items():
        if len(layers[layer.name]) != expected.features:
            raise DamagedTileError("Some features of the vector tile are damaged.")
    return Tile({name: layer.features for name, layer in outline.items()}, layers)
