"""The dock widget with the image panel, and the map tool that opens images in it."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsPointXY, QgsProject
from qgis.gui import QgsDockWidget, QgsMapCanvas
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QWidget

from ...core.settings import Settings
from ..messages import Messages
from .image_viewer import ImageViewer
from .map.image_tool import ImageTool
from .panel.image_panel import ImagePanel


class ImageDock(QgsDockWidget):
    """Closing it ends what it loads; `close_down` lets go of the canvas and the project as well."""

    def __init__(
        self,
        canvas: QgsMapCanvas,
        settings: Settings,
        messages: Messages,
        parent: Optional[QWidget] = None,
    ) -> None:
        super().__init__("Mapillary image", parent)
        self.setObjectName("MapillaryImageDock")
        self._canvas = canvas
        self.panel = ImagePanel()
        self.viewer = ImageViewer(self.panel, canvas, settings, messages)
        self.tool = ImageTool(canvas)
        self.setWidget(self.panel)
        self.tool.clicked.connect(self._on_clicked)
        self.closed.connect(self.viewer.clear)
        QgsProject.instance().cleared.connect(self.viewer.project_closed)

    def open_image(self, image_id: str, goes_there: bool = False) -> None:
        """Show the panel with this image. Raises InvalidRequestError for what is no id."""
        self.viewer.open_image(image_id, goes_there)
        self.setUserVisible(True)

    def open_map_feature(self, map_feature_id: str) -> None:
        """Show the panel with this map feature or sign. Raises InvalidRequestError for what is no id."""
        self.viewer.open_map_feature(map_feature_id)
        self.setUserVisible(True)

    def close_down(self) -> None:
        """Before the dock is deleted."""
        QgsProject.instance().cleared.disconnect(self.viewer.project_closed)
        self.closed.disconnect(self.viewer.clear)
        if not sip.isdeleted(self._canvas):
            self._canvas.unsetMapTool(self.tool)
            self.tool.deleteLater()
        self.viewer.close_down()

    def _on_clicked(self, point: QgsPointXY) -> None:
        self.setUserVisible(True)
        self.viewer.click(point)
