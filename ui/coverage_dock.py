"""The dock widget: the panel beside the map canvas, and the downloads that it starts."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsProject
from qgis.gui import QgsDockWidget, QgsMapCanvas
from qgis.PyQt.QtWidgets import QWidget

from ..core.settings import Settings
from .dock.coverage_download import CoverageDownload
from .dock.coverage_panel import CoveragePanel
from .dock.result_places import ResultPlaces
from .layers.attribution import Attribution
from .live.live_coverage import LiveCoverage
from .messages import Messages


class CoverageDock(QgsDockWidget):
    """`close_down` ends what runs and lets go of the canvas and the project."""

    def __init__(
        self, canvas: QgsMapCanvas, settings: Settings, messages: Messages, parent: Optional[QWidget] = None
    ) -> None:
        super().__init__("Mapillary", parent)
        self.setObjectName("MapillaryCoverageDock")
        self._canvas = canvas
        self.panel = CoveragePanel(canvas, settings)
        self.download = CoverageDownload(self.panel, settings, messages)
        self.live = LiveCoverage(canvas, self.panel, settings)
        self.places = ResultPlaces(canvas, self.panel)
        self._attribution = Attribution(canvas)
        self.download.started.connect(self.places.show_area)
        self.download.finished.connect(self.places.offer)
        self.setWidget(self.panel)
        self._canvas.extentsChanged.connect(self.panel.show_estimate)
        self._canvas.destinationCrsChanged.connect(self.panel.show_estimate)
        QgsProject.instance().cleared.connect(self._on_project_closed)

    def set_token(self) -> None:
        """Ask for a token, from another part of the plugin."""
        self.setUserVisible(True)
        self.panel.tokenPanel.set_token()

    def work_online(self) -> None:
        """Untick “Work offline”."""
        self.panel.offlineCheck.setChecked(False)

    def close_down(self) -> None:
        """Before the dock is deleted."""
        self._canvas.extentsChanged.disconnect(self.panel.show_estimate)
        self._canvas.destinationCrsChanged.disconnect(self.panel.show_estimate)
        QgsProject.instance().cleared.disconnect(self._on_project_closed)
        self.live.close_down()
        self.download.close_down()
        self.places.close_down()
        self._attribution.close_down()
        self.panel.close_down()

    def _on_project_closed(self) -> None:
        was_running = self.download.is_running()
        self.download.close_down()
        self.places.forget()
        self.panel.say("The download was stopped: the project was closed." if was_running else "")
        self.panel.show_estimate()
