"""A panorama's projection against one written with rotations of the whole world, and marks found in what is drawn."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapillary_coverage.core.viewing.panorama import BACKGROUND, Frame, View, is_available, render
from mapillary_coverage.core.viewing.panorama_ring import PanoramaRing, project
from tests.conftest import ROOT

WIDTH, HEIGHT = 2048, 1024
EIGHTHS = st.sampled_from([number / 8 for number in range(9)])
BLACK, RED = 0xFF000000, 0xFFFF0000
VIEWS = [
    View(0, 0, 90, 900, 600),
    View(37, 20, 70, 640, 480),
    View(200, -35, 110, 500, 700),
    View(355, 60, 100, 900, 600),
    View(90, -85, 110, 500, 500),
    View(10, 22.5, 75, 640, 400),
    View(107.5, 12, 20, 900, 600),
]


def about_up(degrees):
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def about_east(degrees):
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])


def expected_place(bearing, elevation, view):
    """East, north and up are turned until the camera looks north along the horizon; None behind it."""
    north = np.array([0, 1, 0])
    there = about_up(-bearing) @ about_east(elevation) @ north
    east, ahead, up = about_east(-view.pitch) @ about_up(view.heading) @ there
    if ahead <= 0:
        return None
    pixels_per_tangent = view.width / (2 * math.tan(math.radians(view.field_of_view / 2)))
    return view.width / 2 + east / ahead * pixels_per_tangent, view.height / 2 - up / ahead * pixels_per_tangent


def marked_picture(heading):
    """A black picture with a mark every 22.5 and 15 degrees, each in a red of its own, and the direction of each."""
    pixels = np.full((HEIGHT, WIDTH), BLACK, dtype=np.uint32)
    directions = {}
    for row in range(HEIGHT // 8, HEIGHT * 7 // 8, HEIGHT // 12):
        elevation = 90 - (row + 0.5) * 180 / HEIGHT
        wide = round(2 / math.cos(math.radians(elevation)))
        for column in range(0, WIDTH, WIDTH // 16):
            colour = RED + len(directions)
            pixels[row - 2 : row + 3, np.arange(column - wide, column + wide + 1) % WIDTH] = colour
            directions[colour] = (heading + (column + 0.5) * 360 / WIDTH - 180, elevation)
    return pixels, directions


@pytest.mark.parametrize("is_fine", [False, True], ids=["coarse", "fine"])
@pytest.mark.parametrize("heading", [0, 123.4, 350])
@pytest.mark.parametrize("view", VIEWS, ids=repr)
def test_a_mark_is_drawn_where_its_direction_is(view, heading, is_fine):
    pixels, directions = marked_picture(heading)
    drawn = render(pixels, Frame.of_picture(WIDTH, HEIGHT, heading), view, is_fine)
    assert drawn.shape == (view.height, view.width)
    assert drawn.dtype == np.uint32
    found = []
    colours = set(drawn.ravel().tolist())
    for colour, direction in directions.items():
        place = expected_place(*direction, view)
        if place is None or not (-60 < place[0] < view.width + 60 and -60 < place[1] < view.height + 60):
            assert colour not in colours
        elif 40 < place[0] < view.width - 40 and 40 < place[1] < view.height - 40:
            rows, columns = np.nonzero(drawn == colour)
            found.append((np.ptp(columns), np.ptp(rows)))
            middle = (columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2
            assert middle == pytest.approx(place, abs=1.5)
    assert found
    assert max(max(size) for size in found) < 50


@given(
    st.floats(0, 359.9),
    st.floats(-85, 85),
    st.floats(20, 110),
    st.integers(1, 2000),
    st.integers(1, 2000),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_place_has_one_direction_and_a_direction_one_place(heading, pitch, fov, width, height, across, down):
    view = View(heading, pitch, fov, width, height)
    place = (across * width, down * height)
    bearing, elevation = view.direction(*place)
    assert 0 <= bearing < 360
    assert view.place(bearing, elevation) == pytest.approx(place, abs=0.01)
    assert expected_place(bearing, elevation, view) == pytest.approx(place, abs=0.01)
    assert view.place(bearing + 180, -elevation) is None


def test_the_middle_and_the_edges_are_where_the_view_looks():
    view = View(370, 0, 90, 900, 600)
    assert view.heading == 10
    assert view.direction(450, 300) == (10, 0)
    assert view.direction(0, 300) == pytest.approx((325, 0))
    assert view.direction(900, 300) == pytest.approx((55, 0))
    # Square pixels: 300 pixels up where 450 to the right are 45 degrees.
    assert view.direction(450, 0) == pytest.approx((10, math.degrees(math.atan(300 / 450))))


def test_a_view_stays_within_its_bounds():
    view = View(-1e-20, 200, 1, 0, -5)
    assert (view.heading, view.pitch, view.field_of_view, view.width, view.height) == (0, 85, 20, 1, 1)
    assert View(0, -86, 180, 1, 1) == View(360, -85, 110, 1, 1)


@pytest.mark.parametrize("pitch", [0, 30, -60])
def test_what_is_grabbed_in_the_middle_goes_along(pitch):
    view = View(80, pitch, 70, 900, 600)
    grabbed = view.direction(450, 300)
    for end in [(500, 300), (330, 300), (450, 320)]:
        assert view.dragged((450, 300), end).place(*grabbed) == pytest.approx(end, abs=20)
    assert view.dragged((450, 300), (600, 300)).heading < 80
    assert view.dragged((450, 300), (450, 350)).pitch > pitch


def box(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]


def is_within(ring, x, y):
    """By the angle that the ring turns around a place, as odd and even rounds."""
    turned = np.unwrap(np.arctan2(*(np.vstack([ring, ring[:1]]) - [x, y]).T[::-1]))
    return round((turned[-1] - turned[0]) / (2 * math.pi)) % 2 == 1


def frame_of(heading):
    return Frame.of_picture(WIDTH, HEIGHT, heading)


BOXES = {
    "a sign": (0.45, 0.4, 0.55, 0.48),
    "a building partly behind the camera": (0.3, 0.3, 0.95, 0.6),
    "the road": (0, 0.6, 1, 1),
    "the sky": (0, 0, 1, 0.45),
    "trees all around": (0, 0.35, 1, 0.55),
    "all but the sky": (0, 0.4, 1, 1),
    "an edge in the middle of a view": (0.1, 0.375, 0.9, 0.6),
    "a car over the seam": (0.9, 0.45, 1.1, 0.6),
}


@pytest.mark.parametrize("view", VIEWS, ids=repr)
@pytest.mark.parametrize("corners", BOXES.values(), ids=BOXES)
def test_a_ring_holds_what_it_holds_in_the_picture(corners, view):
    left, top, right, bottom = corners
    frame = frame_of(30)
    rings = project([PanoramaRing.of_ring(box(*corners), frame)], view)
    for ring in rings:
        assert (np.abs(ring - [view.width / 2, view.height / 2]) <= [0.7 * view.width, 0.7 * view.height]).all()
    for across in np.linspace(3.3, view.width - 3.3, 12):
        for down in np.linspace(3.3, view.height - 3.3, 11):
            bearing, elevation = view.direction(across, down)
            x, y = ((bearing - 30) / 360 + 0.5) % 1, 0.5 - elevation / 180
            x = min((x - 1, x, x + 1), key=lambda near: abs(near - (left + right) / 2))
            if min(abs(x - left), abs(x - right), abs(y - top), abs(y - bottom)) > 0.004:
                inside = left < x < right and top < y < bottom
                assert sum(is_within(ring, across, down) for ring in rings) % 2 == inside, (x, y)


@given(
    st.lists(st.tuples(EIGHTHS | st.floats(0, 1), EIGHTHS | st.floats(0, 1)), min_size=3, max_size=12),
    st.sampled_from(range(0, 360, 15)) | st.floats(0, 360),
    st.sampled_from([-85, -45, -22.5, 0, 22.5, 45, 85]) | st.floats(-85, 85),
    st.sampled_from([20, 90, 110]),
    st.sampled_from([(900, 600), (250, 180), (300, 900), (1, 1)]),
)
def test_nothing_wild_is_drawn(corners, heading, pitch, fov, size):
    view = View(heading, pitch, fov, *size)
    rings = project([PanoramaRing.of_ring([*corners, corners[0]], frame_of(0))], view)
    for ring in rings:
        assert (np.abs(ring / [view.width, view.height] - 0.5) < 0.7).all()


@pytest.mark.parametrize("view", VIEWS, ids=repr)
def test_every_place_on_an_edge_is_drawn_on_the_edge(view):
    """What is straight in the picture is bent in the view, by up to a hundred pixels."""
    corners = (0.2, 0.1, 0.8, 0.35)
    rings = project([PanoramaRing.of_ring(box(*corners), frame_of(0))], view)
    for share in np.linspace(0.2, 0.8, 40):
        place = expected_place(360 * share - 180, 180 * (0.5 - 0.35), view)
        if place and 0 <= place[0] <= view.width and 0 <= place[1] <= view.height:
            assert min(distance(place, ring) for ring in rings) < 0.5


def distance(place, ring):
    start, end = ring, np.roll(ring, -1, axis=0)
    along = end - start
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    share = (((place - start) * along).sum(axis=1) / length).clip(0, 1)
    return np.hypot(*(start + share[:, None] * along - place).T).min()


def test_both_halves_of_what_the_seam_cuts_meet():
    view = View(180, 0, 60, 800, 600)
    halves = (0.97, 0.4, 1, 0.6), (0, 0.4, 0.03, 0.6)
    left, right = project([PanoramaRing.of_ring(box(*half), frame_of(0)) for half in halves], view)
    assert left[:, 0].max() == pytest.approx(400)
    assert right[:, 0].min() == pytest.approx(400)
    assert 400 - left[:, 0].min() == pytest.approx(right[:, 0].max() - 400)


def test_what_is_behind_is_not_drawn():
    behind = PanoramaRing.of_ring(box(0.48, 0.45, 0.52, 0.55), frame_of(180))
    assert project([behind], View(0, 0, 110, 900, 600)) == []


def test_a_ring_of_countless_long_edges_stays_small():
    ring = [(number % 2, number % 997 / 997) for number in range(50_000)]
    assert len(PanoramaRing.of_ring(ring, frame_of(0)).angles) < 120_000


def test_a_picture_that_is_no_full_sphere_stands_on_the_horizon():
    """Twice as wide as a full one's height: 90 degrees, half of them above the horizon."""
    pixels = np.full((256, 1024), 0xFF00FF00, dtype=np.uint32)
    frame = Frame.of_picture(1024, 256, None)
    view = View(0, 0, 100, 600, 900)
    for is_fine in (False, True):
        drawn = render(pixels, frame, view, is_fine)
        shown = np.nonzero(drawn[:, 300] == 0xFF00FF00)[0]
        assert shown[0] + 0.5 == pytest.approx(450 - view.focal_length, abs=1)
        assert shown[-1] + 0.5 == pytest.approx(450 + view.focal_length, abs=1)
        assert set(drawn[:, 300].tolist()) == {0xFF00FF00, BACKGROUND}


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (7, 1), (3, 3)])
@pytest.mark.parametrize("is_fine", [False, True])
def test_tiny_pictures_are_drawn(shape, is_fine):
    pixels = np.full(shape, 0xFF123456, dtype=np.uint32)
    drawn = render(pixels, Frame.of_picture(shape[1], shape[0], 350), View(10, 20, 90, 30, 20), is_fine)
    assert set(drawn.ravel().tolist()) <= {0xFF123456, BACKGROUND}


def test_a_fine_view_mixes_neighbours_over_the_seam_too():
    pixels = np.full((64, 128), 0xFF000000, dtype=np.uint32)
    pixels[:, 0] = 0xFFFFFFFF
    drawn = render(pixels, frame_of(180), View(0, 0, 20, 400, 3), is_fine=True)
    brightness = drawn[1] & 0xFF
    assert ((drawn[1] >> 8 & 0xFF) == brightness).all()
    assert (np.diff(brightness.astype(int))[: int(brightness.argmax())] >= 0).all()
    assert len(set(brightness.tolist())) > 8


def test_numpy_may_be_missing():
    assert is_available()
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
sys.modules["numpy"] = None
import conftest
from mapillary_coverage.core.viewing.panorama import is_available
print(is_available())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    assert done.stdout.strip() == "False", done.stderr
