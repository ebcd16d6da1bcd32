"""The image panel on a real canvas and the emulator: from a click to the picture, along the sequence, its states."""

import threading
from functools import partial

import pytest
from qgis.core import (
    QgsPointXY,
    QgsProject,
    QgsRectangle,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QGuiApplication, QImage
from qgis.PyQt.QtTest import QTest

from mapillary_coverage.core.mapillary.schema import MAP_FEATURE_LAYERS
from tests.emulator.map_features import POINTS, SIGNS, images_of
from tests.emulator.town_index import id_of
from tests.ui.viewer.image_panel import (
    TILE,
    TOWN,
    add_layers,
    centre_on,
    click,
    flat_image,
    is_ahead,
    panorama,
    shown,
    use,
    wait_for_picture,
)

pytestmark = pytest.mark.qgis


def test_from_the_click_on_a_dot_to_the_picture(qtbot, dock, server, map_canvas, index):
    image = next(i for i in TOWN.images(*TILE[1:]) if not i.properties["is_pano"])
    add_layers(server, map_canvas)
    lon, lat = TOWN.lon_lat(image.x, image.y)
    centre_on(map_canvas, lon, lat, 60)
    click(map_canvas, dock.tool, lon, lat)
    image_id = id_of(image)
    assert dock.isUserVisible() or dock.isVisible()
    wait_for_picture(qtbot, dock, image_id)
    asked = [seen for seen in server.requests if "/image_ids" not in seen.path]
    assert [seen.path for seen in asked[:2]] == [f"/{image_id}", f"/pictures/{image_id}/256.jpg"]
    assert [seen.has_token for seen in asked[:2]] == [True, False]
    wait_for_picture(qtbot, dock, image_id, "1024")
    assert sum(seen.path == f"/{image_id}" for seen in server.requests) == 1
    model = dock.panel.metadataTable.model()
    texts = [model.index(row, 1).data() for row in range(model.rowCount())]
    assert image_id in texts
    assert image.properties["sequence_id"] in texts


def test_far_from_all_dots_the_graph_is_searched_once(qtbot, dock, server, map_canvas, index):
    image = TOWN.images(*TILE[1:])[0]
    lon, lat = TOWN.lon_lat(image.x, image.y)
    centre_on(map_canvas, lon, lat)
    click(map_canvas, dock.tool, lon, lat)
    qtbot.waitUntil(lambda: shown(dock) == id_of(image), timeout=20_000)
    assert [seen.path for seen in server.requests if "pictures" not in seen.path][:1] == ["/images"]
    assert sum(seen.path in ("/images", f"/{id_of(image)}") for seen in server.requests) == 1


def test_nothing_near_is_told_quietly(qtbot, dock, server, map_canvas, bar, index):
    map_canvas.setExtent(QgsRectangle(2.0, 40.0, 2.001, 40.001))
    click(map_canvas, dock.tool, 2.0005, 40.0005)
    qtbot.waitUntil(lambda: len(bar.items()) == 1, timeout=20_000)
    assert bar.items()[0].text().startswith("There is no image within ")
    assert dock.panel.titleLabel.text() == "No image is open"
    dock.open_image(id_of(flat_image(index)))
    wait_for_picture(qtbot, dock, id_of(flat_image(index)))
    click(map_canvas, dock.tool, 2.0005, 40.0005)
    qtbot.waitUntil(lambda: dock.viewer._opening._pending is None, timeout=20_000)
    assert dock.panel.has_picture()
    assert shown(dock) == id_of(flat_image(index))


def test_the_second_click_wins(qtbot, dock, emulator, monkeypatch, index):
    server = use(emulator(TOWN, delay=0.4), monkeypatch)
    first, second = (id_of(flat_image(index, number)) for number in (0, 5))
    dock.open_image(first)
    qtbot.wait(200)
    dock.open_image(second)
    wait_for_picture(qtbot, dock, second)
    assert shown(dock) == second
    assert f"/pictures/{first}/256.jpg" not in [seen.path for seen in server.requests]


def test_each_opening_has_an_address_of_its_own(qtbot, dock, emulator, monkeypatch, index):
    server = use(emulator(TOWN, recorded=[]), monkeypatch)
    image_id = id_of(flat_image(index))

    def fetched():
        return [request for request in server.recorded if request.path == f"/pictures/{image_id}/256.jpg"]

    for count in (1, 2):
        dock.open_image(image_id)
        qtbot.waitUntil(lambda: len(fetched()) == count, timeout=20_000)  # noqa: B023
        wait_for_picture(qtbot, dock, image_id, "1024")
    assert len({request.query["oh"] for request in fetched()}) == 2
    assert not any("access_token" in request.query or "Authorization" in request.headers for request in fetched())


def test_an_expired_address_is_replaced(qtbot, dock, server, index):
    image_id = id_of(flat_image(index))
    server.picture_uses = 1
    dock.open_image(image_id)
    wait_for_picture(qtbot, dock, image_id, "1024")
    server.expire_pictures()
    dock.panel.originalAction.trigger()
    wait_for_picture(qtbot, dock, image_id, "original")
    statuses = [seen.status for seen in server.requests if seen.path == f"/pictures/{image_id}/original.jpg"]
    assert statuses == [403, 200]


def test_the_walk_goes_in_the_order_of_the_sequence(qtbot, dock, server, index):
    images = next(
        images for images in index.sequences.values() if 4 <= len(images) <= 12 and not images[0].properties["is_pano"]
    )
    ids = [id_of(image) for image in images]
    panel = dock.panel
    dock.open_image(ids[1])
    qtbot.waitUntil(panel.nextAction.isEnabled, timeout=20_000)
    assert f"2 of {len(ids)} in its sequence" in panel.whenLabel.text()
    panel.lastAction.trigger()
    wait_for_picture(qtbot, dock, ids[-1])
    assert not panel.nextAction.isEnabled()
    assert not panel.lastAction.isEnabled()
    for image_id in ids[-2::-1]:
        panel.previousAction.trigger()
        wait_for_picture(qtbot, dock, image_id)
    assert not panel.previousAction.isEnabled()
    assert sum(seen.path == "/image_ids" for seen in server.requests) == 1


def test_the_next_picture_is_there_at_once(qtbot, dock, server, index):
    images = next(images for images in index.sequences.values() if len(images) > 4)
    ids = [id_of(image) for image in images]
    dock.open_image(ids[0])
    for image_id in ids[1:4]:
        qtbot.waitUntil(partial(is_ahead, dock, image_id), timeout=20_000)
        asked = len(server.requests)
        dock.panel.nextAction.trigger()
        assert shown(dock) == image_id
        assert dock.panel.has_picture()
        assert f"/{image_id}" not in [seen.path for seen in server.requests[asked:]]


def test_arrow_keys_walk(qtbot, dock, server, index):
    images = next(images for images in index.sequences.values() if len(images) > 4)
    ids = [id_of(image) for image in images]
    dock.activateWindow()
    dock.open_image(ids[0])
    qtbot.waitUntil(lambda: is_ahead(dock, ids[1]) and dock.isActiveWindow(), timeout=20_000)
    QTest.keyClick(dock.panel.stack.currentWidget(), Qt.Key.Key_Right)
    assert shown(dock) == ids[1]
    QTest.keyClick(dock.panel.stack.currentWidget(), Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: shown(dock) == ids[0], timeout=20_000)


def test_playing_goes_to_the_end(qtbot, dock, server, index, monkeypatch):
    images = next(images for images in index.sequences.values() if 3 <= len(images) <= 9)
    dock.viewer._walking._timer.setInterval(1)
    dock.open_image(id_of(images[0]))
    qtbot.waitUntil(dock.panel.playAction.isEnabled, timeout=20_000)
    dock.panel.playAction.setChecked(True)
    wait_for_picture(qtbot, dock, id_of(images[-1]))
    qtbot.waitUntil(lambda: not dock.panel.playAction.isChecked(), timeout=20_000)


def test_deleted_neighbours_are_passed_over(qtbot, dock, server, index):
    images = next(images for images in index.sequences.values() if len(images) > 4)
    ids = [id_of(image) for image in images]
    server.gone.add(ids[1])
    dock.open_image(ids[0])
    qtbot.waitUntil(lambda: is_ahead(dock, ids[2]), timeout=20_000)
    dock.panel.nextAction.trigger()
    assert shown(dock) == ids[2]


def test_a_panorama_is_looked_into_and_its_cone_follows(qtbot, dock, server, map_canvas, index):
    image = panorama(index)
    dock.open_image(id_of(image))
    wait_for_picture(qtbot, dock, id_of(image), "2048")
    assert dock.panel.shows_panorama()
    view = dock.panel.panoramaView
    view.look_at(123)
    marker = dock.viewer._display._place._marker
    assert marker._heading == pytest.approx(123)
    assert marker._field_of_view == pytest.approx(view.field_of_view)
    other = next(i for i in index.images.values() if i.properties["is_pano"] and i is not image)
    dock.open_image(id_of(other))
    wait_for_picture(qtbot, dock, id_of(other))
    assert view.heading == pytest.approx(123)
    assert marker._heading == pytest.approx(123)
    dock.panel.detectionsAction.setChecked(True)
    qtbot.waitUntil(lambda: dock.viewer._display._detections._found is not None, timeout=20_000)
    assert view._detections == tuple(dock.panel.detectionsList.shown()) != ()


def test_without_numpy_a_panorama_is_shown_flat(qtbot, dock, server, index, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.viewing.panorama.is_available", lambda: False)
    image_id = id_of(panorama(index))
    dock.open_image(image_id)
    wait_for_picture(qtbot, dock, image_id)
    assert dock.panel.stack.currentWidget() is dock.panel.flatView
    assert "numpy" in dock.panel.noteLabel.text()


def test_the_map_follows_only_out_of_view_and_goes_where_it_is_sent(qtbot, dock, server, map_canvas, index):
    image = flat_image(index)
    lon, lat = TOWN.lon_lat(image.x, image.y)
    centre_on(map_canvas, lon + 0.0002, lat)
    before = map_canvas.extent()
    dock.open_image(id_of(image))
    wait_for_picture(qtbot, dock, id_of(image))
    assert map_canvas.extent() == before
    centre_on(map_canvas, lon + 0.5, lat)
    scale = map_canvas.scale()
    dock.open_image(id_of(image))
    qtbot.waitUntil(lambda: map_canvas.extent().contains(QgsPointXY(lon, lat)), timeout=20_000)
    assert map_canvas.scale() == pytest.approx(scale, rel=0.01)
    map_canvas.setExtent(QgsRectangle(-180, -90, 180, 90))
    QGuiApplication.clipboard().setText(f"https://www.mapillary.com/app/?pKey={id_of(image)}&focus=photo")
    dock.viewer.paste()
    qtbot.waitUntil(lambda: map_canvas.scale() < 10_000, timeout=20_000)
    assert map_canvas.center().distance(QgsPointXY(lon, lat)) < 1e-4


@pytest.mark.parametrize("tileset", [POINTS, SIGNS])
def test_a_click_on_a_map_feature_opens_it_and_its_best_image(qtbot, dock, server, map_canvas, tileset):
    feature = next(f for f in TOWN.map_features(tileset, *TILE[1:]) if len(images_of(f, TOWN.images(*TILE[1:]))) > 2)
    add_layers(server, map_canvas, source_layers=MAP_FEATURE_LAYERS)
    lon, lat = TOWN.lon_lat(feature.x, feature.y)
    centre_on(map_canvas, lon, lat, 40)
    click(map_canvas, dock.tool, lon, lat)
    feature_id = str(feature.properties["id"])
    qtbot.waitUntil(lambda: dock.viewer._visit.feature is not None, timeout=20_000)
    found = dock.viewer._visit.feature
    assert found.value == feature.properties["value"]
    table = dock.panel.featurePanel.factsTable.model()
    told = {table.index(row, 0).data(): table.index(row, 1).data() for row in range(table.rowCount())}
    assert told["Map feature id"] == feature_id
    assert told["Type"] == {POINTS: "object (mvd_fast)", SIGNS: "traffic sign (trafficsign)"}[tileset]
    assert {image.image_id for image in found.images} == {id_of(i) for i in images_of(feature, TOWN.images(*TILE[1:]))}
    wait_for_picture(qtbot, dock, found.images[0].image_id)
    qtbot.waitUntil(lambda: len(dock.panel.detectionsList.shown()) == 1, timeout=20_000)
    assert dock.panel.detectionsList.shown()[0].value == found.value
    assert dock.viewer._display._feature_mark._ring.isVisible() is (found.place is not None)
    outline = dock.panel.detectionsList.shown()[0].detection_id
    view = dock.panel.stack.currentWidget()
    view.highlight("")
    assert view._highlighted == outline, "the sign stays filled when the mouse leaves"
    dock.panel.featurePanel.image_chosen.emit(found.images[1].image_id)
    wait_for_picture(qtbot, dock, found.images[1].image_id)
    assert [d.image_id for d in dock.panel.detectionsList.shown()] == [found.images[1].image_id]
    paths = [seen.path for seen in server.requests]
    assert paths.count(f"/{feature_id}") == paths.count(f"/{feature_id}/detections") == 1


def test_what_was_recognised_is_asked_for_when_it_is_wanted(qtbot, dock, server, index):
    image_id = id_of(flat_image(index, 3))
    dock.open_image(image_id)
    wait_for_picture(qtbot, dock, image_id, "1024")
    assert f"/{image_id}/detections" not in [seen.path for seen in server.requests]
    dock.panel.detectionsAction.setChecked(True)
    qtbot.waitUntil(lambda: f"/{image_id}/detections" in [seen.path for seen in server.requests], timeout=20_000)
    qtbot.waitUntil(lambda: dock.viewer._display._detections._job is None, timeout=20_000)
    drawn = dock.panel.detectionsList.shown()
    assert dock.panel.flatView._detections == tuple(drawn)
    dock.panel.detectionsAction.setChecked(False)
    assert dock.panel.detectionsList.shown() == []


def test_a_wide_panel_has_the_picture_beside_the_table(dock):
    for width, height, is_beside in ((250, 700, False), (1300, 500, True), (400, 700, False)):
        dock.resize(width, height)
        picture, tabs = dock.panel.pictureBox.geometry(), dock.panel.tabs.geometry()
        assert (picture.right() < tabs.left()) == is_beside
        assert (picture.bottom() < tabs.top()) != is_beside


def test_the_credit_names_and_links_creator_and_licence(qtbot, dock, server, index):
    image = flat_image(index)
    dock.open_image(id_of(image))
    qtbot.waitUntil(lambda: bool(dock.panel.creditLabel.text()), timeout=20_000)
    text = dock.panel.creditLabel.text()
    assert "https://www.mapillary.com/app/user/" in text
    assert f"https://www.mapillary.com/app/?pKey={id_of(image)}" in text
    assert "https://creativecommons.org/licenses/by-sa/4.0/" in text


def test_saved_and_copied_pictures(qtbot, dock, server, index, tmp_path, bar):
    from osgeo import gdal

    image_id = id_of(flat_image(index))
    dock.open_image(image_id)
    wait_for_picture(qtbot, dock, image_id, "1024")
    dock.panel.copyAction.trigger()
    assert QGuiApplication.clipboard().image().width() == 1024
    dock.panel.copyIdAction.trigger()
    assert QGuiApplication.clipboard().text() == image_id
    dock.panel.copyJsonAction.trigger()
    assert image_id in QGuiApplication.clipboard().text()
    dock.panel.saveAction.trigger()
    path = tmp_path / "picture.jpg"
    dock.viewer._actions._dialog.fileSelected.emit(str(path))
    metadata = gdal.Open(str(path)).GetMetadata()
    assert "CC BY-SA 4.0" in metadata["EXIF_Copyright"]
    assert QImage(str(path)).width() == 1024
    dock.viewer._actions._dialog.fileSelected.emit(str(tmp_path / "missing" / "picture.jpg"))
    assert "could not be saved" in bar.items()[0].text()


def threads():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("mapillary")]


def test_closing_the_panel_ends_what_is_loaded(qtbot, dock, emulator, monkeypatch, index):
    server = use(emulator(TOWN, delay=30), monkeypatch)
    dock.show()
    dock.open_image(id_of(flat_image(index)))
    qtbot.waitUntil(lambda: len(server._wire.__dict__) > 0 and bool(threads()), timeout=20_000)
    dock.close()
    qtbot.waitUntil(lambda: not threads(), timeout=20_000)
    assert dock.panel.titleLabel.text() == "No image is open"


def test_a_closed_project_ends_what_is_loaded(qtbot, dock, server, index):
    dock.open_image(id_of(flat_image(index)))
    wait_for_picture(qtbot, dock, id_of(flat_image(index)))
    QgsProject.instance().clear()
    assert dock.panel.textLabel.text() == "The project was closed."
    qtbot.waitUntil(lambda: not threads(), timeout=20_000)


def test_a_step_onto_a_deleted_image_goes_on_behind_it(qtbot, dock, server, index):
    ids = [id_of(image) for image in next(images for images in index.sequences.values() if len(images) > 4)]
    dock.open_image(ids[0])
    wait_for_picture(qtbot, dock, ids[0])
    qtbot.waitUntil(dock.panel.lastAction.isEnabled, timeout=20_000)
    server.gone.update(ids[1:3])
    dock.viewer._walking._walk.drop_ahead()
    dock.panel.nextAction.trigger()
    wait_for_picture(qtbot, dock, ids[3])
    assert dock.panel.previousAction.isEnabled()
