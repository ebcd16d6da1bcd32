"""What was recognised in the shown image, asked for when somebody wants to see it, and a map feature's own outlines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.PyQt.QtCore import QObject

from ...core.errors import MapillaryError
from ...core.viewing.detection import DETECTION_FIELDS, Detection, read_detections
from ...core.viewing.request_threads import Job
from ..background import Background
from .panel.image_panel import ImagePanel

_SWITCH_ON = "To see what was recognised, press the button beside “More”, or R while the picture has the focus."


class ImageDetections(QObject):
    """Fills the panel's list, which has the views draw what is ticked."""

    def __init__(self, panel: ImagePanel, background: Background) -> None:
        super().__init__(panel)
        self._panel = panel
        self._background = background
        self._image_id = ""
        self._of_feature: Sequence[Detection] = ()
        self._found: Optional[tuple[list[Detection], int]] = None
        self._job: Optional[Job] = None
        panel.detectionsAction.toggled.connect(self._show)

    def be_at(self, image_id: str, of_feature: Sequence[Detection] = ()) -> None:
        """Another image is shown; `of_feature` are drawn in it whether or not all others are. An empty id: none."""
        if image_id != self._image_id:
            self.stop()
            self._image_id, self._found = image_id, None
        self._of_feature = of_feature
        self._show()

    def stop(self) -> None:
        """End what runs."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _show(self) -> None:
        is_wanted = self._panel.detectionsAction.isChecked()
        if is_wanted and self._found is not None:
            self._fill_found(*self._found)
            return
        is_hint = self._image_id and not is_wanted and not self._of_feature
        self._fill(self._of_feature, _SWITCH_ON if is_hint else "")
        if self._image_id and is_wanted:
            self._panel.detectionsList.say("Loading…")
            if self._job is None:
                self._ask(self._image_id)

    def _ask(self, image_id: str) -> None:
        self._job = self._background.ask(
            lambda client: read_detections(client.edge(image_id, "detections", DETECTION_FIELDS)), self._on_found
        )

    def _on_found(self, found: Any, error: Optional[MapillaryError]) -> None:
        self._job = None
        if error is not None:
            self._panel.detectionsList.say(f"What was recognised could not be read. {error}")
            return
        self._found = found
        self._show()

    def _fill_found(self, detections: Sequence[Detection], damaged: int) -> None:
        ids = {detection.detection_id for detection in detections}
        others = [detection for detection in self._of_feature if detection.detection_id not in ids]
        text = "" if detections or others else "Nothing was recognised in this image."
        self._fill([*others, *detections], f"{damaged:,} outlines could not be read." if damaged else text)

    def _fill(self, detections: Sequence[Detection], text: str) -> None:
        self._panel.detectionsList.show_detections(list(detections))
        self._panel.detectionsList.say(text)
        for view in self._panel.views:
            view.mark(self._of_feature[0].detection_id if self._of_feature else "")
