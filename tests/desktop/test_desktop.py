"""A person's first download in a real QGIS window: mouse, keyboard and what is on the screen."""

import subprocess
import time

import pytest

from tests.conftest import ROOT
from tests.desktop.session import ANSWER_SECONDS, DesktopSession
from tests.emulator import Emulator, Town
from tests.emulator.server import made_up_token

PICTURES = ROOT / "build" / "screenshots"

ADD_BACKGROUND = """
from qgis.core import QgsFillSymbol, QgsVectorLayer
path = QgsApplication.pkgDataPath() + "/resources/data/world_map.gpkg|layername=countries"
world = QgsVectorLayer(path, "World", "ogr")
world.renderer().setSymbol(QgsFillSymbol.createSimple({"color": "#ffffff", "outline_style": "no"}))
QgsProject.instance().addMapLayer(world)
"""
SHOW_TOWN = """
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsRectangle
degrees, metres = (QgsCoordinateReferenceSystem(f"EPSG:{code}") for code in (4326, 3857))
QgsProject.instance().setCrs(metres)
transform = QgsCoordinateTransform(degrees, metres, QgsProject.instance())
iface.mapCanvas().setExtent(transform.transformBoundingBox(QgsRectangle(7.392, 43.688, 7.447, 43.728)))
iface.mapCanvas().refresh()
"""
COUNT_IMAGE_PIXELS = """
image = iface.mapCanvas().grab().toImage()
places = [(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)]
answer = [image.pixelColor(x, y).name() for x, y in places].count("#05cb63")
"""


@pytest.fixture(scope="module")
def server():
    with Emulator(Town(images_per_tile=1500)) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def desktop(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("desktop")
    with DesktopSession(
        folder, MAPILLARY_TILES_URL=server.tiles_url, MAPILLARY_GRAPH_URL=server.graph_url, MAPILLARY_ACCESS_TOKEN=None
    ) as session:
        session.run(ADD_BACKGROUND)
        session.wait_until("not iface.mapCanvas().isDrawing()")
        session.run(SHOW_TOWN)
        yield session
    secret = server.credential.split("|")[2]
    assert secret not in session.log.read_text(errors="replace")
    found = subprocess.run(["grep", "-rlaF", secret, str(folder)], capture_output=True, text=True)
    assert found.stdout == "", "the token is in a file of the profile"


def layer_counts(desktop):
    counts = desktop.run("answer = {l.name(): l.featureCount() for l in QgsProject.instance().mapLayers().values()}")
    return {name.split(",")[0]: count for name, count in counts.items() if name != "World"}


def forget_tiles(desktop):
    desktop.run(
        "from mapillary_coverage.core.tiles.cache_folder import clear\nclear(plugin._settings.cache().folder)",
    )


def wait_for_requests(desktop, server, asked):
    deadline = time.monotonic() + ANSWER_SECONDS
    while len(server.requests) <= asked:
        desktop.run("pass")
        if time.monotonic() > deadline:
            tasks = "answer = [(t.description(), int(t.status())) for t in QgsApplication.taskManager().tasks()]"
            raise TimeoutError(f"the download asked for nothing; QGIS' tasks: {desktop.run(tasks)}")


def set_token(desktop, token, for_session=True):
    """With mouse and keyboard, as a person does."""
    desktop.run("QTimer.singleShot(0, panel.tokenPanel.setAction.trigger)")
    desktop.wait_until("panel.tokenPanel._dialog is not None and panel.tokenPanel._dialog.isVisible()")
    desktop.click("panel.tokenPanel._dialog.tokenEdit")
    desktop.type(token)
    if for_session:
        desktop.click("panel.tokenPanel._dialog.sessionRadio")
    desktop.screenshot(PICTURES / "token.png", "panel.tokenPanel._dialog")
    desktop.click("panel.tokenPanel._dialog.buttons.button(panel.tokenPanel._dialog.buttons.StandardButton.Ok)")


def test_a_first_download(desktop, server):
    server.delay = 0.5
    estimate = desktop.run("answer = panel.estimateLabel.text()")
    assert estimate.startswith("The map canvas covers ")
    assert estimate.endswith(" tiles.")
    set_token(desktop, server.credential)
    desktop.click("panel.downloadButton")
    desktop.wait_until("panel.progressBar.isVisible() and panel.progressBar.value() > 0")
    desktop.screenshot(PICTURES / "running.png")
    desktop.wait_until("not panel.cancelButton.isEnabled()")
    desktop.wait_until("not iface.mapCanvas().isDrawing()")
    counts = layer_counts(desktop)
    assert set(counts) == {"Images", "Sequences", "Tiles"}
    assert counts["Images"] > 5000
    assert f"{counts['Images']:,} images" in desktop.run("answer = panel.resultLabel.text()")
    desktop.run("iface.messageBar().clearWidgets()")
    desktop.screenshot(PICTURES / "downloaded.png")
    desktop.screenshot(PICTURES / "dock.png", "dock")
    green = desktop.run(COUNT_IMAGE_PIXELS)
    assert green > 500, "the images are on the canvas"
    tiles = int(estimate.split()[4])
    assert counts["Tiles"] == tiles == len(server.requests)


@pytest.mark.parametrize("typed", ["2024-05-01", "20240501", "2024-5-1"])
def test_a_day_is_typed_as_people_type_it(desktop, typed):
    desktop.run("panel.filterPanel.endEdit.clear()")
    desktop.run("panel.formScroll.ensureWidgetVisible(panel.filterPanel.endEdit)")
    desktop.click("panel.filterPanel.endEdit")
    desktop.type(typed)
    desktop.press("Tab")
    desktop.wait_until("not panel.filterPanel.endEdit.hasFocus()")
    assert desktop.run("answer = str(panel.request().filter)") == "captured up to and including 2024-05-01"
    desktop.run("panel.filterPanel.endEdit.clear()")
    assert desktop.run("answer = str(panel.request().filter)") == "no filter"


def test_cancel_in_a_slow_run(desktop, server):
    before, asked = layer_counts(desktop), len(server.requests)
    forget_tiles(desktop)
    server.delay = 60
    desktop.click("panel.downloadButton")
    desktop.wait_until("panel.cancelButton.isEnabled()")
    wait_for_requests(desktop, server, asked)
    desktop.click("panel.cancelButton")
    desktop.wait_until("not panel.cancelButton.isEnabled()")
    assert "cancelled before a tile was read; nothing was added" in desktop.run("answer = panel.resultLabel.text()")
    desktop.screenshot(PICTURES / "cancelled.png")
    assert layer_counts(desktop) == before
    server.delay = 0


def test_a_wrong_token_is_said_in_the_message_bar(desktop, server):
    forget_tiles(desktop)
    desktop.run(f"plugin._settings.credentials.enter({made_up_token(9)!r})")
    desktop.click("panel.downloadButton")
    desktop.wait_until("panel.resultLabel.text().startswith('Mapillary refused the token')")
    assert "refused the token" in desktop.run("answer = iface.messageBar().currentItem().text()")
    desktop.screenshot(PICTURES / "refused.png")


def test_the_plugin_can_be_reloaded_in_a_running_download(desktop, server):
    before = layer_counts(desktop)
    forget_tiles(desktop)
    server.delay = 60
    asked = len(server.requests)
    desktop.run(f"plugin._settings.credentials.enter({server.credential!r}); panel.downloadButton.click()")
    wait_for_requests(desktop, server, asked)
    desktop.run(
        "import qgis.utils\n"
        "qgis.utils.reloadPlugin('mapillary_coverage')\n"
        "plugin = qgis.utils.plugins['mapillary_coverage']; dock = plugin._dock; panel = dock.panel\n"
    )
    desktop.wait_until("QgsApplication.taskManager().countActiveTasks() == 0")
    assert layer_counts(desktop) == before
    assert desktop.run("answer = panel.resultLabel.text()") == ""
    assert (
        desktop.run("answer = [p.id() for p in QgsApplication.processingRegistry().providers()].count('mapillary')")
        == 1
    )
    server.delay = 0


OPTIONS = "[w for w in QApplication.topLevelWidgets() if w.objectName() == 'QgsOptionsBase' and w.isVisible()]"
FIND_PAGE = """
dialog = {options}[0]
page = [w for w in dialog.findChildren(QWidget) if type(w).__name__ == "OptionsPage"][0]
stack = dialog.findChild(QStackedWidget, "mOptionsStackedWidget")
holder = next(i for i in range(stack.count()) if stack.widget(i).isAncestorOf(page) or stack.widget(i) is page)
stack.setCurrentIndex(holder)
answer = page.page.quotaLabel.text()
"""


def test_the_options_are_kept_with_ok(desktop):
    desktop.run("from qgis.PyQt.QtWidgets import QApplication, QDialogButtonBox, QStackedWidget, QWidget")
    desktop.run("QTimer.singleShot(0, iface.showOptionsDialog)")
    desktop.wait_until(OPTIONS)
    assert "of the 50,000 that Mapillary allows" in desktop.run(FIND_PAGE.format(options=OPTIONS))
    desktop.run("page.page.folderWidget.lineEdit().setPlaceholderText('')")
    desktop.screenshot(PICTURES / "options.png", "dialog")
    desktop.run("page.page.questionSpin.setValue(77)")
    desktop.click("dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)")
    desktop.wait_until(f"not {OPTIONS}")
    assert desktop.run("answer = plugin._settings.question_tiles()") == 77
