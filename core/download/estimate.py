"""What a run would take and give, before it is started."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from ..area.area import Area
from ..area.distance import metres_between
from ..area.tiling import TileId, count_tiles, tile_box, tiles_of
from ..errors import MapillaryError
from ..mapillary.schema import COVERAGE_TILESETS, COVERAGE_ZOOM, FIRST_SEQUENCE_ZOOM, SEQUENCE
from ..mvt import decode
from ..network.access import Access
from ..request.request import CoverageRequest
from ..tiles.georeference import georeference
from ..tiles.tile_cache import TileCache, cache_path
from ..tiles.tile_client import TileClient
from ..wording import counted, joined

if TYPE_CHECKING:
    from ..network.session import HttpSession

METRES_PER_IMAGE = 7.5
"""Length of sequences by number of images in five genuine coverage tiles: 5.7 to 10.5, 7.6 over all."""

BYTES_PER_IMAGE = 42
"""Of a gzipped coverage tile, with its sequences."""

_OVERVIEW_TILES = 4


@dataclass(frozen=True)
class Estimate:
    """`images`, `map_features` and `received_bytes` are expected from the `missing` tiles; None where nothing is known,
    or nothing of the kind was asked for.
    """

    tiles: int
    cached: int
    images: Optional[int]
    map_features: Optional[int]
    received_bytes: Optional[int]
    offline: bool
    left_today: Optional[int]
    seconds: float

    @property
    def missing(self) -> int:
        """Tiles that have to be asked for."""
        return self.tiles - self.cached

    def __str__(self) -> str:
        cached = f", {self.cached:,} of them in the cache" if self.cached else ""
        sentences = [f"{counted(self.tiles, 'tile')}{cached}."]
        if self.offline:
            return f"{sentences[0]} Working offline: {self._lacking_offline()}."
        expected = [(self.images, "images"), (self.map_features, "map features")]
        known = [f"{_rounded(number):,} {noun}" for number, noun in expected if number is not None]
        if self.missing and known and self.received_bytes is not None:
            megabytes = self.received_bytes / 2**20
            size = f"{megabytes:,.0f} MB" if megabytes >= 1 else "less than 1 MB"
            sentences.append(f"About {joined(known)} to fetch, {size}.")
        if self.missing and self.left_today is not None:
            sentences.append(f"Of today's quota, {self.missing:,} of {self.left_today:,} tiles left.")
        if self.seconds >= 60:
            sentences.append(
                f"Takes {_duration(self.seconds)} or more: slow on purpose, so that Mapillary does not block you."
            )
        return " ".join(sentences)

    def _lacking_offline(self) -> str:
        if not self.missing:
            return "nothing will be missing"
        if self.cached:
            return f"the other {self.missing:,} will be missing"
        if self.tiles == 1:
            return "it is not in the cache, so it will be missing"
        return "none of them is in the cache, so all will be missing"


def estimate(
    request: CoverageRequest, access: Access, fingerprint: str, session: Optional[HttpSession] = None
) -> Estimate:
    """The estimate of a request from what the cache knows; with a session, also from tiles of a low zoom.

    `fingerprint` is that of the token, empty where none is known.
    """
    parts = [_estimate_tileset(tileset, request, access, session) for tileset in request.tilesets]
    cached = sum(part.cached for part in parts)
    usage = access.traffic.usage
    return Estimate(
        request.tile_count,
        cached,
        _sum(part.features for part in parts if part.is_coverage),
        _sum(part.features for part in parts if not part.is_coverage),
        _sum(part.received_bytes for part in parts),
        access.offline,
        usage.left_today(fingerprint) if fingerprint else None,
        max(0, request.tile_count - cached - usage.pace.burst) / usage.pace.per_second,
    )


@dataclass(frozen=True)
class _Part:
    """What is expected of one tileset."""

    is_coverage: bool
    cached: int
    features: Optional[int]
    received_bytes: Optional[int]


def _sum(numbers: Iterable[Optional[int]]) -> Optional[int]:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _estimate_tileset(tileset: str, request: CoverageRequest, access: Access, session: Optional[HttpSession]) -> _Part:
    settings, url = access.cache, access.server.url
    tiles = request.tile_count // len(request.tilesets)
    is_coverage = tileset in COVERAGE_TILESETS.values()
    is_there = settings is not None and (session is not None or cache_path(settings, url, tileset).exists())
    cache = TileCache(settings, url, tileset) if settings and is_there else None
    try:
        cached = len(cache.tiles_in(request.area, access.offline)) if cache else 0
        missing = tiles - cached
        known = cache.average_around(request.area, max(4, tiles // 4)) if cache and missing else None
        features, received = (round(missing * mean) for mean in known) if known else (None, None)
        if known is None and missing and session and is_coverage and not access.offline:
            client = TileClient(tileset, access, session, cache, session.stop)
            features = _images_in_overview(request, client)
            received = None if features is None else features * BYTES_PER_IMAGE
    finally:
        if cache:
            cache.close()
    return _Part(is_coverage, cached, features, received)


def _images_in_overview(request: CoverageRequest, client: TileClient) -> Optional[int]:
    """The images to expect by the length of the sequences in tiles of a low zoom; None where those cannot be read.

    Raises MapillaryError where the download could not be either.
    """
    zoom = next(
        zoom
        for zoom in range(COVERAGE_ZOOM, FIRST_SEQUENCE_ZOOM - 1, -1)
        if count_tiles(request.area, zoom) <= _OVERVIEW_TILES or zoom == FIRST_SEQUENCE_ZOOM
    )
    metres = 0.0
    for tile in tiles_of(request.area, zoom)[: 2 * _OVERVIEW_TILES]:
        try:
            metres += _sequence_metres(client, tile, request.area)
        except MapillaryError as error:
            if error.stops_run:
                raise
            return None
    return round(metres / METRES_PER_IMAGE)


def _sequence_metres(client: TileClient, tile: TileId, area: Area) -> float:
    fetched = client.find(tile) or client.fetch(tile)
    decoded = decode(fetched.body, [SEQUENCE])
    client.keep(tile, fetched, 0)
    features = decoded.features(SEQUENCE.name)
    lines = georeference(features, SEQUENCE.shape, tile) if features else []
    bounds = tile_box(tile)
    return sum(
        metres_between(start, end)
        for line in lines
        for part in line or []
        for start, end in zip(part, part[1:])
        if area.contains(*_middle(start, end)) and bounds.contains(*_middle(start, end))
    )


def _middle(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    return (start[0] + end[0]) / 2, (start[1] + end[1]) / 2


def _rounded(number: int) -> int:
    """To two digits: an estimate does not know more."""
    return round(number, 2 - len(str(number))) if number > 99 else number


def _duration(seconds: float) -> str:
    if seconds < 5400:
        return counted(math.ceil(seconds / 60), "minute")
    return f"{seconds / 3600:.0f} hours"
