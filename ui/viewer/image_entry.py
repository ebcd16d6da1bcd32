"""Where images are opened from: the toolbar, the Web menu, a shortcut, the locator bar, and other plugins."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QObject, Qt
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction, QDockWidget

from ...core.about import PLUGIN_FOLDER, TITLE
from ...core.errors import MapillaryError
from ...core.mapillary.image_link import image_id_in
from ...core.settings import Settings
from ..messages import Messages
from .image_dock import ImageDock
from .locator_filter import MapillaryLocatorFilter

SHORTCUT = "Ctrl+Shift+Y"
"""By default, and free in QGIS; Settings > Keyboard Shortcuts changes it."""


class ImageEntry(QObject):
    """The dock, the action of its map tool, and the locator's filter; `close_down` takes them out again."""

    def __init__(self, iface: Any, settings: Settings, messages: Messages, neighbour: QDockWidget) -> None:
        """The dock is closed at first; the first time that it is opened it is a tab beside its neighbour."""
        window = iface.mainWindow()
        super().__init__(window)
        self._iface = iface
        self._settings = settings
        self._messages = messages
        self.dock = ImageDock(iface.mapCanvas(), settings, messages, window)
        iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        self.dock.hide()
        window.restoreDockWidget(self.dock)
        self._neighbour = neighbour
        self.dock.opened.connect(self._place)
        self._action = QAction(
            QIcon(str(PLUGIN_FOLDER / "resources" / "icons" / "image_tool.svg")), "Look at Mapillary images", self
        )
        self._action.setObjectName("MapillaryImageToolAction")
        self._action.setToolTip("Click on the map to open the nearest Mapillary image, map feature or sign")
        self._action.setCheckable(True)
        self._action.triggered.connect(self._take_tool)
        self.dock.tool.setAction(self._action)
        iface.addPluginToWebMenu(TITLE, self._action)
        iface.addWebToolBarIcon(self._action)
        iface.registerMainWindowAction(self._action, SHORTCUT)
        self._locator = MapillaryLocatorFilter(lambda image_id: self.open_image(image_id, goes_there=True))
        iface.registerLocatorFilter(self._locator)

    def open_image(self, image_id: str, goes_there: bool = False) -> None:
        """Show an image by its id or link; what is neither is told in the message bar."""
        try:
            self.dock.open_image(image_id_in(str(image_id)), goes_there)
        except MapillaryError as error:
            self._messages.hint(str(error))

    def open_map_feature(self, map_feature_id: str) -> None:
        """Show a map feature or sign by its id; what is none is told in the message bar."""
        try:
            self.dock.open_map_feature(str(map_feature_id))
        except MapillaryError as error:
            self._messages.hint(str(error))

    def close_down(self) -> None:
        """End what runs and take everything out."""
        self._iface.deregisterLocatorFilter(self._locator)
        self._iface.unregisterMainWindowAction(self._action)
        self._iface.removePluginWebMenu(TITLE, self._action)
        self._iface.removeWebToolBarIcon(self._action)
        self.dock.close_down()
        self._iface.removeDockWidget(self.dock)
        self.dock.deleteLater()
        self.deleteLater()

    def _place(self) -> None:
        """Once and for all: QGIS restores the places of panels only after plugins have started."""
        self.dock.opened.disconnect(self._place)
        if self._settings.note_image_panel():
            self._iface.mainWindow().tabifyDockWidget(self._neighbour, self.dock)
            self.dock.raise_()

    def _take_tool(self) -> None:
        """The panel says what to do with it."""
        self.dock.setUserVisible(True)
        self._iface.mapCanvas().setMapTool(self.dock.tool)
