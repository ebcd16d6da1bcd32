"""Which images and sequences are kept, by date and by panorama, as one value that every part of the plugin shares.

A filter acts on the layers that have its field. Both days of a date range belong to it, in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any, Optional

from .errors import InvalidRequestError

PANORAMA_CHOICES = ("all", "only", "without")

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass
class Removed:
    """How many features each filter took out, the first one that did counting."""

    undated: int = 0
    by_date: int = 0
    by_panorama: int = 0

    def add(self, other: Removed) -> None:
        """Count another tile's in."""
        self.undated += other.undated
        self.by_date += other.by_date
        self.by_panorama += other.by_panorama

    @property
    def total(self) -> int:
        """All that were taken out."""
        return self.undated + self.by_date + self.by_panorama


@dataclass(frozen=True)
class CoverageFilter:
    """Captured from `start_date` to `end_date`, both included, and panoramas `all`, `only` or `without`.

    With a date, features without one are left out. `without` keeps what is not known to be a panorama, so that `only`
    and `without` together are `all`. Raises InvalidRequestError for a range that ends before it starts, or another
    word.
    """

    start_date: Optional[date] = None
    end_date: Optional[date] = None
    panorama: str = "all"

    def __post_init__(self) -> None:
        if self.start_date and self.end_date and self.start_date > self.end_date:
            raise InvalidRequestError(
                f"The start date {self.start_date} is after the end date {self.end_date}. Swap them."
            )
        if self.panorama not in PANORAMA_CHOICES:
            raise InvalidRequestError(f"Panoramas can be {', '.join(PANORAMA_CHOICES)}, not “{self.panorama}”.")

    @property
    def is_active(self) -> bool:
        """Whether it could take anything out."""
        return bool(self.start_date or self.end_date) or self.panorama != "all"

    def select(self, columns: Mapping[str, Sequence[Any]]) -> tuple[list[int], Removed]:
        """The rows that are kept, ascending, of the cleaned columns `captured_at` (ms) and `is_pano`."""
        removed = Removed()
        rows: Sequence[int] = range(len(columns["captured_at"]))
        if self.start_date or self.end_date:
            rows = self._select_by_date(columns["captured_at"], removed)
        if self.panorama != "all":
            wanted = self.panorama == "only"
            flags = columns["is_pano"]
            before = len(rows)
            rows = [row for row in rows if (flags[row] is True) is wanted]
            removed.by_panorama = before - len(rows)
        return list(rows), removed

    def _select_by_date(self, times: Sequence[Optional[int]], removed: Removed) -> list[int]:
        start = _midnight_ms(self.start_date) if self.start_date else 0
        end = _midnight_ms(self.end_date) + 86_400_000 if self.end_date else float("inf")
        rows = [row for row, time in enumerate(times) if time is not None and start <= time < end]
        removed.undated = sum(time is None for time in times)
        removed.by_date = len(times) - removed.undated - len(rows)
        return rows

    def __str__(self) -> str:
        parts = []
        if self.start_date:
            parts.append(f"captured from {self.start_date}")
        if self.end_date:
            parts.append(f"captured up to and including {self.end_date}")
        if self.panorama != "all":
            parts.append("panoramas only" if self.panorama == "only" else "without panoramas")
        return ", ".join(parts) or "no filter"


def _midnight_ms(day: date) -> int:
    midnight = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
    return (midnight - _EPOCH) // timedelta(milliseconds=1)
