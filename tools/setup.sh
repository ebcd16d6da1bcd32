#!/bin/bash
# Installs what is missing: QGIS and what drives it, the virtual environment, mercantile for QGIS without it, symbols.
# Debian 12 and Ubuntu; elsewhere it says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."

PACKAGES=(python3-qgis qgis xvfb xauth xdotool python3-venv fonts-open-sans)
VENV=.venv
STAMP=$VENV/.requirements

missing_packages() {
  local package
  for package in "${PACKAGES[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

install_packages() {
  local missing as_root=()
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "As root, run: apt-get install --no-install-recommends ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
  fi
  echo "Installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

say_what_to_install() {
  local missing=() command
  for command in qgis qgis_process Xvfb xdotool; do
    command -v "$command" >/dev/null || missing+=("$command")
  done
  /usr/bin/python3 -c 'import qgis.core, osgeo.gdal, requests, venv' 2>/dev/null ||
    missing+=("/usr/bin/python3 with QGIS, GDAL, requests and venv")
  [ ${#missing[@]} -eq 0 ] && return
  echo "This system has no apt-get, so install these by its own means, then run this again:" >&2
  printf '  %s\n' "${missing[@]}" >&2
  exit 1
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
  install_packages
else
  say_what_to_install
fi

# The system's numpy and urllib3 are what QGIS' GDAL and requests were built and tested with.
if ! cmp -s tools/requirements.txt "$STAMP"; then
  echo "Making the virtual environment"
  rm -rf "$VENV"
  /usr/bin/python3 -m venv --system-site-packages "$VENV"
  constraints=$(mktemp)
  /usr/bin/python3 - >"$constraints" <<'PYTHON'
from importlib.metadata import version
for name in ("numpy", "urllib3", "requests"):
    print(f"{name}=={version(name)}")
PYTHON
  "$VENV/bin/pip" install -q --disable-pip-version-check -c "$constraints" -r tools/requirements.txt 2>&1 |
    grep -v "is ignored: it is neither a file nor a directory" || true
  rm -f "$constraints"
  "$VENV/bin/python" -c 'import mapbox_vector_tile, mercantile, pytest_qgis, requests, qgis.core'
  cp tools/requirements.txt "$STAMP"
fi

if [ ! -f extlibs/mercantile.py ]; then
  mkdir -p extlibs
  "$VENV/bin/python" - <<'PYTHON'
from importlib.metadata import files
from pathlib import Path
for file in files("mercantile"):
    if str(file) == "mercantile/__init__.py":
        Path("extlibs/mercantile.py").write_bytes(file.read_binary())
    elif file.name == "LICENSE.txt":
        Path("extlibs/mercantile.LICENSE.txt").write_bytes(file.read_binary())
PYTHON
fi

[ -f resources/symbols.zip ] || "$VENV/bin/python" -m tools.make_symbols
