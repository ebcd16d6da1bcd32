"""Files of SQLite for several threads and processes: opened, asked, and replaced where they are damaged."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Generic, Optional, Protocol, TypeVar
from urllib.parse import quote


class _Closable(Protocol):
    def close(self) -> None: ...


_T = TypeVar("_T")
_Opened = TypeVar("_Opened", bound=_Closable)


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


def connect(path: Optional[Path], busy_seconds: float, is_writable: bool = True) -> sqlite3.Connection:
    """A connection to the file, or to memory without one, without transactions of its own accord. What is to be written
    is made, with its folder, where it is not there; what is not is taken for unchanging. Raises sqlite3.Error and
    OSError.
    """
    if path is not None and is_writable:
        path.parent.mkdir(parents=True, exist_ok=True)
    return sqlite3.connect(
        ":memory:" if path is None else f"{_uri(path)}?{'mode=rwc' if is_writable else 'immutable=1'}",
        busy_seconds,
        isolation_level=None,
        check_same_thread=False,
        factory=_Connection,
        uri=True,
    )


def is_damaged(error: Exception) -> bool:
    """Whether the file is damaged: else it is locked, or cannot be opened or written to."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def is_locked(error: Exception) -> bool:
    """Whether another QGIS, or GDAL, is using the file at this moment."""
    return "locked" in str(error) or "busy" in str(error)


class DatabaseFile(Generic[_Opened]):
    """A file that threads use one at a time; `make` opens it. In place of a damaged one there comes a new one, as long
    as it `is_writable`.
    """

    def __init__(self, path: Optional[Path], make: Callable[[], _Opened]) -> None:
        self.is_writable = path is not None
        self._path = path
        self._make = make
        self._lock = threading.RLock()
        self._opened: Optional[_Opened] = None

    def open(self) -> None:
        """Open the file where it is not. Raises sqlite3.Error, OSError, and what `make` raises."""
        with self._lock:
            if self._opened is not None:
                return
            try:
                self._opened = self._make()
            except sqlite3.DatabaseError as error:
                if not (is_damaged(error) and self.is_writable):
                    raise
                self._replaced()

    def ask(self, question: Callable[[_Opened], _T], otherwise: _T) -> _T:
        """The answer, which a new file gives where the old one turns out to be damaged; `otherwise` where none is open.
        Raises as `open` does.
        """
        with self._lock:
            if self._opened is None:
                return otherwise
            try:
                return question(self._opened)
            except sqlite3.DatabaseError as error:
                if not is_damaged(error):
                    raise
                # Windows deletes no file that is open.
                self.close()
                return question(self._replaced()) if self.is_writable else otherwise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _replaced(self) -> _Opened:
        """Take the damaged file away, with the two that belong to it."""
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        self._opened = self._make()
        return self._opened


def _uri(path: Path) -> str:
    """With an empty host before what begins with a slash: SQLite takes a share such as //server/folder for one."""
    name = quote(path.absolute().as_posix())
    return f"file://{name}" if name.startswith("/") else f"file:{name}"
