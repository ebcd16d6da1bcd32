"""Where files are made and how they come to their place: beside it first, so that what is there stays until the new is
complete.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import rmtree
from stat import S_IWUSR
from tempfile import mkdtemp
from traceback import clear_frames

from .errors import (
    NotAGeoPackageError,
    ProtectedTargetError,
    TargetInUseError,
    TargetIsFolderError,
    UnusableFolderError,
)
from .formats import Format

_LOCK_SECONDS = 5.0
_HELD = (5, 6)
"""SQLITE_BUSY and SQLITE_LOCKED."""

_SIDECARS = ("-wal", "-shm", "-journal")


def check_target(path: Path) -> None:
    """Raises UnusableFolderError, TargetIsFolderError and ProtectedTargetError."""
    try:
        if not path.parent.is_dir():
            raise UnusableFolderError(path.parent, "it does not exist")
        if path.is_dir():
            raise TargetIsFolderError(path)
        if path.exists() and not path.stat().st_mode & S_IWUSR:
            raise ProtectedTargetError(path)
    except OSError as error:
        raise UnusableFolderError(path.parent, _reason(error)) from None


def present_files(path: Path, target: Format) -> list[Path]:
    """The files that are there of a layer at the path."""
    return [file for file in (path.with_suffix(ending) for ending in target.files) if file.exists()]


@contextmanager
def workplace(path: Path) -> Iterator[Path]:
    """A folder beside the file, gone at the end. Only where QGIS is killed it stays, under a name that says what it is.
    Raises UnusableFolderError.
    """
    try:
        folder = Path(mkdtemp(prefix=f"{path.stem} unfinished export ", dir=path.parent))
    except OSError as error:
        raise UnusableFolderError(path.parent, _reason(error)) from None
    try:
        yield folder
    except Exception as error:
        # Windows deletes no open file, and the frames hold what was being written.
        clear_frames(error.__traceback__)
        raise
    finally:
        rmtree(folder, ignore_errors=True)


def copy_geopackage(source: Path, copy: Path) -> None:
    """The file as it is now, with what SQLite keeps beside it while it is open. Raises NotAGeoPackageError."""
    try:
        original = sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=_LOCK_SECONDS)
        with closing(original), closing(sqlite3.connect(copy)) as made:
            _copy_database(original, made)
    except sqlite3.Error as error:
        raise NotAGeoPackageError(source, str(error)) from None
    settle(copy)


def _copy_database(source: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    """All of it at once, seen by others only as a whole. Raises sqlite3.Error where another program holds a file, for
    which SQLite's own copying would wait without end.
    """
    tried_until = time.monotonic() + _LOCK_SECONDS

    def check(status: int, *_: int) -> None:
        if status in _HELD and time.monotonic() > tried_until:
            raise sqlite3.OperationalError("it is locked")

    source.backup(copy, progress=check)


def settle(path: Path) -> None:
    """Bring what SQLite keeps beside the file into it. Raises NotAGeoPackageError."""
    try:
        with closing(sqlite3.connect(path, timeout=_LOCK_SECONDS)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise NotAGeoPackageError(path, str(error)) from None


def state_of(path: Path) -> list[tuple[int, int]]:
    """Differs after somebody wrote to the GeoPackage."""
    files = [file for file in (path, Path(f"{path}-wal")) if file.exists()]
    return [(file.stat().st_mtime_ns, file.stat().st_size) for file in files]


def place(made: Sequence[tuple[Path, Path]], target: Format, folder: Path) -> None:
    """Move each file that was made, with all that belongs to it, to its path: all or none. Raises TargetInUseError.

    One file replaces another in one step. Of several, the old ones go into the folder first and come back where a step
    fails.
    """
    if target.is_database:
        _place_geopackage(*made[0])
        return
    moves = [(file, path.with_suffix(file.suffix)) for new, path in made for file in present_files(new, target)]
    if len(moves) == 1:
        _move(*moves[0])
        return
    aside = folder / "replaced"
    aside.mkdir()
    old = [file for _, path in made for file in present_files(path, target)]
    done: list[tuple[Path, Path]] = []
    try:
        for source, destination in [*((file, aside / file.name) for file in old), *moves]:
            _move(source, destination)
            done.append((source, destination))
    except TargetInUseError:
        for source, destination in reversed(done):
            _move(destination, source)
        raise


def _move(source: Path, destination: Path) -> None:
    try:
        source.replace(destination)
    except OSError as error:
        raise TargetInUseError(destination, _reason(error)) from None


def _place_geopackage(made: Path, path: Path) -> None:
    """A file that is open elsewhere is written by SQLite itself, which locks it and can undo; for a rename would leave
    the new file with the old one's journal, and Windows allows none.
    """
    if not any(Path(f"{path}{ending}").exists() for ending in _SIDECARS):
        try:
            made.replace(path)
        except PermissionError:
            pass
        except OSError as error:
            raise TargetInUseError(path, _reason(error)) from None
        else:
            return
    try:
        with closing(sqlite3.connect(made)) as new, closing(sqlite3.connect(path, timeout=_LOCK_SECONDS)) as old:
            _copy_database(new, old)
    except sqlite3.Error as error:
        raise TargetInUseError(path, str(error)) from None


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
