"""Composes the plugin: makes its objects, registers them with QGIS and takes them out again."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction

from .core.about import PLUGIN_FOLDER, TITLE
from .core.algorithms.provider import MapillaryProvider
from .core.log import BugLog
from .core.settings import Settings

PARAMETER_WIDGETS = {"VALUES": f"{__name__.rpartition('.')[0]}.ui.values.values_parameter.ValuesWidget"}
"""By parameter; Processing's dialogs import them when they open, and without a window nobody does."""


class MapillaryCoveragePlugin:
    """What QGIS loads. `iface` is None in qgis_process, which calls only `initProcessing`."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._settings = Settings()
        self._bugs = BugLog()
        self._provider: Optional[MapillaryProvider] = None
        self._action: Optional[QAction] = None
        self._dock: Any = None
        self._export: Any = None
        self._options: Any = None
        self._images: Any = None
        self._update: Any = None
        self._tips: Any = None
        self._reopened: Any = None

    def open_image(self, image_id: str) -> None:
        """Open an image in the panel: for other plugins, and for the actions of layers.

        `image_id` is the id (digits, as text or number), a link to the image on mapillary.com, or a value of the tag
        `mapillary` of OpenStreetMap; what is none of these is told in the message bar. Call it on the main thread, as
        `qgis.utils.plugins["mapillary_coverage"].open_image("308609047601518")`.
        """
        if self._images is not None:
            self._images.open_image(image_id)

    def open_map_feature(self, map_feature_id: str) -> None:
        """Open a map feature or traffic sign in the panel, by its id; on the main thread."""
        if self._images is not None:
            self._images.open_map_feature(map_feature_id)

    def initProcessing(self) -> None:  # noqa: N802
        """Register the algorithms."""
        self._bugs.open()
        self._provider = MapillaryProvider(self._settings, PARAMETER_WIDGETS)
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:  # noqa: N802
        """Register the algorithms, the panel and the button that shows it."""
        self.initProcessing()
        self._add_dock()
        self._add_options()
        icon = QIcon(str(PLUGIN_FOLDER / "resources" / "icons" / "mapillary_coverage.svg"))
        self._action = QAction(icon, "Mapillary coverage", self._iface.mainWindow())
        self._action.setObjectName("MapillaryCoverageAction")
        self._action.setToolTip("Show or hide the Mapillary panel")
        self._dock.setToggleVisibilityAction(self._action)
        self._iface.addPluginToWebMenu(TITLE, self._action)
        self._iface.addWebToolBarIcon(self._action)
        self._add_images()
        self._add_export()
        self._add_update()
        self._add_tips()

    def unload(self) -> None:
        """Take everything out again, whatever a broken start left unmade."""
        if self._update is not None:
            self._update.close_down()
            self._update = None
        if self._tips is not None:
            self._tips.close_down()
            self._tips = None
        if self._reopened is not None:
            self._reopened.close_down()
            self._reopened = None
        if self._export is not None:
            self._export.close_down()
            self._export = None
        if self._images is not None:
            self._images.close_down()
            self._images = None
        if self._action is not None:
            self._iface.removePluginWebMenu(TITLE, self._action)
            self._iface.removeWebToolBarIcon(self._action)
            self._action.deleteLater()
            self._action = None
        if self._dock is not None:
            self._dock.close_down()
            self._iface.removeDockWidget(self._dock)
            self._dock.deleteLater()
            self._dock = None
        if self._options is not None:
            self._iface.unregisterOptionsWidgetFactory(self._options)
            self._options = None
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
        self._settings.close()
        self._bugs.close()

    def _add_options(self) -> None:
        from .ui.options_page import OptionsFactory

        self._options = OptionsFactory(self._settings)
        self._iface.registerOptionsWidgetFactory(self._options)

    def _add_images(self) -> None:
        from .ui.messages import Messages
        from .ui.viewer.image_entry import ImageEntry

        self._images = ImageEntry(self._iface, self._settings, Messages(self._iface.messageBar()), self._dock)
        self._images.dock.viewer.credential_wanted.connect(self._dock.set_token)
        self._images.dock.viewer.online_wanted.connect(self._dock.work_online)

    def _add_export(self) -> None:
        from .ui.layers.export_entry import ExportEntry
        from .ui.messages import Messages

        self._export = ExportEntry(self._iface, Messages(self._iface.messageBar()))
        self._dock.panel.exportButton.clicked.connect(self._export.open_all)

    def _add_update(self) -> None:
        from .ui.dock.layer_update import LayerUpdate
        from .ui.messages import Messages

        dock, messages = self._dock, Messages(self._iface.messageBar())
        self._update = LayerUpdate(self._iface, self._settings, messages, dock.panel, dock.download)
        self._update.started.connect(lambda: dock.setUserVisible(True))

    def _add_tips(self) -> None:
        from .ui.layers.picture_tips import PictureTips
        from .ui.layers.reopened_layers import ReopenedLayers

        window = self._iface.mainWindow()
        self._tips = PictureTips(self._iface.mapCanvas(), self._settings, window)
        self._reopened = ReopenedLayers(QgsProject.instance(), window)

    def _add_dock(self) -> None:
        from .ui.coverage_dock import CoverageDock
        from .ui.messages import Messages

        window = self._iface.mainWindow()
        messages = Messages(self._iface.messageBar())
        self._dock = CoverageDock(self._iface.mapCanvas(), self._settings, messages, window)
        self._iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._dock)
        window.restoreDockWidget(self._dock)
