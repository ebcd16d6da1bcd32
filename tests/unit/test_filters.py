"""Dates and panoramas."""

from datetime import date

import pytest

from mapillary_coverage.core.errors import InvalidRequestError
from mapillary_coverage.core.filters import CoverageFilter

MAY_1 = 1_714_521_600_000  # 2024-05-01T00:00:00Z
DAY = 86_400_000


def columns(times, panoramas=None):
    return {"captured_at": times, "is_pano": panoramas or [None] * len(times)}


def test_without_a_filter_everything_is_kept():
    rows, removed = CoverageFilter().select(columns([None, 5, MAY_1], [True, False, None]))
    assert rows == [0, 1, 2]
    assert removed.total == 0


def test_both_days_belong_to_the_range_to_their_last_millisecond_in_utc():
    times = [MAY_1 - 1, MAY_1, MAY_1 + DAY - 1, MAY_1 + DAY]
    rows, removed = CoverageFilter(date(2024, 5, 1), date(2024, 5, 1)).select(columns(times))
    assert rows == [1, 2]
    assert removed.by_date == 2


@pytest.mark.parametrize("range_", [(date(2000, 1, 1), None), (None, date(2100, 1, 1))])
def test_what_has_no_date_is_left_out_by_a_date_and_counted(range_):
    rows, removed = CoverageFilter(*range_).select(columns([None, MAY_1, None]))
    assert rows == [1]
    assert (removed.undated, removed.by_date) == (2, 0)


def test_only_and_without_split_all_exactly():
    table = columns([1] * 4, [True, False, None, True])
    only, removed = CoverageFilter(panorama="only").select(table)
    without, _ = CoverageFilter(panorama="without").select(table)
    assert only == [0, 3]
    assert without == [1, 2]
    assert removed.by_panorama == 2


def test_a_feature_counts_as_removed_once():
    _, removed = CoverageFilter(date(2024, 5, 1), panorama="only").select(columns([1, MAY_1, None], [False] * 3))
    assert (removed.by_date, removed.undated, removed.by_panorama, removed.total) == (1, 1, 1, 3)


def test_a_range_that_ends_before_it_starts_is_an_error():
    with pytest.raises(InvalidRequestError, match="2024-05-02 is after the end date 2024-05-01"):
        CoverageFilter(date(2024, 5, 2), date(2024, 5, 1))


def test_another_word_for_panoramas_is_an_error():
    with pytest.raises(InvalidRequestError, match="all, only, without"):
        CoverageFilter(panorama="none")


def test_a_filter_reads_as_a_sentence():
    text = str(CoverageFilter(date(2024, 5, 1), date(2024, 6, 1), "only"))
    assert text == "captured from 2024-05-01, captured up to and including 2024-06-01, panoramas only"
