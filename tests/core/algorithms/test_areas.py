"""Polygons and circles as areas, against QGIS' own geometry and ellipsoid, and pyproj's where it is there."""

import math
from random import Random

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsDistanceArea,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
)

from mapillary_coverage.core.area.area import Box, area_of_box
from mapillary_coverage.core.area.circle_area import area_of_circle
from mapillary_coverage.core.area.polygon_area import area_of_polygons
from mapillary_coverage.core.area.tiling import TileId, count_tiles, tile_box, tiles_of
from mapillary_coverage.core.errors import InvalidRequestError

pytestmark = pytest.mark.qgis

CONTEXT = QgsCoordinateTransformContext()
DEGREES = QgsCoordinateReferenceSystem("EPSG:4326")


def polygons(crs, *texts, name="the polygons of Zones"):
    geometries = [QgsGeometry.fromWkt(text) for text in texts]
    return area_of_polygons(geometries, QgsCoordinateReferenceSystem(crs), CONTEXT, name)


def metres(lon, lat, other_lon, other_lat):
    measure = QgsDistanceArea()
    measure.setSourceCrs(DEGREES, CONTEXT)
    measure.setEllipsoid("EPSG:7030")
    return measure.measureLine(QgsPointXY(lon, lat), QgsPointXY(other_lon, other_lat))


@pytest.mark.parametrize(
    ("lon", "lat", "radius"),
    [(13.01765352487564, 55.60817207168841, 200), (25.0, 70.0, 5000), (179.9999, 70.0, 3000), (-180.0, -16.5, 800),
     (0.0, 0.0, 40_000), (10.0, 84.9, 3000)],
)  # fmt: skip
def test_a_circle_holds_what_is_within_its_radius_on_the_ellipsoid(lon, lat, radius):
    area = area_of_circle(lon, lat, radius)
    random = Random(f"{lon} {lat}")
    inside = 0
    for _ in range(2000):
        reach = 1.3 * radius / 111_000
        other_lat = lat + random.uniform(-reach, reach)
        other_lon = lon + random.uniform(-reach, reach) / math.cos(math.radians(lat))
        other_lon = (other_lon + 180) % 360 - 180
        distance = metres(lon, lat, other_lon, other_lat)
        if abs(distance - radius) > 0.001 and abs(other_lat) < 85.05:
            assert area.contains(other_lon, other_lat) is (distance < radius), distance
            inside += distance < radius
    assert inside > 500


@pytest.mark.parametrize("place", [(25.0, 70.0, 5000), (179.9999, 70.0, 3000), (7.41, 43.735, 1500)])
def test_the_tiles_of_a_circle_are_exactly_those_that_it_touches(place):
    area = area_of_circle(*place)
    tiles = set(tiles_of(area))
    box = set(tiles_of(area_of_box(*area.outline.bounds())))
    assert tiles < box
    assert len(tiles) == count_tiles(area)
    for tile in box:
        bounds = tile_box(tile)
        nearest = min(
            metres(
                *place[:2],
                bounds.west + (bounds.east - bounds.west) * x / 60,
                bounds.south + (bounds.north - bounds.south) * y / 60,
            )
            for x in range(61)
            for y in range(61)
            if x in (0, 60) or y in (0, 60)
        )
        if bounds.contains(*place[:2]) or nearest < place[2] - 1:
            assert tile in tiles
        elif nearest > place[2] + 30:
            assert tile not in tiles


def test_a_line_that_passes_through_a_circle_touches_it():
    area = area_of_circle(7.41, 43.735, 100)
    assert area.touches([[(7.40, 43.7355), (7.42, 43.7355)]])
    assert not area.touches([[(7.40, 43.737), (7.42, 43.737)]])
    assert area.touches([[(7.3, 43.0), (7.3, 43.1)], [(7.41, 43.735), (7.5, 43.8)]])


@pytest.mark.parametrize(
    ("lon", "lat", "radius", "words"),
    [
        (7, 43, 0, "greater than 0"),
        (7, 43, -5, "greater than 0"),
        (7, 43, 2e6, "at most 1,000 km"),
        (55.6, 86, 200, "beyond 85.0511"),
        (float("nan"), 43, 200, "numbers"),
    ],
)
def test_circles_that_make_no_sense(lon, lat, radius, words):
    with pytest.raises(InvalidRequestError, match=words):
        area_of_circle(lon, lat, radius)


def test_a_polygon_is_straight_in_its_own_coordinates():
    """The points are tested where they came from, in UTM, with a long edge that is not straight in degrees."""
    text = "Polygon((400000 7700000, 700000 7700000, 650000 7900000, 400000 7700000))"
    area = polygons("EPSG:32633", text)
    own = QgsGeometry.fromWkt(text)
    to_utm = QgsCoordinateTransform(DEGREES, QgsCoordinateReferenceSystem("EPSG:32633"), CONTEXT)
    random = Random(1)
    (box,) = area.boxes
    for _ in range(3000):
        lon, lat = random.uniform(box.west, box.east), random.uniform(box.south, box.north)
        point = QgsGeometry.fromPointXY(to_utm.transform(QgsPointXY(lon, lat)))
        if _edge_distance(own, point) > 0.2:
            assert area.contains(lon, lat) is own.contains(point)


def _edge_distance(polygon, point):
    return QgsGeometry(polygon.constGet().boundary()).distance(point)


def test_holes_parts_and_overlaps_are_one_area():
    area = polygons(
        "EPSG:4326",
        "Polygon((7 43, 7.1 43, 7.1 43.1, 7 43.1, 7 43),(7.04 43.04, 7.06 43.04, 7.06 43.06, 7.04 43.06, 7.04 43.04))",
        "MultiPolygon(((7.09 43.09, 7.2 43.09, 7.2 43.2, 7.09 43.2, 7.09 43.09)),((8 44, 8.01 44, 8.01 44.01, 8 44)))",
    )
    assert area.contains(7.02, 43.05)
    assert not area.contains(7.05, 43.05)
    assert area.contains(7.04, 43.05), "the edge belongs to it"
    assert area.contains(7.15, 43.15)
    assert area.contains(8.008, 44.005)
    assert not area.contains(7.5, 43.5)
    assert area.touches([[(7.045, 43.05), (7.055, 43.05)]]) is False
    assert area.touches([[(7.05, 43.05), (7.5, 43.05)]]) is True


def test_tiles_that_no_polygon_touches_are_not_counted():
    area = polygons("EPSG:4326", "Polygon((7 43, 8 43, 7 44, 7 43))", "Polygon((20 10, 20.01 10, 20.01 10.01, 20 10))")
    tiles = tiles_of(area)
    own = [QgsGeometry.fromWkt("Polygon((7 43, 8 43, 7 44, 7 43))"),
           QgsGeometry.fromWkt("Polygon((20 10, 20.01 10, 20.01 10.01, 20 10))")]  # fmt: skip
    candidates = {tile for box in ((7, 43, 8, 44), (20, 10, 20.01, 10.01)) for tile in tiles_of(area_of_box(*box))}

    def touched(tile):
        box = tile_box(tile)
        shape = QgsGeometry.fromRect(QgsRectangle(box.west, box.south, box.east, box.north))
        return any(polygon.intersects(shape) and not polygon.touches(shape) for polygon in own)

    assert set(tiles) == {tile for tile in candidates if touched(tile)}
    assert len(tiles) == len(set(tiles)) == count_tiles(area) < len(candidates)
    assert tiles == sorted(tiles, key=lambda tile: (tile.y, tile.x))


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3832", "EPSG:3460"])
def test_polygons_across_the_antimeridian(crs):
    """In degrees beyond 180, in a Pacific Mercator, and in Fiji's own grid."""
    fiji = QgsGeometry.fromWkt("Polygon((179.9 -17, 180.1 -17, 180.1 -16.8, 179.9 -16.8, 179.9 -17))")
    target = QgsCoordinateReferenceSystem(crs)
    if crs != "EPSG:4326":
        fiji = fiji.densifyByCount(20)
        fiji.transform(QgsCoordinateTransform(DEGREES, target, CONTEXT))
    area = area_of_polygons([fiji], target, CONTEXT, "Fiji")
    assert area.contains(179.95, -16.9)
    assert area.contains(-179.95, -16.9)
    assert not area.contains(179.85, -16.9)
    assert not area.contains(0, -16.9)
    expected = tiles_of(area_of_box(179.9, -17, 180.1, -16.8))
    assert set(tiles_of(area)) == set(expected)


def test_edited_and_curved_and_broken_polygons():
    curved = polygons("EPSG:4326", "CurvePolygon(CircularString(7 43, 7.1 43.1, 7.2 43, 7.1 42.9, 7 43))")
    assert curved.contains(7.17, 43.06)
    bow = polygons("EPSG:4326", "Polygon((0 0, 1 1, 1 0, 0 1, 0 0))")
    assert bow.contains(0.1, 0.5)
    assert not bow.contains(0.5, 0.1)


@pytest.mark.parametrize(
    ("crs", "texts", "words"),
    [
        ("EPSG:4326", [], "Zones has no polygon"),
        ("EPSG:4326", ["Point(1 2)", "Polygon EMPTY"], "Zones has no polygon"),
        ("EPSG:4326", ["Polygon((0 86, 1 86, 1 87, 0 86))"], "beyond 85.0511"),
        ("", ["Polygon((0 0, 1 0, 1 1, 0 0))"], "no coordinate reference system"),
        ("EPSG:32633", ["Polygon((1e12 1e12, 2e12 1e12, 2e12 2e12, 1e12 1e12))"], "cannot be turned|beyond|no area"),
    ],
)
def test_polygons_that_are_no_area(crs, texts, words):
    with pytest.raises(InvalidRequestError, match=words):
        polygons(crs, *texts)


def test_a_part_beyond_the_tiles_is_left_out_and_noted():
    area = polygons("EPSG:4326", "Polygon((0 84, 1 84, 1 87, 0 87, 0 84))")
    assert area.cut_at_poles
    assert area.contains(0.5, 85.05)
    assert area.boxes == (Box(0.0, 84.0, 1.0, pytest.approx(85.0511, abs=1e-3)),)


def test_a_large_area_is_counted_only_as_far_as_it_matters():
    europe = "Polygon((-10 35, 40 35, 40 70, -10 70, -10 35))"
    assert count_tiles(polygons("EPSG:4326", europe)) == 50_001
    assert TileId(8, 128, 80) in tiles_of(polygons("EPSG:4326", europe), 8)
