#!/bin/bash
# Every test: those of plain Python run beside those in QGIS, and are told of after them.
set -u
cd "$(dirname "$0")/.."
export QT_QPA_PLATFORM=offscreen
PYTHON=.venv/bin/python

told=$(mktemp)
trap 'kill $! 2>/dev/null; rm -f "$told"' EXIT
$PYTHON -m pytest tests/unit -p no:pytest_qgis -p no:cacheprovider >"$told" 2>&1 &
$PYTHON -m pytest tests/qgis tests/desktop
in_qgis=$?
wait $!
plain=$?
cat "$told"
exit $((in_qgis ? in_qgis : plain))
