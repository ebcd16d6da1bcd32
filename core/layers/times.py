"""Times as QGIS has them, which are in UTC, and those that it takes for local ones."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QDateTime, Qt


def qgis_time(milliseconds: Optional[int]) -> Optional[QDateTime]:
    """A time in UTC as QGIS has it."""
    return None if milliseconds is None else QDateTime.fromMSecsSinceEpoch(milliseconds, Qt.TimeSpec.UTC)
