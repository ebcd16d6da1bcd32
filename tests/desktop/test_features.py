"""Signs in a real QGIS window: values picked from the list, a circle clicked on the map, a run, an export."""

import pytest
from osgeo import ogr

from tests.desktop.session import DesktopSession
from tests.desktop.test_desktop import ADD_BACKGROUND, PICTURES, SHOW_TOWN
from tests.emulator import Town

TOWN = Town(images_per_tile=300, features_per_tile=250)
PICK = "panel.filterPanel.valuePicker"


@pytest.fixture(scope="module")
def desktop(server, tmp_path_factory):
    with DesktopSession.on(server, tmp_path_factory.mktemp("desktop")) as session:
        session.run(ADD_BACKGROUND)
        session.wait_until("not iface.mapCanvas().isDrawing()")
        session.run(SHOW_TOWN)
        yield session


def reach(desktop, widget):
    """Scroll the form to a widget and click it."""
    desktop.run(f"panel.formScroll.ensureWidgetVisible({widget})")
    desktop.click(widget)


def click_in_canvas(desktop, across, down):
    """A mouse click on the map, at a share of its width and height."""
    desktop.run(
        "from qgis.PyQt.QtCore import Qt\n"
        "from qgis.PyQt.QtWidgets import QWidget\n"
        "canvas = iface.mapCanvas()\n"
        "spot = globals().get('spot') or QWidget(canvas)\n"
        "spot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)\n"
        f"spot.setGeometry(int(canvas.width() * {across}) - 2, int(canvas.height() * {down}) - 2, 5, 5)"
    )
    desktop.click("spot")


def test_values_are_picked_from_the_list(desktop):
    for check in ("imagesCheck", "sequencesCheck", "pointsCheck", "signsCheck"):
        reach(desktop, f"panel.{check}")
    assert desktop.run("answer = [panel.imagesCheck.isChecked(), panel.signsCheck.isChecked()]") == [False, True]
    reach(desktop, f"{PICK}.button")
    desktop.wait_until(f"{PICK}._dialog is not None and {PICK}._dialog.isVisible()")
    desktop.run(f"dialog = {PICK}._dialog; values = dialog.values")
    desktop.click("values.searchEdit")
    desktop.type("speed limit")
    desktop.wait_until("values.searchEdit.text() == 'speed limit'")
    desktop.press("Return")
    desktop.wait_until("values.tree.hasFocus()")
    desktop.press("Up")
    desktop.press("space")
    desktop.screenshot(PICTURES / "values.png", "dialog")
    assert len(desktop.run("answer = list(values.patterns())")) > 20
    desktop.click("dialog.buttons.button(dialog.buttons.StandardButton.Ok)")
    desktop.wait_until(f"{PICK}._dialog is None or not {PICK}._dialog.isVisible()")
    assert all("speed-limit" in value for value in desktop.run("answer = list(panel.request().filter.values)"))


def test_a_circle_is_clicked_and_what_it_holds_is_loaded(desktop, server):
    desktop.run(
        "panel.formScroll.ensureWidgetVisible(panel.areaPanel)\n"
        "combo = panel.areaPanel.areaCombo\n"
        "combo.setCurrentIndex(combo.findData('circle'))"
    )
    reach(desktop, "panel.areaPanel.clickButton")
    desktop.wait_until("iface.mapCanvas().mapTool() is panel.areaPanel._tool")
    click_in_canvas(desktop, 0.5, 0.5)
    desktop.wait_until("panel.areaPanel.centreEdit.text()")
    desktop.run("panel.areaPanel.radiusSpin.setValue(1500)")
    assert desktop.run("answer = panel.estimateLabel.text()").startswith("The circle touches ")
    tiles = int(desktop.run("answer = panel.estimateLabel.text()").split()[3])
    desktop.click("panel.downloadButton")
    desktop.wait_until("panel.resultLabel.text() and not panel.cancelButton.isEnabled()")
    desktop.wait_until("not iface.mapCanvas().isDrawing()")
    desktop.run("layers = {l.name().split(',')[0]: l for l in QgsProject.instance().mapLayers().values()}")
    assert desktop.run("answer = layers['Map features'].featureCount()") > 0
    values = desktop.run("answer = [f['value'] for f in layers['Map features'].getFeatures()]")
    assert all("speed-limit" in value for value in values)
    assert desktop.run(
        "area = panel.areaPanel.area()\n"
        "answer = all(area.contains(f.geometry().asPoint().x(), f.geometry().asPoint().y())"
        " for f in layers['Map features'].getFeatures())"
    )
    assert len(server.requests) == tiles
    desktop.run("iface.messageBar().clearWidgets()")
    desktop.screenshot(PICTURES / "features.png")


def test_they_are_exported(desktop, tmp_path):
    path = tmp_path / "signs.gpkg"
    count = desktop.run("answer = layers['Map features'].featureCount()")
    desktop.click("panel.exportButton")
    desktop.wait_until("plugin._export._dialog is not None and plugin._export._dialog.isVisible()")
    desktop.run("dialog = plugin._export._dialog")
    desktop.run("dialog.formatCombo.setCurrentIndex(1)\ndialog.fileWidget.setFilePath('signs.shp')")
    desktop.screenshot(PICTURES / "export.png", "dialog")
    desktop.run("dialog.formatCombo.setCurrentIndex(0)\ndialog.fileWidget.setFilePath('')")
    desktop.click("dialog.fileWidget.lineEdit()")
    desktop.type(str(path))
    desktop.wait_until(f"dialog.fileWidget.filePath() == {str(path)!r}")
    desktop.click("dialog.exportButton")
    desktop.wait_until("not dialog.isVisible()")
    dataset = ogr.Open(str(path))
    tables = [dataset.GetLayer(index) for index in range(dataset.GetLayerCount())]
    counts = {table.GetName().split(",")[0]: table.GetFeatureCount() for table in tables}
    assert counts["Map features"] == count
    assert counts["Tiles"] > 0
    assert "Exported 2 layers" in desktop.run("answer = iface.messageBar().currentItem().text()")
