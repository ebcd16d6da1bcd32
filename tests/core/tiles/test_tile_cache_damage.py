"""What happens to a run when the tile cache does not work."""

import os
import resource
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mapillary_coverage.core.download.report import warnings
from mapillary_coverage.core.network.access import CacheSettings
from mapillary_coverage.core.tiles.tile_cache import TileCache, cache_path
from tests.core.tiles.test_tile_cache import TILE, TILESET, cache, change, file_of, is_sound, run, server, sources  # noqa: F401


def overwrite(path, start, length):
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


def change_type(path, column):
    """As a flipped bit does, which SQLite does not notice."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(f"UPDATE fetches SET {column} = x'00ff'")


DAMAGE = {
    "header": lambda path: overwrite(path, 0, 100),
    "schema": lambda path: overwrite(path, 100, 2000),
    "pages": lambda path: overwrite(path, 4096, path.stat().st_size - 4096),
    "words": lambda path: path.write_bytes(path.read_bytes().replace(b"NOT NULL", b"NOT \xdfULL")),
    "times": lambda path: change_type(path, "fetched_at"),
    "reasons": lambda path: change_type(path, "reason"),
    "sizes": lambda path: change_type(path, "stored_bytes"),
    "features": lambda path: change_type(path, "features"),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "one page": lambda path: os.truncate(path, 4096),
    "text": lambda path: path.write_text("no database at all " * 500),
    "wal": lambda path: Path(f"{path}-wal").write_bytes(os.urandom(5000)),
    "other format": lambda path: change(path, "PRAGMA user_version = 99"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_replaced_and_the_run_is_complete(server, cache, damage):  # noqa: F811
    whole = run(server, cache)
    path = file_of(server, cache)
    DAMAGE[damage](path)
    result = run(server, cache)
    assert result.images == whole.images
    assert {record.status for record in result.ledger} == {"ok"}
    again = run(server, cache)
    assert sources(again) == {"cache"}
    assert is_sound(path)


def test_a_damaged_blob_is_fetched_again(server, cache):  # noqa: F811
    run(server, cache)
    change(file_of(server, cache), "UPDATE tiles SET tile_data = x'1f8b0800' WHERE tile_column = 8528")
    change(file_of(server, cache), "UPDATE tiles SET tile_data = x'0801' WHERE tile_column = 8529 AND tile_row % 2 = 0")
    change(file_of(server, cache), "UPDATE tiles SET tile_data = 'text' WHERE tile_column = 8529 AND tile_row % 2 = 1")
    result = run(server, cache)
    assert {record.status for record in result.ledger} == {"ok"}
    assert [record.source for record in result.ledger].count("network") == 8
    assert sources(run(server, cache)) == {"cache"}


def test_another_programs_database_is_left_alone_and_said(server, cache):  # noqa: F811
    path = file_of(server, cache)
    path.parent.mkdir(parents=True)
    change(path, "CREATE TABLE mine (precious TEXT)")
    result = run(server, cache, TILE, TILE)
    assert result.ledger[0].status == "ok"
    assert "is another program's file" in warnings(result)[0]
    assert change(path, "SELECT count(*) FROM mine") == [(0,)]


def test_a_folder_that_cannot_be_written_to_is_read_and_said(server, open_folder, request):  # noqa: F811
    kept = CacheSettings(open_folder / "cache")
    run(server, kept)
    path = file_of(server, kept)
    for entry in (path, path.parent, kept.folder):
        entry.chmod(0o555 if entry.is_dir() else 0o444)
    request.getfixturevalue("ordinary_user")
    result = run(server, kept)
    assert sources(result) == {"cache"}
    assert warnings(result)[0].startswith("Tiles are not kept for the next time: ")


def test_a_folder_that_cannot_be_made_costs_the_cache_only(server, request, open_folder):  # noqa: F811
    open_folder.chmod(0o555)
    request.getfixturevalue("ordinary_user")
    result = run(server, CacheSettings(open_folder / "cache"), TILE, TILE)
    assert sources(result) == {"network"}
    assert "Permission denied" in warnings(result)[0]


def test_a_file_in_place_of_the_folder_costs_the_cache_only(server, tmp_path):  # noqa: F811
    (tmp_path / "file").write_text("")
    result = run(server, CacheSettings(tmp_path / "file"), TILE, TILE)
    assert warnings(result)[0].startswith("Tiles are not kept for the next time: ")


def test_a_full_disk_costs_the_cache_only(server, cache):  # noqa: F811
    run(server, cache, TILE, TILE)
    path = file_of(server, cache)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20_000, before[1]))
    try:
        result = run(server, cache)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert {record.status for record in result.ledger} == {"ok"}
    assert warnings(result)[0].startswith("Tiles are not kept for the next time: ")
    assert is_sound(path)
    assert warnings(run(server, cache)) == []


def test_a_file_that_is_locked_holds_nobody_up_for_ever(server, cache, monkeypatch):  # noqa: F811
    monkeypatch.setattr("mapillary_coverage.core.tiles.mbtiles._BUSY_SECONDS", 0.1)
    run(server, cache, TILE, TILE)
    with closing(sqlite3.connect(file_of(server, cache), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        result = run(server, cache)
        other.execute("ROLLBACK")
    assert {record.status for record in result.ledger} == {"ok"}
    assert warnings(result) == ["Tiles are not kept for the next time: database is locked."]


def test_a_damaged_file_of_another_tileset_does_not_cost_this_one(server, cache):  # noqa: F811
    run(server, cache, position="computed")
    other = cache_path(cache, server.tiles_url, "mly1_computed_public")
    overwrite(other, 4096, other.stat().st_size - 4096)
    small = CacheSettings(cache.folder, max_bytes=10**6)
    run(server, small)
    assert sources(run(server, small)) == {"cache"}


def test_a_locked_file_of_the_older_kind_is_left_to_who_holds_it(server, cache, monkeypatch):  # noqa: F811
    monkeypatch.setattr("mapillary_coverage.core.tiles.mbtiles._BUSY_SECONDS", 0.1)
    run(server, cache)
    path = file_of(server, cache)
    change(path, "PRAGMA journal_mode = DELETE")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        result = run(server, cache)
        other.execute("UPDATE fetches SET features = features + 1")
        other.execute("COMMIT")
    assert {record.status for record in result.ledger} == {"ok"}
    assert is_sound(path)
    assert sources(run(server, cache)) == {"cache"}


def test_a_tile_that_could_not_be_written_for_a_reader_locks_nobody_out(server, cache, monkeypatch):  # noqa: F811
    monkeypatch.setattr("mapillary_coverage.core.tiles.mbtiles._BUSY_SECONDS", 0.1)
    run(server, cache, TILE, TILE)
    path = file_of(server, cache)
    change(path, "PRAGMA journal_mode = DELETE")
    tiles = TileCache(cache, server.tiles_url, TILESET)
    with closing(sqlite3.connect(path, 0, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM fetches").fetchall()
        tiles.forget(TILE)
        other.execute("COMMIT")
        assert tiles.problem == "Tiles are not kept for the next time: database is locked."
        other.execute("UPDATE fetches SET features = 1")
    tiles.close()
