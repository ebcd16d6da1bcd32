"""Along a sequence: where in it the shown image is, and its neighbours, loaded ahead."""

from __future__ import annotations

from functools import partial
from typing import Any, Optional

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ....core.errors import MapillaryError, UnknownObjectError
from ....core.pictures.picture_metadata import ORIGINAL
from ....core.viewing.image_requests import ask_for_image, ask_for_order
from ....core.viewing.request_threads import Job
from ....core.viewing.street_image import StreetImage
from ...background import Background
from .image_load import ImageLoad


class SequenceWalk(QObject):
    """`changed` fires when other images can be reached; `problem` says why none can."""

    changed = pyqtSignal()

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self.problem = ""
        self._background = background
        self._order: list[str] = []
        self._sequence_id: Optional[str] = None
        self._image_id = ""
        self._is_forward = True
        self._job: Optional[Job] = None
        self._ahead: dict[str, ImageLoad] = {}

    def be_at(self, image: StreetImage) -> None:
        """This image is shown now; the order of its sequence is asked for where it is not known."""
        self._image_id = image.image_id
        if image.sequence_id is None:
            self._forget("Mapillary names no sequence for this image.")
        elif image.sequence_id != self._sequence_id or (self._job is not None and self._job.is_cancelled):
            self._forget("")
            self._sequence_id = image.sequence_id
            self._job = self._background.ask(
                lambda client: ask_for_order(client, str(image.sequence_id)), self._on_order, is_urgent=False
            )
        self._drop(set(self._ahead) - set(self._neighbours()))
        self.changed.emit()

    def next_id(self, step: int) -> Optional[str]:
        """The image so many steps on, or back where negative; None where the sequence ends before."""
        if self._image_id not in self._order:
            return None
        place = self._order.index(self._image_id) + step
        return self._order[place] if 0 <= place < len(self._order) else None

    def end_id(self, is_last: bool) -> Optional[str]:
        """The first or last image; None where the order is not known or that is the one that is shown."""
        found = self._order[-1 if is_last else 0] if self._order else None
        return None if found == self._image_id else found

    def position(self) -> str:
        """Such as `12 of 240`; empty where it is not known."""
        if self._image_id not in self._order:
            return ""
        return f"{self._order.index(self._image_id) + 1:,} of {len(self._order):,}"

    def load_ahead(self, pixels: int) -> None:
        """Have the neighbours ready, the one in the direction of the walk first."""
        for image_id in self._neighbours():
            if image_id not in self._ahead:
                ask = partial(_ask, image_id)
                self._add(image_id, ImageLoad(self._background, ask, pixels, True, self))

    def left(self, load: ImageLoad) -> None:
        """What was shown last is the neighbour of what is shown next, if somebody walks."""
        load.rest()
        if load.image is None or load.picture is None or load.picture.size == ORIGINAL or load.error is not None:
            load.stop()
        else:
            self._drop({load.image.image_id} & set(self._ahead))
            self._add(load.image.image_id, load)

    def _neighbours(self) -> list[str]:
        steps = (1, -1) if self._is_forward else (-1, 1)
        return [image_id for image_id in map(self.next_id, steps) if image_id is not None]

    def _add(self, image_id: str, load: ImageLoad) -> None:
        load.failed.connect(partial(self._on_failed, image_id))
        self._ahead[image_id] = load

    def take(self, image_id: str) -> Optional[ImageLoad]:
        """The load of an image that was begun ahead, for whoever shows it."""
        step = next((step for step in (1, -1) if self.next_id(step) == image_id), None)
        self._is_forward = step != -1
        load = self._ahead.pop(image_id, None)
        if load is not None:
            load.failed.disconnect()
        return load

    def drop_ahead(self) -> None:
        """End what is loaded ahead."""
        self._drop(set(self._ahead))

    def stop(self) -> None:
        """No image is shown."""
        self._forget("")

    def _on_order(self, order: Any, error: Optional[MapillaryError]) -> None:
        self._job = None
        if error is not None:
            self.problem = f"The order of the sequence could not be read. {error}"
            self._sequence_id = None
        else:
            self._order = order
            self.problem = "" if self._image_id in order else "Mapillary's list of this sequence lacks this image."
        self.changed.emit()

    def _on_failed(self, image_id: str) -> None:
        """Sequences list images that were deleted; others fail again when they are opened, and say why."""
        load = self._ahead.pop(image_id)
        is_gone = isinstance(load.error, UnknownObjectError)
        load.stop()
        if is_gone:
            self.pass_over(image_id)

    def pass_over(self, image_id: str) -> Optional[str]:
        """Leave a deleted image out; the one after it in the direction of the walk, None where the sequence ends."""
        if image_id not in self._order:
            return None
        place = self._order.index(image_id)
        del self._order[place]
        place -= not self._is_forward
        self.changed.emit()
        return self._order[place] if 0 <= place < len(self._order) else None

    def _forget(self, problem: str) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self.drop_ahead()
        self._order, self._sequence_id, self.problem = [], None, problem

    def _drop(self, image_ids: set[str]) -> None:
        for image_id in image_ids:
            self._ahead.pop(image_id).stop()


def _ask(image_id: str, client: Any) -> StreetImage:
    return ask_for_image(client, image_id)
