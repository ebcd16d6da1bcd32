"""The switch “Live coverage”: its layers come and go with it, follow the form, and say what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsProject, QgsVectorTileLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, QSignalBlocker, QTimer

from ...core.errors import InvalidRequestError, LockedDatabaseError, MapillaryError, UnsafeEndpointError
from ...core.live.project_files import ProjectFiles
from ...core.live.visible_tiles import tiles_gone_through
from ...core.mapillary.schema import TILESETS
from ...core.network.access import Access
from ...core.network.oauth import Renewal
from ...core.settings import CredentialState, Settings
from ...core.wording import counted
from ..dock.coverage_panel import CoveragePanel
from .live_fetch import LiveFetch
from .live_filter import LiveFilter
from .live_group import add_live_layers, live_layers, remove_live_layers, show_only, show_position
from .live_look import LiveLook, Look, has_colours, unanswered

_STYLE_MS = 400
"""Tiles come in bursts; the legend need not follow each."""

_MOST_GONE_THROUGH = 4_000
"""Some seconds: QGIS 3.22 looks for about 1,500 tiles a second."""


class LiveCoverage(QObject):
    """Drives the panel's group “Look around”; `close_down` lets go of canvas and project, where the layers stay."""

    def __init__(self, canvas: QgsMapCanvas, panel: CoveragePanel, settings: Settings) -> None:
        super().__init__(panel)
        self._canvas = canvas
        self._panel = panel
        self._settings = settings
        self._error: Optional[MapillaryError] = None
        self._is_held = False
        self._look = LiveLook()
        self._filter = LiveFilter(settings, self)
        self._filter.changed.connect(self._style)
        self.fetch = LiveFetch(canvas, self)
        self.fetch.changed.connect(self._on_tiles)
        self._styling = QTimer(self)
        self._styling.setSingleShot(True)
        self._styling.setInterval(_STYLE_MS)
        self._styling.timeout.connect(self._style)
        self._files = ProjectFiles(self._path_if_any, self)
        panel.liveCheck.toggled.connect(self._switch)
        panel.liveRetryButton.clicked.connect(self._retry)
        panel.colourCombo.currentIndexChanged.connect(self._style)
        panel.filterPanel.changed.connect(self._take_filter)
        panel.positionCombo.currentIndexChanged.connect(self._take_position)
        for check in panel.layer_checks.values():
            check.toggled.connect(self._take_kinds)
        panel.offlineCheck.toggled.connect(self._restart)
        settings.credentials.changed.connect(self._restart)
        settings.changed.connect(self._on_settings_changed)
        QgsProject.instance().layersAdded.connect(self._on_layers_changed)
        QgsProject.instance().layersRemoved.connect(self._on_layers_changed)
        QgsProject.instance().readProject.connect(self._on_project_read)
        # QGIS begins to draw right after these.
        canvas.extentsChanged.connect(self._hold)
        canvas.destinationCrsChanged.connect(self._hold)
        self._show_state()
        self._on_layers_changed()

    def close_down(self) -> None:
        """Before the panel is deleted."""
        self._canvas.extentsChanged.disconnect(self._hold)
        self._canvas.destinationCrsChanged.disconnect(self._hold)
        QgsProject.instance().layersAdded.disconnect(self._on_layers_changed)
        QgsProject.instance().layersRemoved.disconnect(self._on_layers_changed)
        QgsProject.instance().readProject.disconnect(self._on_project_read)
        self._settings.credentials.changed.disconnect(self._restart)
        self._settings.changed.disconnect(self._on_settings_changed)
        self._styling.stop()
        self._filter.drop()
        self.fetch.stop()
        self._files.close_down()

    def _path_of(self, tileset: str) -> Path:
        """Where QGIS reads the tiles of a tileset; makes the file. Raises MapillaryError."""
        from ...core.live.tile_shelf import DisplayTiles

        tiles = DisplayTiles(self._settings.cache(), self._settings.tiles_url(), tileset)
        tiles.close()
        if tiles.problem:
            raise MapillaryError(f"{tiles.problem} Choose another folder in Settings > Options > Mapillary.")
        return tiles.path

    def _path_if_any(self, tileset: str) -> Optional[Path]:
        if self._is_held:
            return None
        try:
            return self._path_of(tileset)
        except MapillaryError:
            return None

    def _hold(self) -> None:
        """Have nothing drawn where this QGIS would take minutes."""
        layers, settings = live_layers(QgsProject.instance()), self._canvas.mapSettings()
        is_slow = bool(layers) and not hasattr(QgsVectorTileLayer, "tileMatrixSet")
        is_held = is_slow and tiles_gone_through(settings, layers[0]) > _MOST_GONE_THROUGH
        if is_held != self._is_held:
            self._is_held = is_held
            self._files.show_all()
            self._show_state()

    def _switch(self, is_on: bool) -> None:
        if not is_on:
            self._stop()
            remove_live_layers(QgsProject.instance())
            return
        try:
            add_live_layers(QgsProject.instance(), self._panel.positionCombo.currentData(), self._path_of)
        except MapillaryError as error:
            self._tick(False)
            self._refuse(error)
            return
        self._start(asks_for_password=True)
        self._take_kinds()

    def _start(self, asks_for_password: bool) -> None:
        """Fetch, or show what is in the cache where there is no usable token, or nothing where there is no usable
        server.
        """
        self._error = None
        try:
            access = self._access(asks_for_password)
        except UnsafeEndpointError as error:
            self._refuse(error)
            return
        except MapillaryError as error:
            self._error = error
            access = self._settings.tile_access(offline=True)
        self._hold()
        self._files.show_all()
        self.fetch.start(access, self._renewal)
        self._take_filter()

    def _refuse(self, error: MapillaryError) -> None:
        """Not even the cache can be shown."""
        self._stop()
        self._error = error
        self._show_state()

    def _access(self, asks_for_password: bool) -> Access:
        """Raises MapillaryError, also where QGIS would ask for its master password and nobody expects it to."""
        credentials = self._settings.credentials
        is_locked = not credentials.is_at_hand() and credentials.state() is not CredentialState.NONE
        if is_locked and not asks_for_password and not self._settings.is_offline():
            raise LockedDatabaseError()
        return self._settings.tile_access()

    def _renewal(self) -> Optional[Renewal]:
        return self._settings.credentials.renewal(self._settings.graph_url())

    def _stop(self) -> None:
        self._styling.stop()
        self._filter.drop()
        self.fetch.stop()
        self._look.forget()
        self._error = None
        self._show_state()

    def _restart(self) -> None:
        if live_layers(QgsProject.instance()):
            self._start(asks_for_password=False)

    def _on_settings_changed(self) -> None:
        """The server or the cache may be another."""
        self._look.forget()
        self._restart()

    def _retry(self) -> None:
        if self._error is None:
            self.fetch.retry()
        elif live_layers(QgsProject.instance()):
            self._start(asks_for_password=True)
        else:
            self._panel.liveCheck.setChecked(True)

    def _on_layers_changed(self, *_: object) -> None:
        """A project was opened or closed, or a person removed layers."""
        is_there = bool(live_layers(QgsProject.instance()))
        self._tick(is_there)
        if is_there and not self.fetch.is_running:
            self._start(asks_for_password=False)
        elif not is_there and (self.fetch.is_running or self._error is not None):
            self._stop()

    def _on_project_read(self) -> None:
        """The layer tree is there only now, with what was stored of the legends."""
        self._look.forget()
        self._style()

    def _tick(self, is_on: bool) -> None:
        blocker = QSignalBlocker(self._panel.liveCheck)
        self._panel.liveCheck.setChecked(is_on)
        blocker.unblock()

    def _take_position(self) -> None:
        if self.fetch.is_running:
            show_position(QgsProject.instance(), self._panel.positionCombo.currentData(), self._path_if_any)
            self._look.forget()
            self.fetch.look()
            self._style()

    def _take_kinds(self) -> None:
        """What is to be loaded is what is shown; in the layer tree a person can choose otherwise."""
        if self.fetch.is_running:
            show_only(QgsProject.instance(), self._tilesets())
            self._style()

    def _tilesets(self) -> list[str]:
        chosen, position = set(self._panel.chosen_layers()), self._panel.positionCombo.currentData()
        return [each.name for each in TILESETS if each.position in ("", position) and chosen & set(each.layers)]

    def _take_filter(self) -> None:
        if not self.fetch.is_running:
            return
        try:
            self._filter.set(self._panel.filterPanel.filter())
        except InvalidRequestError as error:
            self._filter.refuse(str(error))

    def _on_tiles(self) -> None:
        if not self._styling.isActive():
            self._styling.start()
        self._show_state()

    def _style(self) -> None:
        if not self.fetch.is_running:
            return
        panel = self._panel
        look = Look(self._filter.chosen, panel.colour_by(), panel.chosen_layers())
        self._look.apply(live_layers(QgsProject.instance()), look, self.fetch.seen_in)
        self._show_state()

    def _show_state(self) -> None:
        sentences = self._sentences() if self.fetch.is_running else [str(self._error)] * bool(self._error)
        state = self.fetch.state() if self.fetch.is_running else None
        is_lacking = state is not None and bool(state.problem or state.missing)
        self._panel.liveLabel.setText(" ".join(sentences))
        self._panel.liveLabel.setVisible(bool(sentences) or self.fetch.is_running)
        self._panel.liveRetryButton.setVisible(bool(self._error) or is_lacking)

    def _sentences(self) -> list[str]:
        state = self.fetch.state()
        problem = self._error or state.problem
        sentences = [str(problem)] if problem else []
        if self._error and self.fetch.is_running:
            sentences.append("Tiles of earlier days are shown.")
        if self._is_held:
            sentences.append(
                "Nothing is drawn here, because this version of QGIS would take minutes: in the map's coordinate"
                " reference system the view crosses 180°. EPSG:3857 has no such limit."
            )
        if state.missing:
            sentences.append(
                f"{counted(state.missing, 'tile')} of this view {'is' if state.missing == 1 else 'are'} missing."
            )
        if state.waiting:
            sentences.append(f"{counted(state.waiting, 'tile')} on {'its' if state.waiting == 1 else 'their'} way…")
        if self._filter.problem:
            sentences.append(self._filter.problem)
        names = unanswered(self.fetch.shown(), self._filter.chosen)
        if names:
            sentences.append(f"Not told by the tiles shown here, so not filtered: {', '.join(names)}.")
        if not has_colours(self.fetch.shown(), self._panel.colour_by()):
            sentences.append("What the colours stand for is not told by the tiles shown here.")
        return sentences
