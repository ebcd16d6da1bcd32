"""Values of untrusted tiles."""

import pytest

from mapillary_coverage.core.mapillary.cleaning import LAST_TIME_MS, clean_column
from mapillary_coverage.core.mapillary.schema import FieldType


@pytest.mark.parametrize(
    ("kind", "given", "cleaned"),
    [
        (FieldType.OBJECT_ID, 26275324248758064, "26275324248758064"),
        (FieldType.OBJECT_ID, "344903546965710", "344903546965710"),
        (FieldType.OBJECT_ID, 0, None),
        (FieldType.OBJECT_ID, -5, None),
        (FieldType.OBJECT_ID, "", None),
        (FieldType.OBJECT_ID, "abc", None),
        (FieldType.OBJECT_ID, "٣", None),
        (FieldType.OBJECT_ID, 5.0, "5"),
        (FieldType.OBJECT_ID, 1.5, None),
        (FieldType.OBJECT_ID, float(2**53), None),
        (FieldType.OBJECT_ID, True, None),
        (FieldType.KEY, "dBkJqZ1aoL1UEzaNQ9_iqA", "dBkJqZ1aoL1UEzaNQ9_iqA"),
        (FieldType.KEY, "", None),
        (FieldType.KEY, 12, None),
        (FieldType.TIME, 1630419867000, 1630419867000),
        (FieldType.TIME, 0, None),
        (FieldType.TIME, -1, None),
        (FieldType.TIME, LAST_TIME_MS, LAST_TIME_MS),
        (FieldType.TIME, LAST_TIME_MS + 1, None),
        (FieldType.TIME, "", None),
        (FieldType.TIME, True, None),
        (FieldType.ANGLE, 0.0, 0.0),
        (FieldType.ANGLE, 252, 252.0),
        (FieldType.ANGLE, 360.5, None),
        (FieldType.ANGLE, -0.1, None),
        (FieldType.ANGLE, float("nan"), None),
        (FieldType.ANGLE, 10**400, None),
        (FieldType.ANGLE, "90.5", 90.5),
        (FieldType.ANGLE, "nan", None),
        (FieldType.ANGLE, "", None),
        (FieldType.FLAG, "1", True),
        (FieldType.FLAG, "yes", None),
        (FieldType.FLAG, True, True),
        (FieldType.FLAG, 1, True),
        (FieldType.FLAG, 0, False),
        (FieldType.FLAG, 2, None),
        (FieldType.FLAG, "", None),
        (FieldType.SCORE, 0.83, 0.83),
        (FieldType.SCORE, 0, None),
        (FieldType.SCORE, 1.2, None),
    ],
)
def test_absent_wrong_and_impossible_values_become_null(kind, given, cleaned):
    (value,) = clean_column(kind, [given])
    assert value == cleaned
    assert type(value) is type(cleaned)
