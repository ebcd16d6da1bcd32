"""Threads: what goes wrong in one is told, logged without the token, and ends nothing else."""

import gc
import logging
import threading
import time
from weakref import ref

import pytest

from mapillary_coverage.core.errors import CancelledError, ThrottledError, UnexpectedError
from mapillary_coverage.core.threads import LOGGER, Caught, Crew, start, without_frames
from tests.emulator.tokens import made_up_token


def bug():
    raise ZeroDivisionError(f"access_token={made_up_token()} is no number")


def wait_until(is_so):
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_bug_is_logged_without_the_token_and_told_as_one(caplog):
    told, ended = [], threading.Event()
    with caplog.at_level(logging.ERROR, LOGGER):
        start(bug, "mapillary_test", lambda error: (told.append(error), ended.set()))
        assert ended.wait(20)
    assert [type(error) for error in told] == [UnexpectedError]
    assert "ZeroDivisionError" in caplog.text
    assert "in bug" in caplog.text
    assert "MLY" not in caplog.text


def test_a_bug_in_what_is_told_of_it_is_logged(caplog):
    """PyQt's signals raise where what they belong to is gone."""

    def tell(error):
        raise AttributeError("a second bug")

    def ended():
        return not any(thread.name == "mapillary_test" for thread in threading.enumerate())

    with caplog.at_level(logging.ERROR, LOGGER):
        start(bug, "mapillary_test", tell)
        wait_until(ended)
    assert "a second bug" in caplog.text


def test_an_expected_error_is_kept_without_its_frames_and_not_logged(caplog):
    def work():
        raise ThrottledError

    with caplog.at_level(logging.ERROR, LOGGER), Caught() as caught:
        work()
    assert type(caught.error) is ThrottledError
    assert caught.error.__traceback__ is None
    assert without_frames(caught.error) is caught.error
    assert caplog.text == ""


def test_a_kept_error_keeps_no_reply():
    """Neither does the error that it was made of."""
    replies = []

    class Reply:
        pass

    def read():
        reply = Reply()
        replies.append(ref(reply))
        try:
            raise ValueError
        except ValueError:
            raise ThrottledError from None

    with Caught() as caught:
        read()
    assert type(caught.error) is ThrottledError
    gc.collect()
    assert replies[0]() is None


def test_a_crew_is_waited_for():
    done, crew = [], Crew("mapillary_test")
    for number in range(5):
        crew.add(lambda number=number: done.append(number))
    looks = []
    assert crew.wait(lambda: False, lambda: looks.append(len(done)))
    assert sorted(done) == [0, 1, 2, 3, 4]
    assert looks[-1] == 5


def test_who_is_stuck_is_not_waited_for_after_a_cancel():
    crew, stuck = Crew("mapillary_test"), threading.Event()
    crew.add(lambda: stuck.wait(60))
    asked = iter([False, False, True])
    assert not crew.wait(lambda: next(asked), lambda: None)
    stuck.set()


@pytest.mark.parametrize(
    ("work", "error"), [(bug, UnexpectedError), (lambda: (_ for _ in ()).throw(CancelledError()), CancelledError)]
)
def test_what_one_of_a_crew_raises_reaches_who_waits(work, error, caplog):
    crew = Crew("mapillary_test")
    crew.add(lambda: None)
    crew.add(work)
    with pytest.raises(error):
        crew.wait(lambda: False, lambda: None)
