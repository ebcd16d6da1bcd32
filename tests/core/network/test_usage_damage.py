"""What happens to the day's count when its file does not work."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mapillary_coverage.core.network.usage import Usage
from tests.core.network.test_usage import ANY_PACE, MINE, THEIRS, admit, change


def overwrite(path, start, length=-1):
    with path.open("r+b") as file:
        file.seek(start)
        file.write(os.urandom(length if length > 0 else path.stat().st_size - start))


def overwrite_pace(path):
    with closing(sqlite3.connect(path)) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'pace'").fetchall()
    overwrite(path, (page - 1) * 4096, 4096)


DAMAGE = {
    "random bytes": lambda path: path.write_bytes(os.urandom(20_000)),
    "text": lambda path: path.write_text("no database at all " * 500),
    "schema": lambda path: overwrite(path, 100),
    "pages": lambda path: overwrite(path, 4096),
    "pace": overwrite_pace,
    "words": lambda path: path.write_bytes(path.read_bytes().replace(b"NOT NULL", b"NOT \xdfULL")),
    "count": lambda path: change(path, "UPDATE used SET tiles = 'many'"),
    "time": lambda path: change(path, "UPDATE pace SET due = 'soon'"),
    "cut": lambda path: os.truncate(path, 5000),
    "empty": lambda path: os.truncate(path, 0),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_replaced(usage, path, damage):
    admit(usage, 3)
    usage.close()
    DAMAGE[damage](path)
    assert admit(usage, 3) == [0] * 3
    assert usage.problem is None
    usage.close()
    assert Usage(path).used_today(MINE) >= 3, "and the new one is kept"


def test_a_damaged_file_does_not_begin_the_day_anew(usage, path):
    admit(usage, 3)
    usage.close()
    path.write_text("no database at all " * 500)
    admit(usage)
    assert usage.used_today(MINE) == 4


def test_the_count_goes_on_when_the_file_goes_missing(usage, path):
    admit(usage, 3)
    admit(usage, 2, THEIRS)
    shutil.rmtree(path.parent)
    admit(usage)
    assert (usage.used_today(MINE), usage.used_today(THEIRS)) == (4, 2)
    assert usage.problem.startswith("The tiles used today are counted for this session only: ")


def test_what_belongs_to_a_damaged_file_goes_with_it(usage, path):
    admit(usage, 3)
    usage.close()
    beside = [Path(f"{path}{ending}") for ending in ("-wal", "-shm")]
    for file in (path, *beside):
        file.write_bytes(os.urandom(20_000))
    admit(usage)
    assert usage.problem is None
    assert usage.used_today(MINE) == 4
    assert not any(file.exists() for file in beside)
    usage.close()
    assert Usage(path).used_today(MINE) == 4


def test_a_damaged_file_is_let_go_of_before_it_is_replaced(usage, path):
    """On Windows an open file cannot be deleted."""
    path.parent.mkdir()
    path.write_bytes(os.urandom(20_000))
    open_when_deleted = {}
    unlink = Path.unlink

    def watched(self, **options):
        held = [entry.resolve() for entry in Path("/proc/self/fd").iterdir()]
        open_when_deleted[self.name] = self.resolve() in held
        unlink(self, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", watched)
        admit(usage)
    assert open_when_deleted == {"usage.sqlite": False, "usage.sqlite-wal": False, "usage.sqlite-shm": False}


def test_a_folder_in_place_of_the_file_costs_the_memory_only(path):
    path.mkdir(parents=True)
    assert_counts_for_the_session_only(Usage(path, ANY_PACE))
    assert path.is_dir()


def test_a_file_in_place_of_the_folder_costs_the_memory_only(path):
    path.parent.write_text("")
    assert_counts_for_the_session_only(Usage(path, ANY_PACE))


def test_a_folder_that_cannot_be_written_to_costs_the_memory_only(open_folder, request):
    open_folder.chmod(0o555)
    request.getfixturevalue("ordinary_user")
    assert_counts_for_the_session_only(Usage(open_folder / "usage.sqlite", ANY_PACE))
    assert_counts_for_the_session_only(Usage(open_folder / "folder" / "usage.sqlite", ANY_PACE))


def assert_counts_for_the_session_only(usage):
    assert admit(usage, 3) == [0] * 3
    assert usage.used_today(MINE) == 3
    assert usage.problem.startswith("The tiles used today are counted for this session only: ")


def test_a_file_that_is_locked_for_good_costs_the_memory_only(usage, path, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.network.usage._BUSY_SECONDS", 0.001)
    admit(usage, 2)
    usage.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        early = admit(usage, 100)
        other.execute("ROLLBACK")
    assert all(early[:-1])
    assert early[-1] == 0
    assert usage.used_today(MINE) == 3
    assert usage.problem.startswith("The tiles used today are counted for this session only: database is locked")


def test_a_file_that_is_locked_for_a_moment_is_waited_for(usage, path, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.network.usage._BUSY_SECONDS", 0.001)
    admit(usage, 2)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        for _ in range(3):
            other.execute("BEGIN EXCLUSIVE")
            assert all(admit(usage, 40))
            assert usage.used_today(MINE) == 2, "as was known last"
            other.execute("ROLLBACK")
            assert usage.used_today(MINE) == 2
    assert usage.problem is None
    assert Usage(path).used_today(MINE) == 2
