"""Which tiles a map shows of a vector tile layer, as QGIS itself finds them when it draws."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain, product

from qgis.core import (
    Qgis,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsMapSettings,
    QgsPointXY,
    QgsRectangle,
    QgsRenderContext,
    QgsTileMatrix,
    QgsTileXYZ,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QPointF

from ..area.tiling import SCALE_OF_ZOOM_0, TileId
from ..mapillary.schema import COVERAGE_ZOOM

MOST_VISIBLE = 1_000
"""More than any map shows, but one in degrees, or of a pole, above 80° of latitude: there it ends at the edges."""

_FEW_TILES = 64
_CELLS = 16
_MARGIN = 0.125
"""How much further than between its corners a cell of the map may reach, in parts of its size: lines are curved."""

_NODES = 7
"""Points between the corners of a tile's outline, which is curved in other CRSs."""

_TOUCH = 0.01
_FAR = 1e9


def visible_tiles(settings: QgsMapSettings, layer: QgsVectorTileLayer) -> list[TileId]:
    """The tiles of which a map shows at least a hundredth of a pixel, those nearest to its middle first.

    None where the layer is hidden at the map's scale. Any CRS, rotation and resolution; at most MOST_VISIBLE.
    """
    size = settings.outputSize()
    if size.isEmpty() or settings.visibleExtent().isEmpty() or not layer.isInScaleRange(settings.scale()):
        return []
    zoom = tile_zoom(settings, layer)
    window = _Window(settings, layer)
    candidates = _all_tiles(zoom) if 4**zoom <= _FEW_TILES else _tiles_around(window, zoom)
    near: dict[TileId, float] = {}
    for tile in candidates:
        if tile not in near:
            near[tile] = window.distance(tile)
            if len(near) >= 2 * MOST_VISIBLE:
                break
    seen = sorted((tile for tile, distance in near.items() if distance < math.inf), key=lambda tile: near[tile])
    return seen[:MOST_VISIBLE]


def tile_zoom(settings: QgsMapSettings, layer: QgsVectorTileLayer) -> int:
    """The zoom of the tiles that QGIS takes for a map of a live layer that draws."""
    scale = QgsRenderContext.fromMapSettings(settings).rendererScale()
    if hasattr(layer, "tileMatrixSet"):
        matrices = layer.tileMatrixSet()
        place = settings.destinationCrs(), settings.visibleExtent(), settings.outputSize(), settings.outputDpi()
        return int(matrices.scaleToZoomLevel(matrices.calculateTileScaleForMap(scale, *place)))
    zoom = math.floor(math.log2(SCALE_OF_ZOOM_0 / scale) + 0.5)
    return max(0, min(COVERAGE_ZOOM, zoom))


def tiles_gone_through(settings: QgsMapSettings, layer: QgsVectorTileLayer) -> int:
    """How many tiles QGIS looks for to draw a map: all in the box around it in web mercator.

    Where the map has another CRS and crosses 180°, that box is as wide as the world: QGIS 3.22 takes minutes then, and
    holds everything up when the map is moved meanwhile; 3.44 a second.
    """
    zoom = tile_zoom(settings, layer)
    try:
        box = settings.layerTransform(layer).transformBoundingBox(
            settings.visibleExtent(), Qgis.TransformDirection.Reverse
        )
    except QgsCsException:
        return int(4**zoom)
    found = QgsTileMatrix.fromWebMercator(zoom).tileRangeFromExtent(box)
    columns, rows = found.endColumn() - found.startColumn() + 1, found.endRow() - found.startRow() + 1
    return int(columns * rows)


class _Window:
    """The map as a rectangle of pixels, and the way between it and web mercator."""

    def __init__(self, settings: QgsMapSettings, layer: QgsVectorTileLayer) -> None:
        size = settings.outputSize()
        self.width, self.height = size.width(), size.height()
        self._to_map: QgsCoordinateTransform = settings.layerTransform(layer)
        self._to_map.setBallparkTransformsAreAppropriate(True)
        self._pixels = settings.mapToPixel()
        self._seen = QgsRectangle(0, 0, self.width, self.height).buffered(-_TOUCH)
        self._middle = QgsPointXY(self.width / 2, self.height / 2)
        self._matrices: dict[int, QgsTileMatrix] = {}

    def tile_place(self, x: int, y: int, zoom: int) -> tuple[float, float]:
        """Where a pixel lies, in columns and rows of tiles. Raises QgsCsException where it lies nowhere."""
        place = self._pixels.toMapCoordinates(x, y)
        place = self._to_map.transform(place, Qgis.TransformDirection.Reverse)
        found: QPointF = self._matrix(zoom).mapToTileCoordinates(place)
        return found.x(), found.y()

    def distance(self, tile: TileId) -> float:
        """From the map's middle to that of a tile, in pixels; infinite where the map does not show the tile.

        A tile that reaches beyond what the map's CRS can show may be shown in part: it comes last.
        """
        box = self._matrix(tile.z).tileExtent(QgsTileXYZ(tile.x, tile.y, tile.z))
        outline = QgsGeometry.fromRect(box).densifyByCount(_NODES)
        try:
            outline.transform(self._to_map)
        except QgsCsException:
            return _FAR
        outline.transform(self._pixels.transform())
        if not outline.boundingBox().isFinite():
            return _FAR
        if not outline.intersects(self._seen):
            return math.inf
        return float(outline.boundingBox().center().distance(self._middle))

    def _matrix(self, zoom: int) -> QgsTileMatrix:
        if zoom not in self._matrices:
            self._matrices[zoom] = QgsTileMatrix.fromWebMercator(zoom)
        return self._matrices[zoom]


def _all_tiles(zoom: int) -> Iterator[TileId]:
    return (TileId(zoom, x, y) for x, y in product(range(2**zoom), repeat=2))


def _tiles_around(window: _Window, zoom: int) -> Iterator[TileId]:
    """Tiles that the map may show, and not many others: the map is cut into cells, those of its middle first."""
    places = {}
    for i, j in product(range(_CELLS + 1), repeat=2):
        try:
            places[i, j] = window.tile_place(window.width * i // _CELLS, window.height * j // _CELLS, zoom)
        except QgsCsException:
            continue
    middle = (_CELLS - 1) / 2
    cells = sorted(product(range(_CELLS), repeat=2), key=lambda cell: math.dist(cell, (middle, middle)))
    for i, j in cells:
        corners = [places[at] for at in product((i, i + 1), (j, j + 1)) if at in places]
        if corners and all(map(math.isfinite, chain(*corners))):
            yield from _tiles_between(corners, zoom)


def _tiles_between(corners: Sequence[tuple[float, float]], zoom: int) -> Iterator[TileId]:
    columns, rows = (sorted(values) for values in zip(*corners))
    count = 2**zoom
    steps = [after - before for before, after in zip(columns, columns[1:])]
    parts = [columns]
    if sum(steps) > count / 2:
        widest = max(range(len(steps)), key=steps.__getitem__)
        if steps[widest] > count / 2:
            parts = [[*columns[widest + 1 :], count], [0, *columns[: widest + 1]]]
        elif rows[-1] >= 0 and rows[0] < count:
            # The cell holds a pole.
            parts, rows = [[0, count]], [0, *rows] if rows[0] < count / 2 else [*rows, count]
    for part in parts:
        yield from (TileId(zoom, x, y) for x, y in product(_whole(part, count), _whole(rows, count)))


def _whole(places: Sequence[float], count: int) -> range:
    """The columns, or rows, from the first to the last place, and a little further."""
    first, last = min(places), max(places)
    margin = (last - first) * _MARGIN
    return range(max(0, math.floor(first - margin)), min(count - 1, math.floor(last + margin)) + 1)
