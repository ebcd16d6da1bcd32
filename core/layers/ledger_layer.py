"""A ledger as a layer, read back: which tiles are still missing."""

from __future__ import annotations

import re
from collections.abc import Collection

from qgis.core import QgsFeatureSource

from ..area.tiling import TileAddress, TileId
from ..download.ledger import FAILED, SKIPPED
from ..errors import InvalidRequestError

_TILE = re.compile(r"(\d{1,2})/(\d{1,8})/(\d{1,8})")
_FIELDS = ("tile", "tileset", "status")


def missing_tiles(source: QgsFeatureSource, tilesets: Collection[str]) -> set[TileAddress]:
    """The tiles that failed or were skipped. Raises InvalidRequestError where this is no ledger of the tilesets."""
    lacking = [name for name in _FIELDS if source.fields().lookupField(name) < 0]
    if lacking:
        raise InvalidRequestError(
            f"TILES_INPUT is no ledger: it has no field “{lacking[0]}”. Choose the layer TILES of an earlier run."
        )
    missing = set()
    for feature in source.getFeatures():
        if feature["status"] not in (FAILED, SKIPPED):
            continue
        address = _TILE.fullmatch(str(feature["tile"]))
        if not address:
            raise InvalidRequestError(f"“{feature['tile']}” in TILES_INPUT is not a tile, which is written z/x/y.")
        if feature["tileset"] not in tilesets:
            raise InvalidRequestError(
                f"TILES_INPUT is the ledger of the tileset {feature['tileset']}, but this run reads"
                f" {' and '.join(tilesets)}. Choose the position, or the kinds, that the earlier run had."
            )
        missing.add(TileAddress(feature["tileset"], TileId(*map(int, address.groups()))))
    return missing
