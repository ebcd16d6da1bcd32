"""`make bench`: run all measurements and print them as ratios."""

from __future__ import annotations

import os
import sys
import tempfile
from itertools import chain
from pathlib import Path

from qgis.core import QgsApplication

import conftest  # noqa: F401
from tests.benchmarks.looks import measure_looks
from tests.benchmarks.measure import Measurement
from tests.benchmarks.viewer import measure_viewer

WIDTH = 70


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    folder = Path(tempfile.mkdtemp())
    os.environ["MAPILLARY_CACHE_DIR"] = str(folder / "cache")
    application = QgsApplication([], True, str(folder))
    application.initQgis()
    print(f"{'':{WIDTH}} {'ours':>9} {'compared':>9} {'ratio':>6}  within")
    missed = 0
    for measurement in chain(measure_viewer(), measure_looks()):
        print(_line(measurement))
        missed += not measurement.is_within
    application.exitQgis()
    print("All within their limits." if not missed else f"{missed} not within their limits.")
    return 1 if missed else 0


def _line(measured: Measurement) -> str:
    ours, other = (f"{1000 * seconds:.1f} ms" for seconds in (measured.seconds, measured.compared))
    ratio = measured.seconds / measured.compared
    limit = f"{1000 * measured.limit:.1f} ms: {'yes' if measured.is_within else 'NO'}"
    return f"{measured.name:{WIDTH}} {ours:>9} {other:>9} {ratio:>6.2f}  {limit}"


if __name__ == "__main__":
    sys.exit(main())
