"""The ledger: what became of every tile of a run, so that "no photo here" and "no answer here" stay apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional

from ..area.tiling import TileId
from ..wording import counted

OK, EMPTY, FAILED, SKIPPED = "ok", "empty", "failed", "skipped"
STATUSES = (OK, EMPTY, FAILED, SKIPPED)


@dataclass(frozen=True)
class TileRecord:
    """One tile of a run.

    `skipped` was never asked for, because the run was stopped. `features` were decoded, `kept` are left after filter
    and clip, `bytes` came over the network, `fetched_at` is in milliseconds since 1970 UTC.
    """

    tile: TileId
    tileset: str
    status: str
    reason: str = ""
    features: int = 0
    kept: int = 0
    bytes: int = 0
    source: Optional[str] = None
    fetched_at: Optional[int] = None


def verdict(ledger: Iterable[TileRecord]) -> str:
    """The ledger in a line, such as `4 tiles: 3 ok, 1 failed`."""
    counts = Counter(record.status for record in ledger)
    total = sum(counts.values())
    parts = [f"{counts[status]:,} {status}" for status in STATUSES if counts[status]]
    return f"{counted(total, 'tile')}: {', '.join(parts)}"


def reasons(ledger: Iterable[TileRecord], status: str) -> list[str]:
    """Why tiles have this status, the most frequent first, each with its count where there are several."""
    counts = Counter(record.reason for record in ledger if record.status == status and record.reason)
    return [f"{reason} ({count:,} tiles)" if count > 1 else reason for reason, count in counts.most_common()]
