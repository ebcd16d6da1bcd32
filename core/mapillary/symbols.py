"""Symbols of map features and traffic signs: SVGs of 24 by 24 units, from one file that `make symbols` puts there.

They are Mapillary's own, of 2020 (github.com/mapillary/mapillary_sprite_source, MIT), so newer values have none; and
the plugin works without the file too. Who draws something where there is no symbol takes `generic_svg`.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Callable, Optional

from ..about import PLUGIN_FOLDER

SymbolOf = Callable[[str], Optional[bytes]]
"""Gives the SVG of a value, as `symbol_svg` does."""

SYMBOLS_FILE = PLUGIN_FOLDER / "resources" / "symbols.zip"

_GENERIC = PLUGIN_FOLDER / "resources" / "icons" / "symbols"
_LARGEST_FILE = 32 * 2**20
_LARGEST_SVG = 256 * 2**10
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
_VARIANT = re.compile(r"--g([0-9]{1,4})\Z")
_SIDE = re.compile(r"-(?:front|back|side)\Z")
_OTHER_NAMES = {
    "object--billboard": "object--sign--advertisement",
    "regulatory--dual-lanes-cyclists-and-pedestrians": "regulatory--dual-lanes-bicyclists-and-pedestrians",
    "regulatory--texts": "regulatory--text",
    "warning--kangaroo-crossing": "warning--kangaloo-crossing",
}
"""By values of `core.map_feature_values`: what the symbols call the same thing."""


def symbol_svg(value: str) -> Optional[bytes]:
    """The SVG for a value of the API, or None where there is none.

    A sign without variant, or with one that has no symbol, gets that of its lowest variant; an object that is told
    more exactly than there are symbols gets that of the broader one. May be called in any thread.
    """
    return _symbols().svg(value)


@lru_cache(maxsize=8)
def generic_svg(source_layer: str) -> bytes:
    """The SVG for values without a symbol, by the name of their source layer, such as `traffic_sign`."""
    return (_GENERIC / f"{source_layer}.svg").read_bytes()


class Symbols:
    """What is in a file of symbols. None of it is trusted: what is missing or damaged is as if there was no symbol.

    The file is read at once and not kept open, so that an update of the plugin can replace it.
    """

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._names: dict[str, str] = {}
        try:
            with path.open("rb") as file:
                self._zip = zipfile.ZipFile(io.BytesIO(file.read(_LARGEST_FILE)))
        except _DAMAGED:
            return
        values = [name[: -len(".svg")] for name in self._zip.namelist() if name.endswith(".svg")]
        for value in sorted(values, key=_variant, reverse=True):
            self._names[value] = self._names[_VARIANT.sub("", value)] = value

    def values(self) -> list[str]:
        """The values that have a symbol of their own."""
        return sorted(set(self._names.values()))

    def svg(self, value: str) -> Optional[bytes]:
        """As `symbol_svg`."""
        name = self._name(value)
        if name is None:
            return None
        with self._lock:
            return self._member(f"{name}.svg")

    def _name(self, value: str) -> Optional[str]:
        base = _VARIANT.sub("", value)
        candidates = [value, base, _OTHER_NAMES.get(base), _SIDE.sub("", base), base.rpartition("--")[0]]
        return next((self._names[name] for name in candidates if name in self._names), None)

    def _member(self, name: str) -> Optional[bytes]:
        try:
            with self._zip.open(name) as file:
                svg = file.read(_LARGEST_SVG + 1)
        except _DAMAGED:
            return None
        return svg if b"<svg" in svg[:1000] and len(svg) <= _LARGEST_SVG else None


def _variant(value: str) -> int:
    found = _VARIANT.search(value)
    return int(found[1]) if found else 0


@lru_cache(maxsize=1)
def _symbols() -> Symbols:
    return Symbols(SYMBOLS_FILE)
