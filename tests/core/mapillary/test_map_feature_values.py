"""Labels of values, and patterns that choose among them."""

import csv

import pytest
from osgeo import gdal

from mapillary_coverage.core.errors import InvalidRequestError
from mapillary_coverage.core.mapillary.map_feature_values import (
    LONGEST_LABEL,
    catalogue,
    check_patterns,
    label,
    source_layer_of,
    split_patterns,
    unknown_patterns,
    value_matcher,
)
from mapillary_coverage.core.mapillary.schema import MAP_FEATURE_LAYERS, MAP_FEATURE_POINT, TRAFFIC_SIGN
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("object--support--utility-pole", "Utility pole"),
        ("object--cctv-camera", "CCTV camera"),
        ("regulatory--stop--g1", "Stop"),
        ("regulatory--maximum-speed-limit-50--g3", "Maximum speed limit 50"),
        ("object--street-furniture--robot", "Street furniture: robot"),
        ("marking--discrete--symbol--dragon", "Symbol: dragon"),
        ("information--tsunami-evacuation_route--g1", "Tsunami evacuation route"),
        ("general--traffic-sign--g1", "Traffic sign"),
        ("warning--other--g1", "Warning: other"),
        ("warning--curve-of-space-left--g1--reject", "Curve of space left: reject"),
        ("something new", "Something new"),
        ("--", "--"),
        ("", ""),
    ],
)
def test_every_value_has_a_readable_label(value, expected):
    assert label(value) == expected


@pytest.mark.parametrize("value", ["x" * 100_000, "-" * 100_000, "--g1" * 50_000, "a\x00b\n\u202ec", "\ud800", "--g"])
def test_odd_values_have_a_short_printable_label(value):
    assert len(label(value)) <= LONGEST_LABEL
    assert label(value).isprintable()


def test_labels_of_many_rows_are_made_once():
    before = label.cache_info().misses
    for number in range(200_000):
        label(f"regulatory--limit-that-nobody-knows-{number % 100}--g1")
    assert label.cache_info().misses == before + 100


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("regulatory--stop", "regulatory--stop--g1", True),
        ("regulatory--stop", "regulatory--stop--g12", True),
        ("regulatory--stop", "regulatory--stop", True),
        ("regulatory--stop", "regulatory--stop-here-on-red--g1", False),
        ("regulatory--stop", "regulatory--stop--ahead", False),
        ("regulatory--stop--g1", "regulatory--stop--g2", False),
        ("regulatory--stop--g?", "regulatory--stop--g2", True),
        ("regulatory--maximum-speed-limit-*", "regulatory--maximum-speed-limit-50--g1", True),
        ("regulatory--maximum-speed-limit-*", "regulatory--end-of-maximum-speed-limit-50--g1", False),
        ("*-speed-limit-?0", "regulatory--maximum-speed-limit-50--g1", True),
        ("*-speed-limit-?0", "regulatory--maximum-speed-limit-110--g1", False),
        ("object--*", "object--bench", True),
        ("object--*", "Object--bench", False),
        ("object--[bs]*", "object--bench", False),
        ("object.*", "object--bench", False),
        ("*", "", True),
        ("a*ba", "aba", True),
        ("ab*ba", "aba", False),
        ("a*b*c", "a-c-b", False),
        ("*line", "two\nline", True),
    ],
)
def test_only_star_and_question_mark_are_special(pattern, value, matches):
    assert value_matcher([pattern])(value) is matches


def test_one_of_several_patterns_is_enough_and_none_at_all_lets_everything_through():
    assert value_matcher(["object--bench", "warning--*"])("warning--ferry--g1")
    assert value_matcher([])("anything")


@pytest.mark.parametrize("pattern", ["*a" * 99 + "b", "?*" * 99 + "b", "*" * 199 + "b"])
def test_a_hostile_pattern_comes_to_an_end(pattern):
    assert not value_matcher([pattern])("a" * 100_000)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("street light", "blanks"),
        ("object--bench;object--banner", "characters"),
        ("object--[bs]ench", "characters"),
        ("x" * 5000, "longer"),
    ],
)
def test_nonsense_is_refused_with_one_sentence_that_says_why(pattern, says):
    with pytest.raises(InvalidRequestError, match=says) as refused:
        check_patterns(["object--bench", pattern])
    assert len(str(refused.value)) < 250


def test_unknown_values_are_told_but_not_refused():
    patterns = ["object--robot", "object--bench", "*-light", "nonsense--*"]
    check_patterns(patterns)
    assert unknown_patterns(patterns) == ["object--robot", "nonsense--*"]


def test_a_typed_list_is_split_at_commas():
    assert split_patterns(" object--bench, warning--* ,object--bench") == ("object--bench", "warning--*")
    assert split_patterns("a,,b") == ("a", "", "b")
    assert split_patterns("  ") == ()


def test_the_catalogue_of_points_is_the_documented_set_and_what_other_clients_know():
    points = catalogue(MAP_FEATURE_POINT)
    assert len(points) == len({entry.value for entry in points}) == 56
    with (ROOT / "resources" / "values" / "objects.csv").open(encoding="utf-8") as lines:
        assert sum(row["documented"] == "yes" for row in csv.DictReader(lines)) == 42
    assert points[1] == ("object--bench", "Bench", "Street furniture")


def test_signs_are_listed_by_name_each_once_and_in_their_groups():
    signs = catalogue(TRAFFIC_SIGN)
    names = [entry.value for entry in signs]
    assert len(names) == len(set(names)) == 895
    assert all(entry.group.lower() == entry.value.split("--")[0] for entry in signs)
    assert not value_matcher(["*--g1", "*--g2"])(names[0])
    assert label("regulatory--no-u-turn--g2") == "No U-turn"


def test_no_two_values_of_a_group_read_the_same():
    for layer in MAP_FEATURE_LAYERS:
        shown = [(entry.group, entry.label) for entry in catalogue(layer)]
        assert len(shown) == len(set(shown))


def test_every_value_in_the_recorded_tiles_is_known(recorded):
    found = {
        feature.GetField("value")
        for path in recorded.glob("tiles/mly_map_feature_*/**/*.mvt")
        for tile in [gdal.OpenEx(str(path), open_options=["CLIP=NO"])]
        for feature in tile.GetLayer(0)
    }
    assert len(found) == 108
    assert unknown_patterns(sorted(found)) == []


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("object--bench", "point"),
        ("marking--*", "point"),
        ("warning--curve-*", "traffic_sign"),
        ("*--stop--*", None),
        ("nature--tree", None),
        ("", None),
    ],
)
def test_the_first_word_tells_points_from_signs(pattern, name):
    found = source_layer_of(pattern)
    assert (found.name if found else None) == name
