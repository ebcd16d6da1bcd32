"""Objects and signs in a real QGIS window: values picked from the list, a circle clicked on the map, a run, an export."""

import pytest

from tests.desktop.session import DesktopSession
from tests.desktop.test_desktop import ADD_BACKGROUND, PICTURES, SHOW_TOWN
from tests.emulator import Emulator, Town

PICK = "panel.filterPanel.valuePicker"


@pytest.fixture(scope="module")
def server():
    with Emulator(Town(images_per_tile=300, features_per_tile=250)) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def desktop(server, tmp_path_factory):
    with DesktopSession(
        tmp_path_factory.mktemp("desktop"),
        MAPILLARY_TILES_URL=server.tiles_url,
        MAPILLARY_GRAPH_URL=server.graph_url,
        MAPILLARY_ACCESS_TOKEN=server.credential,
    ) as session:
        session.run(ADD_BACKGROUND)
        session.wait_until("not iface.mapCanvas().isDrawing()")
        session.run(SHOW_TOWN)
        yield session


def reach(desktop, widget):
    """Scroll the form to a widget and click it."""
    desktop.run(f"panel.formScroll.ensureWidgetVisible({widget})")
    desktop.click(widget)


def press_in_canvas(desktop, across, down):
    """A mouse click on the map, at a share of its width and height."""
    desktop.run(
        "from qgis.PyQt.QtWidgets import QWidget\n"
        "spot = globals().get('spot') or QWidget(iface.mapCanvas())\n"
        "spot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)\n"
        f"spot.setGeometry(int(iface.mapCanvas().width() * {across}) - 2, int(iface.mapCanvas().height() * {down}) - 2, 5, 5)"
    )
    desktop.click("spot")


def test_values_are_picked_from_the_list(desktop):
    for check in ("imagesCheck", "sequencesCheck", "pointsCheck", "signsCheck"):
        reach(desktop, f"panel.{check}")
    assert desktop.run("answer = [panel.imagesCheck.isChecked(), panel.signsCheck.isChecked()]") == [False, True]
    reach(desktop, f"{PICK}.button")
    desktop.wait_until(f"{PICK}._dialog is not None and {PICK}._dialog.isVisible()")
    desktop.run(f"dialog = {PICK}._dialog; values = dialog.list")
    desktop.click("values.searchEdit")
    desktop.type("speed limit")
    desktop.wait_until("values.searchEdit.text() == 'speed limit'")
    desktop.press("Return")
    desktop.wait_until("values.tree.hasFocus()")
    desktop.press("space")
    desktop.screenshot(PICTURES / "values.png", "dialog")
    assert desktop.run("answer = list(values.patterns())")
    desktop.click("dialog.buttons.button(dialog.buttons.StandardButton.Ok)")
    desktop.wait_until(f"{PICK}._dialog is None or not {PICK}._dialog.isVisible()")
    assert all("speed-limit" in value for value in desktop.run("answer = list(panel.request().filter.values)"))
