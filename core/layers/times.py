"""Times as QGIS has them, which are in UTC, and those that it takes for local ones."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime, Qt


def qgis_time(milliseconds: Optional[int]) -> Optional[QDateTime]:
    """A time in UTC as QGIS has it."""
    return None if milliseconds is None else QDateTime.fromMSecsSinceEpoch(milliseconds, Qt.TimeSpec.UTC)


def reads_utc(layer: QgsVectorLayer) -> bool:
    """Whether the layer's local times are in UTC: QGIS 3.22 reads the UTC times of a file as if they were local."""
    return bool(layer.providerType() == "ogr")


def qgis_milliseconds(time: QDateTime, reads_utc: bool) -> Optional[int]:
    """Since 1970 UTC, of a time of a layer that `reads_utc` or does not; None for one that is not valid."""
    if reads_utc and time.timeSpec() == Qt.TimeSpec.LocalTime:
        time = QDateTime(time.date(), time.time(), Qt.TimeSpec.UTC)
    return int(time.toMSecsSinceEpoch()) if time.isValid() else None
