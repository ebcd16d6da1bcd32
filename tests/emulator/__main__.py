"""`python -m tests.emulator`: Mapillary's API v4 on loopback until it is interrupted."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path

from tests.emulator.faults import FAULTS, FaultRule
from tests.emulator.server import Emulator
from tests.emulator.tiles import RecordedTiles, TileSource
from tests.emulator.tokens import made_up_token
from tests.emulator.town import Town


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--tiles", type=Path, help="serve this folder, laid out TILESET/z/x/y.mvt, instead of a town")
    parser.add_argument("--images-per-tile", type=int, default=Town.images_per_tile)
    parser.add_argument(
        "--features",
        type=int,
        default=Town.features_per_tile,
        help="map features per tile: so many objects and as many signs",
    )
    parser.add_argument("--seed", type=int, default=Town.seed)
    parser.add_argument("--size", type=int, default=Town.size, help="the town's side in tiles")
    parser.add_argument("--west", type=int, default=Town.west, help="x of the town's first tile")
    parser.add_argument("--north", type=int, default=Town.north, help="y of the town's first tile")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each reply")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        type=FaultRule.parse,
        metavar="NAME[,tile=z/x/y][,every=N][,start=N][,times=N][,surface=NAME]",
        help=f"serve a fault; may be repeated. NAME is one of {', '.join(sorted(FAULTS))}",
    )
    options = parser.parse_args()
    source: TileSource = Town(
        options.seed, options.west, options.north, options.size, options.images_per_tile, options.features
    )
    if options.tiles:
        if not options.tiles.is_dir():
            parser.error(f"there is no folder {options.tiles}")
        source = RecordedTiles(options.tiles)
    given = os.environ.get("MAPILLARY_ACCESS_TOKEN")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with Emulator(source, given or made_up_token(), options.fault, options.delay, options.port) as emulator:
        print(f"MAPILLARY_TILES_URL='{emulator.tiles_url}'", flush=True)
        if not given:
            print(f"MAPILLARY_ACCESS_TOKEN='{emulator.credential}'", flush=True)
        print(f"MAPILLARY_GRAPH_URL='{emulator.graph_url}'", flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
