"""Keeps a label saying what the download would take, without holding QGIS up."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, QTimer
from qgis.PyQt.QtWidgets import QLabel

from ..core.credential import Credential
from ..core.endpoint import Server
from ..core.errors import MapillaryError
from ..core.estimate import estimate
from ..core.report import counted
from ..core.request import CoverageRequest
from ..core.request_task import RequestTask
from ..core.settings import Settings
from ..core.tile_access import TileAccess

_PAUSE_MS = 250


class EstimateLine(QObject):
    """The number of tiles stands at once; the rest comes from the cache a moment later, for the last request shown."""

    def __init__(self, label: QLabel, settings: Settings) -> None:
        super().__init__(label)
        self._label = label
        self._settings = settings
        self._request: Optional[CoverageRequest] = None
        self._task: Optional[RequestTask] = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)

    def show(self, request: CoverageRequest) -> None:
        """Estimate this request."""
        self._request = request
        self._say(f"{counted(request.tile_count, 'tile')}.")
        self._timer.start(_PAUSE_MS)

    def say(self, text: str) -> None:
        """Show a text in place of an estimate."""
        self.close_down()
        self._request = None
        self._label.setText(text)

    def close_down(self) -> None:
        """Forget what is under way."""
        self._timer.stop()
        if self._task is not None:
            self._task.ended.disconnect(self._on_ended)
            self._task = None

    def _say(self, amount: str) -> None:
        if self._request is not None:
            chosen = self._request.filter
            filtered = f" Filter: {chosen}." if chosen.is_active else ""
            self._label.setText(f"The map canvas covers {amount}{filtered}")

    def _look(self) -> None:
        request = self._request
        if request is None:
            return
        self.close_down()
        settings = self._settings
        try:
            server = Server(settings.tiles_url(), Credential())
        except MapillaryError:
            # The download says what is wrong with the address.
            return
        access = TileAccess(server, traffic=settings.traffic(), cache=settings.cache(), offline=settings.is_offline())
        fingerprint = settings.credentials.known_fingerprint()
        self._task = RequestTask(
            "Mapillary: looking into the tile cache", None, lambda _: estimate(request, access, fingerprint)
        )
        self._task.ended.connect(self._on_ended)
        QgsApplication.taskManager().addTask(self._task)

    def _on_ended(self) -> None:
        task, self._task = self._task, None
        if task is not None and task.result is not None:
            self._say(str(task.result))
