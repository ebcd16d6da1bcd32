"""Pictures that are cut off or wrong in any way are refused with one sentence, or come out as sound as they were."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mapillary_coverage.core.errors import DamagedPictureError
from mapillary_coverage.core.pictures.jpeg import picture_kind, picture_size
from mapillary_coverage.core.pictures.picture_metadata import with_metadata
from tests.core.pictures.test_picture_metadata import END, FACTS, FRAME, PLAIN, QUANTIZATION, SCAN, encoded


def with_length(jpeg, marker, length):
    at = jpeg.index(marker) + 2
    return jpeg[:at] + length.to_bytes(2, "big") + jpeg[at + 2 :]


def before_scan(jpeg, added):
    at = jpeg.index(SCAN)
    return jpeg[:at] + added + jpeg[at:]


def without_frame(jpeg):
    at = jpeg.index(FRAME)
    return jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") :]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8" + b"\xff" * 5000,
        b"<html>busy</html>",
        encoded(b"png"),
        PLAIN[2:],
        PLAIN[:-2],
        PLAIN[: len(PLAIN) // 2],
        with_length(PLAIN, QUANTIZATION, 0),
        with_length(PLAIN, QUANTIZATION, 1),
        with_length(PLAIN, QUANTIZATION, 66),
        with_length(PLAIN, QUANTIZATION, 0xFFFF),
        with_length(PLAIN, FRAME, 2) + END,
        without_frame(PLAIN),
        PLAIN.replace(PLAIN[PLAIN.index(FRAME) :][:9], b"\xff\xc0\x00\x11\x08\x00\x00\x01\x00"),
        b"\xff\xd8" + END,
        with_length(PLAIN, SCAN, 0),
        before_scan(PLAIN, END + b"\x00\x02"),
        before_scan(PLAIN, b"\xff\xd8\x00\x02"),
        before_scan(PLAIN, b"\xff\xfe\x00\x02" * 20_000),
        PLAIN[:-2] + b"\xff\xfe\x00\x02" * 20_000 + END,
        PLAIN[: PLAIN.index(SCAN)] + END,
    ],
)
def test_damaged_pictures_are_refused(body):
    with pytest.raises(DamagedPictureError, match="damaged, cut off or no JPEG"):
        with_metadata(body, FACTS)


@settings(max_examples=400, derandomize=True, deadline=None, database=None)
@given(
    st.sampled_from([PLAIN, with_metadata(PLAIN, FACTS), encoded(b"jpeg", is_progressive=True)]),
    st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 9), st.binary(max_size=9)), min_size=1, max_size=3),
)
@example(PLAIN, [(4, 1, b"")])
def test_damage_is_refused_or_survives(jpeg, damages):
    for place, gone, noise in damages:
        at = place % len(jpeg) if place % 2 else place % 800 % len(jpeg)
        jpeg = jpeg[:at] + noise + jpeg[at + gone :]
    try:
        written = with_metadata(jpeg, FACTS)
    except DamagedPictureError:
        return
    assert with_metadata(written, FACTS) == written
    assert picture_size(written) == picture_size(jpeg)
    assert written.endswith(jpeg[jpeg.index(SCAN) :])


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.binary(max_size=300))
def test_any_bytes_have_a_kind_and_a_size_or_none(body):
    for content in (body, b"\xff\xd8" + body, b"\xff\xd8\xff" + body):
        assert picture_kind(content) in {None, "jpg", "png", "webp"}
        size = picture_size(content)
        assert size is None or min(size) > 0


def test_every_cut_is_refused():
    for length in range(len(PLAIN)):
        with pytest.raises(DamagedPictureError):
            with_metadata(PLAIN[:length], FACTS)
