"""The threads of the image panel: newest first, each request ended alone, and nothing left when they are closed."""

import threading
import time

import pytest

from mapillary_coverage.core.errors import CancelledError, UnexpectedError
from mapillary_coverage.core.network.access import Access
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.network.session import HttpSession
from mapillary_coverage.core.viewing.request_threads import THREADS, RequestThreads
from tests.conftest import NO_PAUSES
from tests.emulator.graph import CHECKED_IMAGE


@pytest.fixture
def threads_of():
    opened = []

    def make(server):
        access = Access(Server(server.graph_url, Credential(server.credential)), pauses=NO_PAUSES)
        opened.append(RequestThreads(access))
        return opened[-1]

    yield make
    for threads in opened:
        threads.close()
    wait_until(lambda: not names())


def names():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("mapillary_")]


def wait_until(is_so):
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def unheard(job, result, error):
    """What becomes of the job is looked at in another way."""


class Asked:
    """Asks for one image; `outcome` is what came of it."""

    def __init__(self):
        self.outcome = None
        self.ended = threading.Event()

    def __call__(self, client):
        try:
            self.outcome = client.entity(CHECKED_IMAGE, ["id"])
        except CancelledError as error:
            self.outcome = error
        self.ended.set()


def test_connections_stay_open_from_one_request_to_the_next(emulator, threads_of):
    server = emulator()
    threads = threads_of(server)
    sessions = set()
    for _ in range(5):
        asked = Asked()
        threads.start(lambda client, asked=asked: (sessions.add(client.session), asked(client)), unheard)
        assert asked.ended.wait(20)
        assert asked.outcome["id"] == CHECKED_IMAGE
        wait_until(lambda: threads._idle == threads._count)
    assert len(sessions) == 1


def test_a_dropped_request_is_ended_when_its_thread_is_needed(emulator, threads_of):
    server = emulator(delay=30.0)
    threads = threads_of(server)
    asked = [Asked() for _ in range(THREADS)]
    jobs = [threads.start(work, unheard) for work in asked]
    wait_until(lambda: all(job.session is not None for job in jobs) and len(server.requests) == THREADS)
    jobs[1].cancel()
    assert not asked[1].ended.wait(0.3), "its thread is not needed yet"
    server.delay = 0
    newest = Asked()
    threads.start(newest, unheard)
    assert newest.ended.wait(20)
    assert newest.outcome["id"] == CHECKED_IMAGE
    assert isinstance(asked[1].outcome, CancelledError)
    assert [work.ended.is_set() for work in asked] == [False, True, False, False]


def test_urgent_work_comes_first_and_cancelled_work_never(emulator, threads_of):
    threads = threads_of(emulator())
    gate, order = threading.Event(), []
    for _ in range(THREADS):
        threads.start(lambda client: gate.wait(20), unheard)
    wait_until(lambda: len(threads._running) == THREADS)
    done = threading.Event()
    threads.start(lambda client: (order.append("ahead"), done.set()), unheard, is_urgent=False)
    dropped = threads.start(lambda client: order.append("dropped"), unheard)
    for number in range(200):
        dropped.cancel()
        dropped = threads.start(lambda client, number=number: order.append(number), unheard)
    gate.set()
    assert done.wait(20)
    wait_until(lambda: not threads._running)
    assert order == [199, "ahead"]


def test_closing_ends_requests_and_threads(emulator, threads_of):
    server = emulator(delay=30.0)
    threads = threads_of(server)
    asked = [Asked() for _ in range(THREADS + 3)]
    jobs = [threads.start(work, unheard) for work in asked]
    wait_until(lambda: sum(job.session is not None for job in jobs) == THREADS)
    threads.close()
    wait_until(lambda: not names())
    assert [work.outcome for work in asked].count(None) == 3
    assert sum(isinstance(work.outcome, CancelledError) for work in asked) == THREADS
    assert threads.start(asked[0], unheard).is_cancelled
    assert not names()


class Heard:
    """Waits for how a job ends."""

    def __init__(self):
        self.result = self.error = None
        self.ended = threading.Event()

    def __call__(self, job, result, error):
        self.result, self.error = result, error
        self.ended.set()


def bug(*_):
    raise ZeroDivisionError("a bug")


@pytest.mark.parametrize("place", ["the work", "the session"])
def test_a_bug_is_how_a_job_ends_and_the_threads_live_on(emulator, threads_of, monkeypatch, caplog, place):
    threads = threads_of(emulator())
    with monkeypatch.context() as broken:
        if place == "the session":
            broken.setattr(HttpSession, "__init__", bug)
        for _ in range(THREADS + 2):
            heard = Heard()
            threads.start(bug, heard)
            assert heard.ended.wait(20)
            assert type(heard.error) is UnexpectedError
    assert "a bug" in caplog.text
    assert threads._count <= THREADS
    asked, heard = Asked(), Heard()
    threads.start(asked, heard)
    assert heard.ended.wait(20)
    assert heard.error is None
    assert asked.outcome["id"] == CHECKED_IMAGE


def test_who_hears_of_it_with_a_bug_ends_no_thread(emulator, threads_of, caplog):
    threads = threads_of(emulator())
    for _ in range(THREADS + 2):
        threads.start(Asked(), bug)
    wait_until(lambda: caplog.text.count("a bug") >= THREADS + 2)
    heard = Heard()
    threads.start(lambda client: client.entity(CHECKED_IMAGE, ["id"]), heard)
    assert heard.ended.wait(20)
    assert heard.result["id"] == CHECKED_IMAGE
