"""One image after the other: the newest that is asked for wins, and the one that is shown stays until it comes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Optional

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ....core.errors import MapillaryError
from ....core.viewing.request_threads import Ask
from ...background import Background
from .image_load import ImageLoad


class Opening(QObject):
    """`arrived` fires when `shown` is another image, `pictured` when that has another picture (`is_same`: a larger one
    of the same), `missed` when nothing is near, `failed` with the error that kept an image or its picture away.
    """

    arrived = pyqtSignal()
    pictured = pyqtSignal(bool)
    missed = pyqtSignal()
    failed = pyqtSignal(object)

    def __init__(self, background: Background, leave: Callable[[ImageLoad], None], parent: QObject) -> None:
        """`leave` takes over what was shown until another image came."""
        super().__init__(parent)
        self._leave = leave
        self.shown: Optional[ImageLoad] = None
        self._background = background
        self._pending: Optional[ImageLoad] = None
        self._is_pictured = False

    @property
    def is_waiting(self) -> bool:
        """Whether another image than the one that is shown was asked for."""
        return self._pending is not None

    def open(self, ask: Ask, pixels: int) -> None:
        """Ask for an image, with a picture of so many pixels across."""
        self.drop()
        self._await(ImageLoad(self._background, ask, pixels, False, self))

    def take(self, load: ImageLoad, pixels: int) -> None:
        """Show what was loaded ahead, or wait for it."""
        self.drop()
        self._await(load)
        load.want(pixels)
        if load.image is not None:
            self._on_found(load)
            if load.picture is not None:
                self._on_pictured(load)

    def drop(self) -> None:
        """Wait no longer for what was asked for last, nor for a larger picture of what is shown."""
        if self.shown is not None:
            self.shown.rest()
        if self._pending is not None:
            self._pending.stop()
            self._pending = None

    def clear(self) -> None:
        """Show nothing."""
        self.drop()
        if self.shown is not None:
            self.shown.stop()
            self.shown = None

    def _await(self, load: ImageLoad) -> None:
        self._pending = load
        load.found.connect(partial(self._on_found, load))
        load.pictured.connect(partial(self._on_pictured, load))
        load.failed.connect(partial(self._on_failed, load))

    def _on_found(self, load: ImageLoad) -> None:
        self._pending = None
        if load.image is None:
            load.stop()
            self.missed.emit()
            return
        left, self.shown, self._is_pictured = self.shown, load, False
        if left is not None:
            for signal in (left.found, left.pictured, left.failed):
                signal.disconnect()
            self._leave(left)
        self.arrived.emit()

    def _on_pictured(self, load: ImageLoad) -> None:
        is_same, self._is_pictured = self._is_pictured, True
        self.pictured.emit(is_same)

    def _on_failed(self, load: ImageLoad) -> None:
        error: Optional[MapillaryError] = load.error
        if load is self._pending:
            self.clear()
        self.failed.emit(error)
