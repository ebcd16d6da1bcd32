"""The day's count and the pace: what is counted, and who shares it."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.errors import QuotaExceededError
from mapillary_coverage.core.network.access import CacheSettings
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.traffic import Traffic
from mapillary_coverage.core.network.usage import Pace, Usage
from tests.conftest import ROOT, access_to, request_for
from tests.emulator import Town

HOST, OTHER_HOST = "tiles.mapillary.com", "other.test"
MINE, THEIRS = "0" * 16, "f" * 16
FIRST, LAST = TileId(14, 8528, 5974), TileId(14, 8531, 5977)
ANY_PACE = Pace(burst=10_000)
SLOW = Pace(burst=3, per_second=0.01)


def admit(usage, times=1, fingerprint=MINE, host=HOST):
    return [usage.admit(fingerprint, host) for _ in range(times)]


def change(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def run(server, usage, cache=None, last=LAST):
    return download_coverage(request_for(FIRST, last), access_to(server, traffic=Traffic(usage), cache=cache))


def test_nothing_is_used_at_first(usage):
    assert usage.used_today(MINE) == 0
    assert usage.left_today(MINE) == 50_000


def test_two_windows_of_qgis_count_together(usage, path):
    other = Usage(path, ANY_PACE)
    assert admit(usage, 3) + admit(other, 2) == [0] * 5
    assert usage.used_today(MINE) == other.used_today(MINE) == 5
    assert other.left_today(MINE) == 50_000 - 5
    other.close()


def test_the_count_outlasts_the_session(usage, path):
    admit(usage, 3)
    usage.close()
    assert Usage(path).used_today(MINE) == 3
    assert usage.used_today(MINE) == 3, "it opens again when it is needed"


def test_each_token_has_its_own_count(usage):
    admit(usage, 3)
    admit(usage, 1, THEIRS)
    assert (usage.used_today(MINE), usage.used_today(THEIRS)) == (3, 1)


def test_hosts_count_together(usage):
    admit(usage, 3)
    admit(usage, 1, host=OTHER_HOST)
    assert usage.used_today(MINE) == 4


def test_each_day_begins_at_nothing(usage, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.network.usage._today", lambda: "2099-01-01")
    admit(usage, 3)
    monkeypatch.setattr("mapillary_coverage.core.network.usage._today", lambda: "2099-01-02")
    assert usage.used_today(MINE) == 0
    admit(usage)
    assert usage.used_today(MINE) == 1


IN_ANOTHER_PROCESS = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import conftest
from pathlib import Path
from mapillary_coverage.core.network.usage import Pace, Usage
usage = Usage(Path(sys.argv[1]), Pace(burst=10_000))
print(sum(usage.admit({MINE!r}, {HOST!r}) for _ in range(40)), usage.problem)
"""


def test_processes_count_together(usage, path):
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(path)]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    admit(usage, 40)
    assert [other.communicate()[0] for other in others] == ["0.0 None\n"] * 2
    assert usage.used_today(MINE) == 120


def test_threads_count_together(usage):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: admit(usage, 100), range(2)))
    assert usage.used_today(MINE) == 200
    assert usage.problem is None


def test_after_a_burst_there_is_a_wait_for_this_host(usage):
    usage.pace = SLOW
    *burst, early = admit(usage, 4)
    assert burst == [0, 0, 0]
    assert 0 < early <= 100
    assert usage.used_today(MINE) == 3, "what has to wait is not counted"
    assert admit(usage, 1, THEIRS)[0] > 0, "the pace is that of the host, whoever asks"
    assert admit(usage, 1, host=OTHER_HOST) == [0]


def test_the_wait_is_shared_by_all_windows(usage, path):
    usage.pace = SLOW
    admit(usage, 3)
    other = Usage(path, SLOW)
    assert admit(other)[0] > 0
    other.close()


def test_a_pause_earns_no_more_than_one_burst(usage, path):
    usage.pace = SLOW
    admit(usage)
    change(path, "UPDATE pace SET due = due - 1000000")
    assert [early > 0 for early in admit(usage, 4)] == [False, False, False, True]


def test_a_clock_that_was_set_back_holds_nobody_up(usage, path):
    usage.pace = SLOW
    admit(usage, 3)
    change(path, "UPDATE pace SET due = due + 1000000")
    assert admit(usage) == [0]


def test_the_days_quota_ends_it_for_its_token(usage):
    usage.pace = Pace(quota=5)
    assert admit(usage, 5) == [0] * 5
    for _ in range(2):
        with pytest.raises(QuotaExceededError, match="The 5 tiles that Mapillary allows in a day are used up"):
            admit(usage)
    assert usage.left_today(MINE) == 0
    assert usage.used_today(MINE) == 5
    assert admit(usage, 1, THEIRS) == [0]


def test_a_run_that_needs_more_than_is_left_asks_for_nothing(emulator, path):
    server = emulator()
    with pytest.raises(QuotaExceededError, match=r"This needs 16 tiles, but of the 10 .* only 10 are left"):
        run(server, Usage(path, Pace(quota=10)))
    assert server.requests == []


def test_a_run_may_use_all_that_is_left(emulator, path):
    server = emulator(Town(images_per_tile=10))
    usage = Usage(path, Pace(quota=16))
    assert {record.status for record in run(server, usage).ledger} == {"ok"}
    assert usage.left_today(Credential(server.credential).fingerprint()) == 0


def test_a_run_needs_only_what_is_not_cached(emulator, path, tmp_path):
    server = emulator(Town(images_per_tile=10))
    cache = CacheSettings(tmp_path / "cache")
    run(server, Usage(None), cache, TileId(14, 8529, 5977))
    result = run(server, Usage(path, Pace(quota=10)), cache)
    assert {record.status for record in result.ledger} == {"ok"}
    assert Usage(path).used_today(Credential(server.credential).fingerprint()) == 8


def test_a_quota_that_others_use_up_meanwhile_stops_the_run(emulator, path):
    server = emulator(Town(images_per_tile=10))
    usage = Usage(path, Pace(quota=16))
    token = Credential(server.credential).fingerprint()
    answer = server.answer

    def answer_while_others_ask(request):
        usage.pace = Pace(quota=usage.used_today(token))
        return answer(request)

    server._wire.answer = answer_while_others_ask
    result = run(server, usage)
    assert type(result.stopped_by) is QuotaExceededError
    assert len(server.requests) < 16


def test_without_a_file_it_counts_for_the_session_and_that_is_no_problem():
    usage = Usage(None, ANY_PACE)
    admit(usage, 3)
    assert (usage.used_today(MINE), usage.problem) == (3, None)


def test_the_token_is_not_in_the_file(emulator, path):
    server = emulator(Town(images_per_tile=10))
    usage = Usage(path)
    run(server, usage)
    usage.close()
    stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert Credential(server.credential).fingerprint().encode() in stored
    assert server.credential.split("|")[2].encode() not in stored
