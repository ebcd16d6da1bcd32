"""The way to what a download gave, and its area on the map."""

import math
from typing import NamedTuple

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
)
from qgis.gui import QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtTest import QTest

from mapillary_coverage.core.area.area import Area, area_of_box
from mapillary_coverage.core.area.circle_area import area_of_circle
from mapillary_coverage.core.area.extent import degrees_crs
from mapillary_coverage.core.area.polygon_area import area_of_polygons
from mapillary_coverage.core.area.tiling import tile_at
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.mapillary.schema import IMAGE, SEQUENCE, TRAFFIC_SIGN
from mapillary_coverage.core.request.request import CoverageRequest
from mapillary_coverage.core.settings import Settings
from mapillary_coverage.ui.dock.coverage_panel import CoveragePanel
from mapillary_coverage.ui.dock.result_places import ResultPlaces
from tests.conftest import access_to
from tests.emulator import Town
from tests.ui.test_coverage_dock import BOX, bar, dock, download, group, press, server  # noqa: F401
from tests.ui.viewer.map.on_canvas import look_at

pytestmark = pytest.mark.qgis

MIDDLE = ((BOX.west + BOX.east) / 2, (BOX.south + BOX.north) / 2)
FIJI = area_of_box(179.985, -16.83, 180.05, -16.8)


@pytest.fixture
def panel(canvas, qtbot):
    made = CoveragePanel(canvas, Settings())
    qtbot.addWidget(made)
    yield made
    if not sip.isdeleted(canvas):
        made.close_down()


@pytest.fixture
def places(canvas, panel):
    made = ResultPlaces(canvas, panel)
    yield made
    made.close_down()


def result_of(emulator, area, **options):
    corner = tile_at(area.boxes[0].west, area.boxes[0].north)
    town = Town(west=corner.x, north=corner.y, images_per_tile=60)
    return download_coverage(CoverageRequest(area, **options), access_to(emulator(town)))


def found_in(result):
    """The places of all features, in degrees."""
    lines = [place for parts in result.sequences.geometries for part in parts for place in part]
    return [*result.images.geometries, *result.map_features.geometries, *lines]


def pixels_of(canvas, found):
    to_map = QgsCoordinateTransform(degrees_crs(), canvas.mapSettings().destinationCrs(), QgsProject.instance())
    to_pixel = canvas.getCoordinateTransform()
    return [to_pixel.transform(to_map.transform(QgsPointXY(*place))) for place in found]


def is_seen(canvas, pixel):
    size = canvas.mapSettings().outputSize()
    return 0 <= pixel.x() <= size.width() and 0 <= pixel.y() <= size.height()


def fills(canvas, pixels):
    """How much of the canvas the places take, of its longer side."""
    width = max(p.x() for p in pixels) - min(p.x() for p in pixels)
    height = max(p.y() for p in pixels) - min(p.y() for p in pixels)
    size = canvas.mapSettings().outputSize()
    return max(width / size.width(), height / size.height())


def drawn(canvas, background="white"):
    """The pixels in the colour of the outline."""
    QTest.qWait(20)
    image = canvas.grab().toImage()
    return {
        (x, y)
        for x in range(image.width())
        for y in range(image.height())
        if (colour := image.pixelColor(x, y)).green() - colour.red() > 60
    }


def test_the_button_shows_all_that_a_download_gave(dock, server, qtbot, qgis_canvas):  # noqa: F811
    panel = dock.panel
    assert not panel.zoomButton.isVisibleTo(panel)
    download(qtbot, dock)
    assert panel.zoomButton.isVisibleTo(panel)
    qgis_canvas.setExtent(QgsRectangle(-100, -50, -99, -49))
    press(qtbot, panel.zoomButton)
    found = [
        QgsPointXY(vertex.x(), vertex.y())
        for node in group().children()[:2]
        for feature in node.layer().getFeatures()
        for vertex in feature.geometry().vertices()
    ]
    pixels = pixels_of(qgis_canvas, [(place.x(), place.y()) for place in found])
    assert len(pixels) > 100
    assert all(is_seen(qgis_canvas, pixel) for pixel in pixels)
    assert fills(qgis_canvas, pixels) > 0.85


@pytest.mark.parametrize("rotation", [0, 30, 200])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:32632", "EPSG:3035", "EPSG:3995"])
def test_the_result_is_in_view_in_any_crs_and_rotation(canvas, panel, places, emulator, crs, rotation):
    look_at(canvas, 20, 50, crs, rotation=rotation)
    result = result_of(emulator, area_of_circle(*MIDDLE, 700), source_layers=(IMAGE, SEQUENCE, TRAFFIC_SIGN))
    places.offer(result)
    panel.zoomButton.click()
    pixels = pixels_of(canvas, found_in(result))
    assert all(is_seen(canvas, pixel) for pixel in pixels)
    assert fills(canvas, pixels) > 0.5


@pytest.mark.parametrize("crs", ["EPSG:3832", "EPSG:3031", "EPSG:3460"])
def test_across_the_antimeridian_both_sides_are_in_view_where_the_map_has_them_together(
    canvas, panel, places, emulator, crs
):
    look_at(canvas, 170, -18, crs)
    result = result_of(emulator, FIJI)
    assert {lon > 0 for lon, _ in result.images.geometries} == {True, False}
    places.offer(result)
    panel.zoomButton.click()
    pixels = pixels_of(canvas, found_in(result))
    assert all(is_seen(canvas, pixel) for pixel in pixels)
    assert fills(canvas, pixels) > 0.5


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_the_wider_side_is_in_view_where_the_antimeridian_is_the_edge_of_the_map(canvas, panel, places, emulator, crs):
    look_at(canvas, 20, 50, crs)
    result = result_of(emulator, FIJI)
    places.offer(result)
    panel.zoomButton.click()
    west = [place for place in found_in(result) if -180 <= place[0] < 0]
    assert len(west) > 20
    pixels = pixels_of(canvas, west)
    assert all(is_seen(canvas, pixel) for pixel in pixels)
    assert fills(canvas, pixels) > 0.5


def test_without_features_the_view_goes_to_the_area(canvas, panel, places, emulator):
    look_at(canvas, 20, 50, "EPSG:4326")
    result = download_coverage(
        CoverageRequest(area_of_box(-140.01, -40.01, -140.0, -40.0)), access_to(emulator(Town(images_per_tile=0)))
    )
    assert not found_in(result)
    places.offer(result)
    panel.zoomButton.click()
    assert canvas.extent().contains(QgsRectangle(-140.01, -40.01, -140.0, -40.0))
    assert canvas.extent().width() < 0.05


def test_a_single_image_is_seen_from_near_and_not_from_nowhere(canvas, panel, places, emulator):
    look_at(canvas, 20, 50, "EPSG:3857")
    lon, lat = result_of(emulator, area_of_circle(*MIDDLE, 700)).images.geometries[0]
    result = result_of(emulator, area_of_circle(lon, lat, 0.5), source_layers=(IMAGE,))
    assert len(result.images) == 1
    places.offer(result)
    panel.zoomButton.click()
    assert is_seen(canvas, *pixels_of(canvas, [(lon, lat)]))
    assert 200 < canvas.scale() < 5_000


def test_a_map_that_lacks_the_place_says_so(canvas, panel, places, emulator):
    places.offer(result_of(emulator, area_of_circle(*MIDDLE, 300)))
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem.fromProj("+proj=ortho +lat_0=-43.7 +lon_0=-172.6"))
    before = canvas.extent()
    panel.zoomButton.click()
    assert canvas.extent() == before
    assert panel.resultLabel.text().startswith(
        "The map's coordinate reference system has no place where the result lies."
    )


def near_edge(canvas, area, pixel):
    """Whether the edge of the area, found by asking it, passes within three pixels; or the edge of a map of the
    whole world does.
    """
    from_map = QgsCoordinateTransform(canvas.mapSettings().destinationCrs(), degrees_crs(), QgsProject.instance())
    to_map = canvas.getCoordinateTransform()
    around = [(pixel[0] + dx, pixel[1] + dy) for dx in (-3, 0, 3) for dy in (-3, 0, 3)]
    inside = set()
    for x, y in around:
        place = from_map.transform(to_map.toMapCoordinates(x, y))
        if abs(place.x()) > 179.999:
            return True
        inside.add(area.contains(place.x(), place.y()))
    return len(inside) == 2


class AnyRequest(NamedTuple):
    """A request for an area, however large."""

    area: Area


TRIANGLE = QgsGeometry.fromWkt("Polygon((7.39 43.71, 7.41 43.71, 7.40 43.73, 7.39 43.71))")


def triangle():
    return area_of_polygons([TRIANGLE], degrees_crs(), QgsProject.instance().transformContext(), "the triangle")


@pytest.mark.parametrize(
    ("crs", "metres", "make_area", "place"),
    [
        ("EPSG:4326", 10, lambda: area_of_circle(7.4, 43.72, 1000), (7.4, 43.72)),
        ("EPSG:32632", 10, lambda: area_of_circle(7.4, 43.72, 1000), (7.4, 43.72)),
        ("EPSG:3857", 12, triangle, (7.4, 43.72)),
        ("EPSG:3857", 20, lambda: FIJI, (179.99, -16.815)),
        ("EPSG:4326", 20, lambda: area_of_circle(179.999, -16.815, 2000), (179.99, -16.815)),
        ("EPSG:3995", 12_000, lambda: area_of_box(-20, 60, 60, 80), (20, 72)),
        ("EPSG:3413", 8_000, lambda: area_of_circle(20, 84, 900_000), (20, 84)),
        ("EPSG:32632", 5_000, lambda: area_of_box(0, 40, 20, 50), (10, 45)),
    ],
)
@pytest.mark.parametrize("rotation", [0, 25])
def test_the_outline_is_where_the_area_ends(canvas, places, crs, metres, make_area, place, rotation):
    look_at(canvas, *place, crs, metres=metres, rotation=rotation)
    area = make_area()
    places.show_area(AnyRequest(area))
    pixels = drawn(canvas)
    assert len(pixels) > 300
    seams = sum(not near_edge(canvas, area, pixel) for pixel in pixels)
    assert seams < 0.03 * len(pixels)


def test_a_checked_box_shows_the_area_and_an_unchecked_hides_it(dock, server, qtbot, qgis_canvas):  # noqa: F811
    (band,) = bands(qgis_canvas)
    assert not band.numberOfVertices()
    download(qtbot, dock)
    view = qgis_canvas.mapSettings().visibleExtent()
    assert band.asGeometry().boundingBox().buffered(1e-9).contains(view)
    press(qtbot, dock.panel.outlineCheck)
    assert not band.numberOfVertices()
    press(qtbot, dock.panel.outlineCheck)
    assert band.numberOfVertices()


def bands(canvas):
    return [item for item in canvas.scene().items() if isinstance(item, QgsRubberBand)]


def test_the_outline_moves_with_the_crs(canvas, places):
    look_at(canvas, 7.4, 43.72, "EPSG:3857")
    area = triangle()
    places.show_area(AnyRequest(area))
    (band,) = bands(canvas)
    for crs in ("EPSG:32632", "EPSG:3035", "EPSG:4326"):
        canvas.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
        shape = band.asGeometry()
        shape.transform(
            QgsCoordinateTransform(canvas.mapSettings().destinationCrs(), degrees_crs(), QgsProject.instance())
        )
        assert shape.hausdorffDistance(TRIANGLE) < 1e-6


def test_where_the_map_has_no_place_for_it_the_outline_is_gone_until_it_has(canvas, places):
    look_at(canvas, 7.4, 43.72, "EPSG:3857", metres=10)
    places.show_area(AnyRequest(triangle()))
    assert drawn(canvas)
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem.fromProj("+proj=ortho +lat_0=-43.7 +lon_0=-172.6"))
    assert not drawn(canvas)
    look_at(canvas, 7.4, 43.72, "EPSG:3857", metres=10)
    assert drawn(canvas)


def test_a_new_project_has_neither_an_outline_nor_a_result(dock, server, qtbot, qgis_canvas):  # noqa: F811
    download(qtbot, dock)
    QgsProject.instance().clear()
    assert not dock.panel.zoomButton.isVisibleTo(dock.panel)
    (band,) = bands(qgis_canvas)
    assert not band.numberOfVertices()


def test_the_outline_leaves_nothing_behind(canvas, panel):
    items = len(canvas.scene().items())
    places = ResultPlaces(canvas, panel)
    places.show_area(AnyRequest(triangle()))
    places.close_down()
    places.close_down()
    assert len(canvas.scene().items()) == items


def test_the_canvas_may_be_gone_first(canvas, panel):
    """As when QGIS ends: no call reaches for it, which would raise."""
    places = ResultPlaces(canvas, panel)
    places.show_area(AnyRequest(triangle()))
    panel.close_down()
    sip.delete(canvas)
    places.show_area(AnyRequest(triangle()))
    places.forget()
    places.close_down()


@pytest.mark.parametrize("depth", [0.0, 0.01])
def test_an_area_of_very_many_vertices_is_drawn_at_once(canvas, places, depth):
    look_at(canvas, 7.4, 43.7, "EPSG:3857", metres=300)
    places.show_area(AnyRequest(star(50_000, depth)))
    (band,) = bands(canvas)
    assert 100 < band.numberOfVertices() < 12_000
    drawn_at = [canvas.getCoordinateTransform().toMapCoordinates(*pixel) for pixel in drawn(canvas)]
    from_map = QgsCoordinateTransform(canvas.mapSettings().destinationCrs(), degrees_crs(), QgsProject.instance())
    radii = [math.hypot(place.x() - 7.4, place.y() - 43.7) for place in map(from_map.transform, drawn_at)]
    assert len(radii) > 300
    assert all(0.48 < radius < 0.53 for radius in radii)


def star(corners, depth):
    """A circle of half a degree, every other corner so much farther out."""
    turns = [2 * math.pi * corner / corners for corner in range(corners)]
    radii = [0.5 + depth * (corner % 2) for corner in range(corners)]
    ring = [QgsPointXY(7.4 + r * math.cos(turn), 43.7 + r * math.sin(turn)) for r, turn in zip(radii, turns)]
    polygon = QgsGeometry.fromPolygonXY([[*ring, ring[0]]])
    return area_of_polygons([polygon], degrees_crs(), QgsProject.instance().transformContext(), "the star")
