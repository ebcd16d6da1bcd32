"""How a run gets to the graph: to which server, with which token, over which network, with which memory.

It is put together on the main thread, where settings and the token may be read, and then used by any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional

from .cache_folder import CacheSettings
from .endpoint import Server
from .network.network_settings import NetworkSettings
from .oauth import Renewal
from .retries import PAUSES_SECONDS
from .traffic import Traffic


@dataclass(frozen=True)
class GraphAccess:
    """`cache` is None where nothing is to be kept; `offline` uses what is there and asks for nothing.

    `renewal` is there where the token of a signed-in person is about to expire.
    """

    server: Server
    network: NetworkSettings = field(default_factory=NetworkSettings)
    traffic: Traffic = field(default_factory=Traffic)
    cache: Optional[CacheSettings] = None
    offline: bool = False
    renewal: Optional[Renewal] = None
    pauses: Sequence[float] = PAUSES_SECONDS
