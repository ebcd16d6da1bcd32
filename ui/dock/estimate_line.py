"""Keeps a label saying what the download would take, without holding QGIS up."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QLabel

from ...core import threads
from ...core.download.estimate import Estimate, estimate
from ...core.errors import MapillaryError, UnexpectedError
from ...core.network.access import Access
from ...core.network.credential import Credential
from ...core.network.endpoint import Server
from ...core.request.request import CoverageRequest
from ...core.settings import Settings
from ...core.threads import Caught
from ...core.wording import counted

_PAUSE_MS = 250


class _Ended(QObject):
    """Carries an estimate, or the error in its place, to the main thread; it has no parent, since a thread may outlive
    the label.
    """

    fired = pyqtSignal(object, object, object)


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
        self._looked_at: Optional[CoverageRequest] = None
        """What a thread is looking at, one at a time."""

        self._ended = _Ended()
        self._ended.fired.connect(self._on_ended)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._look)

    def show(self, request: CoverageRequest, subject: str) -> None:
        """Estimate this request, in a sentence that begins as `subject`, such as `The map canvas covers`."""
        self._request, self._subject = request, subject
        self._say(f"{counted(request.tile_count, 'tile')}.")
        self._timer.start()

    def say(self, text: str) -> None:
        """Show a text in place of an estimate."""
        self._drop()
        self._label.setText(text)

    def close_down(self) -> None:
        """Before the label is deleted."""
        self._drop()
        self._ended.fired.disconnect(self._on_ended)

    def _drop(self) -> None:
        self._timer.stop()
        self._request = None

    def _look(self) -> None:
        if self._request is None or self._looked_at is not None:
            return
        request, ended = self._request, self._ended
        with Caught() as caught:
            access = self._access()
            fingerprint = self._settings.credentials.known_fingerprint()
        if caught.error is not None:
            # What is wrong with the address, the download says.
            if isinstance(caught.error, UnexpectedError):
                self._say(str(caught.error))
            return
        self._looked_at = request
        threads.start(
            lambda: ended.fired.emit(request, estimate(request, access, fingerprint), None),
            "mapillary_estimate",
            lambda error: ended.fired.emit(request, None, error),
        )

    def _access(self) -> Access:
        settings = self._settings
        server = Server(settings.tiles_url(), Credential())
        return Access(server, traffic=settings.traffic(), cache=settings.cache(), offline=settings.is_offline())

    def _on_ended(self, request: CoverageRequest, found: Optional[Estimate], error: Optional[MapillaryError]) -> None:
        """Where another request is shown by now, that one is looked at next."""
        self._looked_at = None
        if request is self._request:
            self._say(str(found or error))
        elif not self._timer.isActive():
            self._look()

    def _say(self, amount: str) -> None:
        if self._request is not None:
            chosen = self._request.filter
            filtered = f" Filter: {chosen}." if chosen.is_active else ""
            self._label.setText(f"{self._subject} {amount}{filtered}")
