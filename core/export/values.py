"""Values of QGIS as GDAL takes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Optional

from osgeo import ogr
from qgis.PyQt.QtCore import QDateTime, Qt, QVariant

from ..layers.times import qgis_milliseconds
from ..moments import moment
from .formats import Format, Times
from .summary import ColumnType

_UTC_FLAG = 100
_BRIEF_TEXT = 32
"""Where text columns of limited length begin; GDAL widens them as longer text comes."""

Setter = Callable[[Any, int, Any], None]


def definition(name: str, kind: ColumnType, target: Format) -> Any:
    """GDAL's definition of a column."""
    if kind is ColumnType.TIME:
        return ogr.FieldDefn(name, ogr.OFTString if target.times is Times.TEXT else ogr.OFTDateTime)
    made = ogr.FieldDefn(name, _GDAL_TYPES[kind])
    if kind is ColumnType.FLAG and target.has_flags:
        made.SetSubType(ogr.OFSTBoolean)
    if kind is ColumnType.TEXT and target.longest_text is not None:
        made.SetWidth(_BRIEF_TEXT)
    return made


def setter(kind: ColumnType, target: Format, reads_utc: bool) -> Setter:
    """What puts a value into one of GDAL's features, at an index."""
    if kind is ColumnType.TIME:
        set_moment = _set_iso_text if target.times is Times.TEXT else _set_time
        return lambda feature, index, value: set_moment(feature, index, moment_of(value, reads_utc))
    return _SETTERS[kind]


def is_missing(value: Any) -> bool:
    """Whether this is no value; QGIS gives NULL as an empty QVariant."""
    return value is None or isinstance(value, QVariant)


def moment_of(value: QDateTime, reads_utc: bool) -> Optional[datetime]:
    """The time in UTC to the millisecond, None for one that is not valid. `reads_utc`: local times are in UTC."""
    milliseconds = qgis_milliseconds(value, reads_utc)
    return None if milliseconds is None else moment(milliseconds)


def iso_text(time: datetime) -> str:
    """Such as 2024-05-01T12:00:00Z, with milliseconds where there are any, of a time in UTC."""
    return time.replace(tzinfo=None).isoformat(timespec="milliseconds" if time.microsecond else "seconds") + "Z"


def _set_text(feature: Any, index: int, value: Any) -> None:
    feature.SetField(index, value if isinstance(value, str) else _text_of(value))


def _text_of(value: Any) -> str:
    """Lists and maps as JSON, times of day as ISO text."""
    if hasattr(value, "toString"):
        return str(value.toString(Qt.DateFormat.ISODate))
    return json.dumps(value, ensure_ascii=False, default=str)


def _set_whole(feature: Any, index: int, value: int) -> None:
    feature.SetFieldInteger64(index, int(value))


def _set_real(feature: Any, index: int, value: float) -> None:
    feature.SetField(index, float(value))


def _set_date(feature: Any, index: int, value: Any) -> None:
    feature.SetField(index, value.year(), value.month(), value.day(), 0, 0, 0.0, 0)


def _set_time(feature: Any, index: int, time: Optional[datetime]) -> None:
    if time is None:
        feature.SetFieldNull(index)
        return
    seconds = time.second + time.microsecond / 1e6
    feature.SetField(index, time.year, time.month, time.day, time.hour, time.minute, seconds, _UTC_FLAG)


def _set_iso_text(feature: Any, index: int, time: Optional[datetime]) -> None:
    if time is None:
        feature.SetFieldNull(index)
    else:
        feature.SetField(index, iso_text(time))


_GDAL_TYPES = {
    ColumnType.TEXT: ogr.OFTString,
    ColumnType.WHOLE: ogr.OFTInteger,
    ColumnType.LARGE: ogr.OFTInteger64,
    ColumnType.REAL: ogr.OFTReal,
    ColumnType.FLAG: ogr.OFTInteger,
    ColumnType.DATE: ogr.OFTDate,
}
_SETTERS: dict[ColumnType, Setter] = {
    ColumnType.TEXT: _set_text,
    ColumnType.WHOLE: _set_whole,
    ColumnType.LARGE: _set_whole,
    ColumnType.REAL: _set_real,
    ColumnType.FLAG: _set_whole,
    ColumnType.DATE: _set_date,
}
