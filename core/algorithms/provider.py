"""The Processing provider `mapillary`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..about import PLUGIN_FOLDER
from ..settings import Settings
from .detections import DetectionsAlgorithm
from .download_coverage import DownloadCoverageAlgorithm
from .download_map_features import DownloadMapFeaturesAlgorithm
from .download_thumbnails import DownloadThumbnailsAlgorithm
from .metadata import MetadataAlgorithm


class MapillaryProvider(QgsProcessingProvider):
    """All algorithms of the plugin."""

    def __init__(self, settings: Settings, widgets: Optional[Mapping[str, str]] = None) -> None:
        """`widgets` are those of MapillaryAlgorithm."""
        super().__init__()
        self._settings = settings
        self._widgets = widgets

    def loadAlgorithms(self) -> None:  # noqa: N802
        for algorithm in (
            DownloadCoverageAlgorithm,
            DownloadMapFeaturesAlgorithm,
            DownloadThumbnailsAlgorithm,
            MetadataAlgorithm,
            DetectionsAlgorithm,
        ):
            self.addAlgorithm(algorithm(self._settings, self._widgets))

    def id(self) -> str:
        return "mapillary"

    def name(self) -> str:
        return "Mapillary"

    def icon(self) -> QIcon:
        return QIcon(str(PLUGIN_FOLDER / "resources" / "icons" / "mapillary_coverage.svg"))
