"""What the graph said is kept without what ends, quickly, and without holding up a run."""

import sqlite3
import threading
import time
from contextlib import closing

import pytest

from mapillary_coverage.core.graph.entity_cache import EntityCache
from mapillary_coverage.core.network.access import CacheSettings
from mapillary_coverage.core.tiles.cache_folder import GRAPH_FILE

URL = "https://graph.example"
ADDRESS = "https://scontent.example/mesh?sig=abc"


def cache_in(folder, **options):
    return EntityCache(CacheSettings(folder, **options), URL)


def test_addresses_that_end_are_not_kept_and_ids_are(tmp_path):
    body = {"mesh": {"id": "7", "url": ADDRESS}, "sfm_cluster": {"id": "8", "url": ADDRESS}, "make": "url"}
    with closing(cache_in(tmp_path)) as cache:
        cache.keep("image", ["mesh", "sfm_cluster", "make"], {"1": body})
        (kept,) = cache.find("image", ["1"], ["mesh"]).values()
    assert kept == {"mesh": {"id": "7"}, "sfm_cluster": {"id": "8"}, "make": "url"}
    assert not any(b"scontent" in path.read_bytes() for path in tmp_path.iterdir())


def test_a_lock_of_another_program_holds_nobody_up(tmp_path):
    with closing(cache_in(tmp_path)) as cache:
        cache.keep("image", ["make"], {"1": {"make": "a"}})
        with closing(sqlite3.connect(tmp_path / GRAPH_FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            started = time.monotonic()
            assert cache.find("image", ["1"], ["make"]), "reading needs no lock"
            for number in range(20):
                cache.keep("image", ["make"], {str(number): {"make": "b"}})
            cache.close()
            assert time.monotonic() - started < 3
        assert "locked" in cache.problem


def test_threads_of_two_runs_keep_all(tmp_path):
    caches = [cache_in(tmp_path), cache_in(tmp_path)]

    def keep(cache, first):
        for number in range(first, first + 200, 10):
            cache.keep("image", ["make"], {str(key): {"make": "a"} for key in range(number, number + 10)})

    threads = [threading.Thread(target=keep, args=(caches[number % 2], 200 * number)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(caches[0].find("image", [str(key) for key in range(800)], ["make"])) == 800
    assert [cache.problem for cache in caches] == [None, None]
    for cache in caches:
        cache.close()


@pytest.mark.parametrize("name", ["a b", "50%", "zoë?x=1", "a#b"])
def test_a_folder_may_have_any_name(tmp_path, name):
    with closing(cache_in(tmp_path / name)) as cache:
        cache.keep("image", ["make"], {"1": {"make": "a"}})
        assert cache.problem is None
    assert (tmp_path / name / GRAPH_FILE).is_file()


def test_a_folder_that_cannot_be_written_to_is_said(ordinary_user, open_folder):
    open_folder.chmod(0o555)
    with closing(cache_in(open_folder)) as cache:
        cache.keep("image", ["make"], {"1": {"make": "a"}})
        assert cache.find("image", ["1"], ["make"]) == {}
    assert "is not kept for the next time" in cache.problem


def test_words_of_a_damaged_file_that_are_no_text_are_not_fatal(tmp_path):
    with closing(cache_in(tmp_path)) as cache:
        cache.keep("image", ["make"], {str(number): {"make": "a"} for number in range(50)})
    path = tmp_path / GRAPH_FILE
    path.write_bytes(path.read_bytes().replace(b"NOT NULL", b"NOT \xdfULL"))
    with closing(cache_in(tmp_path)) as cache:
        assert cache.find("image", ["1"], ["make"]) == {}
        cache.keep("image", ["make"], {"1": {"make": "b"}})
        assert cache.find("image", ["1"], ["make"]) == {"1": {"make": "b"}}


def test_objects_are_found_with_the_fields_they_were_read_with(tmp_path):
    cache = cache_in(tmp_path)
    cache.keep("image", ["make", "merge_cc"], {"1": {"id": "1", "make": "zoë", "merge_cc": 4.546427159383e18}})
    found = cache.find("image", ["1", "2"], ["make"])
    assert found == {"1": {"id": "1", "make": "zoë", "merge_cc": "4.546427159383e+18"}}
    assert cache.find("image", ["1"], ["make", "model"]) == {}
    assert cache.find("map_feature", ["1"], ["make"]) == {}
    assert EntityCache(CacheSettings(tmp_path), "https://other.example").find("image", ["1"], ["make"]) == {}
    cache.close()


def test_what_is_too_old_is_not_found_and_goes(tmp_path):
    cache = cache_in(tmp_path)
    cache.keep("image", ["make"], {"1": {"make": "a"}})
    cache.close()
    later = cache_in(tmp_path, fresh_seconds=0)
    assert later.find("image", ["1"], ["make"]) == {}
    later.close()
    connection = sqlite3.connect(tmp_path / GRAPH_FILE)
    assert connection.execute("SELECT count(*) FROM object").fetchone() == (0,)


def test_there_is_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.graph.entity_cache.MOST_OBJECTS", 10)
    cache = cache_in(tmp_path)
    for number in range(30):
        cache.keep("image", ["make"], {str(number): {"make": "a"}})
    cache.close()
    again = cache_in(tmp_path)
    assert len(again.find("image", [str(number) for number in range(30)], ["make"])) <= 10
    assert "29" in again.find("image", ["29"], ["make"])


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\x00" + bytes(5000)])
def test_a_damaged_file_is_replaced(tmp_path, damage):
    (tmp_path / GRAPH_FILE).write_bytes(damage)
    cache = cache_in(tmp_path)
    cache.keep("image", ["make"], {"1": {"make": "a"}})
    assert cache.find("image", ["1"], ["make"]) == {"1": {"make": "a"}}
    cache.close()


def test_a_file_damaged_in_the_middle_is_not_fatal(tmp_path):
    cache = cache_in(tmp_path)
    cache.keep("image", ["make"], {str(number): {"make": "a" * 500} for number in range(200)})
    cache.close()
    path = tmp_path / GRAPH_FILE
    body = bytearray(path.read_bytes())
    body[4096:20_000] = bytes(20_000 - 4096)
    path.write_bytes(body)
    again = cache_in(tmp_path)
    again.find("image", [str(number) for number in range(200)], ["make"])
    again.keep("image", ["make"], {"1": {"make": "b"}})
    assert again.find("image", ["1"], ["make"]) == {"1": {"make": "b"}}
    again.close()


def test_a_folder_that_is_a_file_is_said_and_nothing_more(tmp_path):
    (tmp_path / "file").write_text("")
    cache = cache_in(tmp_path / "file" / "below")
    cache.keep("image", ["make"], {"1": {"make": "a"}})
    assert cache.find("image", ["1"], ["make"]) == {}
    assert "is not kept for the next time" in cache.problem


def test_a_locked_file_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.graph.entity_cache._BUSY_SECONDS", 0.1)
    cache_in(tmp_path).close()
    other = sqlite3.connect(tmp_path / GRAPH_FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    cache = cache_in(tmp_path)
    cache.keep("image", ["make"], {"1": {"make": "a"}})
    assert "locked" in cache.problem
    other.execute("ROLLBACK")
