"""The ledger's look: what failed is seen first, nobody needs colours to read it, and its tip tells the reason."""

from itertools import combinations

import pytest
from qgis.core import (
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsMemoryProviderUtils,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QImage

from mapillary_coverage.core.area.extent import degrees_crs
from mapillary_coverage.core.area.tiling import TileId, tile_box
from mapillary_coverage.core.download.ledger import STATUSES, TileRecord
from mapillary_coverage.core.layers.features import add_features, features_of
from mapillary_coverage.core.layers.kinds import fields_of, wkb_type
from mapillary_coverage.core.looks.layer_style import apply_style
from mapillary_coverage.core.mapillary.schema import TILES

pytestmark = pytest.mark.qgis

FIRST = TileId(14, 8529, 5975)
SIDE = 120
GROUNDS = ["#ffffff", "#20242a", "#4a5b38", "#8a8a80"]


class Ledger:
    """Only what makes the layer of tiles."""

    def __init__(self, *records):
        self.ledger = records


@pytest.fixture
def layer(qgis_app):
    return QgsMemoryProviderUtils.createMemoryLayer("Tiles", fields_of(TILES), wkb_type(TILES), degrees_crs())


def fill(layer, *records):
    assert add_features(layer.dataProvider(), features_of(TILES, Ledger(*records)), lambda: False)
    layer.updateExtents()
    apply_style(layer, TILES)


def in_a_row(statuses):
    return [
        TileRecord(TileId(14, FIRST.x + column, FIRST.y), "mly1_public", status)
        for column, status in enumerate(statuses)
    ]


def rendered(layer, ground):
    """Each tile SIDE pixels wide and high, side by side."""
    box = tile_box(FIRST)
    width = box.east - box.west
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(degrees_crs())
    count = layer.featureCount()
    settings.setExtent(QgsRectangle(box.west, box.south, box.west + count * width, box.north))
    settings.setOutputSize(QSize(count * SIDE, round(SIDE * (box.north - box.south) / width)))
    settings.setBackgroundColor(QColor(ground))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    return job.renderedImage()


def greys(image, column):
    """The lightness of a tile's pixels, without its edges."""
    edge = 8
    part = image.convertToFormat(QImage.Format.Format_Grayscale8)
    return [
        part.pixelColor(x, y).lightness()
        for y in range(edge, image.height() - edge)
        for x in range(column * SIDE + edge, (column + 1) * SIDE - edge)
    ]


@pytest.mark.parametrize("ground", GROUNDS)
def test_each_status_looks_different_without_any_colour(layer, ground):
    fill(layer, *in_a_row(STATUSES))
    image = rendered(layer, ground)
    tiles = {status: greys(image, column) for column, status in enumerate(STATUSES)}
    for one, other in combinations(STATUSES, 2):
        differences = sorted(abs(a - b) for a, b in zip(tiles[one], tiles[other]))
        assert differences[int(len(differences) * 0.9)] > 25, (one, other)


@pytest.mark.parametrize("ground", GROUNDS)
def test_what_failed_is_seen_first(layer, ground):
    fill(layer, *in_a_row(STATUSES))
    image = rendered(layer, ground)

    def saturation(column):
        xs = range(column * SIDE + 8, (column + 1) * SIDE - 8)
        return sum(image.pixelColor(x, y).hslSaturation() for x in xs for y in range(8, image.height() - 8))

    assert len(set(greys(image, STATUSES.index("ok")))) == 1, "what was read does not cover the map"
    assert saturation(STATUSES.index("failed")) == max(saturation(column) for column in range(len(STATUSES)))


@pytest.mark.parametrize("statuses", [("failed", "ok"), ("ok", "failed"), ("failed", "skipped"), ("empty", "failed")])
def test_the_edge_of_a_failed_tile_lies_over_that_of_its_neighbour(layer, statuses):
    fill(layer, *in_a_row(statuses))
    image = rendered(layer, "#ffffff")
    middle = [image.pixelColor(SIDE, y) for y in range(10, image.height() - 10)]
    assert all(colour.red() > 180 and colour.blue() < 60 for colour in middle)


def tip(layer, record):
    fill(layer, record)
    (feature,) = layer.getFeatures()
    context = QgsExpressionContext()
    context.appendScope(QgsExpressionContextUtils.layerScope(layer))
    context.setFeature(feature)
    text = QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context)
    assert "[%" not in text
    return "".join(line for line in text.splitlines() if line)


def test_the_tip_tells_what_became_of_the_tile_and_why(layer):
    reason = "The server answered <b>500</b> & closed."
    assert tip(layer, TileRecord(FIRST, "mly1_public", "failed", reason)) == (
        "<b>Failed: not known what is there</b><br>The server answered &lt;b&gt;500&lt;/b&gt; &amp; closed."
        "<br>Tile 14/8529/5975 of mly1_public"
    )


def test_the_tip_of_a_tile_that_was_read_tells_how_much_was_kept(layer):
    record = TileRecord(FIRST, "mly1_public", "ok", "", 12_304, 310, 5, "network", 1_700_000_000_000)
    assert tip(layer, record) == (
        "<b>Read</b><br>310 of 12,304 features kept<br>Fetched 2023-11-14 22:13 UTC<br>Tile 14/8529/5975 of mly1_public"
    )


def test_the_legend_begins_with_what_failed(layer):
    fill(layer, *in_a_row(STATUSES))
    labels = [item.label() for item in layer.renderer().legendSymbolItems()]
    assert labels == [
        "Failed: not known what is there",
        "Skipped: not asked for",
        "Empty: no coverage",
        "Read",
    ]
