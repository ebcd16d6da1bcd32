"""The panel on a real canvas and the emulator, driven through its widgets."""

import re
import threading

import mercantile
import pytest
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProject,
    QgsRectangle,
    QgsSettings,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas, QgsMessageBar
from qgis.PyQt.QtCore import QDate, Qt

from mapillary_coverage.core.area.tiling import TileId, tile_box
from mapillary_coverage.core.settings import Settings
from mapillary_coverage.ui.coverage_dock import CoverageDock
from mapillary_coverage.ui.dock.coverage_panel import CoveragePanel
from mapillary_coverage.ui.messages import Messages
from tests.emulator import Town
from tests.emulator.server import made_up_token

pytestmark = pytest.mark.qgis

BOX = tile_box(TileId(14, 8529, 5975))


@pytest.fixture
def bar(qgis_parent):
    return QgsMessageBar(qgis_parent)


@pytest.fixture
def dock(qgis_canvas, qgis_parent, qgis_new_project, bar):
    """A dock whose canvas shows the middle of one tile of the town."""
    qgis_canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    width, height = (BOX.east - BOX.west) / 4, (BOX.north - BOX.south) / 4
    qgis_canvas.setExtent(QgsRectangle(BOX.west + width, BOX.south + height, BOX.east - width, BOX.north - height))
    dock = CoverageDock(qgis_canvas, Settings(), Messages(bar), qgis_parent)
    yield dock
    dock.close_down()
    dock.deleteLater()


@pytest.fixture
def server(emulator, dock, monkeypatch):
    """The emulator, its token typed into the panel."""
    running = emulator(Town(images_per_tile=400))
    monkeypatch.setenv("MAPILLARY_TILES_URL", running.tiles_url)
    use(dock, f'  "{running.credential}"\n')
    return running


def use(dock, token):
    """Set a token for this session."""
    dock.panel.tokenPanel._settings.credentials.enter(token)


def press(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def download(qtbot, dock):
    press(qtbot, dock.panel.downloadButton)
    qtbot.waitUntil(lambda: not dock.download.is_running(), timeout=30_000)


def group():
    root = QgsProject.instance().layerTreeRoot()
    return root.children()[0] if root.children() else None


def layers():
    """Those of the group, from top to bottom, by their names without the day; of several the newest."""
    found = {}
    for node in group().children():
        found.setdefault(re.sub(r", \d{4}-\d{2}-\d{2}", "", node.name(), count=1), node.layer())
    return found


def messages(bar):
    return [(item.level(), item.text()) for item in bar.items()]


def test_the_number_of_tiles_is_there_before_the_button_is_pressed(dock, qgis_canvas):
    for zoom in (1, 3, 8):
        qgis_canvas.zoomByFactor(zoom)
        view = qgis_canvas.mapSettings().visibleExtent()
        tiles = len(list(mercantile.tiles(view.xMinimum(), view.yMinimum(), view.xMaximum(), view.yMaximum(), 14)))
        expected = f"The map canvas covers {tiles:,} tile{'s' * (tiles != 1)}."
        assert dock.panel.estimateLabel.text() == expected


def test_a_download_adds_its_layers_in_a_group(dock, server, qtbot):
    download(qtbot, dock)
    assert group().name() == "Mapillary"
    added = layers()
    assert list(added) == ["Images", "Sequences", "Tiles"]
    assert added["Images"].featureCount() > 20
    assert dock.panel.resultLabel.text().startswith(f"{added['Images'].featureCount()} images and ")
    assert added["Images"].thread() is QgsApplication.instance().thread()
    assert added["Tiles"].renderer().classAttribute() == "status"


def test_images_are_clipped_to_the_canvas(dock, server, qtbot, qgis_canvas):
    download(qtbot, dock)
    view = qgis_canvas.mapSettings().visibleExtent()
    images = group().children()[0].layer()
    assert all(view.contains(feature.geometry().asPoint()) for feature in images.getFeatures())


def test_the_form_is_what_is_asked_for(dock, server, qtbot):
    dock.panel.imagesCheck.setChecked(False)
    dock.panel.positionCombo.setCurrentIndex(1)
    dock.panel.filterPanel.panoramaCombo.setCurrentIndex(2)
    dock.panel.filterPanel.startEdit.setDate(QDate(2014, 1, 1))
    dock.panel.filterPanel.endEdit.setDate(QDate(2030, 12, 31))
    download(qtbot, dock)
    name = (
        "Sequences, computed positions, captured from 2014-01-01, captured up to and including 2030-12-31,"
        " without panoramas"
    )
    assert list(layers()) == [name, "Tiles"]
    assert {feature["is_pano"] for feature in layers()[name].getFeatures()} == {False}
    assert {seen.path.split("/")[3] for seen in server.requests} == {"mly1_computed_public"}


def test_a_date_can_be_taken_back(dock):
    dock.panel.filterPanel.startEdit.setDate(QDate(2014, 1, 1))
    assert dock.panel.estimateLabel.text().endswith("Filter: captured from 2014-01-01.")
    dock.panel.filterPanel.startEdit.clear()
    assert dock.panel.filterPanel.startEdit.lineEdit().text() == "any day"
    assert "Filter" not in dock.panel.estimateLabel.text()
    assert not dock.panel.request().filter.is_active


def test_an_empty_result_says_why_and_adds_the_ledger_only(dock, server, qtbot):
    dock.panel.filterPanel.startEdit.setDate(QDate(2099, 1, 1))
    download(qtbot, dock)
    assert "pass the filter" in dock.panel.resultLabel.text()
    assert list(layers()) == ["Tiles"]


def test_without_a_token_there_is_a_sentence_and_no_request(dock, server, qtbot, bar):
    dock.panel.tokenPanel.forget()
    press(qtbot, dock.panel.downloadButton)
    assert messages(bar)[0][0] == Qgis.MessageLevel.Critical
    assert "There is no Mapillary token." in dock.panel.resultLabel.text()
    assert server.requests == []


def test_a_wrong_token_is_a_sentence_and_adds_nothing(dock, server, qtbot, bar):
    use(dock, made_up_token(5))
    download(qtbot, dock)
    assert "Mapillary refused the token." in dock.panel.resultLabel.text()
    assert "Mapillary refused the token." in messages(bar)[0][1]
    assert group() is None


def test_a_token_entered_anew_is_used_by_the_next_download(dock, server, qtbot):
    use(dock, made_up_token(5))
    download(qtbot, dock)
    use(dock, server.credential)
    download(qtbot, dock)
    assert group() is not None


def test_the_token_is_kept_nowhere(dock, server, qtbot, tmp_path, logged):
    download(qtbot, dock)
    secret = server.credential.split("|")[2]
    project = tmp_path / "project.qgs"
    assert QgsProject.instance().write(str(project))
    assert secret not in project.read_text()
    assert any("Downloading images and sequences" in text for text in logged)
    assert secret not in "".join(logged)
    settings = QgsSettings()
    assert not any(secret in str(settings.value(key)) for key in settings.allKeys())
    for layer in QgsProject.instance().mapLayers().values():
        assert secret not in layer.source() + layer.htmlMetadata()


def test_failed_tiles_are_a_warning_that_stays(dock, server, qtbot, bar, qgis_canvas):
    right = tile_box(TileId(14, 8530, 5975))
    qgis_canvas.setExtent(QgsRectangle(BOX.west + 0.005, BOX.south + 0.005, right.east - 0.005, BOX.north - 0.005))
    server.fail("html", tile="14/8530/5975")
    download(qtbot, dock)
    assert "1 failed" in dock.panel.resultLabel.text()
    ((level, text),) = messages(bar)
    assert level == Qgis.MessageLevel.Warning
    assert "The result is partial: 1 tile could not be read." in text


def test_cancel_before_the_first_reply_adds_nothing(dock, server, qtbot, qgis_canvas):
    server.delay = 30
    press(qtbot, dock.panel.downloadButton)
    qtbot.waitUntil(lambda: len(server.requests) > 0, timeout=10_000)
    assert not dock.panel.downloadButton.isEnabled()
    press(qtbot, dock.panel.cancelButton)
    qtbot.waitUntil(lambda: not dock.download.is_running(), timeout=20_000)
    assert dock.panel.resultLabel.text() == "The download was cancelled before a tile was read; nothing was added."
    assert QgsProject.instance().mapLayers() == {}
    assert group() is None
    assert dock.panel.downloadButton.isEnabled()


def test_closing_the_project_cancels_the_download(dock, server, qtbot):
    server.delay = 30
    press(qtbot, dock.panel.downloadButton)
    qtbot.waitUntil(lambda: len(server.requests) > 0, timeout=10_000)
    QgsProject.instance().clear()
    qtbot.waitUntil(lambda: not dock.download.is_running(), timeout=20_000)
    assert QgsProject.instance().mapLayers() == {}


def test_removing_other_layers_during_a_download_does_no_harm(dock, server, qtbot):
    layer = QgsVectorLayer("Point?crs=EPSG:4326", "mine", "memory")
    QgsProject.instance().addMapLayer(layer)
    server.delay = 0.3
    press(qtbot, dock.panel.downloadButton)
    QgsProject.instance().removeMapLayer(layer.id())
    qtbot.waitUntil(lambda: not dock.download.is_running(), timeout=30_000)
    assert list(layers()) == ["Images", "Sequences", "Tiles"]


@pytest.mark.parametrize(
    ("crs", "extent", "words"),
    [
        ("", (0, 0, 1, 1), "no coordinate reference system"),
        ("EPSG:4326", (0, 86, 1, 87), "beyond 85.0511"),
        ("EPSG:4326", (-180, -85, 180, 85), "more than the 50,000"),
    ],
)
def test_a_canvas_that_cannot_be_downloaded_says_why(dock, qgis_canvas, crs, extent, words):
    qgis_canvas.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    qgis_canvas.setExtent(QgsRectangle(*extent))
    assert words in dock.panel.estimateLabel.text()
    assert not dock.panel.downloadButton.isEnabled()


def test_the_filter_in_force_stands_beside_the_number_of_tiles(dock):
    dock.panel.filterPanel.panoramaCombo.setCurrentIndex(1)
    assert dock.panel.estimateLabel.text().endswith("Filter: panoramas only.")


def test_an_empty_map_says_what_to_do(qgis_new_project):
    panel = CoveragePanel(QgsMapCanvas(), Settings())
    assert panel.estimateLabel.text().startswith("The map is empty. Add a base map")
    assert not panel.downloadButton.isEnabled()


def test_nothing_to_load_says_so(dock):
    dock.panel.imagesCheck.setChecked(False)
    dock.panel.sequencesCheck.setChecked(False)
    assert "Nothing was asked for" in dock.panel.estimateLabel.text()
    assert not dock.panel.downloadButton.isEnabled()


def test_no_thread_is_left_after_a_cancelled_download(dock, server, qtbot):
    server.delay = 30
    press(qtbot, dock.panel.downloadButton)
    qtbot.waitUntil(lambda: len(server.requests) > 0, timeout=10_000)
    press(qtbot, dock.panel.cancelButton)
    qtbot.waitUntil(
        lambda: not any(t.name.startswith("mapillary_tiles") for t in threading.enumerate()), timeout=20_000
    )
