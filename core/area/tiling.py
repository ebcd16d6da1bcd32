"""From an area to its tiles and back: the only module that uses mercantile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

try:
    import mercantile
except ImportError:
    from ...extlibs import mercantile

from ..mapillary.schema import COVERAGE_ZOOM
from .area import Area, Box

MOST_TILES = 50_000
"""Mapillary's documented limit of tiles a day for one application: no run needs more."""

SCALE_OF_ZOOM_0 = 559_082_264.0287178 / 2
"""Where the world is 512 pixels wide at 96 dots per inch and QGIS without tile matrix sets draws zoom 0."""

_NARROWING_ZOOMS = (6, 10)
"""Where a large outline is cut down to what matters below."""


class TileId(NamedTuple):
    """A tile's address in the XYZ scheme, y from the top."""

    z: int
    x: int
    y: int

    def __str__(self) -> str:
        return f"{self.z}/{self.x}/{self.y}"


@dataclass(frozen=True)
class TileRange:
    """A block of tiles; its edges belong to it."""

    zoom: int
    left: int
    right: int
    top: int
    bottom: int

    def __len__(self) -> int:
        return (self.right - self.left + 1) * (self.bottom - self.top + 1)

    def widened(self, tiles: int) -> TileRange:
        """The block with so many tiles more on each side, as far as there are any."""
        last = 2**self.zoom - 1
        return TileRange(
            self.zoom,
            max(0, self.left - tiles),
            min(last, self.right + tiles),
            max(0, self.top - tiles),
            min(last, self.bottom + tiles),
        )


def tile_ranges(area: Area, zoom: int = COVERAGE_ZOOM) -> list[TileRange]:
    """The tiles of each box of the area, without those that only begin at its east or south edge."""
    ranges = []
    for box in area.boxes:
        first = mercantile.tile(box.west, box.north, zoom)
        last = mercantile.tile(box.east - mercantile.LL_EPSILON, box.south + mercantile.LL_EPSILON, zoom)
        ranges.append(TileRange(zoom, first.x, max(first.x, last.x), first.y, max(first.y, last.y)))
    if len(ranges) == 2 and ranges[1].right >= ranges[0].left:
        return [TileRange(zoom, 0, 2**zoom - 1, ranges[0].top, ranges[0].bottom)]
    return ranges


def count_tiles(area: Area, zoom: int = COVERAGE_ZOOM) -> int:
    """How many tiles cover the area, without listing those of boxes; for an outline at most MOST_TILES + 1."""
    if area.outline is None:
        return sum(map(len, tile_ranges(area, zoom)))
    return len(_listed(area, zoom))


def tiles_of(area: Area, zoom: int = COVERAGE_ZOOM) -> list[TileId]:
    """The tiles that the area touches, each once, row by row."""
    if area.outline is not None:
        return list(_listed(area, zoom))
    return [
        TileId(zoom, x, y)
        for tiles in tile_ranges(area, zoom)
        for y in range(tiles.top, tiles.bottom + 1)
        for x in range(tiles.left, tiles.right + 1)
    ]


@lru_cache(maxsize=8)
def _listed(area: Area, zoom: int) -> tuple[TileId, ...]:
    """Row by row; a form asks for the same area at every key that is pressed."""
    return tuple(sorted(islice(_tiles_touched(area, zoom), MOST_TILES + 1), key=lambda tile: (tile.y, tile.x)))


def _tiles_touched(area: Area, zoom: int) -> Iterator[TileId]:
    """From the whole world down: a tile that the area does not touch has no tiles to look at below it."""
    waiting = [(TileId(0, 0, 0), area, False)]
    while waiting:
        tile, part, is_covered = waiting.pop()
        if not is_covered:
            bounds = tile_box(tile)
            if not part.overlaps(bounds):
                continue
            is_covered = part.covers(bounds)
        if tile.z == zoom:
            yield tile
            continue
        if tile.z in _NARROWING_ZOOMS and not is_covered:
            part = part.near(tile_box(tile))
        children = mercantile.children(tile.x, tile.y, tile.z)
        waiting += [(TileId(child.z, child.x, child.y), part, is_covered) for child in children]


def tile_at(lon: float, lat: float, zoom: int = COVERAGE_ZOOM) -> TileId:
    """The tile in which a point lies."""
    found = mercantile.tile(lon, lat, zoom)
    return TileId(zoom, found.x, found.y)


def tile_box(tile: TileId) -> Box:
    """The tile's bounds in degrees."""
    return Box(*mercantile.bounds(tile.x, tile.y, tile.z))


def lon_lat_of_web_mercator(x: float, y: float) -> tuple[float, float]:
    """EPSG:3857 metres to degrees, without folding longitudes beyond 180 back."""
    return tuple(mercantile.lnglat(x, y))


class TileAddress(NamedTuple):
    """A tile of one of the tilesets."""

    tileset: str
    tile: TileId
