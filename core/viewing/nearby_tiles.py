"""The image or map feature next to a place according to the tiles that are in the cache: those that the map has shown
or a download has read. Nothing is asked for.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import lru_cache
from operator import itemgetter
from typing import Optional

from ..area.area import LonLat, area_of_box
from ..area.distance import metres_between
from ..area.tiling import TileId, tiles_of
from ..errors import InvalidRequestError, MapillaryError
from ..mapillary.cleaning import object_id
from ..mapillary.schema import COVERAGE_TILESETS, IMAGE, MAP_FEATURE_TILESETS
from ..mvt import decode
from ..network.access import CacheSettings
from ..tiles.georeference import georeference
from ..tiles.tile_cache import TileCache, cache_path

_KEPT_TILES = 4
_METRES_PER_DEGREE = 110_574.0
"""The least that a degree of latitude measures."""

_MOST_METRES = 250.0
"""Where a click may be further off, the map shows no images; and every tile around it would have to be read."""

_NOTHING = (math.inf, None)

Placed = Sequence[tuple[LonLat, str]]


class NearbyTiles:
    """Remembers the tiles that were read last, for any thread."""

    def __init__(self, settings: CacheSettings, url: str) -> None:
        self._settings = settings
        self._url = url
        self._lock = threading.Lock()
        self._read = lru_cache(maxsize=_KEPT_TILES)(_objects)

    def are_of(self, settings: CacheSettings, url: str) -> bool:
        """Whether it reads the tiles of this server in this cache."""
        return (settings, url) == (self._settings, self._url)

    def nearest(self, lon: float, lat: float, metres: float) -> Optional[str]:
        """The id of the image nearest to a place in EPSG:4326, within so many metres, at most 250; None where no tile
        has one. Original positions count before computed ones.
        """
        for tileset in COVERAGE_TILESETS.values():
            _, image_id = self._within(lon, lat, metres, tileset)
            if image_id is not None:
                return image_id
        return None

    def nearest_feature(self, lon: float, lat: float, metres: float, tilesets: Iterable[str]) -> Optional[str]:
        """The id of the map feature of these tilesets that is nearest, within so many metres, at most 250."""
        found = [self._within(lon, lat, metres, tileset) for tileset in tilesets]
        return min(found, key=itemgetter(0), default=_NOTHING)[1]

    def _within(self, lon: float, lat: float, metres: float, tileset: str) -> tuple[float, Optional[str]]:
        """The distance of what is nearest, and its id."""
        metres = min(metres, _MOST_METRES)
        reach = metres / _METRES_PER_DEGREE
        across = min(reach / max(math.cos(math.radians(lat)), 0.01), 1.0)
        try:
            tiles = tiles_of(area_of_box(lon - across, lat - reach, lon + across, lat + reach))
        except InvalidRequestError:
            return _NOTHING
        with self._lock:
            distance, found = self._nearest((lon, lat), tileset, tiles)
        return (distance, found) if distance <= metres else _NOTHING

    def _nearest(self, place: LonLat, tileset: str, tiles: Sequence[TileId]) -> tuple[float, Optional[str]]:
        if not cache_path(self._settings, self._url, tileset).exists():
            return _NOTHING
        near: list[tuple[float, str]] = []
        with closing(TileCache(self._settings, self._url, tileset)) as cache:
            for tile in tiles:
                stored = cache.find(tile)
                if stored is not None and stored.body:
                    placed = self._read(tileset, tile, stored.body)
                    near += ((metres_between(place, there), found) for there, found in placed)
        return min(near, default=_NOTHING)


def _objects(tileset: str, tile: TileId, body: bytes) -> Placed:
    layer = MAP_FEATURE_TILESETS.get(tileset, IMAGE)
    try:
        features = decode(body, (layer,)).features(layer.name)
    except MapillaryError:
        return ()
    if features is None:
        return ()
    places = georeference(features, layer.shape, tile)
    ids = (object_id(value) for value in features.properties["id"])
    return [(place, found) for place, found in zip(places, ids) if place is not None and found is not None]
