"""Extents to boxes in degrees."""

import math

import pytest

from mapillary_coverage.core.area.area import MAX_LATITUDE, Area, Box, area_of_box
from mapillary_coverage.core.errors import InvalidRequestError


def test_a_plain_box_stays_as_it_is():
    assert area_of_box(7.1, 43.2, 7.3, 43.4) == Area((Box(7.1, 43.2, 7.3, 43.4),))


@pytest.mark.parametrize(
    ("west", "east"),
    [(179.5, -179.5), (179.5, 180.5), (-180.5, -179.5), (539.5, 540.5)],
    ids=["west of east", "beyond 180", "beyond -180", "a turn further"],
)
def test_a_box_across_the_antimeridian_becomes_one_on_each_side(west, east):
    area = area_of_box(west, -17, east, -16)
    assert area.boxes == (Box(179.5, -17, 180, -16), Box(-180, -17, -179.5, -16))


@pytest.mark.parametrize(("west", "east"), [(-180, 180), (-400, 400), (0, 360)])
def test_a_box_around_the_world_is_the_world(west, east):
    assert area_of_box(west, -1, east, 1).boxes == (Box(-180, -1, 180, 1),)


@pytest.mark.parametrize(("west", "east", "box"), [(179, 180, (179, 180)), (-180, -179, (-180, -179))])
def test_a_box_that_ends_at_the_antimeridian_does_not_cross_it(west, east, box):
    assert area_of_box(west, 0, east, 1).boxes == (Box(box[0], 0, box[1], 1),)


def test_what_lies_beyond_the_last_tiles_is_cut_and_said():
    area = area_of_box(10, 80, 11, 89)
    assert area == Area((Box(10, 80, 11, MAX_LATITUDE),), cut_at_poles=True)
    assert not area_of_box(10, 80, 11, 85).cut_at_poles


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((1, 2, 1, 3), "no area"),
        ((1, 2, 3, 2), "no area"),
        ((180, 2, -180, 3), "no area"),
        ((1, 3, 2, 2), "no area"),
        ((7.42, 43.70, 7.40, 43.72), "Swap them"),
        ((1, 86, 2, 87), "beyond 85.0511"),
        ((1, -89, 2, -86), "beyond 85.0511"),
        ((1, math.nan, 2, 3), "not made of numbers"),
        ((1, 2, math.inf, 3), "not made of numbers"),
    ],
)
def test_a_box_that_makes_no_sense_is_a_clear_error(box, words):
    with pytest.raises(InvalidRequestError, match=words):
        area_of_box(*box)


@pytest.mark.parametrize(
    ("line", "touches"),
    [
        ([(0.5, 0.5), (5, 5)], True),
        ([(-1, 0.5), (2, 0.5)], True),
        ([(-1, -1), (2, 2)], True),
        ([(-1, 0.2), (0.2, -1)], False),
        ([(-1, 1), (2, 1)], True),
        ([(-1, 1.001), (2, 1.001)], False),
        ([(2, 0), (2, 1), (3, 0)], False),
        ([(-1, 5), (-1, 0.5), (3, 0.5)], True),
    ],
    ids=["starts inside", "passes", "diagonal", "cuts past the corner", "on the edge", "just beside", "right", "bends"],
)
def test_a_line_touches_the_area_where_any_of_it_lies_in_it(line, touches):
    assert area_of_box(0, 0, 1, 1).touches([line]) is touches
