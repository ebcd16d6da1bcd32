"""Values of untrusted tiles."""

import pytest

from mapillary_coverage.core.mapillary.cleaning import LAST_TIME_MS, clean_column
from mapillary_coverage.core.mapillary.schema import Kind


@pytest.mark.parametrize(
    ("kind", "given", "cleaned"),
    [
        (Kind.OBJECT_ID, 26275324248758064, "26275324248758064"),
        (Kind.OBJECT_ID, "344903546965710", "344903546965710"),
        (Kind.OBJECT_ID, 0, None),
        (Kind.OBJECT_ID, -5, None),
        (Kind.OBJECT_ID, "", None),
        (Kind.OBJECT_ID, "abc", None),
        (Kind.OBJECT_ID, "٣", None),
        (Kind.OBJECT_ID, 5.0, "5"),
        (Kind.OBJECT_ID, 1.5, None),
        (Kind.OBJECT_ID, float(2**53), None),
        (Kind.OBJECT_ID, True, None),
        (Kind.KEY, "dBkJqZ1aoL1UEzaNQ9_iqA", "dBkJqZ1aoL1UEzaNQ9_iqA"),
        (Kind.KEY, "", None),
        (Kind.KEY, 12, None),
        (Kind.TIME, 1630419867000, 1630419867000),
        (Kind.TIME, 0, None),
        (Kind.TIME, -1, None),
        (Kind.TIME, LAST_TIME_MS, LAST_TIME_MS),
        (Kind.TIME, LAST_TIME_MS + 1, None),
        (Kind.TIME, "", None),
        (Kind.TIME, True, None),
        (Kind.ANGLE, 0.0, 0.0),
        (Kind.ANGLE, 252, 252.0),
        (Kind.ANGLE, 360.5, None),
        (Kind.ANGLE, -0.1, None),
        (Kind.ANGLE, float("nan"), None),
        (Kind.ANGLE, 10**400, None),
        (Kind.ANGLE, "90.5", 90.5),
        (Kind.ANGLE, "nan", None),
        (Kind.ANGLE, "", None),
        (Kind.FLAG, "1", True),
        (Kind.FLAG, "yes", None),
        (Kind.FLAG, True, True),
        (Kind.FLAG, 1, True),
        (Kind.FLAG, 0, False),
        (Kind.FLAG, 2, None),
        (Kind.FLAG, "", None),
        (Kind.SCORE, 0.83, 0.83),
        (Kind.SCORE, 0, None),
        (Kind.SCORE, 1.2, None),
    ],
)
def test_absent_wrong_and_impossible_values_become_null(kind, given, cleaned):
    (value,) = clean_column(kind, [given])
    assert value == cleaned
    assert type(value) is type(cleaned)
