"""SQLite for several threads and processes, which says what is damaged in one way."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def _damage_said() -> Iterator[None]:
    """Python's sqlite3 fails to make its exception where SQLite quotes damaged words of the file in the message."""
    try:
        yield
    except UnicodeDecodeError:
        raise sqlite3.DatabaseError("The file is damaged.") from None


class _Connection(sqlite3.Connection):
    @_damage_said()
    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        return super().execute(*arguments)

    @_damage_said()
    def executescript(self, *arguments: Any) -> sqlite3.Cursor:
        return super().executescript(*arguments)


def connect(database: str, busy_seconds: float) -> sqlite3.Connection:
    """A connection to a file, or to what a URI of SQLite says, without transactions of its own accord.

    `sqlite3.DatabaseError` itself then means that the file is damaged; its subclasses are about a file that is locked,
    or that cannot be opened or written to.
    """
    return sqlite3.connect(
        database, busy_seconds, isolation_level=None, check_same_thread=False, factory=_Connection, uri=True
    )
