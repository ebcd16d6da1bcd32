"""Few requests at once, however many runs there are."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.errors import CancelledError, MissingCredentialError, QuotaExceededError
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.network.traffic import CONNECTIONS, Traffic
from mapillary_coverage.core.network.usage import Pace, Usage
from tests.conftest import access_to, request_for
from tests.emulator import Town
from tests.emulator.server import made_up_token

FIRST, LAST = TileId(14, 8528, 5974), TileId(14, 8531, 5977)
PATIENCE_SECONDS = 30


class Crowd:
    """Keeps requests waiting until `full` are there at once, then lets them go slowly enough for one more to show."""

    def __init__(self, server, full):
        self.most = 0
        self._now = 0
        self._full = full
        self._lock = threading.Lock()
        self._is_full = threading.Event()
        self._answer = server.answer
        server._wire.answer = self.answer

    def answer(self, request):
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self._now >= self._full:
                self._is_full.set()
        self._is_full.wait(PATIENCE_SECONDS)
        threading.Event().wait(0.05)
        with self._lock:
            self._now -= 1
        return self._answer(request)


def server_for(url="https://tiles.mapillary.com", token=None):
    return Server(url, Credential(token or made_up_token()))


@pytest.mark.parametrize("connections", [CONNECTIONS, 2])
def test_two_runs_together_ask_for_no_more_tiles_at_once_than_one(emulator, connections):
    server = emulator(Town(images_per_tile=10))
    crowd = Crowd(server, connections)
    traffic = Traffic(connections=connections)
    with ThreadPoolExecutor(2) as pool:
        access = access_to(server, traffic=traffic)
        runs = [pool.submit(download_coverage, request_for(FIRST, LAST), access) for _ in range(2)]
        for run in runs:
            assert {record.status for record in run.result().ledger} == {"ok"}
    assert crowd.most == connections
    assert len(server.requests) == 32


def test_at_most_six_tiles_are_asked_for_at_once():
    assert Traffic().connections == 6


def test_who_waits_for_the_gate_can_be_stopped():
    traffic, stop = Traffic(connections=1), threading.Event()
    stop.set()
    with (
        traffic.request(server_for(), threading.Event()),
        pytest.raises(CancelledError),
        traffic.request(server_for(), stop),
    ):
        pytest.fail("two were let through")


def test_who_waits_for_the_pace_can_be_stopped_and_makes_room():
    usage = Usage(None, Pace(burst=1, per_second=0.01))
    traffic, stop = Traffic(usage, connections=1), threading.Event()
    with traffic.request(server_for(), stop):
        pass
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(CancelledError), traffic.request(server_for(), stop):
        pytest.fail("the pace was not kept")
    with traffic.request(server_for("https://other.test"), threading.Event()):
        assert usage.used_today(server_for().credential.fingerprint()) == 2


def test_who_was_stopped_is_not_let_through_and_not_counted():
    traffic, stop = Traffic(), threading.Event()
    stop.set()
    with pytest.raises(CancelledError), traffic.request(server_for(), stop):
        pytest.fail("it was let through")
    assert traffic.usage.used_today(server_for().credential.fingerprint()) == 0


def test_a_quota_that_is_used_up_or_a_missing_token_makes_room_as_well():
    traffic = Traffic(Usage(None, Pace(quota=1)), connections=1)
    nobody = Server("https://tiles.mapillary.com", Credential())
    with traffic.request(server_for(), threading.Event()):
        pass
    for server, kind in ((server_for(), QuotaExceededError), (nobody, MissingCredentialError)):
        with pytest.raises(kind), traffic.request(server, threading.Event()):
            pytest.fail("it was let through")
    with traffic.request(server_for(token=made_up_token(2)), threading.Event()):
        pass


def test_a_request_that_fails_makes_room():
    traffic = Traffic(connections=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), traffic.request(server_for(), threading.Event()):
            raise ZeroDivisionError


def test_the_same_is_got_by_one_at_a_time_and_the_others_can_give_up():
    traffic, stop = Traffic(), threading.Event()
    order = []

    def second():
        with traffic.alone("tile", threading.Event()):
            order.append("second")

    waiting = threading.Thread(target=second)
    with traffic.alone("tile", stop):
        waiting.start()
        with traffic.alone("other", stop):
            order.append("other")
        stop.set()
        with pytest.raises(CancelledError), traffic.alone("tile", stop):
            order.append("never")
        order.append("first")
    waiting.join(PATIENCE_SECONDS)
    assert order == ["other", "first", "second"]
