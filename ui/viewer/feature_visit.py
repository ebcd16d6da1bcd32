"""A map feature or sign that somebody looks at: what the graph says of it, and its outline in each image of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import MapillaryError
from ...core.viewing.detection import DETECTION_FIELDS, Detection, read_detections
from ...core.viewing.facts import Fact, map_feature_facts
from ...core.viewing.map_feature import MAP_FEATURE_FIELDS, MapFeature, read_map_feature
from ...core.viewing.request_threads import Job
from ..background import Background
from .panel.image_panel import ImagePanel

if TYPE_CHECKING:
    from ...core.graph.graph_client import GraphClient


class FeatureVisit(QObject):
    """Fills the panel's tab. `found` fires when `feature` is there, `outlined` when its outlines are, `failed` with the
    error that keeps the feature away, `left` when it is looked at no more.
    """

    found = pyqtSignal()
    outlined = pyqtSignal()
    failed = pyqtSignal(object)
    left = pyqtSignal()

    def __init__(self, panel: ImagePanel, background: Background) -> None:
        super().__init__(panel)
        self.feature: Optional[MapFeature] = None
        self._tab = panel
        self._panel = panel.featurePanel
        self._background = background
        self._outlines: dict[str, list[Detection]] = {}
        self._job: Optional[Job] = None

    def go_to(self, map_feature_id: str) -> None:
        """Look at this one from now on; the one before was left."""
        self._job = self._background.ask(lambda client: _ask(client, map_feature_id), self._on_found)

    def outlines_in(self, image_id: str) -> Sequence[Detection]:
        """The feature's own detections in an image."""
        return self._outlines.get(image_id, ())

    def leave(self) -> None:
        """Forget the feature, whose outlines are drawn no more, and end what runs."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self.feature, self._outlines = None, {}
        self._tab.show_feature_tab(False)
        self.left.emit()

    def _on_found(self, found: Any, error: Optional[MapillaryError]) -> None:
        self._job = None
        if error is not None:
            self.failed.emit(error)
            return
        feature, facts = found
        self.feature = feature
        self._panel.show_feature(feature)
        self._panel.show_facts(facts)
        self._tab.show_feature_tab(True)
        self._panel.say("Loading its outlines…" if feature.images else "")
        if feature.images:
            self._job = self._background.ask(
                lambda client: read_detections(client.edge(feature.map_feature_id, "detections", DETECTION_FIELDS)),
                self._on_outlined,
            )
        self.found.emit()

    def _on_outlined(self, found: Any, error: Optional[MapillaryError]) -> None:
        self._job = None
        if error is not None:
            self._panel.say(f"Its outlines could not be read. {error}")
            return
        detections, damaged = found
        by_image: dict[str, list[Detection]] = defaultdict(list)
        for detection in detections:
            if detection.image_id is not None:
                by_image[detection.image_id].append(detection)
        self._outlines = dict(by_image)
        self._panel.show_detections(self._outlines)
        self._panel.say(f"{damaged:,} outlines could not be read." if damaged else "")
        self.outlined.emit()


def _ask(client: GraphClient, map_feature_id: str) -> tuple[MapFeature, list[Fact]]:
    body = client.entity(map_feature_id, MAP_FEATURE_FIELDS)
    return read_map_feature(map_feature_id, body), map_feature_facts(body)
