"""Asking again where that makes sense: a few times, with longer and longer waits between."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from secrets import SystemRandom
from typing import Callable, TypeVar

from ..errors import MapillaryError, ServerBusyError

PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0)
"""Waits between the five tries; each is lengthened by up to half, so that threads do not come back all at once."""

_T = TypeVar("_T")


def tried(attempt: Callable[[], _T], pauses: Sequence[float], stop: threading.Event) -> _T:
    """What `attempt` gives at one of the tries, as long as it fails in a way that passes. `stop` ends the waits.

    Raises the MapillaryError of the last try.
    """
    for pause in pauses:
        try:
            return attempt()
        except MapillaryError as error:
            if not error.is_transient or stop.wait(_lengthened(pause, error)):
                raise
    return attempt()


def _lengthened(pause: float, error: MapillaryError) -> float:
    if isinstance(error, ServerBusyError):
        pause = max(pause, error.retry_after)
    return pause * SystemRandom().uniform(1.0, 1.5)
