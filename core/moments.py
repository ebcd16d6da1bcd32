"""Times as tiles and the graph have them: milliseconds since 1970 UTC."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Optional

DAY_MS = 86_400_000

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def moment(milliseconds: int) -> datetime:
    """That time in UTC; unlike datetime's own way it takes any year on every system."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds_of(time: datetime) -> int:
    """Of a time that knows its zone; what is below a millisecond is cut."""
    return (time - _EPOCH) // timedelta(milliseconds=1)


def day_range_ms(start: Optional[date], end: Optional[date]) -> tuple[float, float]:
    """From the first millisecond of one day (UTC) up to, and without, the first after the other; None is without
    limit.
    """
    return _midnight_ms(start) if start else 0, _midnight_ms(end) + DAY_MS if end else float("inf")


def months_before(day: date, months: int) -> date:
    """The same day of the month so many months earlier, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first = date(year, month + 1, 1)
    following = date(year + month // 11, (month + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1))


def _midnight_ms(day: date) -> int:
    return milliseconds_of(datetime(day.year, day.month, day.day, tzinfo=timezone.utc))
