#!/bin/bash
# Every test: those of plain Python and of real windows run beside those in QGIS' own Python, and are told of after them.
set -u
cd "$(dirname "$0")/.."
export QT_QPA_PLATFORM=offscreen
PYTHON=.venv/bin/python

told=$(mktemp)
trap 'kill $! 2>/dev/null; rm -f "$told"' EXIT
$PYTHON -m pytest tests/unit tests/desktop -p no:pytest_qgis -p no:cacheprovider >"$told" 2>&1 &
$PYTHON -m pytest tests/qgis
in_qgis=$?
wait $!
beside=$?
cat "$told"
exit $((in_qgis ? in_qgis : beside))
