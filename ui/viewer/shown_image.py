"""What the panel and the map show of the image that is open."""

from __future__ import annotations

from typing import Optional

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, QTimer

from ...core.viewing.facts import image_facts
from ..background import Background
from .feature_visit import FeatureVisit
from .image_detections import ImageDetections
from .loading.image_load import ImageLoad
from .loading.opening import Opening
from .map.feature_mark import FeatureMark
from .map.image_mark import ImageMark
from .panel.image_panel import ImagePanel
from .panel.states import NO_PICTURE, State, loading, state_of_picture
from .panel.walk_buttons import WalkButtons

PATIENCE_MS = 300
"""What comes sooner needs no word that it is awaited."""

_PANORAMA_PIXELS = 2048
_LEAST_PIXELS = 1024
"""A picture is zoomed, copied and saved, however narrow the panel is."""


class ShownImage(QObject):
    """The open image, the walk from there, and the map feature visited; `close_down` takes the mark off the map."""

    def __init__(self, panel: ImagePanel, canvas: QgsMapCanvas, background: Background) -> None:
        super().__init__(panel)
        self._panel = panel
        self.walking = WalkButtons(panel, background)
        self.opening = Opening(background, self.walking.left, self)
        self.visit = FeatureVisit(panel, background)
        self._detections = ImageDetections(panel, background)
        self._place = ImageMark(canvas)
        self._feature_mark = FeatureMark(canvas)
        self._is_blank = True
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._say_wait)
        self.opening.pictured.connect(self._on_pictured)
        self.visit.found.connect(self._mark_feature)
        self.visit.left.connect(self._mark_feature)
        self.visit.outlined.connect(self._show_outlines)
        self.walking.changed.connect(self.load_ahead)
        panel.panoramaView.looking.connect(self._on_looking)
        panel.resized.connect(self._on_resized)
        panel.originalAction.triggered.connect(self._want_original)

    def image_id(self) -> str:
        """Of the image that is shown; empty where none is."""
        load = self._load()
        return load.image.image_id if load is not None and load.image is not None else ""

    def pixels(self) -> int:
        """How wide the picture should be; of a panorama only a part is seen at a time."""
        load = self._load()
        if load is not None and load.image is not None and load.image.is_pano:
            return _PANORAMA_PIXELS
        return max(round(self._panel.stack.width() * self._panel.devicePixelRatioF()), _LEAST_PIXELS)

    def show_image(self, goes_there: bool) -> None:
        """Another image is open; `goes_there` has the map show its place, else it is panned where that is needed."""
        load = self._load()
        if load is None or load.image is None:
            return
        image = load.image
        self._is_blank = False
        self._panel.show_image(image)
        self._panel.metadataTable.show_facts(image_facts(image.body))
        self._panel.featurePanel.mark_current(image.image_id)
        self._show_outlines()
        self.walking.be_at(image)
        self._place.mark(image, image.heading, image.field_of_view)
        if goes_there:
            self._place.go_to(image)
        else:
            self._place.follow()
        self.settle()

    def restore(self) -> None:
        """What was waited for does not come: the image that was shown stays."""
        if self._is_blank:
            self.show_image(goes_there=False)
            self._on_pictured(is_same=False)
        else:
            self.settle()

    def settle(self) -> None:
        """No other image is waited for: get what is missing of this one, and say so while there is no picture."""
        load = self._load()
        if load is None or load.image is None:
            return
        load.want(self.pixels())
        if load.picture is not None:
            self.load_ahead()
        elif load.error is not None:
            self._panel.show_state(state_of_picture(load.error))
        elif load.is_over:
            self._panel.show_state(NO_PICTURE)
        elif self._panel.has_picture():
            self._panel.empty_picture()
            self._patience.start()
        else:
            self._say_wait()

    def _say_wait(self) -> None:
        load = self._load()
        if load is not None and load.picture is None and not load.is_over:
            self._panel.show_state(loading("The picture is on its way."))

    def show_state(self, state: State) -> None:
        """In place of an image and all that belongs to it."""
        self.opening.clear()
        self.walking.stop()
        self._detections.be_at("")
        self._place.hide()
        self.blank(state)

    def blank(self, state: State) -> None:
        """Show this in the panel, and nothing of an image."""
        self._is_blank = True
        self._panel.metadataTable.show_facts([])
        self._panel.show_image(None)
        self._panel.show_state(state)

    def load_ahead(self) -> None:
        """The neighbours, once the shown image needs nothing more."""
        load = self._load()
        if load is not None and load.is_over and not self.opening.is_waiting:
            self.walking.go_on(self.pixels())

    def close_down(self) -> None:
        """Before the panel or the canvas is deleted."""
        self._place.close_down()
        self._feature_mark.close_down()

    def _load(self) -> Optional[ImageLoad]:
        return self.opening.shown

    def _on_pictured(self, is_same: bool) -> None:
        load = self._load()
        if load is None or load.image is None or load.picture is None:
            return
        self._panel.show_picture(load.image, load.picture, is_same)
        if not is_same:
            self._panel.focus_picture()
            view = self._panel.panoramaView
            self._on_looking(view.heading, view.field_of_view)
        self.load_ahead()

    def _on_resized(self) -> None:
        load = self._load()
        if load is not None and not self.opening.is_waiting:
            load.want(self.pixels())

    def _want_original(self) -> None:
        load = self._load()
        if load is not None and not self.opening.is_waiting:
            load.want_original()

    def _show_outlines(self) -> None:
        """Of what was recognised in the shown image, and of the map feature that is looked at."""
        if self.image_id():
            self._detections.be_at(self.image_id(), self.visit.outlines_in(self.image_id()))

    def _mark_feature(self) -> None:
        feature = self.visit.feature
        self._feature_mark.show_at(None if feature is None else feature.place)

    def _on_looking(self, heading: float, field_of_view: float) -> None:
        load = self._load()
        if load is not None and load.image is not None and self._panel.shows_panorama():
            # Where north is in the picture is not always known.
            self._place.mark(load.image, None if load.image.heading is None else heading, field_of_view)
