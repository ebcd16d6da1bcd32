"""What a person is told and asked before a download."""

import pytest
from qgis.core import QgsSettings
from qgis.PyQt.QtWidgets import QMessageBox

from mapillary_coverage.core.download.download import download_coverage
from tests.conftest import access_to, request_for
from tests.ui.test_coverage_dock import bar, dock, download, group, press, server  # noqa: F401
from tests.whole.test_partial import FIRST, LAST, expected, layers, tiles, wide  # noqa: F401

pytestmark = pytest.mark.qgis


def test_the_estimate_tells_what_a_download_takes(wide, server, qtbot, qgis_canvas):  # noqa: F811
    qtbot.waitUntil(lambda: "today's quota" in wide.panel.estimateLabel.text(), timeout=20_000)
    count = tiles(wide)
    assert wide.panel.estimateLabel.text() == (
        f"The map canvas covers {count} tiles. Of today's quota, {count} of 50,000 tiles left."
    )
    download(qtbot, wide)
    qtbot.waitUntil(lambda: f"{count} of them in the cache" in wide.panel.estimateLabel.text(), timeout=20_000)
    qgis_canvas.zoomByFactor(2)
    qtbot.waitUntil(lambda: "About " in wide.panel.estimateLabel.text(), timeout=20_000)
    assert "images to fetch" in wide.panel.estimateLabel.text()
    assert f"of {50_000 - count:,} tiles left" in wide.panel.estimateLabel.text()


@pytest.fixture
def asks_early(wide):  # noqa: F811
    QgsSettings().setValue("mapillary_coverage/question_tiles", "5")
    return wide


def question(dock):  # noqa: F811
    return dock.download._question


def test_a_large_download_is_asked_about_first(asks_early, server, qtbot):  # noqa: F811
    dock = asks_early  # noqa: F811
    press(qtbot, dock.panel.downloadButton)
    qtbot.waitUntil(lambda: question(dock) is not None, timeout=20_000)
    assert question(dock).text() == f"Download {tiles(dock)} tiles?"
    assert "About " in question(dock).informativeText(), "told by a tile of a low zoom"
    assert {seen.path.split("/")[-3] for seen in server.requests} <= {"10", "11", "12", "13"}
    question(dock).button(QMessageBox.StandardButton.Cancel).click()
    qtbot.waitUntil(lambda: question(dock) is None)
    assert group() is None
    press(qtbot, dock.panel.downloadButton)
    qtbot.waitUntil(lambda: question(dock) is not None, timeout=20_000)
    question(dock).button(QMessageBox.StandardButton.Ok).click()
    qtbot.waitUntil(lambda: not dock.download.is_running() and group() is not None, timeout=30_000)
    assert layers()["Images"].featureCount() == expected(dock, server)[0]


def test_what_is_cached_is_not_asked_about(asks_early, server, qtbot):  # noqa: F811
    download_coverage(request_for(FIRST, LAST), access_to(server, cache=asks_early.panel._settings.cache()))
    download(qtbot, asks_early)
    assert group() is not None


def test_more_than_is_left_of_the_quota_is_refused(wide, server, qtbot):  # noqa: F811
    usage = wide.panel._settings.traffic().usage
    fingerprint = wide.panel._settings.credentials.known_fingerprint()
    usage.admit(fingerprint, "elsewhere")
    usage._file.ask(lambda connection: connection.execute("UPDATE used SET tiles = 49995"), None)
    download(qtbot, wide)
    assert wide.panel.resultLabel.text().startswith(
        f"This needs {tiles(wide)} tiles, but of the 50,000 that Mapillary allows in a day only 5 are left."
    )
    assert server.requests == []


def test_a_server_that_blocks_is_said_in_place_of_the_question(asks_early, server, qtbot):  # noqa: F811
    server.fail("login-redirect")
    download(qtbot, asks_early)
    assert question(asks_early) is None
    assert asks_early.panel.resultLabel.text().startswith("Mapillary is blocking this internet address.")
    assert len(server.requests) == 1
