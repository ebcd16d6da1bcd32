"""The areas of the panel, set by mouse and keyboard, and what is then downloaded."""

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QPoint, Qt

from mapillary_coverage.ui.dock.area_panel import CANVAS, CIRCLE, OTHER_EXTENT, POLYGONS
from tests.ui.test_coverage_dock import BOX, bar, dock, download, group, server  # noqa: F401

pytestmark = pytest.mark.qgis

MIDDLE = ((BOX.west + BOX.east) / 2, (BOX.south + BOX.north) / 2)


@pytest.fixture
def zones(qgis_new_project):
    """A layer of two triangles in UTM."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32632", "Zones", "memory")
    for text in (
        "Polygon((372000 4842500, 373000 4842500, 372000 4843500, 372000 4842500))",
        "Polygon((374000 4842500, 375000 4842500, 374000 4843500, 374000 4842500))",
    ):
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt(text))
        layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)
    return layer


def places():
    return [feature.geometry().asPoint() for feature in group().children()[0].layer().getFeatures()]


def test_a_click_on_the_map_sets_the_circle(dock, server, qtbot, qgis_canvas):  # noqa: F811
    area = dock.panel.areaPanel
    area.areaCombo.setCurrentIndex(area.areaCombo.findData(CIRCLE))
    assert dock.panel.estimateLabel.text().startswith("Click on the map, or type longitude and latitude")
    assert not dock.panel.downloadButton.isEnabled()
    qtbot.mouseClick(area.clickButton, Qt.MouseButton.LeftButton)
    pixel = qgis_canvas.getCoordinateTransform().transform(QgsPointXY(*MIDDLE))
    qtbot.mouseClick(qgis_canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(round(pixel.x()), round(pixel.y())))
    lon, lat = (float(number) for number in area.centreEdit.text().split(","))
    assert (lon, lat) == (pytest.approx(MIDDLE[0], abs=1e-3), pytest.approx(MIDDLE[1], abs=1e-3))
    assert not area.clickButton.isChecked()
    assert qgis_canvas.mapTool() is not area._tool
    area.radiusSpin.setValue(400)
    assert dock.panel.estimateLabel.text().startswith("The circle touches 1 tile.")
    download(qtbot, dock)
    assert places()
    circle = area.area()
    assert all(circle.contains(place.x(), place.y()) for place in places())
    assert "400 m around" in group().children()[0].layer().metadata().abstract()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("here", "“here” is not a place"),
        ("1,2,3", "is not a place"),
        ("7.4, 99", "beyond 85.0511"),
        ("nan, 3", "have to be numbers"),
    ],
)
def test_a_centre_that_is_none_says_why(dock, text, words):  # noqa: F811
    dock.panel.areaPanel.areaCombo.setCurrentIndex(dock.panel.areaPanel.areaCombo.findData(CIRCLE))
    dock.panel.areaPanel.centreEdit.setText(text)
    assert words in dock.panel.estimateLabel.text()
    assert not dock.panel.downloadButton.isEnabled()


def test_leaving_the_circle_gives_the_map_tool_back(dock, qtbot, qgis_canvas):  # noqa: F811
    area = dock.panel.areaPanel
    area.areaCombo.setCurrentIndex(area.areaCombo.findData(CIRCLE))
    qtbot.mouseClick(area.clickButton, Qt.MouseButton.LeftButton)
    assert qgis_canvas.mapTool() is area._tool
    area.areaCombo.setCurrentIndex(area.areaCombo.findData(CANVAS))
    assert qgis_canvas.mapTool() is not area._tool


def test_selected_polygons_clip_what_is_downloaded(dock, server, qtbot, zones):  # noqa: F811
    area = dock.panel.areaPanel
    area.areaCombo.setCurrentIndex(area.areaCombo.findData(POLYGONS))
    assert "No polygon of Zones is selected." in dock.panel.estimateLabel.text()
    zones.selectByIds([1])
    assert area.selectedCheck.text() == "Only selected polygons (1)"
    assert dock.panel.estimateLabel.text().startswith("The polygons touch 1 tile.")
    area.selectedCheck.setChecked(False)
    assert dock.panel.estimateLabel.text().startswith("The polygons touch 2 tiles.")
    area.selectedCheck.setChecked(True)
    download(qtbot, dock)
    own = QgsGeometry.fromWkt("Polygon((372000 4842500, 373000 4842500, 372000 4843500, 372000 4842500))")
    to_utm = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem("EPSG:32632"), QgsProject.instance()
    )
    assert places()
    assert all(own.contains(QgsGeometry.fromPointXY(to_utm.transform(place))) for place in places())
    assert len(server.requests) == 1


def test_polygons_that_are_edited_or_removed_count_at_once(dock, zones):  # noqa: F811
    area = dock.panel.areaPanel
    area.areaCombo.setCurrentIndex(area.areaCombo.findData(POLYGONS))
    area.selectedCheck.setChecked(False)
    zones.startEditing()
    zones.deleteFeature(2)
    assert dock.panel.estimateLabel.text().startswith("The polygons touch 1 tile.")
    zones.rollBack()
    assert dock.panel.estimateLabel.text().startswith("The polygons touch 2 tiles.")
    QgsProject.instance().removeMapLayer(zones.id())
    assert dock.panel.estimateLabel.text().startswith("Add a layer with polygons to the project")


def test_an_extent_in_another_crs_than_the_canvas(dock, server, qtbot, qgis_canvas):  # noqa: F811
    area = dock.panel.areaPanel
    area.areaCombo.setCurrentIndex(area.areaCombo.findData(OTHER_EXTENT))
    assert "Draw an extent on the map" in dock.panel.estimateLabel.text()
    box = QgsRectangle(MIDDLE[0] - 0.002, MIDDLE[1] - 0.002, MIDDLE[0] + 0.002, MIDDLE[1] + 0.002)
    area.extentWidget.setOutputExtentFromUser(box, QgsCoordinateReferenceSystem("EPSG:4326"))
    qgis_canvas.setExtent(QgsRectangle(0, 0, 1, 1))
    assert dock.panel.estimateLabel.text().startswith("The extent covers 1 tile.")
    download(qtbot, dock)
    assert places()
    assert all(box.contains(QgsPointXY(place)) for place in places())
