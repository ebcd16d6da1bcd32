"""The detections of a reply, for the picture: what can be read is there, and what cannot is counted."""

import json
from base64 import b64encode

import pytest

from mapillary_coverage.core.viewing.detection import colour, read_detections
from tests.emulator.encoding import POLYGON, Feature, encode

SQUARE = [(0, 0), (2048, 0), (2048, 1024), (0, 1024)]
OUTLINE = b64encode(encode({"mpy-or": [Feature(POLYGON, [SQUARE])]})).decode()
VALUES = [f"object--thing-{number}" for number in range(500)]


def entry(**changes):
    """A detection as the graph sends it."""
    sent = {
        "id": "1",
        "value": "object--bench",
        "geometry": OUTLINE,
        "created_at": "2021-05-03T10:11:12+0000",
        "image": {"id": "77"},
    }
    return {**sent, **changes}


def test_a_detection_has_all_that_the_reply_says():
    (found,), damaged = read_detections([entry()])
    assert damaged == 0
    assert (found.detection_id, found.value, found.label, found.image_id) == ("1", "object--bench", "Bench", "77")
    assert found.created_at == 1_620_036_672_000
    assert found.polygons == [[[(0, 0), (0.5, 0), (0.5, 0.25), (0, 0.25), (0, 0)]]]


def test_the_recorded_detections_are_all_read(recorded):
    for path in recorded.glob("graph/detections/*.json"):
        rows = json.loads(path.read_text())["data"]
        found, damaged = read_detections(rows)
        assert damaged == 0
        assert [(one.detection_id, one.value) for one in found] == [(row["id"], row["value"]) for row in rows]
        assert all(one.created_at and one.polygons for one in found)


@pytest.mark.parametrize("geometry", [None, "", 5, [], {}, OUTLINE[:-8], "AAAA", "<html>", "\ud800"])
def test_those_without_a_usable_outline_are_counted(geometry):
    found, damaged = read_detections([entry(), entry(id="2", geometry=geometry), entry(id="3")])
    assert [one.detection_id for one in found] == ["1", "3"]
    assert damaged == 1


@pytest.mark.parametrize("detection_id", [None, "", "x", 0, "0", -1, 2**64, 1.5, True, [], {"id": "1"}])
def test_those_without_an_id_are_counted(detection_id):
    assert read_detections([entry(id=detection_id)]) == ([], 1)
    assert read_detections([{}]) == ([], 1)


@pytest.mark.parametrize("nothing", [None, "", 7, [], {}, {"id": None}, {"id": "x"}])
def test_what_else_is_odd_counts_as_missing(nothing):
    (found,), damaged = read_detections([entry(value=nothing, created_at=nothing, image=nothing)])
    assert damaged == 0
    assert (found.value, found.label) == ("unknown", "Unknown")
    assert found.image_id is None
    assert found.created_at in {None, 7}


def test_the_same_detection_on_two_pages_is_one():
    found, damaged = read_detections([entry(), entry(id="2"), entry()])
    assert [one.detection_id for one in found] == ["1", "2"]
    assert damaged == 0


def test_any_value_has_a_label_and_a_colour():
    for value in ("\ud800", "<b>bold</b>", "\x00\n", "x" * 100_000):
        (found,), _ = read_detections([entry(value=value)])
        assert 1 <= len(found.label) <= 120
        assert all(0 <= part <= 255 for part in colour(found.value))


def test_a_value_has_the_same_colour_in_every_session():
    assert colour("object--bench") == colour("object--bench")
    assert colour("object--bench") == (160, 112, 255)


def test_colours_differ_and_stand_out_from_the_dark():
    assert len({colour(value) for value in VALUES}) > 450
    assert all(_luminance(colour(value)) > 3 * (_luminance((24, 24, 24)) + 0.05) - 0.05 for value in VALUES)


def _luminance(shade):
    """Relative luminance (WCAG 2.1)."""
    parts = [part / 255 for part in shade]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
