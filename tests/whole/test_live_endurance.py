"""Live coverage over a long look around: no tile twice, nothing that piles up, no thread left over."""

import random
import threading

import pytest

from tests.ui.live.test_live_coverage import MIDDLE, asked, live, server, settled, switch  # noqa: F401
from tests.ui.viewer.map.on_canvas import look_at

pytestmark = pytest.mark.qgis

VIEWS = 60


def threads():
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("mapillary"))


def test_looking_around_at_many_zooms(live, canvas, server, qtbot):  # noqa: F811
    live.panel.signsCheck.setChecked(True)
    switch(live)
    places = random.Random(6)
    for _ in range(VIEWS):
        lon, lat = (middle + places.uniform(-0.05, 0.05) for middle in MIDDLE)
        look_at(canvas, lon, lat, metres=places.choice((0.3, 1, 4, 16, 64, 500, 4000)))
        if places.random() < 0.5:
            qtbot.wait(150)
        else:
            settled(qtbot, live, canvas)
    settled(qtbot, live, canvas)
    tiles = [seen.path for seen in server.requests]
    assert len(tiles) == len(set(tiles)) > 50
    assert live.live.fetch.state().missing == 0
    switch(live, False)
    qtbot.waitUntil(lambda: not [name for name in threads() if "live" in name], timeout=10_000)
