"""The image panel where one thing comes in between another: what is shown, asked for and played goes on from there."""

import json

import pytest
from qgis.core import QgsPointXY, QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction, QMainWindow

from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.live.live_layers import make_live_layer
from mapillary_coverage.core.mapillary.schema import IMAGE, SEQUENCE, TRAFFIC_SIGN
from mapillary_coverage.core.settings import Settings
from tests.conftest import request_for
from tests.emulator.map_features import SIGNS, images_of
from tests.emulator.recorded_graph import RecordedGraph
from tests.emulator.town_index import id_of
from tests.ui.viewer.image_panel import (
    TILE,
    TOWN,
    flat_image,
    is_ahead,
    panorama,
    shown,
    use,
    wait_for_picture,
    wait_for_state,
)

pytestmark = pytest.mark.qgis

NOWHERE = QgsPointXY(2.0005, 40.0005)


def sequence(index, least):
    images = next(i for i in index.sequences.values() if len(i) >= least and not i[0].properties["is_pano"])
    return [id_of(image) for image in images]


def paths(server):
    return [seen.path for seen in server.requests]


def test_a_search_that_finds_nothing_leaves_the_image_as_it_was(qtbot, dock, emulator, monkeypatch, bar, index):
    server = use(emulator(TOWN, delay=0.2), monkeypatch)
    first, second = (id_of(flat_image(index, number)) for number in (0, 5))
    dock.open_image(first)
    qtbot.waitUntil(lambda: shown(dock) == first, timeout=20_000)
    assert not dock.panel.has_picture()
    dock.viewer.click(NOWHERE)
    wait_for_picture(qtbot, dock, first, "1024")
    dock.open_image(second)
    dock.viewer.click(NOWHERE)
    qtbot.waitUntil(lambda: bool(bar.items()), timeout=20_000)
    wait_for_picture(qtbot, dock, first)
    assert dock.panel.creditLabel.text()
    assert bar.items()
    assert f"/{second}/256.jpg" not in paths(server)


def test_playing_goes_on_after_a_search_that_finds_nothing(qtbot, dock, server, index):
    ids = sequence(index, 4)
    dock.open_image(ids[0])
    qtbot.waitUntil(lambda: is_ahead(dock, ids[1]), timeout=20_000)
    dock.panel.playAction.setChecked(True)
    wait_for_picture(qtbot, dock, ids[1])
    dock.viewer.click(NOWHERE)
    wait_for_picture(qtbot, dock, ids[2])


def test_playing_follows_the_servers_list_against_the_times_and_passes_images_without_a_picture(
    qtbot, dock, emulator, monkeypatch, tmp_path
):
    for folder in ("image", "image_ids"):
        (tmp_path / folder).mkdir()
    (tmp_path / "image_ids" / "s.json").write_text('{"data": [{"id": "7"}, {"id": "5"}, {"id": "6"}, {"id": "4"}]}')
    server = use(emulator(TOWN, graph=RecordedGraph(tmp_path)), monkeypatch)
    for image_id in "4567":
        url = server.picture_url(image_id, "256", (40, 30))
        body = {
            "id": image_id,
            "sequence": "s",
            "captured_at": 1_600_000_000_000 + int(image_id),
            **({} if image_id == "6" else {"thumb_256_url": url}),
        }
        (tmp_path / "image" / f"{image_id}.json").write_text(json.dumps(body))
    dock.viewer._walking._timer.setInterval(1)
    dock.open_image("5")
    qtbot.waitUntil(dock.panel.playAction.isEnabled, timeout=20_000)
    assert "2 of 4" in dock.panel.whenLabel.text()
    dock.panel.playAction.setChecked(True)
    wait_for_picture(qtbot, dock, "4")


def test_a_key_that_is_held_asks_for_the_next_image_once(qtbot, dock, emulator, monkeypatch, index):
    server = use(emulator(TOWN, delay=0.2), monkeypatch)
    ids = sequence(index, 4)
    dock.open_image(ids[0])
    qtbot.waitUntil(dock.panel.nextAction.isEnabled, timeout=20_000)
    for _ in range(8):
        dock.panel.nextAction.trigger()
        qtbot.wait(10)
    wait_for_picture(qtbot, dock, ids[1])
    assert paths(server).count(f"/{ids[1]}") == 1


def test_the_page_of_a_deleted_image_is_its_own(qtbot, dock, server, map_canvas, index, monkeypatch):
    image = flat_image(index)
    monkeypatch.setattr("mapillary_coverage.core.viewing.nearby_tiles.NearbyTiles.nearest", lambda *_: id_of(image))
    dock.open_image(id_of(flat_image(index, 5)))
    wait_for_picture(qtbot, dock, id_of(flat_image(index, 5)))
    server.gone.add(id_of(image))
    dock.viewer.click(QgsPointXY(*TOWN.lon_lat(image.x, image.y)))
    wait_for_state(qtbot, dock, "Deleted or private")
    assert dock.panel.action == ""


def sign(tileset=SIGNS):
    images = TOWN.images(*TILE[1:])
    return next(f for f in TOWN.map_features(tileset, *TILE[1:]) if len(images_of(f, images)) > 2)


def test_a_map_feature_that_is_left_is_not_shown_any_more(qtbot, dock, emulator, monkeypatch, index):
    server = use(emulator(TOWN), monkeypatch)
    feature_id = str(sign().properties["id"])
    server.fail("hang", surface="graph", tile=f"{feature_id}/detections")
    panel = dock.panel.featurePanel
    dock.open_map_feature(feature_id)
    qtbot.waitUntil(lambda: bool(panel.nameLabel.text()), timeout=20_000)
    dock.open_image(id_of(flat_image(index)))
    assert dock.panel.tabs.indexOf(panel) == -1


def test_detections_are_asked_for_once(qtbot, dock, server):
    dock.panel.detectionsAction.setChecked(True)
    dock.open_map_feature(str(sign().properties["id"]))
    qtbot.waitUntil(lambda: bool(dock.viewer._visit.outlines_in(shown(dock))), timeout=20_000)
    qtbot.waitUntil(lambda: dock.viewer._display._detections._job is None, timeout=20_000)
    drawn = dock.panel.detectionsList.shown()
    dock.panel.detectionsAction.setChecked(False)
    assert 0 < len(dock.panel.detectionsList.shown()) < len(drawn)
    dock.panel.detectionsAction.setChecked(True)
    assert dock.panel.detectionsList.shown() == drawn
    assert paths(server).count(f"/{shown(dock)}/detections") == 1


def test_keys_that_qgis_has_too_are_the_pictures(qtbot, qgis_parent, dock, server, index):
    window = QMainWindow(qgis_parent)
    qtbot.addWidget(window)
    project = QAction("Save project", window)
    project.setShortcut(QKeySequence.StandardKey.Save)
    window.addAction(project)
    saved = []
    project.triggered.connect(saved.append)
    dock.setFloating(False)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.show()
    window.activateWindow()
    dock.panel.stack.currentWidget().setFocus()
    qtbot.waitUntil(window.isActiveWindow, timeout=20_000)
    keys = dock.panel.stack.currentWidget(), Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(*keys)
    assert len(saved) == 1
    dock.open_image(id_of(flat_image(index)))
    wait_for_picture(qtbot, dock, id_of(flat_image(index)))
    QTest.keyClick(dock.panel.flatView, *keys[1:])
    assert dock.viewer._actions._dialog is not None
    assert len(saved) == 1
    dock.setParent(qgis_parent)


def test_a_walk_asks_for_each_image_once(qtbot, dock, server, index):
    ids = sequence(index, 6)
    dock.open_image(ids[0])
    for image_id in ids[1:5]:
        qtbot.waitUntil(lambda: is_ahead(dock, image_id), timeout=20_000)  # noqa: B023
        dock.panel.nextAction.trigger()
    qtbot.waitUntil(lambda: is_ahead(dock, ids[5]) and is_ahead(dock, ids[3]), timeout=20_000)
    asked = paths(server)
    assert [asked.count(f"/{image_id}") for image_id in ids] == [1] * 6 + [0] * (len(ids) - 6)
    dock.panel.previousAction.trigger()
    assert shown(dock) == ids[3]
    assert dock.panel.has_picture()
    assert paths(server).count(f"/{ids[3]}") == 1


def test_the_order_is_asked_for_anew_where_another_server_is(qtbot, dock, emulator, monkeypatch, index):
    ids = sequence(index, 4)
    use(emulator(TOWN, delay=0.5), monkeypatch)
    dock.open_image(ids[0])
    qtbot.waitUntil(lambda: shown(dock) == ids[0], timeout=20_000)
    use(emulator(TOWN), monkeypatch)
    dock.open_image(ids[1])
    qtbot.waitUntil(dock.panel.nextAction.isEnabled, timeout=20_000)


def test_pictures_are_let_go_of(qtbot, dock, server, index):
    flat, round_about = flat_image(index), panorama(index)
    dock.open_image(id_of(flat))
    wait_for_picture(qtbot, dock, id_of(flat))
    dock.open_image(id_of(round_about))
    wait_for_picture(qtbot, dock, id_of(round_about))
    assert not dock.panel.flatView._levels
    dock.close()
    assert not dock.panel.panoramaView._pictures


def test_without_a_heading_no_cone_is_on_the_map(qtbot, dock, emulator, monkeypatch, tmp_path):
    (tmp_path / "image").mkdir()
    server = use(emulator(TOWN, graph=RecordedGraph(tmp_path)), monkeypatch)
    place = {"type": "Point", "coordinates": [7.39, 43.72]}
    body = {"id": "5", "is_pano": True, "geometry": place, "thumb_256_url": server.picture_url("5", "256", (400, 200))}
    (tmp_path / "image" / "5.json").write_text(json.dumps(body))
    dock.open_image("5")
    wait_for_picture(qtbot, dock, "5")
    dock.panel.panoramaView.look_at(90)
    assert dock.viewer._display._place._marker._heading is None


def test_a_click_beside_a_sign_that_is_still_asked_for_wins(qtbot, dock, emulator, monkeypatch, index):
    server = use(emulator(TOWN), monkeypatch)
    sign = next(f for f in TOWN.map_features(SIGNS, *TILE[1:]))
    server.fail("hang", surface="graph", tile=id_of(sign))
    dock.open_map_feature(id_of(sign))
    qtbot.waitUntil(lambda: f"/{id_of(sign)}" in paths(server), timeout=20_000)
    image = TOWN.images(*TILE[1:])[0]
    dock.viewer.click(QgsPointXY(*TOWN.lon_lat(image.x, image.y)))
    qtbot.waitUntil(lambda: shown(dock) == id_of(image), timeout=20_000)
    assert dock.viewer._visit._job is None
    assert dock.panel.tabs.indexOf(dock.panel.featurePanel) < 0


def test_a_click_opens_a_live_sign_only_where_signs_are_shown(qtbot, dock, emulator, monkeypatch, map_canvas):
    server = use(emulator(TOWN), monkeypatch)
    download_coverage(request_for(TILE, source_layers=(IMAGE, SEQUENCE, TRAFFIC_SIGN)), Settings().tile_access())
    layer = make_live_layer(SIGNS, None)
    layer.setScaleBasedVisibility(True)
    layer.setMinimumScale(24_000)
    QgsProject.instance().addMapLayer(layer)
    map_canvas.setLayers([layer])
    sign = next(f for f in TOWN.map_features(SIGNS, *TILE[1:]))
    place = QgsPointXY(*TOWN.lon_lat(sign.x, sign.y))
    map_canvas.setCenter(place)
    map_canvas.zoomScale(50_000)
    dock.viewer.click(place)
    qtbot.waitUntil(lambda: bool(shown(dock)), timeout=20_000)
    assert f"/{id_of(sign)}" not in paths(server)
    map_canvas.zoomScale(1_000)
    dock.viewer.click(place)
    qtbot.waitUntil(lambda: f"/{id_of(sign)}" in paths(server), timeout=20_000)
