"""Maps drawn from tiles and layers that a test makes, and what is seen in their pixels."""

import math
import sqlite3
from gzip import compress

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

from tests.emulator.encoding import encode

SIDE = 20_037_508.342789244
TILE = (14, 8529, 5975)


def place(x, y, tile=TILE):
    """A place in tile units, in metres of EPSG:3857."""
    z, column, row = tile
    size = 2 * SIDE / 2**z
    return QgsPointXY((column + x / 4096) * size - SIDE, SIDE - (row + y / 4096) * size)


def tile_layer(path, tiles):
    """A layer over an MBTiles file of `tiles`: source layers with their features, by address."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
    connection.execute("CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB)")
    metadata = {"name": "drawing", "format": "pbf", "minzoom": "0", "maxzoom": "14", "json": '{"vector_layers": []}'}
    connection.executemany("INSERT INTO metadata VALUES (?, ?)", metadata.items())
    for (z, x, y), layers in tiles.items():
        row = (z, x, 2**z - 1 - y, compress(encode(layers)))
        connection.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", row)
    connection.commit()
    connection.close()
    layer = QgsVectorTileLayer(f"type=mbtiles&url={path}", "drawing")
    assert layer.isValid()
    return layer


def draw(layers, middle, scale, size=200, rotation=0.0):
    """The map around a place in EPSG:3857, transparent where nothing is drawn."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setOutputSize(QSize(size, size))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(QColor(0, 0, 0, 0))
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    half = scale * 0.0254 / 96 * size / 2
    settings.setExtent(QgsRectangle(middle.x() - half, middle.y() - half, middle.x() + half, middle.y() + half))
    settings.setRotation(rotation)
    context = QgsExpressionContext()
    context.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(context)
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    return job.renderedImage()


def drawn_pixels(image):
    """The places that are not transparent."""
    return [
        (x, y)
        for x in range(image.width())
        for y in range(image.height())
        if QColor.fromRgba(image.pixel(x, y)).alpha() > 60
    ]


def bearing(image):
    """Where the drawing's weight lies from the middle of the map, in degrees clockwise from up."""
    pixels = drawn_pixels(image)
    middle = (image.width() - 1) / 2
    x, y = (sum(axis) / len(pixels) - middle for axis in zip(*pixels))
    return math.degrees(math.atan2(x, -y)) % 360


def degrees(place_on_map):
    """A place in EPSG:3857 as longitude and latitude."""
    systems = (QgsCoordinateReferenceSystem(name) for name in ("EPSG:3857", "EPSG:4326"))
    return QgsCoordinateTransform(*systems, QgsProject.instance()).transform(place_on_map)
