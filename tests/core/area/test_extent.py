"""Extents of any CRS."""

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsCoordinateTransformContext, QgsPointXY

from mapillary_coverage.core.area.area import MAX_LATITUDE
from mapillary_coverage.core.area.extent import area_of_extent, parse_extent
from mapillary_coverage.core.errors import InvalidRequestError

pytestmark = pytest.mark.qgis

EDGE = 20037508.342789244


def area(crs, *corners):
    return area_of_extent(corners, QgsCoordinateReferenceSystem(crs), QgsCoordinateTransformContext())


def edges(found):
    return [pytest.approx((b.west, b.south, b.east, b.north), abs=1e-9) for b in found.boxes]


def test_web_mercator_over_greenwich_is_one_box():
    (box,) = area("EPSG:3857", -1e6, 0, 1e6, 1e6).boxes
    assert box.west == pytest.approx(-8.983152841)
    assert box.east == pytest.approx(8.983152841)
    assert box.north == pytest.approx(8.946573851)


def test_web_mercator_beyond_its_edge_crosses_the_antimeridian():
    boxes = area("EPSG:3857", EDGE - 1e5, 0, EDGE + 1e5, 1e5).boxes
    assert [(round(b.west, 6), round(b.east, 6)) for b in boxes] == [(179.101685, 180), (-180, -179.101685)]


def test_web_mercator_zoomed_out_is_the_whole_world_and_cut():
    found = area("EPSG:3857", -3e7, -3e7, 3e7, 3e7)
    (box,) = found.boxes
    assert (box.west, box.south, box.east, box.north) == (-180, -MAX_LATITUDE, 180, MAX_LATITUDE)
    assert found.cut_at_poles


@pytest.mark.parametrize(
    ("crs", "corners", "longitudes"),
    [
        ("EPSG:2193", (1_000_000, 4_700_000, 3_000_000, 6_300_000), [(165.0195726, 180), (-180, -168.7758767)]),
        ("EPSG:32601", (100_000, 0, 500_000, 100_000), [(179.4072291, 180), (-180, -177)]),
        ("EPSG:32633", (400_000, 5_000_000, 500_000, 5_100_000), [(13.7074680, 15)]),
        ("EPSG:27700", (500_000, 150_000, 560_000, 200_000), [(-0.5701, 0.3156)]),
    ],
)
def test_projected_crs_cross_the_antimeridian_where_they_do(crs, corners, longitudes):
    found = area(crs, *corners)
    assert [(b.west, b.east) for b in found.boxes] == [pytest.approx(pair, abs=3e-3) for pair in longitudes]


def test_a_polar_crs_whose_antimeridian_runs_along_the_rows_crosses_it():
    found = area("EPSG:3576", *_around("EPSG:3576", 179.9999, 75, 300))
    assert len(found.boxes) == 2
    assert sum(box.east - box.west for box in found.boxes) < 0.1


def _around(crs, lon, lat, metres):
    to_crs = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem(crs), QgsCoordinateTransformContext()
    )
    centre = to_crs.transform(QgsPointXY(lon, lat))
    return centre.x() - metres, centre.y() - metres, centre.x() + metres, centre.y() + metres


def test_a_box_over_a_pole_holds_every_longitude():
    found = area("EPSG:3031", -1e6, -1e6, 1e6, 7e6)
    (box,) = found.boxes
    assert (box.west, box.east, box.south) == (-180, 180, -MAX_LATITUDE)
    assert found.cut_at_poles


def test_degrees_on_another_datum_are_shifted_and_may_cross():
    (box,) = area("EPSG:4267", -100, 40, -99, 41).boxes
    assert box.west == pytest.approx(-100, abs=2e-3)
    assert box.west != -100
    west, east = area("EPSG:4267", 179.5, 51, -179.5, 52).boxes
    assert west.east == 180
    assert east.west == -180
    assert west.west == pytest.approx(179.5, abs=5e-3)


@pytest.mark.parametrize(
    ("crs", "corners", "words"),
    [
        ("", (0, 0, 1, 1), "no coordinate reference system"),
        ("EPSG:4326", (0, 0, 0, 1), "no area"),
        ("EPSG:3857", (5, 0, 1, 1), "no area"),
        ("EPSG:3857", (0, 2.5e7, 1, 2.6e7), "beyond 85.0511"),
        ("EPSG:32633", (1e9, 1e9, 2e9, 2e9), "cannot be turned into longitude and latitude"),
    ],
)
def test_an_extent_that_makes_no_sense_is_a_clear_error(crs, corners, words):
    with pytest.raises(InvalidRequestError, match=words):
        area(crs, *corners)


@pytest.mark.parametrize(
    ("text", "corners", "crs"),
    [
        ("1,2,3,4", (1, 3, 2, 4), ""),
        (" 1.5 , -2e1,.5,4. [EPSG:3857]", (1.5, 0.5, -20, 4), "EPSG:3857"),
        ("179.9,-179.9,-17,-16 [EPSG:4326]", (179.9, -17, -179.9, -16), "EPSG:4326"),
    ],
)
def test_extents_are_read_as_they_are_written(text, corners, crs):
    assert parse_extent(text) == (corners, crs)


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,3,4 [", "--1,2,3,4", "nan,1,2,3"])
def test_other_texts_are_a_clear_error(text):
    with pytest.raises(InvalidRequestError, match="is not an extent"):
        parse_extent(text)
