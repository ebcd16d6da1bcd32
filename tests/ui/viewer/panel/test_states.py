"""What stands in the place of the picture: why there is none, and what the button does about it."""

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from tests.emulator.town_index import id_of
from tests.ui.viewer.image_panel import TOWN, flat_image, shown, use, wait_for_picture, wait_for_state

pytestmark = pytest.mark.qgis

STATES = {
    "bad-token": "The token does not work",
    "no-such-object": "Deleted or private",
    "quota": "Mapillary wants a pause",
    "too-many-long": "Mapillary is busy",
    "html": "Not an answer of Mapillary",
}


@pytest.mark.parametrize(("fault", "title"), STATES.items())
def test_states_of_the_graph(qtbot, dock, server, index, fault, title):
    server.fail(fault, surface="graph")
    dock.open_image(id_of(flat_image(index)))
    wait_for_state(qtbot, dock, title)
    assert not dock.panel.creditLabel.isVisible()
    assert dock.panel.stateButton.isVisibleTo(dock.panel)
    if dock.panel.action == "again":
        server.faults.clear()
        QTest.mouseClick(dock.panel.stateButton, Qt.MouseButton.LeftButton)
        wait_for_picture(qtbot, dock, id_of(flat_image(index)))


@pytest.mark.parametrize(
    ("fault", "title"),
    [
        ("random-bytes", "The picture cannot be shown"),
        ("half-tile", "The picture is broken"),
        ("forbidden", "The picture is broken"),
        ("html", "The picture cannot be shown"),
        ("bomb", "The picture cannot be shown"),
    ],
)
def test_a_broken_picture_leaves_the_metadata(qtbot, dock, server, index, fault, title):
    server.fail(fault, surface="pictures")
    image_id = id_of(flat_image(index))
    dock.open_image(image_id)
    qtbot.waitUntil(lambda: dock.panel.stateButton.isVisibleTo(dock.panel), timeout=20_000)
    assert not dock.panel.has_picture()
    assert dock.panel.titleLabel.text() == title
    assert shown(dock) == image_id
    assert dock.panel.creditLabel.isVisibleTo(dock.panel)
    server.faults.clear()
    QTest.mouseClick(dock.panel.stateButton, Qt.MouseButton.LeftButton)
    wait_for_picture(qtbot, dock, image_id)


def test_a_larger_picture_that_fails_leaves_the_small_one(qtbot, dock, server, index):
    image_id = id_of(flat_image(index))
    server.fail("forbidden", surface="pictures", tile=f"{image_id}/1024")
    dock.open_image(image_id)
    qtbot.waitUntil(lambda: "larger picture" in dock.panel.noteLabel.text(), timeout=20_000)
    assert dock.panel.has_picture()


def test_without_a_token(qtbot, dock, server, index, monkeypatch):
    monkeypatch.delenv("MAPILLARY_ACCESS_TOKEN")
    wanted = []
    dock.viewer.credential_wanted.connect(lambda: wanted.append(1))
    dock.open_image(id_of(flat_image(index)))
    wait_for_state(qtbot, dock, "No token")
    dock.panel.stateButton.click()
    assert wanted == [1]
    assert server.requests == []
    monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", server.credential)
    dock.viewer._settings.credentials.changed.emit()
    wait_for_picture(qtbot, dock, id_of(flat_image(index)))


def test_offline(qtbot, dock, server, index):
    settings = dock.viewer._settings
    settings.set_offline(True)
    dock.viewer.online_wanted.connect(lambda: settings.set_offline(False))
    dock.open_image(id_of(flat_image(index)))
    wait_for_state(qtbot, dock, "Working offline")
    assert server.requests == []
    dock.panel.stateButton.click()
    wait_for_picture(qtbot, dock, id_of(flat_image(index)))


def test_no_connection(qtbot, dock, server, index, monkeypatch):
    monkeypatch.setenv("MAPILLARY_GRAPH_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("mapillary_coverage.core.network.retries.PAUSES_SECONDS", ())
    dock.open_image(id_of(flat_image(index)))
    wait_for_state(qtbot, dock, "No connection")


def test_an_unknown_camera_is_told(qtbot, dock, emulator, monkeypatch, tmp_path):
    from tests.emulator.recorded_graph import RecordedGraph

    (tmp_path / "image").mkdir()
    server = use(emulator(TOWN, graph=RecordedGraph(tmp_path)), monkeypatch)
    url = server.picture_url("5", "256", (400, 300))
    (tmp_path / "image" / "5.json").write_text(f'{{"id": "5", "camera_type": "cubemap", "thumb_256_url": "{url}"}}')
    dock.open_image("5")
    wait_for_picture(qtbot, dock, "5")
    assert "“cubemap” is not known" in dock.panel.noteLabel.text()
    assert dock.panel.whenLabel.text().startswith("Date not known")
