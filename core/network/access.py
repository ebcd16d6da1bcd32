"""How a run gets its tiles: from which server, with which token, over which network, at which pace, past which cache.

It is put together on the main thread, where settings and the token may be read, and then used by any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from .endpoint import Server
from .network_settings import NetworkSettings
from .oauth import Renewal
from .retries import PAUSES_SECONDS
from .traffic import Traffic


@dataclass(frozen=True)
class Access:
    """`cache` is None where nothing is to be kept; `offline` uses what is there, however old, and asks for nothing.

    `renewal` is there where the token of a signed-in person is about to expire.
    """

    server: Server
    network: NetworkSettings = field(default_factory=NetworkSettings)
    traffic: Traffic = field(default_factory=Traffic)
    cache: Optional[CacheSettings] = None
    offline: bool = False
    renewal: Optional[Renewal] = None
    pauses: Sequence[float] = PAUSES_SECONDS


@dataclass(frozen=True)
class CacheSettings:
    """Where tiles are kept, for how long they count as fresh, and how much room they may take."""

    folder: Path
    fresh_seconds: float = 24 * 3600
    max_bytes: int = 2 * 2**30
