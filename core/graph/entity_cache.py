"""What the graph said of single objects, so that a run that was cut off goes on where it was, and the names of users.

A run goes on without its cache where that fails, and `problem` says why. Addresses of pictures, meshes and clusters are
never in it: they end, and are signed.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Callable, Optional, TypeVar

from ..network.access import Access, CacheSettings
from ..network.database import DatabaseFile, connect
from ..network.replies import NumberAsWritten
from ..tiles.cache_folder import GRAPH_FILE
from .graph_fields import without_addresses

MOST_OBJECTS = 200_000
"""About 100 MB; beyond it the oldest go."""

_BUSY_SECONDS = 0.5
"""Cancel has to wait for as long."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS object (server TEXT, entity TEXT, id TEXT, fields TEXT NOT NULL, body TEXT NOT NULL,
    fetched_at REAL NOT NULL, PRIMARY KEY (server, entity, id));
CREATE INDEX IF NOT EXISTS object_age ON object (fetched_at);
CREATE TABLE IF NOT EXISTS creator (server TEXT, username TEXT, id TEXT NOT NULL, PRIMARY KEY (server, username));
"""

_T = TypeVar("_T")


class EntityCache:
    """The objects of one server; shared by the threads of a run. Without a folder it keeps nothing."""

    def __init__(self, settings: Optional[CacheSettings], server_url: str) -> None:
        self.problem: Optional[str] = None
        """Why nothing is kept, as a sentence."""
        self._server = server_url
        self._fresh_seconds = settings.fresh_seconds if settings else 0.0
        path = settings.folder / GRAPH_FILE if settings else None
        self._file = DatabaseFile(path, lambda: _connected(path))
        if path is not None:
            self._open()

    @classmethod
    def of(cls, access: Access) -> EntityCache:
        """The cache of the server that is asked."""
        return cls(access.cache, access.server.url)

    def find(self, entity: str, ids: Sequence[str], fields: Collection[str]) -> dict[str, dict[str, Any]]:
        """Those of the objects that were read lately with at least these fields, by id."""
        nothing: list[tuple[Any, ...]] = []
        rows = self._ask(lambda connection: self._rows(connection, entity, ids), nothing)
        read = {key: _read(body) for key, had, body in rows if set(fields) <= set(str(had).split(","))}
        return {key: body for key, body in read.items() if body is not None}

    def keep(self, entity: str, fields: Iterable[str], found: Mapping[str, Mapping[str, Any]]) -> None:
        """Store objects that were read with these fields."""
        found = {key: without_addresses(body) for key, body in found.items()}
        had, now = ",".join(fields), time.time()
        rows = [(self._server, entity, key, had, json.dumps(_as_written(body)), now) for key, body in found.items()]
        self._ask(lambda connection: _store(connection, rows), None)

    def creators(self, usernames: Sequence[str]) -> dict[str, str]:
        """The ids of those users whose names are known."""
        query = "SELECT id FROM creator WHERE server = ? AND username = ?"
        rows: list[tuple[str, Any]] = self._ask(
            lambda connection: [
                (name, connection.execute(query, (self._server, name)).fetchone()) for name in usernames
            ],
            [],
        )
        return {name: row[0] for name, row in rows if row and isinstance(row[0], str)}

    def keep_creator(self, username: str, creator_id: str) -> None:
        """Remember a user's id for good: ids do not change."""
        row = (self._server, username, creator_id)
        self._ask(lambda connection: connection.execute("INSERT OR REPLACE INTO creator VALUES (?, ?, ?)", row), None)

    def close(self) -> None:
        """Let go of the file, after taking out what is too old or too much."""
        self._ask(self._make_room, None)
        self._file.close()

    def _rows(self, connection: sqlite3.Connection, entity: str, ids: Sequence[str]) -> list[tuple[Any, ...]]:
        since = time.time() - self._fresh_seconds
        query = "SELECT id, fields, body FROM object WHERE server = ? AND entity = ? AND id = ? AND fetched_at >= ?"
        found = (connection.execute(query, (self._server, entity, key, since)).fetchone() for key in ids)
        return [row for row in found if row]

    def _make_room(self, connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM object WHERE fetched_at < ?", (time.time() - self._fresh_seconds,))
        connection.execute(
            "DELETE FROM object WHERE fetched_at <="
            " (SELECT fetched_at FROM object ORDER BY fetched_at DESC LIMIT 1 OFFSET ?)",
            (MOST_OBJECTS,),
        )

    def _open(self) -> None:
        try:
            self._file.open()
        except (sqlite3.Error, OSError) as error:
            self._note(error)

    def _ask(self, question: Callable[[sqlite3.Connection], _T], otherwise: _T) -> _T:
        try:
            return self._file.ask(question, otherwise)
        except (sqlite3.Error, OSError) as error:
            self._note(error)
        return otherwise

    def _note(self, reason: object) -> None:
        """The first failure, such as a full disk, ends the use of the file."""
        self._file.close()
        self.problem = f"What the graph says is not kept for the next time: {reason}."


def _connected(path: Optional[Path]) -> sqlite3.Connection:
    connection = connect(path, _BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _store(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """In one transaction: a file is slow to take many."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for row in rows:
            connection.execute("INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.execute("COMMIT")
    except sqlite3.Error:
        connection.execute("ROLLBACK")
        raise


def _as_written(body: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers that are known by their text, as a connected component's, as that text."""
    return {name: str(value) if name == "merge_cc" and value is not None else value for name, value in body.items()}


def _read(body: object) -> Optional[dict[str, Any]]:
    """The file can be damaged in ways that SQLite does not notice."""
    try:
        read = json.loads(body, parse_float=NumberAsWritten) if isinstance(body, str) else None
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None
