"""Composes the plugin: makes its objects, registers them with QGIS and takes them out again."""

from __future__ import annotations

from qgis.core import QgsApplication

from .core.algorithms.provider import MapillaryProvider
from .core.settings import Settings


class MapillaryCoveragePlugin:
    """What QGIS loads. `iface` is None in qgis_process, which calls only `initProcessing`."""

    def __init__(self, iface):
        self._iface = iface
        self._settings = Settings()
        self._provider = None
        self._dock = None

    def initProcessing(self):  # noqa: N802
        """Register the algorithms."""
        self._provider = MapillaryProvider(self._settings)
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self):  # noqa: N802
        """Register the algorithms and the panel."""
        self.initProcessing()

    def unload(self):
        """Take everything out again, whatever a broken start left unmade."""
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
