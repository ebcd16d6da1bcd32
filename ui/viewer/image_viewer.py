"""Opens images and map features in the panel, and walks along sequences."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Callable, Optional

from qgis.core import QgsPointXY
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QGuiApplication

from ...core.errors import MapillaryError, RevokedCredentialError, UnknownObjectError
from ...core.layers.picking import lon_lat, metres_per_pixel, pick
from ...core.live.live_layers import live_tileset
from ...core.mapillary.image_link import image_id_in
from ...core.mapillary.schema import MAP_FEATURE_TILESETS
from ...core.settings import Settings
from ...core.viewing.image_requests import MOST_METRES, ask_for_image, ask_near, checked_id
from ...core.viewing.nearby_tiles import NearbyTiles
from ..background import Background
from ..messages import Messages
from .panel.image_panel import ImagePanel
from .panel.picture_actions import PictureActions
from .panel.states import (
    BROWSE,
    CLOSED_PROJECT,
    NO_IMAGES,
    NOTHING_OPEN,
    RETRY,
    SET_CREDENTIAL,
    State,
    loading,
    state_of,
    state_of_picture,
)
from .shown_image import PATIENCE_MS, ShownImage

TOLERANCE_PIXELS = 12
"""How far beside a dot a click may be."""

_BY_ID, _BY_PLACE, _BY_STEP = "id", "place", "step"
"""How an image was asked for."""

_LEAST_METRES = 10.0
"""Where no dot is shown there is nothing to aim at."""


class ImageViewer(QObject):
    """`credential_wanted` and `online_wanted` fire when the person wants to set a token, or to work online."""

    credential_wanted = pyqtSignal()
    online_wanted = pyqtSignal()

    def __init__(self, panel: ImagePanel, canvas: QgsMapCanvas, settings: Settings, messages: Messages) -> None:
        super().__init__(panel)
        self._panel = panel
        self._canvas = canvas
        self._settings = settings
        self._messages = messages
        self._background = Background()
        self._display = ShownImage(panel, canvas, self._background)
        self._opening, self._walking, self._visit = self._display.opening, self._display.walking, self._display.visit
        self._actions = PictureActions(panel, messages, lambda: self._opening.shown)
        self._tiles: Optional[NearbyTiles] = None
        self._again: Callable[[], None] = self.clear
        self._asked_id = ""
        self._goes_there = False
        self._how = _BY_ID
        self._reach = 0.0
        self._waits_for = NOTHING_OPEN
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._say_wait)
        self._connect()
        self.clear()

    def open_image(self, image_id: str, goes_there: bool = False) -> None:
        """Open an image by its id; `goes_there` has the map show its place. Raises InvalidRequestError for what is no
        id.
        """
        image_id = checked_id(image_id)
        self._visit.leave()
        self._open(image_id, goes_there)

    def open_map_feature(self, map_feature_id: str) -> None:
        """Open a map feature or sign, and its best image. Raises InvalidRequestError for what is no id."""
        map_feature_id = checked_id(map_feature_id)
        self._again = partial(self.open_map_feature, map_feature_id)
        self._visit.leave()
        if self._can_ask():
            self._display.show_state(loading(f"Asking Mapillary for the map feature {map_feature_id}."))
            self._visit.go_to(map_feature_id)

    def click(self, point: QgsPointXY) -> None:
        """Open what is next to a place on the map, in the CRS of the canvas."""
        view = self._canvas.mapSettings()
        picked = pick(self._canvas.layers(), point, view, TOLERANCE_PIXELS, view.transformContext())
        if picked is None:
            self._click_beside_layers(lon_lat(view, point), TOLERANCE_PIXELS * metres_per_pixel(view, point))
        elif picked.entity == "map_feature":
            self.open_map_feature(picked.object_id)
        else:
            self.open_image(picked.object_id)

    def _click_beside_layers(self, place: Optional[tuple[float, float]], metres: float) -> None:
        """What live coverage shows there, else what Mapillary has."""
        scale = self._canvas.scale()
        shown = {live_tileset(layer) for layer in self._canvas.layers() if layer.isInScaleRange(scale)}
        tilesets = shown & set(MAP_FEATURE_TILESETS)
        found = self._nearby_tiles().nearest_feature(*place, metres, tilesets) if place and tilesets else None
        if found is None:
            self._search(place, metres)
        else:
            self.open_map_feature(found)

    def paste(self) -> None:
        """Open the image whose id or link is in the clipboard."""
        copied = QGuiApplication.clipboard().text()
        if not copied.strip():
            self._messages.hint("There is no text in the clipboard. Copy the id or the link of an image first.")
            return
        try:
            self.open_image(image_id_in(copied), goes_there=True)
        except MapillaryError as error:
            self._messages.hint(str(error))

    def clear(self, state: State = NOTHING_OPEN) -> None:
        """Show nothing, and end what runs, its threads included."""
        self._visit.leave()
        self._display.show_state(state)
        self._background.close()

    def project_closed(self) -> None:
        """What was on the map is gone."""
        self.clear(NOTHING_OPEN if self._opening.shown is None else CLOSED_PROJECT)

    def close_down(self) -> None:
        """Before the panel is deleted."""
        self._settings.credentials.changed.disconnect(self._on_credential_changed)
        self._actions.close_down()
        self.clear()
        self._display.close_down()

    def _connect(self) -> None:
        self._opening.arrived.connect(self._on_arrived)
        self._opening.missed.connect(self._on_missed)
        self._opening.failed.connect(self._on_failed)
        self._walking.wanted.connect(self._step_to)
        self._visit.found.connect(self._on_feature_found)
        self._visit.failed.connect(self._on_feature_failed)
        self._settings.credentials.changed.connect(self._on_credential_changed)
        panel = self._panel
        panel.featurePanel.image_chosen.connect(self._open)
        panel.state_action.connect(self._on_action)
        panel.pasteAction.triggered.connect(self.paste)

    # Asking

    def _can_ask(self, is_begun: bool = False) -> bool:
        """What was waited for until now is dropped. Where the asking `is_begun`, QGIS' settings, which take 10 ms to
        read, are those of the moment when it began.
        """
        self._walking.rest(is_step=is_begun)
        self._opening.drop()
        if is_begun and not self._settings.is_offline():
            return True
        try:
            self._background.set_access(self._settings.graph_access())
        except MapillaryError as error:
            self._display.show_state(state_of(error))
            return False
        return True

    def _open(self, image_id: str, goes_there: bool = False) -> None:
        self._again = partial(self._open, image_id, goes_there)
        if self._is_awaited(image_id):
            self._goes_there = goes_there
            return
        self._asked_id = image_id
        if self._can_ask():
            self._goes_there, self._how = goes_there, _BY_ID
            self._opening.open(lambda client: ask_for_image(client, image_id), self._display.pixels())
            self._wait(_asking_for(image_id))

    def _step_to(self, image_id: str) -> None:
        """Along the sequence, where the image may have been asked for ahead."""
        if self._is_awaited(image_id):
            return
        ahead = self._walking.take(image_id)
        if ahead is None:
            self._open(image_id)
            self._how = _BY_STEP
            return
        self._again, self._asked_id = partial(self._open, image_id), image_id
        if not self._can_ask(is_begun=True):
            ahead.stop()
            return
        self._goes_there, self._how = False, _BY_STEP
        self._opening.take(ahead, self._display.pixels())
        self._wait(_asking_for(image_id))

    def _is_awaited(self, image_id: str) -> bool:
        """As when a key is held down."""
        return self._opening.is_waiting and self._asked_id == image_id

    def _search(self, place: Optional[tuple[float, float]], metres: float) -> None:
        self._again, self._asked_id = partial(self._search, place, metres), ""
        if self._visit.feature is None:
            # One that is still asked for would come later and win.
            self._visit.leave()
        if place is None:
            self._messages.hint("There is no image here: the map shows no place on the earth.")
        elif self._can_ask():
            self._goes_there, self._how = False, _BY_PLACE
            self._reach = min(max(metres, _LEAST_METRES), MOST_METRES)
            tiles, reach = self._nearby_tiles(), self._reach
            self._opening.open(lambda client: ask_near(client, tiles, place, metres, reach), self._display.pixels())
            self._wait(loading("Looking for an image near the click."))

    def _nearby_tiles(self) -> NearbyTiles:
        """Those of the cache and the server as they are set now."""
        settings, url = self._settings.cache(), self._settings.tiles_url()
        if self._tiles is None or not self._tiles.are_of(settings, url):
            self._tiles = NearbyTiles(settings, url)
        return self._tiles

    def _wait(self, state: State) -> None:
        """Say that something is on its way: at once where no picture is shown, which else stays for a moment."""
        self._waits_for = state
        if self._panel.has_picture():
            self._patience.start()
        else:
            self._say_wait()

    def _say_wait(self) -> None:
        if self._opening.is_waiting:
            self._display.blank(self._waits_for)

    # What comes

    def _on_arrived(self) -> None:
        if self._how == _BY_PLACE:
            self._visit.leave()
        self._stay()
        self._display.show_image(self._goes_there)

    def _on_missed(self) -> None:
        if self._opening.shown is None:
            self._display.show_state(NOTHING_OPEN)
        else:
            self._stay()
            self._display.restore()
        self._messages.hint(f"There is no image within {self._reach:.0f} m of the click.")

    def _stay(self) -> None:
        """At the image that is shown: that is what is asked for anew."""
        self._asked_id = self._display.image_id()
        self._again = partial(self._open, self._asked_id)

    def _on_failed(self, error: MapillaryError) -> None:
        self._sign_out(error)
        if self._how == _BY_STEP and isinstance(error, UnknownObjectError) and self._walking.pass_over(self._asked_id):
            return
        self._walking.pause()
        shown = self._opening.shown
        if shown is None:
            state = state_of(error)
            # Of what was found by its place, nobody knows the page.
            self._display.show_state(state if self._asked_id or state.action != BROWSE else replace(state, action=""))
        elif shown.picture is None:
            self._panel.show_state(state_of_picture(error))
        else:
            self._panel.say(f"A larger picture could not be loaded. {error}")

    def _on_feature_found(self) -> None:
        feature = self._visit.feature
        if feature is None:
            return
        self._again = partial(self.open_map_feature, feature.map_feature_id)
        if feature.images:
            self._open(feature.images[0].image_id)
        else:
            self._panel.show_state(NO_IMAGES)

    def _on_feature_failed(self, error: MapillaryError) -> None:
        self._sign_out(error)
        self._display.show_state(state_of(error, is_map_feature=True))

    def _sign_out(self, error: MapillaryError) -> None:
        if isinstance(error, RevokedCredentialError):
            self._settings.credentials.sign_out()

    def _on_action(self, action: str) -> None:
        if action == RETRY:
            self._again()
        elif action == BROWSE:
            self._actions.browse(self._asked_id)
        elif action == SET_CREDENTIAL:
            self.credential_wanted.emit()
        else:
            self.online_wanted.emit()
            self._again()

    def _on_credential_changed(self) -> None:
        if self._panel.action == SET_CREDENTIAL:
            self._again()


def _asking_for(image_id: str) -> State:
    return loading(f"Asking Mapillary for the image {image_id}.")
