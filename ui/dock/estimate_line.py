"""Keeps a label saying what the download would take, without holding QGIS up."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Optional

from qgis.PyQt.QtCore import QObject, QTimer
from qgis.PyQt.QtWidgets import QLabel

from ...core.download.estimate import Estimate, estimate
from ...core.errors import MapillaryError
from ...core.network.access import Access
from ...core.network.credential import Credential
from ...core.network.endpoint import Server
from ...core.request.request import CoverageRequest
from ...core.settings import Settings
from ...core.wording import counted

_PAUSE_MS = 250
_POLL_MS = 50


class EstimateLine(QObject):
    """The number of tiles stands at once; the rest comes from the cache a moment later, for the last request shown.

    Not a task of QGIS, which would ask about it when a person leaves.
    """

    def __init__(self, label: QLabel, settings: Settings) -> None:
        super().__init__(label)
        self._label = label
        self._settings = settings
        self._request: Optional[CoverageRequest] = None
        self._subject = ""
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="mapillary_estimate")
        self._looking: Optional[Future[Estimate]] = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)

    def show(self, request: CoverageRequest, subject: str) -> None:
        """Estimate this request, in a sentence that begins as `subject`, such as `The map canvas covers`."""
        self._drop()
        self._request, self._subject = request, subject
        self._say(f"{counted(request.tile_count, 'tile')}.")
        self._timer.start(_PAUSE_MS)

    def say(self, text: str) -> None:
        """Show a text in place of an estimate."""
        self._drop()
        self._label.setText(text)

    def close_down(self) -> None:
        """Before the label is deleted."""
        self._drop()
        self._pool.shutdown(wait=False)

    def _drop(self) -> None:
        self._timer.stop()
        self._request = None
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _go_on(self) -> None:
        if self._request is None:
            return
        if self._looking is None:
            self._looking = self._look(self._request)
        elif self._looking.done():
            self._say(str(self._looking.result()))
            self._looking = None
            return
        if self._looking is not None:
            self._timer.start(_POLL_MS)

    def _look(self, request: CoverageRequest) -> Optional[Future[Estimate]]:
        settings = self._settings
        try:
            server = Server(settings.tiles_url(), Credential())
        except MapillaryError:
            # The download says what is wrong with the address.
            return None
        access = Access(server, traffic=settings.traffic(), cache=settings.cache(), offline=settings.is_offline())
        return self._pool.submit(estimate, request, access, settings.credentials.known_fingerprint())

    def _say(self, amount: str) -> None:
        if self._request is not None:
            chosen = self._request.filter
            filtered = f" Filter: {chosen}." if chosen.is_active else ""
            self._label.setText(f"{self._subject} {amount}{filtered}")
