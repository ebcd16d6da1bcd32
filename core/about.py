"""What the plugin is called and which version it is: read from metadata.txt, the one place that says so."""

from __future__ import annotations

from configparser import ConfigParser
from functools import lru_cache
from pathlib import Path

PLUGIN_FOLDER = Path(__file__).resolve().parent.parent
TITLE = "Mapillary Coverage"


@lru_cache(maxsize=1)
def version() -> str:
    """The version in metadata.txt, such as `0.1.0`."""
    metadata = ConfigParser(interpolation=None)
    metadata.read(PLUGIN_FOLDER / "metadata.txt", encoding="utf-8")
    return metadata["general"]["version"]


def user_agent() -> str:
    """How requests name themselves to the server."""
    return f"MapillaryCoverage/{version()} (QGIS plugin)"
