"""The times of layers, whatever QGIS takes them for."""

import pytest
from qgis.PyQt.QtCore import QDateTime, Qt

from mapillary_coverage.core.layers.times import qgis_milliseconds, qgis_time

pytestmark = pytest.mark.qgis

SKIPPED = 1_711_852_200_123  # 2024-03-31T02:30:00.123Z, an hour that clocks in Berlin skip


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
@pytest.mark.parametrize("milliseconds", [0, SKIPPED, SKIPPED + 10**10])
def test_a_time_in_utc_that_is_taken_for_a_local_one_is_read_as_it_is(in_zone, zone, milliseconds):
    in_zone(zone)
    right = qgis_time(milliseconds)
    taken = QDateTime(right.date(), right.time(), Qt.TimeSpec.LocalTime)
    assert qgis_milliseconds(taken, reads_utc=True) == milliseconds
    assert qgis_milliseconds(right, reads_utc=True) == milliseconds
    assert qgis_milliseconds(right, reads_utc=False) == milliseconds
    local = QDateTime.fromMSecsSinceEpoch(milliseconds)
    assert qgis_milliseconds(local, reads_utc=False) == milliseconds


@pytest.mark.parametrize("reads_utc", [True, False])
def test_what_is_no_time_has_no_milliseconds(reads_utc):
    assert qgis_milliseconds(QDateTime(), reads_utc) is None
