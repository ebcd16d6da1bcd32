"""Times as tiles and the graph have them: milliseconds since 1970 UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

DAY_MS = 86_400_000

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def moment(milliseconds: int) -> datetime:
    """That time in UTC; unlike datetime's own way it takes any year on every system."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds_of(time: datetime) -> int:
    """Of a time that knows its zone; what is below a millisecond is cut."""
    return (time - _EPOCH) // timedelta(milliseconds=1)
