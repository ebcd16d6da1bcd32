"""Live coverage: the switch in the panel, on a real canvas, with tiles over HTTP."""

import gc
import math
import re
import time
import weakref

import pytest
from qgis.core import QgsApplication, QgsLayerTree, QgsLayerTreeModel, QgsProject, QgsVectorTileLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QDate, Qt

from mapillary_coverage.core.area.tiling import TileId, tile_box
from mapillary_coverage.core.live import tile_feed
from mapillary_coverage.core.live.live_layers import live_tileset
from mapillary_coverage.core.looks.colour_by import ColourBy
from mapillary_coverage.core.mapillary.schema import MAP_FEATURE_TILESETS
from mapillary_coverage.core.settings import Settings
from mapillary_coverage.core.tiles.cache_folder import clear
from mapillary_coverage.ui.coverage_dock import CoverageDock
from mapillary_coverage.ui.messages import Messages
from tests.emulator import Town
from tests.emulator.entities import user_name
from tests.ui.viewer.image_panel import use
from tests.ui.viewer.map.on_canvas import look_at

pytestmark = pytest.mark.qgis

POINTS, SIGNS = MAP_FEATURE_TILESETS

TOWN = Town(images_per_tile=300, features_per_tile=40)
TILE = TileId(14, 8530, 5975)
BOX = tile_box(TILE)
MIDDLE = (BOX.west + BOX.east) / 2, (BOX.south + BOX.north) / 2
COVERAGE = "mly1_public"


@pytest.fixture
def server(emulator, monkeypatch):
    return use(emulator(TOWN), monkeypatch)


@pytest.fixture
def live(canvas, server, qgis_parent, bar):
    """The panel, with the switch off, beside a canvas that shows about one tile and the project's layers."""
    made = panel_of(canvas, qgis_parent, bar)
    yield made
    made.close_down()
    made.deleteLater()


def panel_of(canvas, parent, bar):
    look_at(canvas, *MIDDLE, metres=4)
    dock = CoverageDock(canvas, Settings(), Messages(bar), parent)
    project = QgsProject.instance()

    def show_all():
        if not sip.isdeleted(canvas):
            root = project.layerTreeRoot()
            canvas.setLayers([layer for layer in root.layerOrder() if root.findLayer(layer.id()).isVisible()])

    project.layerTreeRoot().visibilityChanged.connect(show_all)
    project.layerTreeRoot().layerOrderChanged.connect(show_all)
    project.layersRemoved.connect(show_all)
    project.readProject.connect(show_all)
    return dock


def settings_of(dock):
    return dock.panel.tokenPanel._settings


def switch(dock, is_on=True):
    dock.panel.liveCheck.setChecked(is_on)


def settled(qtbot, dock, canvas):
    """Nothing on its way, nothing to be drawn."""

    def is_quiet():
        live = dock.live
        waits = live.fetch._looking.isActive() or live.fetch._repainting.isActive() or live._styling.isActive()
        return not waits and live.fetch.state().waiting == 0 and not canvas.isDrawing()

    quiet = 0
    deadline = time.monotonic() + 60
    while quiet < 5:
        assert time.monotonic() < deadline, dock.panel.liveLabel.text()
        qtbot.wait(60)
        quiet = quiet + 1 if is_quiet() else 0


def asked(server, tileset=""):
    """The tiles that were asked for, as z/x/y."""
    pattern = re.compile(rf"/maps/vtp/{tileset or '[a-z0-9_]+'}/2/(.*)")
    return [match[1] for match in (pattern.fullmatch(seen.path) for seen in server.requests) if match]


def live_layers():
    return [layer for layer in QgsProject.instance().mapLayers().values() if isinstance(layer, QgsVectorTileLayer)]


def picture(canvas):
    """How many pixels of the canvas are not the background, without the credit at the bottom."""
    image = canvas.grab().toImage()
    background = canvas.canvasColor().rgb()
    rows = range(0, image.height() - 40, 2)
    return sum(image.pixel(x, y) != background for x in range(0, image.width(), 2) for y in rows)


def test_the_switch_shows_coverage_and_takes_it_away(live, canvas, server, qtbot):
    switch(live)
    settled(qtbot, live, canvas)
    assert [layer.name() for layer in live_layers()] != []
    assert {node.name() for node in QgsProject.instance().layerTreeRoot().children()} == {"Mapillary"}
    assert str(TILE) in asked(server, COVERAGE)
    assert picture(canvas) > 100
    switch(live, False)
    assert not live_layers()
    assert not QgsProject.instance().layerTreeRoot().children()
    assert live.panel.liveLabel.isHidden()


def test_only_visible_tiles_are_asked_for_each_once(live, canvas, server, qtbot):
    switch(live)
    settled(qtbot, live, canvas)
    tiles = asked(server)
    assert len(set(tiles)) == len(tiles) <= 9
    assert set(asked(server)) == set(asked(server, COVERAGE)), "objects and signs are not shown"


@pytest.mark.parametrize(
    ("check", "tileset"), [("pointsCheck", "mly_map_feature_point"), ("signsCheck", "mly_map_feature_traffic_sign")]
)
def test_objects_and_signs_are_shown_where_they_are_to_be_loaded(live, canvas, server, qtbot, check, tileset):
    switch(live)
    settled(qtbot, live, canvas)
    before = picture(canvas)
    getattr(live.panel, check).setChecked(True)
    settled(qtbot, live, canvas)
    assert str(TILE) in asked(server, tileset)
    assert picture(canvas) > before


def test_a_filter_is_drawn_at_once_and_asks_for_nothing(live, canvas, server, qtbot):
    switch(live)
    settled(qtbot, live, canvas)
    whole, tiles = picture(canvas), len(server.requests)
    live.panel.filterPanel.panoramaCombo.setCurrentIndex(1)
    settled(qtbot, live, canvas)
    some = picture(canvas)
    assert 0 < some < whole
    live.panel.filterPanel.endEdit.setDate(QDate(2013, 1, 1))
    settled(qtbot, live, canvas)
    assert picture(canvas) == 0
    assert len(server.requests) == tiles


def test_colours_ask_for_nothing(live, canvas, server, qtbot):
    switch(live)
    settled(qtbot, live, canvas)
    tiles = len(server.requests)
    pictures = set()
    for index in range(live.panel.colourCombo.count()):
        live.panel.colourCombo.setCurrentIndex(index)
        settled(qtbot, live, canvas)
        image = canvas.grab().toImage()
        pictures.add(bytes(image.constBits().asarray(image.sizeInBytes())))
    assert len(pictures) == live.panel.colourCombo.count() == 6
    assert len(server.requests) == tiles


def test_creators_by_name_are_looked_up(live, canvas, server, qtbot):
    switch(live)
    settled(qtbot, live, canvas)
    whole = picture(canvas)
    image = min(TOWN.images(TILE.x, TILE.y), key=lambda each: math.dist(TOWN.lon_lat(each.x, each.y), MIDDLE))
    name = user_name(image.properties["creator_id"])
    live.panel.filterPanel.creatorsEdit.setText(name)
    settled(qtbot, live, canvas)
    qtbot.waitUntil(lambda: live.panel.liveLabel.text() == "", timeout=20_000)
    settled(qtbot, live, canvas)
    assert 0 < picture(canvas) < whole


def test_going_back_asks_for_nothing(live, canvas, server, qtbot):
    switch(live)
    for lon, lat, metres in ((*MIDDLE, 4), (MIDDLE[0] + 0.02, MIDDLE[1], 4), (*MIDDLE, 64), (*MIDDLE, 4)):
        look_at(canvas, lon, lat, metres=metres)
        settled(qtbot, live, canvas)
    tiles = asked(server)
    assert len(set(tiles)) == len(tiles)


@pytest.mark.parametrize("fault", ["login-redirect", "random-bytes", "bad-token"])
def test_what_fails_is_told_and_not_asked_again_at_each_repaint(live, canvas, server, qtbot, fault):
    server.fail(fault)
    switch(live)
    settled(qtbot, live, canvas)
    asked_first = len(server.requests)
    assert live.panel.liveLabel.text()
    assert live.panel.liveRetryButton.isVisibleTo(live.panel)
    for _ in range(5):
        canvas.refreshAllLayers()
        settled(qtbot, live, canvas)
    look_at(canvas, *MIDDLE, metres=3.9)
    settled(qtbot, live, canvas)
    assert len(server.requests) == asked_first
    server.faults.clear()
    qtbot.mouseClick(live.panel.liveRetryButton, Qt.MouseButton.LeftButton)
    settled(qtbot, live, canvas)
    assert live.panel.liveLabel.text() == ""
    assert picture(canvas) > 100


def test_without_a_token_the_layers_show_what_the_cache_has(canvas, emulator, qgis_parent, bar, qtbot, monkeypatch):
    server = use(emulator(TOWN), monkeypatch)
    monkeypatch.delenv("MAPILLARY_ACCESS_TOKEN")
    dock = panel_of(canvas, qgis_parent, bar)
    try:
        switch(dock)
        settled(qtbot, dock, canvas)
        assert dock.panel.liveLabel.text().startswith("There is no Mapillary token.")
        assert not server.requests
        dock.panel.tokenPanel._settings.credentials.enter(server.credential)
        settled(qtbot, dock, canvas)
        assert dock.panel.liveLabel.text() == ""
        assert picture(canvas) > 100
    finally:
        dock.close_down()
        dock.deleteLater()


def test_offline_nothing_is_asked(live, canvas, server, qtbot):
    switch(live)
    settled(qtbot, live, canvas)
    live.panel.offlineCheck.setChecked(True)
    tiles = len(server.requests)
    look_at(canvas, MIDDLE[0] + 0.03, MIDDLE[1], metres=4)
    settled(qtbot, live, canvas)
    assert len(server.requests) == tiles
    assert "missing" in live.panel.liveLabel.text()
    look_at(canvas, *MIDDLE, metres=4)
    settled(qtbot, live, canvas)
    assert picture(canvas) > 100


def test_the_other_position_is_shown_in_the_same_layer(live, canvas, server, qtbot):
    switch(live)
    settled(qtbot, live, canvas)
    ids = {layer.id() for layer in live_layers()}
    live.panel.positionCombo.setCurrentIndex(1)
    settled(qtbot, live, canvas)
    assert {layer.id() for layer in live_layers()} == ids
    assert str(TILE) in asked(server, "mly1_computed_public")
    assert picture(canvas) > 100


def test_layers_that_a_person_removes_end_it(live, canvas, server, qtbot):
    switch(live)
    settled(qtbot, live, canvas)
    QgsProject.instance().removeMapLayers([layer.id() for layer in live_layers()])
    assert not live.panel.liveCheck.isChecked()
    assert not live.live.fetch.is_running


def test_a_saved_project_shows_it_again(live, canvas, server, qtbot, tmp_path):
    switch(live)
    settled(qtbot, live, canvas)
    path = tmp_path / "town.qgs"
    assert QgsProject.instance().write(str(path))
    assert server.credential not in path.read_text()
    QgsProject.instance().clear()
    assert not live.panel.liveCheck.isChecked()
    assert QgsProject.instance().read(str(path))
    look_at(canvas, *MIDDLE, metres=4)
    settled(qtbot, live, canvas)
    assert live.panel.liveCheck.isChecked()
    assert not QgsProject.instance().isDirty()
    assert picture(canvas) > 100


def test_unloading_while_tiles_are_on_their_way(canvas, emulator, qgis_parent, bar, qtbot, monkeypatch):
    server = use(emulator(TOWN, delay=1.0), monkeypatch)
    dock = panel_of(canvas, qgis_parent, bar)
    switch(dock)
    qtbot.waitUntil(lambda: dock.live.fetch.state().waiting > 0, timeout=10_000)
    dock.close_down()
    dock.deleteLater()
    canvas.refreshAllLayers()
    qtbot.wait(300)
    assert all(seen.status == 200 for seen in server.requests)
    assert QgsApplication.instance() is not None


def test_news_that_come_after_the_end_reach_nobody(live, canvas, server, qtbot):
    """A thread may be about to tell of a tile when the plugin starts anew."""
    switch(live)
    settled(qtbot, live, canvas)
    feed, address = live.live.fetch._feed, live.live.fetch.shown()[0]
    told = weakref.ref(live.live.fetch._arrivals)
    live.panel.offlineCheck.setChecked(True)
    live.panel.offlineCheck.setChecked(False)
    gc.collect()
    assert told() is not None, "a thread would emit a signal of what was deleted"
    feed._on_arrived(address)
    feed._on_state()
    settled(qtbot, live, canvas)
    assert picture(canvas) > 100


def test_another_server_and_cache_are_taken_from_the_options(
    live, canvas, server, emulator, qtbot, monkeypatch, tmp_path
):
    switch(live)
    settled(qtbot, live, canvas)
    asked_first, other = len(server.requests), emulator(TOWN)
    monkeypatch.setenv("MAPILLARY_TILES_URL", other.tiles_url)
    monkeypatch.setenv("MAPILLARY_CACHE_DIR", str(tmp_path / "other"))
    settings_of(live).changed.emit()
    settled(qtbot, live, canvas)
    assert len(server.requests) == asked_first
    assert str(TILE) in asked(other, COVERAGE)
    assert all(str(tmp_path / "other") in layer.source() for layer in live_layers())
    live.panel.positionCombo.setCurrentIndex(1)
    settled(qtbot, live, canvas)
    assert picture(canvas) > 100


def test_a_cleared_cache_is_filled_again(live, canvas, server, qtbot, monkeypatch):
    monkeypatch.setattr(tile_feed, "_IDLE_SECONDS", 0.05)
    switch(live)
    settled(qtbot, live, canvas)
    clear(Settings().cache().folder)
    settings_of(live).changed.emit()
    settled(qtbot, live, canvas)
    canvas.refreshAllLayers()
    settled(qtbot, live, canvas)
    assert picture(canvas) > 100
    assert asked(server, COVERAGE).count(str(TILE)) == 2


def test_an_unsafe_server_is_told_and_left_once_it_is_corrected(live, canvas, server, qtbot, monkeypatch):
    monkeypatch.setenv("MAPILLARY_TILES_URL", "http://mirror.example/tiles")
    switch(live)
    assert live.panel.liveLabel.text().startswith("The server address")
    assert "earlier days" not in live.panel.liveLabel.text()
    monkeypatch.setenv("MAPILLARY_TILES_URL", server.tiles_url)
    settings_of(live).changed.emit()
    settled(qtbot, live, canvas)
    assert live.panel.liveLabel.text() == ""
    assert picture(canvas) > 100


def test_without_a_cache_it_says_so(live, canvas, server, qtbot, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MAPILLARY_CACHE_DIR", str(tmp_path / "file"))
    switch(live)
    assert live.panel.liveLabel.text().startswith("Live coverage cannot be drawn")
    assert not live.panel.liveCheck.isChecked()
    assert not live_layers()


def test_a_folder_that_takes_no_tiles_is_told(live, canvas, server, qtbot, monkeypatch, tmp_path):
    switch(live)
    settled(qtbot, live, canvas)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MAPILLARY_CACHE_DIR", str(tmp_path / "file"))
    settings_of(live).changed.emit()
    live.panel.positionCombo.setCurrentIndex(1)
    settled(qtbot, live, canvas)
    assert live.panel.liveLabel.text().startswith("Live coverage cannot be drawn")


@pytest.mark.skipif(hasattr(QgsVectorTileLayer, "tileMatrixSet"), reason="newer versions of QGIS draw across 180°")
def test_where_qgis_would_take_minutes_nothing_is_drawn(live, canvas, server, qtbot):
    switch(live)
    settled(qtbot, live, canvas)
    look_at(canvas, 180.0, -17.0, crs="EPSG:4326", metres=4)
    settled(qtbot, live, canvas)
    assert "crosses 180°" in live.panel.liveLabel.text()
    look_at(canvas, *MIDDLE, crs="EPSG:4326", metres=4)
    settled(qtbot, live, canvas)
    assert live.panel.liveLabel.text() == ""
    assert picture(canvas) > 100
    look_at(canvas, 180.0, -17.0, crs="EPSG:3857", metres=4)
    settled(qtbot, live, canvas)
    assert live.panel.liveLabel.text() == ""


def test_signs_and_objects_have_legends_of_their_own(live, canvas, server, qtbot):
    live.panel.signsCheck.setChecked(True)
    live.panel.pointsCheck.setChecked(True)
    switch(live)
    settled(qtbot, live, canvas)
    legends = {live_tileset(layer): set(legend_of(layer)) for layer in live_layers()}
    assert legends[SIGNS]
    assert legends[POINTS]
    assert not legends[SIGNS] & legends[POINTS] - {line for line in legends[SIGNS] if line.endswith(" more")}


def test_what_is_not_told_far_out_is_named(live, canvas, server, qtbot):
    live.panel.colourCombo.setCurrentText(ColourBy.QUALITY.title)
    live.panel.filterPanel.organizationsEdit.setText("7")
    switch(live)
    look_at(canvas, *MIDDLE, metres=20_000)
    settled(qtbot, live, canvas)
    assert live.panel.liveLabel.text() == (
        "Not told by the tiles shown here, so not filtered: organizations."
        " What the colours stand for is not told by the tiles shown here."
    )


def legend_of(layer):
    tree = QgsLayerTree()
    node = tree.addLayer(layer)
    model = QgsLayerTreeModel(tree)
    return [each.data(Qt.ItemDataRole.DisplayRole) for each in model.layerLegendNodes(node)]


def test_a_project_that_was_opened_has_its_legend(live, canvas, server, qtbot, tmp_path):
    switch(live)
    settled(qtbot, live, canvas)
    assert QgsProject.instance().write(str(tmp_path / "town.qgs"))
    QgsProject.instance().clear()
    assert QgsProject.instance().read(str(tmp_path / "town.qgs"))
    settled(qtbot, live, canvas)
    (coverage,) = [layer for layer in live_layers() if live_tileset(layer) == COVERAGE]
    assert legend_of(coverage) == ["Images and sequences"]
