"""The ring around the map feature that is looked at."""

import pytest
from qgis.core import QgsCoordinateReferenceSystem
from qgis.PyQt import sip

from mapillary_coverage.ui.viewer.map.feature_mark import FeatureMark
from tests.ui.viewer.map.on_canvas import look_at, pixel_of

pytestmark = pytest.mark.qgis

PLACE = (7.41, 43.72)


@pytest.fixture
def mark(canvas):
    made = FeatureMark(canvas)
    yield made
    made.close_down()


def ring_at(canvas):
    """The middle of the orange pixels; None where there are none."""
    picture = canvas.grab().toImage()
    found = [
        (x, y)
        for x in range(picture.width())
        for y in range(picture.height())
        if abs(picture.pixelColor(x, y).red() - 255) < 12 and abs(picture.pixelColor(x, y).green() - 127) < 12
    ]
    if not found:
        return None
    across, down = zip(*found)
    return (min(across) + max(across)) / 2, (min(down) + max(down)) / 2


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326", "EPSG:32632"])
def test_it_is_around_the_place_in_any_crs(canvas, mark, crs):
    look_at(canvas, 7.4102, 43.7201, crs)
    mark.show_at(PLACE)
    wanted = pixel_of(canvas, *PLACE)
    assert ring_at(canvas) == pytest.approx((wanted.x(), wanted.y()), abs=2.5)
    mark.show_at(None)
    assert ring_at(canvas) is None


def test_it_stays_at_its_place_when_the_crs_changes_and_outlives_the_canvas(canvas, mark):
    look_at(canvas, *PLACE, "EPSG:4326")
    mark.show_at(PLACE)
    look_at(canvas, *PLACE, "EPSG:3857")
    wanted = pixel_of(canvas, *PLACE)
    assert ring_at(canvas) == pytest.approx((wanted.x(), wanted.y()), abs=2.5)
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    sip.delete(mark._ring)
    mark.show_at(PLACE)
