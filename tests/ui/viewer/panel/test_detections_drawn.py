"""Detections on the flat picture: where an independent rasterisation has them, readable, and known to the mouse."""

import numpy as np
import pytest
from qgis.PyQt.QtCore import QPoint
from qgis.PyQt.QtGui import QColor, QImage

from mapillary_coverage.core.viewing.detection import Detection
from tests.ui.viewer.viewing import (
    LEFT,
    differing,
    drag,
    filled,
    flat_view,
    grown,
    move,
    part_count,
    pixels,
    plain,
    replies,
    shrunk,
    wheel,
)

pytestmark = pytest.mark.qgis

SQUARE = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75), (0.25, 0.25)]
HOLE = [(0.4, 0.4), (0.4, 0.6), (0.6, 0.6), (0.6, 0.4), (0.4, 0.4)]
BESIDE = [(0.85, 0.1), (0.95, 0.1), (0.95, 0.2), (0.85, 0.2), (0.85, 0.1)]
SIGN = Detection("1", "regulatory--stop--g1", [[SQUARE, HOLE], [BESIDE]])


@pytest.fixture
def view(qtbot):
    return flat_view(qtbot)


def fill_of(view, detection):
    """The pixels that change when the detection is highlighted: its inside, without line and label."""
    view.show_detections([detection])
    view.highlight("")
    before = pixels(view)
    view.highlight(detection.detection_id)
    return differing(before, pixels(view))


def drawn_of(view, detection):
    """The pixels of its line, its inside and its label."""
    view.show_detections([])
    before = pixels(view)
    view.show_detections([detection])
    view.highlight(detection.detection_id)
    return differing(before, pixels(view))


def assert_fill_is(found, expected):
    """Up to the line, which is 1.8 pixels wide, and to a label on tall ones."""
    assert not (found & ~grown(expected, 1)).any(), "nothing is filled outside"
    inside = shrunk(expected, 2)
    assert (found & inside).sum() >= 0.93 * inside.sum()


def test_recorded_detections_are_where_gdal_fills_them(view, recorded):
    overlaps = []
    for rows, detections in replies(recorded).values():
        view.set_picture(plain())
        for row, detection in zip(rows, detections):
            expected = filled(row["geometry"], (800, 600), (0, 0, 800, 600))
            found = fill_of(view, detection)
            assert_fill_is(found, expected)
            drawn = drawn_of(view, detection)
            assert drawn[expected].mean() > 0.97, "all of it is drawn"
            if expected.sum() > 1500:
                overlaps.append((found & expected).sum() / (found | expected).sum())
    assert len(overlaps) >= 8
    assert min(overlaps) > 0.7
    assert np.mean(overlaps) > 0.85


def test_recorded_detections_stay_on_the_picture_when_zoomed_and_panned(view, recorded):
    """The picture is the detection as GDAL fills it, white on black: what is seen white must be what is filled."""
    tried = 0
    for rows, detections in replies(recorded).values():
        for row, detection in zip(rows, detections):
            mask = filled(row["geometry"], (2048, 1536), (0, 0, 2048, 1536))
            image = QImage(
                (mask * np.uint8(255)).tobytes(), 2048, 1536, 2048, QImage.Format.Format_Grayscale8
            ).convertToFormat(QImage.Format.Format_RGB32)
            view.show_detections([])
            view.set_picture(image)
            rows_of, columns_of = np.nonzero(mask)
            middle = round(np.median(columns_of) / 2048 * 800), round(np.median(rows_of) / 1536 * 600)
            wheel(view, *middle, 7)
            drag(view, (400, 300), (370, 345))
            expected = pixels(view)[:, :, 0] > 127
            found = fill_of(view, detection)
            assert not (found & ~grown(expected, 3)).any()
            inside = shrunk(expected, 4)
            if inside.sum() > 4000:
                tried += 1
                assert (found & inside).sum() >= 0.9 * inside.sum()
    assert tried >= 10


def test_both_parts_of_split_detections_and_their_holes_are_there(view, recorded):
    split = [
        (row, detection)
        for rows, detections in replies(recorded).values()
        for row, detection in zip(rows, detections)
        if part_count(row["geometry"]) > 1
    ]
    assert split
    view.set_picture(plain())
    for row, detection in split:
        drawn = drawn_of(view, detection)
        whole = filled(row["geometry"], (800, 600), (0, 0, 800, 600))
        assert drawn[whole].mean() > 0.97
        assert len(detection.polygons) == part_count(row["geometry"])
    found = fill_of(view, SIGN)
    assert found[180, 220]
    assert found[90, 720], "the other part"
    assert not found[300, 400], "the hole"


def test_the_mouse_tells_the_smallest_detection_under_it(qtbot, view):
    view.set_picture(plain())
    inner = Detection("2", "object--bench", [[[(0.3, 0.3), (0.35, 0.3), (0.35, 0.35), (0.3, 0.35), (0.3, 0.3)]]])
    view.show_detections([SIGN, inner])
    told = []
    view.hovered.connect(told.append)
    for place in ((260, 190), (265, 195), (220, 160), (400, 300), (720, 90), (10, 10)):
        move(view, QPoint(*place))
    assert told == ["2", "1", "", "1", ""]
    move(view, QPoint(260, 190), LEFT)
    assert told[-1] == "", "not while dragging"


def test_labels_are_cut_to_a_sensible_width_and_readable_on_any_picture(view):
    name = "object--" + "-".join(["sign"] * 40)
    ring = [(0.3, 0.5), (0.4, 0.5), (0.4, 0.6), (0.3, 0.6), (0.3, 0.5)]
    for colour in ("white", "black", "yellow"):
        view.set_picture(plain(colour=QColor(colour)))
        view.show_detections([])
        before = pixels(view)
        view.show_detections([Detection("1", name, [[ring]])])
        after = pixels(view)
        assert not differing(before, after)[270:296, 500:].any(), "cut"
        box = after[280:296, 250:400].max(axis=2)
        assert box.max() > 240, "white letters"
        assert np.median(box) < 60, "on dark"
        view.highlight("1")
        assert (pixels(view)[270:296] > 200).all(axis=2).any(axis=0)[500:].any(), "whole when highlighted"
        view.highlight("")


def test_three_hundred_long_outlines_are_all_drawn(view):
    def outline(number):
        left, top = number % 20 / 20, number // 20 / 15
        angles = np.linspace(0, 2 * np.pi, 101)
        return [[(left + 0.025 + 0.02 * np.cos(a), top + 0.033 + 0.02 * np.sin(a)) for a in angles]]

    view.set_picture(plain())
    before = pixels(view)
    view.show_detections([Detection(str(n + 1), f"object--{n % 20}", [outline(n)]) for n in range(300)])
    drawn = differing(before, pixels(view))
    cells = drawn.reshape(15, 40, 20, 40).any(axis=(1, 3))
    assert cells.all()
