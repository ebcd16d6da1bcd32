"""Files of tiles that QGIS draws, each tile wholly covered, and what is to be seen of them."""

from contextlib import closing
from gzip import compress

from qgis.core import (
    QgsFillSymbol,
    QgsMapRendererSequentialJob,
    QgsProperty,
    QgsSymbolLayer,
    QgsVectorTileBasicRenderer,
    QgsVectorTileBasicRendererStyle,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QEventLoop

from mapillary_coverage.core.tiles.mbtiles import MbtilesFile, StoredTile
from tests.emulator.encoding import POLYGON, TILE_EXTENT, Feature, encode

COVER = "cover"
STEPS = range(0, TILE_EXTENT, 128)


def write_tiles(path, tiles):
    """An MBTiles file with these tiles; the number of each, from 1, tells its polygon's colour.

    The polygon has many nodes, since QGIS draws straight lines between them in any CRS.
    """
    ring = [(at, 0) for at in STEPS] + [(TILE_EXTENT, at) for at in STEPS]
    ring += [(TILE_EXTENT - at, TILE_EXTENT) for at in STEPS] + [(0, TILE_EXTENT - at) for at in STEPS]
    path.unlink(missing_ok=True)
    with closing(MbtilesFile(path, "mly1_public")) as file:
        for number, tile in enumerate(tiles, 1):
            body = encode({COVER: [Feature(POLYGON, [ring], {"number": number})]})
            file.write(tile, StoredTile(compress(body), "", 0, len(body), 1))
    return path


def colour_by_number(layer):
    """A style that draws each tile in the colour of its number."""
    symbol = QgsFillSymbol.createSimple({"outline_style": "no"})
    colour = QgsProperty.fromExpression('color_rgb("number" % 256, floor("number" / 256), 0)')
    symbol.symbolLayer(0).setDataDefinedProperty(QgsSymbolLayer.Property.PropertyFillColor, colour)
    style = QgsVectorTileBasicRendererStyle(COVER, COVER, QgsWkbTypes.GeometryType.PolygonGeometry)
    style.setSymbol(symbol)
    renderer = QgsVectorTileBasicRenderer()
    renderer.setStyles([style])
    layer.setRenderer(renderer)


def image_of(settings):
    """The map as QGIS draws it."""
    job = QgsMapRendererSequentialJob(settings)
    loop = QEventLoop()
    job.finished.connect(loop.quit)
    job.start()
    loop.exec()
    return job.renderedImage()


def numbers_in(image):
    """The numbers of the tiles that are drawn on a blue ground."""
    pixels = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    return {(pixel >> 16 & 255) + 256 * (pixel >> 8 & 255) for pixel in pixels if not pixel & 255}
