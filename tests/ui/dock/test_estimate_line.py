"""The line that says what a download would take: newest request, no waiting, and a sentence where it fails."""

import threading

import pytest
from qgis.PyQt.QtWidgets import QLabel

from mapillary_coverage.core.area.area import area_of_box
from mapillary_coverage.core.errors import UnexpectedError
from mapillary_coverage.core.request.request import CoverageRequest
from mapillary_coverage.core.settings import Settings
from mapillary_coverage.ui.dock import estimate_line
from mapillary_coverage.ui.dock.estimate_line import EstimateLine

pytestmark = pytest.mark.qgis

ONE_TILE = CoverageRequest(area_of_box(7.383, 43.725, 7.404, 43.739))
MANY_TILES = CoverageRequest(area_of_box(7.0, 43.7, 7.2, 43.8))


@pytest.fixture
def line(qgis_app):
    label = QLabel()
    made = EstimateLine(label, Settings())
    yield made, label
    made.close_down()
    label.deleteLater()


@pytest.mark.parametrize(("owner", "name"), [(estimate_line, "estimate"), (Settings, "cache")])
def test_a_bug_is_a_sentence_and_the_next_change_tries_again(line, qtbot, monkeypatch, caplog, owner, name):
    """In the thread, and before there is one."""
    made, label = line
    right = getattr(owner, name)

    def wrong(*_):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(owner, name, wrong)
    with qtbot.captureExceptions() as raised:
        made.show(ONE_TILE, "The map canvas covers")
        qtbot.waitUntil(lambda: UnexpectedError.sentence in label.text())
    assert raised == []
    assert "a bug" in caplog.text
    monkeypatch.setattr(owner, name, right)
    made.show(ONE_TILE, "The map canvas covers")
    assert label.text() == "The map canvas covers 1 tile."
    qtbot.waitUntil(lambda: made._looked_at is None and not made._timer.isActive())
    assert label.text() == "The map canvas covers 1 tile."


def test_what_is_shown_last_is_estimated_last_and_one_at_a_time(line, qtbot, monkeypatch):
    made, label = line
    begun, go_on = [], threading.Event()

    def slow(request, *_):
        begun.append(request)
        go_on.wait(20)
        return f"estimate of {request.tile_count}"

    monkeypatch.setattr(estimate_line, "estimate", slow)
    made.show(ONE_TILE, "It covers")
    qtbot.waitUntil(lambda: begun == [ONE_TILE])
    for _ in range(3):
        made.show(MANY_TILES, "It covers")
    qtbot.waitUntil(lambda: not made._timer.isActive())
    assert begun == [ONE_TILE]
    go_on.set()
    qtbot.waitUntil(lambda: label.text() == f"It covers estimate of {MANY_TILES.tile_count}")
    assert begun == [ONE_TILE, MANY_TILES]


def test_an_estimate_that_comes_after_the_end_is_for_nobody(line, qtbot, monkeypatch):
    made, label = line
    begun, go_on = threading.Event(), threading.Event()

    def slow(*_):
        begun.set()
        go_on.wait(20)
        return "too late"

    monkeypatch.setattr(estimate_line, "estimate", slow)
    made.show(ONE_TILE, "It covers")
    qtbot.waitUntil(begun.is_set)
    made.say("something else")
    go_on.set()
    qtbot.waitUntil(lambda: made._looked_at is None)
    assert label.text() == "something else"
