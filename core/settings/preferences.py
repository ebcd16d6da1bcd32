"""Single values in QGIS' settings, checked when they are read: the file can be edited by anyone."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from qgis.core import QgsSettings

SETTINGS_GROUP = "mapillary_coverage"


@dataclass(frozen=True)
class Number:
    """A number with its limits; what is stored beyond them, or is no number, counts as the default."""

    key: str
    default: float
    low: float
    high: float

    def read(self) -> float:
        """The number that is set."""
        try:
            value = float(read_text(self.key) or self.default)
        except ValueError:
            return self.default
        return value if math.isfinite(value) and self.low <= value <= self.high else self.default

    def write(self, value: float) -> None:
        """Set the number; the default is not stored, so that a later one of ours holds."""
        write(self.key, "" if value == self.default else f"{value:g}")


@dataclass(frozen=True)
class Text:
    """A text; a variable of the environment wins over what is stored."""

    key: str
    variable: str

    def is_overridden(self) -> bool:
        """Whether the variable is set."""
        return bool(from_environment(self.variable))

    def read(self) -> str:
        """The text in force; empty where none is set."""
        return from_environment(self.variable) or read_text(self.key)

    def write(self, value: str) -> None:
        """Store the text, unless the variable holds, which was shown in its place."""
        if not self.is_overridden():
            write(self.key, value)


FRESH_HOURS = Number("cache_fresh_hours", 24, 0, 24 * 365)
CACHE_MEGABYTES = Number("cache_megabytes", 2048, 50, 1_000_000)
BURST = Number("pace_burst", 300, 1, 50_000)
PER_SECOND = Number("pace_per_second", 2, 0.01, 100)
QUESTION_TILES = Number("question_tiles", 500, 1, 50_000)
CALLBACK_PORT = Number("callback_port", 8764, 1024, 65535)

TILES_URL = Text("tiles_url", "MAPILLARY_TILES_URL")
GRAPH_URL = Text("graph_url", "MAPILLARY_GRAPH_URL")
CACHE_FOLDER = Text("cache_folder", "MAPILLARY_CACHE_DIR")


def read_text(key: str) -> str:
    """A text; empty where none is set."""
    value = QgsSettings().value(f"{SETTINGS_GROUP}/{key}", "")
    return value if isinstance(value, str) else str(value)


def write(key: str, value: str) -> None:
    """Set a text; an empty one removes it."""
    if value:
        QgsSettings().setValue(f"{SETTINGS_GROUP}/{key}", value)
    else:
        QgsSettings().remove(f"{SETTINGS_GROUP}/{key}")


def from_environment(variable: str) -> str:
    """A variable of the environment without blanks around it; empty where it is not set."""
    return os.environ.get(variable, "").strip()
