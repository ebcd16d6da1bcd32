"""Where the marker is drawn, and what directions it shows."""

import gc
import math

import pyproj
import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY, QgsRectangle
from qgis.PyQt import sip
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtTest import QTest

from mapillary_coverage.ui.viewer.map.canvas_marker import CanvasMarker
from tests.ui.viewer.map.on_canvas import look_at, on_map, pixel_of

pytestmark = pytest.mark.qgis

VIEWS = [
    ("EPSG:4326", 18.07, 59.33),
    ("EPSG:3857", 7.4, 43.7),
    ("EPSG:32632", 5.0, 60.0),
    ("EPSG:3995", 25.0, 71.1),
    ("EPSG:3995", -120.0, 70.7),
    ("EPSG:3031", 166.67, -77.85),
    ("EPSG:3832", 180.0, -16.8),
    ("EPSG:4326", 180.0, -16.8),
    ("EPSG:4326", -180.0, -16.8),
]


@pytest.fixture
def marker(canvas):
    made = CanvasMarker(canvas)
    yield made
    made.close_down()


def coloured(canvas, background="white"):
    """The pixels, relative to nothing, that are greener than they are red."""
    canvas.setCanvasColor(QColor(background))
    QTest.qWait(20)
    image = canvas.grab().toImage()
    return {
        (x, y)
        for x in range(image.width())
        for y in range(image.height())
        if (colour := image.pixelColor(x, y)).green() - colour.red() > 40
    }


def screen_angle(canvas, lon, lat, bearing):
    """Degrees clockwise from the top of the screen in which a place 30 m away lies, by PROJ's geodesics."""
    away = pyproj.Geod(ellps="WGS84").fwd(lon, lat, bearing, 30)
    crs = canvas.mapSettings().destinationCrs()
    project = pyproj.Transformer.from_crs("EPSG:4326", crs.toWkt(), always_xy=True).transform
    (x, y), (there_x, there_y) = project(lon, lat), project(*away[:2])
    if abs(there_x - x) > 100_000 or (crs.isGeographic() and abs(there_x - x) > 180):
        there_x = x - (360 - abs(there_x - x)) * math.copysign(1, there_x - x)
    to_pixel = canvas.getCoordinateTransform()
    here, there = to_pixel.transform(x, y), to_pixel.transform(there_x, there_y)
    return math.degrees(math.atan2(there.x() - here.x(), here.y() - there.y())) % 360


def is_between(angle, first, last):
    """Whether an angle lies in the sector from the first clockwise to the last."""
    return (angle - first) % 360 <= (last - first) % 360


@pytest.mark.parametrize(("heading", "width", "rotation"), [(0, 60, 40), (250, 30, 0), (310, 200, 40)])
@pytest.mark.parametrize(("crs", "lon", "lat"), VIEWS)
def test_the_cone_covers_the_directions_that_the_image_shows(canvas, marker, crs, lon, lat, heading, width, rotation):
    look_at(canvas, lon, lat, crs, rotation=rotation)
    marker.show_at(lon, lat, heading, width)
    middle = pixel_of(canvas, lon, lat)
    first, last = (screen_angle(canvas, lon, lat, heading + side * width / 2) for side in (-1, 1))
    drawn = coloured(canvas)
    for radius in (20, 35, 50):
        for angle in range(0, 360, 3):
            near_edge = any(abs((angle - edge + 180) % 360 - 180) < 5 + 120 / radius for edge in (first, last))
            x = round(middle.x() + radius * math.sin(math.radians(angle)))
            y = round(middle.y() - radius * math.cos(math.radians(angle)))
            if not near_edge:
                assert ((x, y) in drawn) == is_between(angle, first, last), (angle, radius)
    assert not any(math.hypot(x - middle.x(), y - middle.y()) > 66 for x, y in drawn)


def test_without_a_field_of_view_a_line_shows_the_direction(canvas, marker):
    look_at(canvas, 7.4, 43.7)
    marker.show_at(7.4, 43.7, 90, None)
    far = [(x - 300, y - 200) for x, y in coloured(canvas) if math.hypot(x - 300, y - 200) > 15]
    assert max(x for x, _ in far) == pytest.approx(60, abs=3)
    assert all(x > 0 and abs(y) <= 3 for x, y in far)


def test_without_a_heading_only_the_place_is_shown(canvas, marker):
    look_at(canvas, 7.4, 43.7)
    marker.show_at(7.4, 43.7, None, 90)
    drawn = coloured(canvas)
    assert drawn
    assert all(math.hypot(x - 300, y - 200) < 10 for x, y in drawn)


def test_a_full_circle_is_a_ring(canvas, marker):
    look_at(canvas, 7.4, 43.7)
    marker.show_at(7.4, 43.7, 30, 360)
    drawn = coloured(canvas)
    for angle in range(0, 360, 10):
        x, y = 300 + 58 * math.sin(math.radians(angle)), 200 - 58 * math.cos(math.radians(angle))
        assert (round(x), round(y)) in drawn


@pytest.mark.parametrize("background", ["white", "black", "#3c5a32", "#8a8a80", "#05cb63"])
def test_the_place_stands_out_from_every_background(canvas, marker, background):
    look_at(canvas, 7.4, 43.7)
    marker.show_at(7.4, 43.7, None, None)
    canvas.setCanvasColor(QColor(background))
    QTest.qWait(20)
    image = canvas.grab().toImage()
    row = [image.pixelColor(x, 200).lightness() for x in range(280, 321)]
    assert max(row) - min(row) > 90


def test_the_marker_stays_at_its_place_whatever_the_view(canvas, marker):
    look_at(canvas, 7.4, 43.7)
    marker.show_at(7.4005, 43.7002, 45, 70)

    def is_in_place():
        pixel = pixel_of(canvas, 7.4005, 43.7002)
        return math.hypot(marker.pos().x() - pixel.x(), marker.pos().y() - pixel.y()) < 0.01

    assert is_in_place()
    for change in (
        lambda: canvas.zoomByFactor(0.5),
        lambda: canvas.setRotation(70),
        lambda: canvas.setCenter(on_map(canvas, 7.401, 43.7)),
        lambda: canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3035")),
        lambda: canvas.setExtent(QgsRectangle(4_000_000, 2_200_000, 4_300_000, 2_600_000)),
        lambda: canvas.resize(500, 500),
    ):
        change()
        QTest.qWait(20)
        assert marker.isVisible()
        assert is_in_place()


@pytest.mark.parametrize("place", [(10.0, 90.0), (10.0, -90.0), (10.0, 95.0), (math.nan, 10.0), (10.0, math.inf)])
def test_a_pole_and_places_that_are_none_are_not_shown(canvas, marker, place):
    look_at(canvas, 7.4, 43.7)
    marker.show_at(7.4, 43.7, 10, 60)
    assert marker.isVisible()
    marker.show_at(*place, 10, 60)
    assert not marker.isVisible()
    canvas.zoomByFactor(2)
    assert not marker.isVisible()


def test_a_place_that_the_crs_lacks_is_shown_again_in_one_that_has_it(canvas, marker):
    look_at(canvas, 7.4, 43.7)
    marker.show_at(7.4, 43.7, 10, 60)
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem.fromProj("+proj=ortho +lat_0=-43.7 +lon_0=-172.6"))
    assert not marker.isVisible()
    look_at(canvas, 7.4, 43.7)
    assert marker.isVisible()


def test_a_hidden_marker_stays_hidden_when_the_view_moves(canvas, marker):
    look_at(canvas, 7.4, 43.7)
    marker.show_at(7.4, 43.7, 10, 60)
    marker.hide()
    canvas.zoomByFactor(2)
    assert not marker.isVisible()
    assert not coloured(canvas)


@pytest.mark.parametrize("rotation", [0, 33])
def test_the_view_moves_only_when_the_place_would_leave_it(canvas, marker, rotation):
    look_at(canvas, 7.4, 43.7, rotation=rotation)
    to_map = canvas.getCoordinateTransform()
    before = canvas.center()
    for x, y, moves in ((300, 200, False), (30, 30, False), (570, 370, False), (10, 200, True), (9_000, -5_000, True)):
        canvas.setCenter(before)
        place = on_degrees(canvas, to_map.toMapCoordinates(x, y))
        marker.show_at(place.x(), place.y(), None, None)
        marker.follow()
        assert (canvas.center().distance(before) > 1) == moves
        pixel = pixel_of(canvas, place.x(), place.y())
        assert math.hypot(pixel.x() - (300 if moves else x), pixel.y() - (200 if moves else y)) < 1
    canvas.setCenter(before)
    marker.hide()
    marker.follow()
    assert canvas.center().distance(before) < 1e-6


def on_degrees(canvas, place):
    project = pyproj.Transformer.from_crs(canvas.mapSettings().destinationCrs().toWkt(), "EPSG:4326", always_xy=True)
    return QgsPointXY(*project.transform(place.x(), place.y()))


def test_the_marker_leaves_nothing_behind(canvas):
    items = len(canvas.scene().items())
    marker = CanvasMarker(canvas)
    marker.show_at(7.4, 43.7, 10, 60)
    marker.close_down()
    marker.close_down()
    assert len(canvas.scene().items()) == items
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3035"))
    marker.show_at(7.4, 43.7, 10, 60)
    marker.follow()
    marker.hide()
    del marker
    gc.collect()
    canvas.zoomByFactor(2)


def test_the_canvas_may_be_gone_first(canvas):
    """As when QGIS ends: no call reaches for it, which would raise."""
    marker = CanvasMarker(canvas)
    marker.show_at(7.4, 43.7, 10, 60)
    sip.delete(canvas)
    marker.show_at(7.4, 43.7, 10, 60)
    marker.follow()
    marker.hide()
    marker.close_down()
    marker.close_down()
