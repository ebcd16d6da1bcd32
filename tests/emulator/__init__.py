"""Mapillary's API v4 on loopback, for tests, the demo, the desktop and the benchmark.

Start it with `python -m tests.emulator`, or in a test with `Emulator`.
"""

from .proxy import Proxy
from .recorded_graph import RecordedGraph
from .server import Emulator
from .tiles import RecordedTiles
from .town import Town

__all__ = ["Emulator", "Proxy", "RecordedGraph", "RecordedTiles", "Town"]
