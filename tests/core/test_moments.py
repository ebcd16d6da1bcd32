"""Months back from a day."""

from datetime import date

import pytest

from mapillary_coverage.core.moments import months_before


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 11, 23), 1, date(2026, 10, 23)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 12, 31), 12, date(2025, 12, 31)),
        (date(2026, 12, 31), 1, date(2026, 11, 30)),
    ],
)
def test_months_are_counted_back_by_the_calendar(day, months, expected):
    assert months_before(day, months) == expected
