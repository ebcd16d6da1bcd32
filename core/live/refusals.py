"""Which tiles are not asked for again, why, and until when."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Optional

from ..area.tiling import TileAddress
from ..errors import MapillaryError, NotCachedError

PAUSE_SECONDS = 60.0
"""How long what failed in a way that passes is left alone, after all tries."""

_MOST = 10_000


@dataclass(frozen=True)
class _Failure:
    error: MapillaryError
    until: float
    """By the monotonic clock."""

    def holds(self) -> bool:
        return time.monotonic() < self.until


class Refusals:
    """For one thread at a time. A failure that stops a run is one of every tile; offline there is no other."""

    def __init__(self, is_offline: bool) -> None:
        self._offline = _Failure(NotCachedError(), math.inf) if is_offline else None
        self._stop: Optional[_Failure] = None
        self._failures: OrderedDict[TileAddress, _Failure] = OrderedDict()

    def note(self, address: TileAddress, error: MapillaryError) -> None:
        """What became of asking for a tile."""
        failure = _Failure(error, time.monotonic() + PAUSE_SECONDS if error.is_transient else math.inf)
        if error.stops_run:
            self._stop = failure
            return
        self._failures[address] = failure
        self._failures.move_to_end(address)
        if len(self._failures) > _MOST:
            self._failures.popitem(last=False)

    def stop(self, error: MapillaryError) -> None:
        """Nothing is asked for until `clear`."""
        self._stop = _Failure(error, math.inf)

    def forget(self, address: TileAddress) -> None:
        """The tile is there after all."""
        self._failures.pop(address, None)

    def clear(self) -> None:
        """Everything may be asked for again."""
        self._stop = None
        self._failures.clear()

    def forbids(self, address: TileAddress) -> bool:
        """Whether the tile must not be asked for now."""
        failures = (self._offline, self._stop, self._failures.get(address))
        return any(failure is not None and failure.holds() for failure in failures)

    def stopped_by(self) -> Optional[MapillaryError]:
        """Why nothing at all is asked for now, offline aside."""
        return self._stop.error if self._stop is not None and self._stop.holds() else None

    def reason(self, address: TileAddress) -> Optional[MapillaryError]:
        """Why the tile is not there."""
        failures = (self._offline, self._failures.get(address), self._stop)
        return next((failure.error for failure in failures if failure is not None), None)
