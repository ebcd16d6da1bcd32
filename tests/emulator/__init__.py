"""Mapillary's API v4 on loopback, for tests, the demo, the desktop and the benchmark.

Start it with `python -m tests.emulator`, or in a test with `Emulator`.
"""

from tests.emulator.proxy import Proxy
from tests.emulator.recorded_graph import RecordedGraph
from tests.emulator.server import Emulator
from tests.emulator.tiles import RecordedTiles
from tests.emulator.town import Town

__all__ = ["Emulator", "Proxy", "RecordedGraph", "RecordedTiles", "Town"]
