"""One opening of an image: what the graph says with fresh addresses of its pictures, then the picture, small first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ....core.errors import MapillaryError
from ....core.pictures.picture_folder import SIZES
from ....core.pictures.picture_metadata import ORIGINAL
from ....core.viewing.image_requests import ask_for_picture
from ....core.viewing.panorama import WIDEST_PANORAMA
from ....core.viewing.request_threads import Ask, Job
from ....core.viewing.street_image import StreetImage
from ...background import Background
from ...picture import Picture, read_picture

if TYPE_CHECKING:
    from ....core.graph.graph_client import GraphClient


class ImageLoad(QObject):
    """`found` fires when `image` is there, which is None where nothing is near; `pictured` for each `picture`, from
    smaller to larger; `failed` when `error` says why one of them does not come. `stop` ends it for good.
    """

    found = pyqtSignal()
    pictured = pyqtSignal()
    failed = pyqtSignal()

    def __init__(self, background: Background, ask: Ask, pixels: int, is_prefetch: bool, parent: QObject) -> None:
        super().__init__(parent)
        self.image: Optional[StreetImage] = None
        self.picture: Optional[Picture] = None
        self.error: Optional[MapillaryError] = None
        self._background = background
        self._pixels = pixels
        self._is_urgent = not is_prefetch
        self._job: Optional[Job] = background.ask(ask, self._on_found, self._is_urgent)

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes unless it is asked for."""
        return self._job is None

    def want(self, pixels: int) -> None:
        """From now on the picture should have so many pixels across."""
        self._pixels = pixels
        self._is_urgent = True
        if self._job is None:
            self._go_on()

    def want_original(self) -> None:
        """Get the largest picture."""
        if self.image is not None and (self.picture is None or self.picture.size != ORIGINAL):
            self._drop()
            self._fetch(ORIGINAL)

    def rest(self) -> None:
        """Get nothing more until it is wanted."""
        self._drop()

    def stop(self) -> None:
        """Nothing fires any more."""
        self._drop()
        self.blockSignals(True)
        self.deleteLater()

    def _drop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _on_found(self, image: Optional[StreetImage], error: Optional[MapillaryError]) -> None:
        self._job = None
        if error is not None:
            self._fail(error)
            return
        self.image = image
        self._go_on()
        self.found.emit()

    def _fetch(self, size: str) -> None:
        image, access = self.image, self._background.access
        if image is None or access is None:
            return
        pauses = access.pauses

        def ask(client: GraphClient) -> Picture:
            widest = WIDEST_PANORAMA if image.is_pano else None
            return read_picture(size, ask_for_picture(client, image, size, pauses), widest)

        self._job = self._background.ask(ask, self._on_picture, self._is_urgent)

    def _on_picture(self, picture: Any, error: Optional[MapillaryError]) -> None:
        self._job = None
        if error is not None:
            self._fail(error)
            return
        self.picture = picture
        self._go_on()
        self.pictured.emit()

    def _go_on(self) -> None:
        """Get a picture, or a larger one, where that is wanted and there is one."""
        if self.image is None or self.error is not None:
            return
        # Where somebody waits, the smallest is there soonest.
        is_first = self.picture is None and self._is_urgent
        size = self.image.best_size(int(SIZES[0]) if is_first else self._pixels)
        if size is not None and (self.picture is None or SIZES.index(size) > SIZES.index(self.picture.size)):
            self._fetch(size)

    def _fail(self, error: MapillaryError) -> None:
        self.error = error
        self.failed.emit()
