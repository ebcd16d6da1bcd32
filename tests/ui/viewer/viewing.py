"""What the tests of the image viewer share: the mouse, pixels of widgets, and the recorded detections with an
independent rasterisation of them, for which mapbox-vector-tile decodes and GDAL fills.
"""

import json
from base64 import b64decode

import mapbox_vector_tile
import numpy as np
from osgeo import gdal, ogr
from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, Qt
from qgis.PyQt.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

from mapillary_coverage.core.viewing.detection import read_detections
from mapillary_coverage.ui.viewer.panel.flat_view import FlatView

NO_KEYS = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
NO_BUTTON = Qt.MouseButton.NoButton
GREY = QColor(96, 96, 96)


def flat_view(qtbot):
    """800 by 600 pixels, without the focus, whose frame would be in the picture."""
    widget = FlatView()
    qtbot.addWidget(widget)
    widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    widget.resize(800, 600)
    widget.show()
    return widget


def plain(width=1024, height=768, colour=GREY):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(colour)
    return image


def move(widget, place, buttons=NO_BUTTON):
    """Move the mouse to a QPoint in the widget; QTest's way holds no button and arrives later."""
    places = QPointF(place), QPointF(widget.mapToGlobal(place))
    QApplication.sendEvent(widget, QMouseEvent(QEvent.Type.MouseMove, *places, NO_BUTTON, buttons, NO_KEYS))


def wheel(view, x, y, notches):
    """As a mouse wheel sends it, at a place in the view."""
    place = QPointF(x, y)
    event = QWheelEvent(
        place,
        view.mapToGlobal(place.toPoint()),
        QPoint(),
        QPoint(0, 120 * notches),
        NO_BUTTON,
        NO_KEYS,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def drag(view, start, end):
    QTest.mousePress(view, LEFT, NO_KEYS, QPoint(*start))
    for step in range(1, 5):
        x, y = (round(a + (b - a) * step / 4) for a, b in zip(start, end))
        move(view, QPoint(x, y), LEFT)
    QTest.mouseRelease(view, LEFT, NO_KEYS, QPoint(*end))


def replies(recorded):
    """By name of the reply, what it holds as JSON and as detections."""
    found = {}
    for path in sorted(recorded.glob("graph/detections/*.json")):
        rows = json.loads(path.read_text())["data"]
        found[path.stem] = rows, read_detections(rows)[0]
    return found


def part_count(geometry):
    """The outlines of the detection, without holes."""
    return sum(len(polygons) for _, polygons in _decoded(geometry))


def filled(geometry, size, place):
    """Which pixels of a raster the detection covers; size is (width, height), the picture's place (left, top, width,
    height).
    """
    left, top, width, height = place
    raster = gdal.GetDriverByName("MEM").Create("", *size, 1)
    raster.SetGeoTransform((0, 1, 0, 0, 0, 1))
    source = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = source.CreateLayer("outlines")
    for extent, polygons in _decoded(geometry):
        for polygon in polygons:
            shape = ogr.Geometry(ogr.wkbPolygon)
            for vertices in polygon:
                ring = ogr.Geometry(ogr.wkbLinearRing)
                for x, y in vertices:
                    ring.AddPoint_2D(left + x / extent * width, top + y / extent * height)
                ring.CloseRings()
                shape.AddGeometry(ring)
            feature = ogr.Feature(layer.GetLayerDefn())
            feature.SetGeometry(shape)
            layer.CreateFeature(feature)
    gdal.RasterizeLayer(raster, [1], layer, burn_values=[1])
    return raster.ReadAsArray().astype(bool)


def pixels(widget):
    """What a widget shows, as rows of (red, green, blue)."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    data = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
    return data.reshape(image.height(), image.width(), 4)[:, :, :3].astype(int)


def differing(before, after, least=6):
    return np.abs(before - after).max(axis=2) >= least


def grown(mask, reach):
    """A mask with all pixels that are at most so many rows and columns away."""
    padded = np.pad(mask, reach)
    rows, columns = mask.shape
    steps = range(2 * reach + 1)
    return np.any([padded[y : y + rows, x : x + columns] for y in steps for x in steps], axis=0)


def shrunk(mask, reach):
    """The pixels of a mask that are further from its edge than this."""
    return ~grown(~mask, reach)


def _decoded(geometry):
    """By feature, its layer's extent and its polygons, y down."""
    layer = mapbox_vector_tile.decode(b64decode(geometry), default_options={"y_coord_down": True})["mpy-or"]
    for feature in layer["features"]:
        coordinates = feature["geometry"]["coordinates"]
        yield layer["extent"], [coordinates] if feature["geometry"]["type"] == "Polygon" else coordinates
