#!/bin/bash
# Every test: those that need no QGIS and those of real windows run beside those in QGIS' own Python, and are told of
# after them.
set -u
cd "$(dirname "$0")/.."
export QT_QPA_PLATFORM=offscreen
PYTHON=.venv/bin/python

told=$(mktemp)
trap 'kill $! 2>/dev/null; rm -f "$told"' EXIT
$PYTHON -m pytest -m "not qgis" -p no:pytest_qgis -p no:cacheprovider >"$told" 2>&1 &
$PYTHON -m pytest -m qgis
in_qgis=$?
wait $!
beside=$?
cat "$told"
exit $((in_qgis ? in_qgis : beside))
