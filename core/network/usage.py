"""How many tiles were asked for today and when the next may be, shared by every QGIS of this person.

The count is of the plugin's own requests; other programs with the same token use up the same quota unseen.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Optional, TypeVar

from ..errors import QuotaExceededError
from .database import DatabaseFile, connect, is_locked

_T = TypeVar("_T")
_BUSY_SECONDS = 0.3
_CLOCK_SECONDS = 60.0
_MOST_REFUSALS = 100
"""In a row, about a minute: then nobody is using the file, but the folder is on a file system without locks."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS used (day TEXT, fingerprint TEXT, tiles INTEGER NOT NULL, PRIMARY KEY (day, fingerprint));
CREATE TABLE IF NOT EXISTS pace (host TEXT PRIMARY KEY, due REAL NOT NULL);
"""


@dataclass(frozen=True)
class Pace:
    """At most `burst` tiles at once and `per_second` in the long run, of at most `quota` in a day (UTC).

    The quota is Mapillary's documented one for an application. No pace is known to be safe: throttles were seen at 370
    tiles a minute and far below (docs/MAPILLARY_API.md, Limits and blocks).
    """

    burst: int = 300
    per_second: float = 2.0
    quota: int = 50_000


class Usage:
    """The counts of one file; where that cannot be used they last for this session, and `problem` says why."""

    def __init__(self, path: Optional[Path], pace: Optional[Pace] = None) -> None:
        self.pace = pace or Pace()
        self.problem: Optional[str] = None
        self._lock = threading.Lock()
        self._file = self._file_at(path)
        self._known: dict[tuple[str, str], int] = {}
        self._refusals = 0

    def used_today(self, fingerprint: str) -> int:
        """Tiles asked for since midnight UTC with the token of this fingerprint; while another QGIS holds the file, as
        many as were known last.
        """
        with self._lock:
            key = (_today(), fingerprint)
            used = self._safely(lambda connection: _used(connection, key), self._known.get(key, 0))
            self._known[key] = used
            return used

    def left_today(self, fingerprint: str) -> int:
        """What is left of the day's quota."""
        return max(0, self.pace.quota - self.used_today(fingerprint))

    def admit(self, fingerprint: str, host: str) -> float:
        """Count one tile, if it may be asked for now: 0. Else nothing is counted, and it is so many seconds too early.

        Raises QuotaExceededError where the day's quota is used up.
        """
        with self._lock:
            return self._safely(lambda connection: self._admit(connection, fingerprint, host), _BUSY_SECONDS)

    def _admit(self, connection: sqlite3.Connection, fingerprint: str, host: str) -> float:
        """Each tile makes the next due a little later; a host may be ahead of that by a burst (the leaky bucket)."""
        interval, now, key = 1 / self.pace.per_second, time.time(), (_today(), fingerprint)
        connection.execute("BEGIN IMMEDIATE")
        try:
            used = _used(connection, key)
            if used >= self.pace.quota:
                raise QuotaExceededError(1, 0, self.pace.quota)
            row = connection.execute("SELECT due FROM pace WHERE host = ? AND typeof(due) = 'real'", (host,)).fetchone()
            earliest = now - interval * (self.pace.burst - 1)
            # A time that no pace leads to comes from a clock that was set back.
            is_known = row is not None and row[0] <= now + interval + _CLOCK_SECONDS
            due = max(row[0], earliest) if is_known else earliest
            if due <= now:
                connection.execute("INSERT OR REPLACE INTO pace VALUES (?, ?)", (host, due + interval))
                used += 1
                connection.execute("INSERT OR REPLACE INTO used VALUES (?, ?, ?)", (*key, used))
        finally:
            if connection.in_transaction:
                connection.execute("COMMIT")
        self._known[key] = used
        return max(0.0, due - now)

    def _safely(self, question: Callable[[sqlite3.Connection], _T], while_locked: _T) -> _T:
        try:
            self._file.open()
            answer = self._file.ask(question, while_locked)
        except (sqlite3.Error, OSError) as error:
            self._refusals += 1
            if is_locked(error) and self._refusals < _MOST_REFUSALS:
                return while_locked
            self.problem = f"The tiles used today are counted for this session only: {error}."
            self._file.close()
            self._file = self._file_at(None)
            self._file.open()
            return self._file.ask(question, while_locked)
        self._refusals = 0
        return answer

    def _file_at(self, path: Optional[Path]) -> DatabaseFile[sqlite3.Connection]:
        return DatabaseFile(path, lambda: self._connected(path))

    def _connected(self, path: Optional[Path]) -> sqlite3.Connection:
        connection = connect(path, _BUSY_SECONDS)
        try:
            # Enough for QGIS to die at any moment; only a power cut could cost the count.
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(_SCHEMA)
            connection.execute("DELETE FROM used WHERE day < date('now', '-1 month')")
            # In place of a file that did not work, the count goes on.
            counts = [(*key, tiles) for key, tiles in self._known.items()]
            connection.executemany("INSERT OR IGNORE INTO used VALUES (?, ?, ?)", counts)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()


def _today() -> str:
    return datetime.now(timezone.utc).date().isoformat()


def _used(connection: sqlite3.Connection, key: tuple[str, str]) -> int:
    """A damaged file can hold what is no count."""
    row = connection.execute(
        "SELECT tiles FROM used WHERE day = ? AND fingerprint = ? AND typeof(tiles) = 'integer' AND tiles >= 0", key
    ).fetchone()
    return row[0] if row else 0
