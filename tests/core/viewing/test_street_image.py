"""What the panel takes from a reply, whatever the reply holds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapillary_coverage.core.viewing.street_image import ALL_FIELDS, read_image

SIZES = {"thumb_256_url": "https://a/1", "thumb_1024_url": "https://a/2", "thumb_2048_url": "https://a/3"}


@pytest.mark.parametrize(
    ("pixels", "addresses", "size"),
    [
        (1, SIZES, "256"),
        (256, SIZES, "256"),
        (257, SIZES, "1024"),
        (1400, SIZES, "2048"),
        (9000, SIZES, "2048"),
        (9000, {"thumb_256_url": "https://a/1"}, "256"),
        (100, {"thumb_original_url": "https://a/1"}, "original"),
        (100, {}, None),
    ],
)
def test_the_smallest_size_that_is_large_enough(pixels, addresses, size):
    assert read_image("1", addresses).best_size(pixels) == size


@pytest.mark.parametrize(
    ("body", "degrees"),
    [
        ({"camera_parameters": [0.5, 0, 0], "width": 400, "height": 300}, 90),
        ({"camera_parameters": [0.5, 0, 0], "width": 300, "height": 400}, 2 * math.degrees(math.atan(0.75))),
        (
            {"camera_parameters": [0.5, 0, 0], "width": 400, "height": 300, "exif_orientation": 6},
            2 * math.degrees(math.atan(0.75)),
        ),
        ({"camera_type": "fisheye", "camera_parameters": [0.5, 0, 0], "width": 400, "height": 300}, math.degrees(2)),
        ({"width": 400, "height": 300}, 2 * math.degrees(math.atan(1 / 1.7))),
        ({"camera_parameters": [1e-9]}, 2 * math.degrees(math.atan(1 / 1.7))),
        ({"is_pano": True, "camera_parameters": []}, 360),
    ],
)
def test_the_field_of_view(body, degrees):
    assert read_image("1", body).field_of_view == pytest.approx(degrees)


@pytest.mark.parametrize(
    ("body", "is_pano"),
    [
        ({"is_pano": True, "camera_type": "perspective"}, True),
        ({"is_pano": False, "camera_type": "spherical"}, False),
        ({"camera_type": "spherical"}, True),
        ({"camera_type": "equirectangular"}, True),
        ({}, False),
    ],
)
def test_panoramas(body, is_pano):
    assert read_image("1", body).is_pano is is_pano


@pytest.mark.parametrize(("kind", "is_known"), [("perspective", True), (None, True), ("cubemap", False)])
def test_camera_types(kind, is_known):
    assert read_image("1", {"camera_type": kind}).has_known_camera is is_known


def test_the_original_place_and_heading_go_before_the_computed_ones():
    computed = {"computed_geometry": {"type": "Point", "coordinates": [3, 4]}, "computed_compass_angle": 20}
    image = read_image("1", computed)
    assert (image.place, image.heading) == ((3, 4), 20)
    original = {"geometry": {"type": "Point", "coordinates": [1, 2]}, "compass_angle": 10}
    image = read_image("1", {**computed, **original})
    assert (image.place, image.heading) == ((1, 2), 10)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(ALL_FIELDS), ANYTHING))
def test_any_json_is_read(body):
    image = read_image("1", body)
    assert 0 < image.field_of_view <= 360
    assert not any(name.startswith("thumb") for name in image.body)
