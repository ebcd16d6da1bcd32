"""Mapillary Coverage, a QGIS plugin. Importing this package imports nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .plugin import MapillaryCoveragePlugin


def classFactory(iface: Any) -> MapillaryCoveragePlugin:  # noqa: N802
    """The plugin, as QGIS asks for it. `iface` is None in qgis_process."""
    from .plugin import MapillaryCoveragePlugin

    return MapillaryCoveragePlugin(iface)
