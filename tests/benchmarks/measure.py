"""What is measured, and how: the median of several runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from qgis.PyQt.QtWidgets import QApplication

RUNS = 11
_LONGEST_SECONDS = 30


@dataclass(frozen=True)
class Measurement:
    """Seconds of ours, of what it is compared with, and the most that ours may take."""

    name: str
    seconds: float
    compared: float
    limit: float

    @property
    def is_within(self) -> bool:
        return self.seconds <= self.limit


def timed(action: Callable[[], object], runs: int = RUNS) -> float:
    """The median of the seconds that the action takes."""
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return median(taken)


def until(is_so: Callable[[], bool]) -> None:
    """Let Qt work until something is so."""
    deadline = time.perf_counter() + _LONGEST_SECONDS
    while not is_so():
        QApplication.processEvents()
        if time.perf_counter() > deadline:
            raise TimeoutError("what was measured did not happen")
        time.sleep(0.0005)
