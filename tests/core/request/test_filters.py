"""What each condition keeps, and how it reads."""

from datetime import date

import pytest

from mapillary_coverage.core.errors import InvalidRequestError
from mapillary_coverage.core.mapillary.schema import IMAGE, MAP_FEATURE_POINT, SEQUENCE, TRAFFIC_SIGN
from mapillary_coverage.core.request.filters import CoverageFilter
from mapillary_coverage.core.request.request_json import filter_from_json, filter_to_json

MAY_1 = 1_714_521_600_000  # 2024-05-01T00:00:00Z
DAY = 86_400_000


def columns(layer=IMAGE, **given):
    """Columns of the layer; those that are not given hold nothing."""
    length = len(next(iter(given.values())))
    return {field.name: given.get(field.name, [None] * length) for field in layer.fields}


def select(chosen, layer=IMAGE, **given):
    return chosen.select(layer, columns(layer, **given))


def test_without_a_filter_everything_is_kept():
    assert select(CoverageFilter(), captured_at=[None, 5, MAY_1], is_pano=[True, False, None]) == ([0, 1, 2], {})


def test_both_days_belong_to_the_range_to_their_last_millisecond_in_utc():
    times = [MAY_1 - 1, MAY_1, MAY_1 + DAY - 1, MAY_1 + DAY]
    rows, removed = select(CoverageFilter(date(2024, 5, 1), date(2024, 5, 1)), captured_at=times)
    assert rows == [1, 2]
    assert removed == {"of another date": 2}


@pytest.mark.parametrize("range_", [(date(2000, 1, 1), None), (None, date(2100, 1, 1))])
def test_what_has_no_date_is_left_out_by_a_date_and_counted(range_):
    assert select(CoverageFilter(*range_), captured_at=[None, MAY_1, None]) == ([1], {"without a date": 2})


@pytest.mark.parametrize(("condition", "column"), [("panorama", "is_pano"), ("on_foot", "on_foot")])
def test_only_and_without_split_all_exactly(condition, column):
    values = [True, False, None, True]
    only, removed = select(CoverageFilter(**{condition: "only"}), **{column: values})
    without, _ = select(CoverageFilter(**{condition: "without"}), **{column: values})
    assert only == [0, 3]
    assert without == [1, 2]
    assert list(removed.values()) == [2]


def test_a_feature_counts_as_removed_once():
    chosen = CoverageFilter(date(2024, 5, 1), panorama="only")
    _, removed = select(chosen, captured_at=[1, MAY_1, None], is_pano=[False] * 3)
    assert removed == {"without a date": 1, "of another date": 1, "left out by the panorama choice": 1}


def test_ids_are_those_named_and_nothing_is_not_among_them():
    ids = ["26275324248758064", "2", None]
    for condition, column in (
        ("organization_ids", "organization_id"),
        ("creator_ids", "creator_id"),
        ("image_ids", "id"),
    ):
        chosen = CoverageFilter(**{condition: ("26275324248758064", "7")})
        assert select(chosen, **{column: ids})[0] == [0]


def test_sequences_are_named_on_images_and_on_themselves():
    chosen = CoverageFilter(sequence_ids=("b",))
    assert select(chosen, sequence_id=["a", "b", None])[0] == [1]
    assert select(chosen, SEQUENCE, id=["b", "a"])[0] == [0]


def test_quality_keeps_unscored_images_only_where_asked_to():
    scores = [0.5, 0.499, None, 1.0]
    assert select(CoverageFilter(min_quality=0.5), quality_score=scores) == (
        [0, 3],
        {"without a quality score": 1, "of lower quality": 1},
    )
    assert select(CoverageFilter(min_quality=0.5, keep_unscored=True), quality_score=scores)[0] == [0, 2, 3]


def test_quality_and_image_ids_leave_sequences_to_their_images():
    for chosen in (CoverageFilter(min_quality=0.5), CoverageFilter(image_ids=("5",)), CoverageFilter(expression="1")):
        assert chosen.names_sequences
        assert select(chosen, SEQUENCE, id=["a", "b"], quality_score=[0.1, None])[0] == [0, 1]


def test_values_and_the_days_seen_act_on_map_features_alone():
    chosen = CoverageFilter(values=("regulatory--stop", "object--*"), last_seen_after=date(2024, 5, 1))
    seen = [MAY_1, MAY_1, MAY_1 - 1, None]
    values = ["regulatory--stop--g2", "warning--curve--g1", "object--bench", "object--bench"]
    rows, removed = select(chosen, TRAFFIC_SIGN, value=values, last_seen_at=seen)
    assert rows == [0]
    assert removed == {"of other values": 1, "without a last seen date": 1, "last seen earlier": 1}
    assert select(chosen, IMAGE, id=["1"])[0] == [0]
    assert not CoverageFilter(panorama="only").acts_on(MAP_FEATURE_POINT)


def test_the_last_months_set_the_start_and_say_so():
    chosen = CoverageFilter(last_months=6)
    assert chosen.start_date is not None
    assert str(chosen) == f"captured in the last 6 months (from {chosen.start_date})"


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"start_date": date(2024, 5, 2), "end_date": date(2024, 5, 1)}, "2024-05-02 is after the end date 2024-05-01"),
        ({"panorama": "none"}, "Panoramas can be all, only, without"),
        ({"on_foot": "yes"}, "On foot can be all, only, without"),
        ({"organization_ids": ("acme",)}, "“acme” is not the id of an organization"),
        ({"creator_ids": ("zoë",)}, "“zoë” is not the id of a creator"),
        ({"image_ids": ("-1",)}, "“-1” is not the id of an image"),
        ({"min_quality": 1.5}, "from 0 to 1, not 1.5"),
        ({"last_months": 0}, "from 1 to 1200, not 0"),
        ({"last_months": 3, "end_date": date(2024, 5, 1)}, "not both"),
        ({"values": ("object bench",)}, "object bench"),
    ],
)
def test_conditions_that_make_no_sense_are_one_sentence(conditions, words):
    with pytest.raises(InvalidRequestError, match=words):
        CoverageFilter(**conditions)


FULL = CoverageFilter(
    date(2024, 5, 1),
    date(2024, 6, 1),
    "only",
    "without",
    organization_ids=("1",),
    creators=("zoë_müller", "東京"),
    sequence_ids=("a", "b"),
    image_ids=tuple(str(number) for number in range(1, 9)),
    min_quality=0.25,
    keep_unscored=True,
    expression="compass_angle < 90",
    values=("object--bench",),
    first_seen_after=date(2020, 1, 1),
    last_seen_after=date(2021, 1, 1),
    feature_expression="kind = 'point'",
)


def test_a_filter_reads_as_a_sentence():
    assert str(CoverageFilter()) == "no filter"
    assert str(FULL) == (
        "captured from 2024-05-01, captured up to and including 2024-06-01, by zoë_müller, 東京, organization 1,"
        " sequences a, b, images 1, 2, 3, 4, 5 and 3 more, panoramas only, not taken on foot,"
        " quality from 0.25 or not scored, images where compass_angle < 90, values object--bench,"
        " first seen from 2020-01-01, last seen from 2021-01-01, map features where kind = 'point'"
    )


@pytest.mark.parametrize(
    "chosen", [CoverageFilter(), FULL, CoverageFilter(last_months=3)], ids=["none", "full", "months"]
)
def test_a_filter_survives_being_stored(chosen):
    assert filter_from_json(filter_to_json(chosen)) == chosen


def test_stored_months_are_counted_from_the_day_of_use():
    assert "start_date" not in filter_to_json(CoverageFilter(last_months=3))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{", '{"unknown": 1}', '{"start_date": 5}', '{"values": "x"}', '{"values": [1]}',
     '{"last_months": true}', '{"min_quality": "high"}', '{"panorama": "none"}', "[" * 5000],
)  # fmt: skip
def test_any_other_text_is_no_filter(text):
    with pytest.raises(InvalidRequestError):
        filter_from_json(text)


def test_creators_have_effect_once_their_ids_are_known():
    chosen = CoverageFilter(creators=("zoë",), creator_ids=("7",))
    known = chosen.with_creators({"zoë": "8"})
    assert select(known, creator_id=["7", "8", "9", None])[0] == [0, 1]
    assert str(known) == "by zoë"
