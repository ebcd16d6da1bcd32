"""Maps of very many images: a downloaded layer and a live tile, both beside plain dots of one colour."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from gzip import compress
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsMapLayer,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsMarkerSymbol,
    QgsMemoryProviderUtils,
    QgsProject,
    QgsRectangle,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
    QgsVectorTileBasicRenderer,
    QgsVectorTileBasicRendererStyle,
    QgsVectorTileLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QSize

from mapillary_coverage.core.area.extent import degrees_crs
from mapillary_coverage.core.area.tiling import TileId, tile_box
from mapillary_coverage.core.download.collector import Table
from mapillary_coverage.core.layers.features import add_features, table_features
from mapillary_coverage.core.layers.kinds import fields_of, wkb_type
from mapillary_coverage.core.looks.colour_by import ColourBy
from mapillary_coverage.core.looks.layer_style import set_look
from mapillary_coverage.core.looks.live_style import live_renderer
from mapillary_coverage.core.looks.seen import Seen
from mapillary_coverage.core.mapillary.cleaning import clean_column
from mapillary_coverage.core.mapillary.schema import IMAGE, IMAGES
from mapillary_coverage.core.mvt import decode
from mapillary_coverage.core.mvt.display import displayable
from mapillary_coverage.core.request.filters import CoverageFilter
from mapillary_coverage.core.tiles.georeference import georeference
from mapillary_coverage.core.tiles.mbtiles import MbtilesFile, StoredTile
from tests.benchmarks.measure import Measurement, timed
from tests.emulator import Town

COUNT = 188_000
"""As many images as the fullest tile that was seen has."""
SCALE = 20_000
RUNS = 5
TILESET = "mly1_public"
PLAIN = {"size": "1.8", "color": "5,203,99", "outline_color": "white"}


def measure_looks() -> Iterator[Measurement]:
    """Each in turn."""
    town = Town(images_per_tile=COUNT)
    tile = TileId(14, town.west + 1, town.north + 1)
    body = town.tile(TILESET, *tile)
    yield from _downloaded(_downloaded_layer(body, tile), tile)
    with tempfile.TemporaryDirectory() as folder:
        yield from _live(_live_layer(Path(folder) / "live.mbtiles", body, tile), Seen.of_tile(body, TILESET), tile)


def _downloaded(layer_and_seen: tuple[QgsVectorLayer, Seen], tile: TileId) -> Iterator[Measurement]:
    layer, seen = layer_and_seen
    layer.setRenderer(QgsSingleSymbolRenderer(QgsMarkerSymbol.createSimple(PLAIN)))
    compared = _drawing(layer, tile)
    for by, most in ((ColourBy.NOTHING, 2.0), (ColourBy.AGE, 2.8)):
        set_look(layer, IMAGES, by, seen, lambda value: None)
        yield Measurement(
            f"{COUNT:,} downloaded images, {by.title.lower()}; plain dots",
            _drawing(layer, tile),
            compared,
            most * compared,
        )


def _live(layer: QgsVectorTileLayer, seen: Seen, tile: TileId) -> Iterator[Measurement]:
    plain = QgsVectorTileBasicRendererStyle("Images", IMAGE.name, QgsWkbTypes.GeometryType.PointGeometry)
    plain.setSymbol(QgsMarkerSymbol.createSimple(PLAIN))
    renderer = QgsVectorTileBasicRenderer()
    renderer.setStyles([plain])
    layer.setRenderer(renderer)
    compared = _drawing(layer, tile)
    for by, most in ((ColourBy.NOTHING, 1.5), (ColourBy.PANORAMA, 2.0), (ColourBy.AGE, 8.0)):
        layer.setRenderer(live_renderer(TILESET, CoverageFilter(), by, seen, lambda value: None))
        yield Measurement(
            f"a live tile of {COUNT:,} images, {by.title.lower()}; plain dots",
            _drawing(layer, tile),
            compared,
            most * compared,
        )


def _downloaded_layer(body: bytes, tile: TileId) -> tuple[QgsVectorLayer, Seen]:
    features = decode(body, [IMAGE]).layers[IMAGE.name]
    columns = {
        field.name: clean_column(field.type, features.properties[field.tile_property]) for field in IMAGE.tile_fields
    }
    table = Table(IMAGE, columns, georeference(features, IMAGE.shape, tile))
    layer = QgsMemoryProviderUtils.createMemoryLayer(IMAGES, fields_of(IMAGES), wkb_type(IMAGES), degrees_crs())
    layer.dataProvider().createSpatialIndex()
    add_features(layer.dataProvider(), table_features(table), lambda: False)
    layer.updateExtents()
    return layer, Seen.of_columns(columns)


def _live_layer(path: Path, body: bytes, tile: TileId) -> QgsVectorTileLayer:
    with closing(MbtilesFile(path, TILESET)) as file:
        file.write(tile, StoredTile(compress(displayable(body)), "", 0, len(body), 1))
    return QgsVectorTileLayer(f"type=mbtiles&url={path}", "live")


def _drawing(layer: QgsMapLayer, tile: TileId) -> float:
    """The seconds that the map around the tile's middle takes, 1600 by 900 pixels."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setOutputSize(QSize(1600, 900))
    settings.setOutputDpi(96)
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    box = tile_box(tile)
    to_map = QgsCoordinateTransform(degrees_crs(), settings.destinationCrs(), QgsProject.instance())
    middle = to_map.transform(QgsRectangle(box.west, box.south, box.east, box.north).center())
    pixel = SCALE * 0.0254 / 96
    settings.setExtent(QgsRectangle.fromCenterAndSize(middle, 1600 * pixel, 900 * pixel))
    context = QgsExpressionContext()
    context.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(context)

    def draw() -> None:
        job = QgsMapRendererSequentialJob(settings)
        job.start()
        job.waitForFinished()

    draw()
    return timed(draw, RUNS)
