"""Who the data are from, on the canvas and in print layouts."""

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsExpressionContextUtils,
    QgsLayerMetadata,
    QgsLayoutItemLabel,
    QgsLayoutItemMap,
    QgsPrintLayout,
    QgsProject,
    QgsRectangle,
    QgsVectorTileLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QRectF
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtTest import QTest

from mapillary_coverage.core.layers.metadata import credited
from mapillary_coverage.ui.layers.attribution import Attribution
from tests.ui.viewer.map.on_canvas import layer_of

pytestmark = pytest.mark.qgis

RIGHTS = "© Mapillary, CC BY-SA 4.0"


@pytest.fixture
def view(canvas):
    """A dark canvas that shows the world."""
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    canvas.setExtent(QgsRectangle(-180, -90, 180, 90))
    canvas.setCanvasColor(QColor("black"))
    return canvas


@pytest.fixture
def attribution(view):
    made = Attribution(view)
    yield made
    made.close_down()


def ours():
    layer = layer_of([(100, 80)])
    layer.setMetadata(credited("images", "", ["a request"]))
    return layer


def live():
    layer = QgsVectorTileLayer("type=xyz&url=file:///nowhere/{z}/{x}/{y}.mvt&zmin=0&zmax=14", "Mapillary")
    layer.setMetadata(credited("coverage, live", "", ["a request"]))
    return layer


def others():
    layer = layer_of([(100, 80)])
    metadata = QgsLayerMetadata()
    metadata.setRights(["© Somebody"])
    layer.setMetadata(metadata)
    return layer


def show(canvas, *layers):
    QgsProject.instance().addMapLayers(list(layers))
    canvas.setLayers(list(layers))
    refresh(canvas)


def refresh(canvas):
    canvas.refresh()
    canvas.waitWhileRendering()
    QTest.qWait(50)


def bright(canvas):
    """Where the line is, as west, north, east and south in pixels; None where there is none."""
    image = canvas.grab().toImage()
    size = range(image.width()), range(image.height())
    lit = [(x, y) for x in size[0] for y in size[1] if image.pixelColor(x, y).lightness() > 100 and y > 340]
    if not lit:
        return None
    xs, ys = [x for x, _ in lit], [y for _, y in lit]
    return min(xs), min(ys), max(xs), max(ys)


@pytest.mark.parametrize("make", [ours, live])
def test_the_line_is_in_the_corner_while_a_layer_of_ours_is_shown(view, attribution, make):
    assert bright(view) is None
    show(view, others())
    assert bright(view) is None
    layer = make()
    show(view, others(), layer)
    west, north, east, south = bright(view)
    assert (east, south) == (599, 399)
    assert 100 < east - west < 220
    assert 10 < south - north < 30
    view.setLayers([])
    refresh(view)
    assert bright(view) is None


def test_a_layer_that_is_not_drawn_at_this_scale_needs_no_line(view, attribution):
    layer = ours()
    layer.setScaleBasedVisibility(True)
    layer.setMinimumScale(1000)
    show(view, layer)
    assert bright(view) is None
    view.zoomScale(500)
    refresh(view)
    assert bright(view)


def test_the_line_keeps_its_corner(view, attribution):
    show(view, ours())
    before = bright(view)
    view.setRotation(40)
    view.zoomByFactor(0.01)
    refresh(view)
    assert bright(view) == before
    view.resize(700, 420)
    refresh(view)
    assert bright(view)[2:] == (699, 419)


def label(text, placement=3):
    """QGIS' own copyright label, as View > Decorations keeps it in the project."""
    project = QgsProject.instance()
    project.writeEntry("CopyrightLabel", "/Enabled", True)
    project.writeEntry("CopyrightLabel", "/Label", text)
    project.writeEntry("CopyrightLabel", "/Placement", placement)


def test_the_line_makes_room_for_another_label_at_the_right(view, attribution):
    show(view, ours())
    label("© Somebody")
    refresh(view)
    assert bright(view)[0] == 0
    label("© Somebody", placement=0)
    refresh(view)
    assert bright(view)[2] == 599


@pytest.mark.parametrize("text", [f"Data: {RIGHTS}", "[% 'All: ' || '© Mapillary, ' || 'CC BY-SA 4.0' %]"])
def test_the_line_is_not_shown_twice(view, attribution, text):
    show(view, ours())
    label(text)
    refresh(view)
    assert bright(view) is None
    QgsProject.instance().writeEntry("CopyrightLabel", "/Enabled", False)
    refresh(view)
    assert bright(view)


def test_map_credits_in_the_label_count_where_this_qgis_has_them_there(view, attribution):
    show(view, ours())
    text = "[% array_to_string(map_credits()) %]"
    label(text)
    refresh(view)
    has_function = QgsExpressionContextUtils.mapSettingsScope(view.mapSettings()).hasFunction("map_credits")
    assert (bright(view) is None) == has_function


def test_the_line_leaves_nothing_behind(view):
    items = len(view.scene().items())
    signals = [view.receivers(signal) for signal in (view.layersChanged, view.mapCanvasRefreshed)]
    attribution = Attribution(view)
    show(view, ours())
    attribution.close_down()
    attribution.close_down()
    assert len(view.scene().items()) == items
    assert signals == [view.receivers(signal) for signal in (view.layersChanged, view.mapCanvasRefreshed)]
    refresh(view)
    assert bright(view) is None


def test_the_canvas_may_be_gone_first(view):
    """As when QGIS ends: no call reaches for it, which would raise."""
    attribution = Attribution(view)
    sip.delete(view)
    attribution.updatePosition()
    attribution.close_down()


@pytest.mark.parametrize("make", [ours, live])
def test_a_print_layout_gets_the_rights_of_its_map(qgis_new_project, make):
    layers = [others(), make()]
    QgsProject.instance().addMapLayers(layers)
    layout = QgsPrintLayout(QgsProject.instance())
    layout.initializeDefaults()
    layout_map = QgsLayoutItemMap(layout)
    layout_map.attemptSetSceneRect(QRectF(10, 10, 100, 100))
    layout_map.setExtent(QgsRectangle(0, 0, 1, 1))
    layout_map.setId("Main map")
    layout_map.setLayers(layers)
    layout.addLayoutItem(layout_map)
    text = QgsLayoutItemLabel(layout)
    text.setText("[% array_to_string(map_credits('Main map'), '; ') %]")
    layout.addLayoutItem(text)
    assert text.currentText() == f"© Somebody; {RIGHTS}"
    layout_map.setLayers(layers[:1])
    assert text.currentText() == "© Somebody"
