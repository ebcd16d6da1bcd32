"""The image panel wherever QGIS has it: docked or floating, narrow or wide, and without a mouse."""

from threading import enumerate as enumerate_threads

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QMainWindow

from tests.emulator.town_index import id_of
from tests.ui.viewer.image_panel import flat_image, wait_for_picture, wait_for_state

pytestmark = pytest.mark.qgis

NARROWEST, WIDEST = 250, 1500


def focused_by(key, start, times):
    """What has the focus after each time that a key is pressed."""
    start.setFocus()
    found = []
    for _ in range(times):
        QTest.keyClick(QApplication.focusWidget(), key)
        found.append(QApplication.focusWidget())
    return found


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_the_keyboard_goes_all_around_the_panel(qtbot, dock, server, index, key):
    panel = dock.panel
    dock.open_image(id_of(flat_image(index)))
    wait_for_picture(qtbot, dock, id_of(flat_image(index)), "1024")
    dock.activateWindow()
    qtbot.waitUntil(dock.isActiveWindow, timeout=20_000)
    for page, content in (
        (panel.metadataTable, panel.metadataTable),
        (panel.detectionsList, panel.detectionsList.tree),
    ):
        panel.tabs.setCurrentWidget(page)
        panel.detectionsList.tree.show()
        reached = focused_by(key, panel.flatView, 12)
        assert {panel.moreButton, panel.flatView, panel.creditLabel, panel.tabs.tabBar(), content} == set(reached)


@pytest.mark.parametrize(("fault", "surface"), [(None, ""), ("bad-token", "graph"), ("half-tile", "pictures")])
def test_it_is_as_narrow_as_a_dock_and_as_wide_as_a_screen(qtbot, dock, server, index, fault, surface):
    if fault is not None:
        server.fail(fault, surface=surface)
    dock.open_image(id_of(flat_image(index)))
    if fault is None:
        wait_for_picture(qtbot, dock, id_of(flat_image(index)), "1024")
    else:
        qtbot.waitUntil(dock.panel.stateButton.isVisible, timeout=20_000)
    for width in (NARROWEST, WIDEST):
        dock.resize(width, 600)
        QApplication.processEvents()
        assert dock.width() == width
        assert dock.panel.width() <= width


def test_it_may_be_on_either_side(qtbot, dock, qgis_parent):
    window = QMainWindow(qgis_parent)
    qtbot.addWidget(window)
    dock.setFloating(False)
    for side in (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea):
        assert dock.isAreaAllowed(side)
        window.addDockWidget(side, dock)
        assert window.dockWidgetArea(dock) == side
    assert dock.features() & dock.DockWidgetFeature.DockWidgetFloatable
    dock.setParent(qgis_parent)


def test_a_narrow_panel_gets_more_than_the_smallest_picture(qtbot, dock, server, index):
    """It can be zoomed, copied and saved."""
    dock.resize(NARROWEST, 600)
    dock.open_image(id_of(flat_image(index)))
    wait_for_picture(qtbot, dock, id_of(flat_image(index)), "1024")


def test_closing_ends_a_picture_that_does_not_come(qtbot, dock, server, index):
    server.fail("hang", surface="pictures")
    dock.open_image(id_of(flat_image(index)))
    wait_for_state(qtbot, dock, "Loading…")
    qtbot.waitUntil(lambda: bool(dock.viewer._opening.shown), timeout=20_000)
    dock.close()
    assert dock.panel.titleLabel.text() == "No image is open"
    assert not dock.viewer._display._place._marker.isVisible()
    qtbot.waitUntil(lambda: not any(t.name.startswith("mapillary_image") for t in enumerate_threads()), timeout=1000)
