"""Keeps the live layers filled: asks for the tiles that the map canvas shows, and repaints as they arrive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Optional

from qgis.core import QgsMapLayer, QgsVectorTileLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...core.area.tiling import TileAddress
from ...core.live.live_layers import live_tileset
from ...core.live.visible_tiles import visible_tiles
from ...core.looks.seen import Seen
from ...core.mapillary.schema import COVERAGE_ZOOM, MAP_FEATURE_TILESETS
from ...core.network.access import Access
from ...core.network.oauth import Renewal

if TYPE_CHECKING:
    from ...core.live.tile_feed import FeedState, TileFeed

_LOOK_MS = 120
"""A moment's rest of the map canvas before tiles are asked for: who turns the wheel passes many zooms."""

_REPAINT_MS = 250


class _Arrivals(QObject):
    """Carries news to the main thread. It has no parent, since threads may outlive the panel, and they hold it
    themselves by the methods: a signal's `emit` would keep nothing alive.
    """

    arrived = pyqtSignal(object)
    state_changed = pyqtSignal()

    def tell_arrived(self, address: TileAddress) -> None:
        self.arrived.emit(address)

    def tell_state(self) -> None:
        self.state_changed.emit()


class LiveFetch(QObject):
    """`changed` fires when other tiles are shown, came, or did not."""

    changed = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._feed: Optional[TileFeed] = None
        self._arrivals = _Arrivals()
        self._renewal: Callable[[], Optional[Renewal]] = lambda: None
        self._shown: list[TileAddress] = []
        self._to_repaint: set[str] = set()
        self._looking = _timer(self, _LOOK_MS, self.look)
        self._repainting = _timer(self, _REPAINT_MS, self._repaint)

    @property
    def is_running(self) -> bool:
        """Whether it was started."""
        return self._feed is not None

    def start(self, access: Access, renewal: Callable[[], Optional[Renewal]]) -> None:
        """Fetch with this access from now on; `renewal` gives what renews its token, once that is due."""
        from ...core.live.tile_feed import TileFeed

        self.stop()
        self._renewal = renewal
        arrivals = self._arrivals = _Arrivals()
        arrivals.arrived.connect(self._on_arrived)
        arrivals.state_changed.connect(self.changed)
        self._feed = TileFeed(access, arrivals.tell_arrived, arrivals.tell_state)
        for signal in self._signals():
            signal.connect(self._looking.start)
        self._looking.start()

    def stop(self) -> None:
        """Ask for nothing more."""
        if self._feed is None:
            return
        for signal in self._signals():
            signal.disconnect(self._looking.start)
        self._looking.stop()
        self._repainting.stop()
        self._arrivals.disconnect()
        self._feed.close()
        self._feed, self._shown, self._to_repaint = None, [], set()

    def look(self) -> None:
        """Want what the canvas shows now."""
        if self._feed is None:
            return
        settings = self._canvas.mapSettings()
        by_layer: dict[str, list[TileAddress]] = {}
        for layer in self.visible_layers():
            tileset = live_tileset(layer)
            tiles = visible_tiles(settings, layer)
            by_layer[tileset] = [TileAddress(tileset, tile) for tile in tiles if tile.z >= _first_zoom(tileset)]
        in_turn = chain.from_iterable(zip_longest(*by_layer.values()))
        self._shown = [address for address in in_turn if address is not None]
        self._feed.renew_with(self._renewal())
        self._feed.want(self._shown)
        self.changed.emit()

    def retry(self) -> None:
        """Ask once more for what did not come."""
        if self._feed is not None:
            self._feed.retry()
            self.look()

    def state(self) -> FeedState:
        """What is on its way and what is missing."""
        from ...core.live.tile_feed import FeedState

        return self._feed.state() if self._feed else FeedState(0, 0, None)

    def shown(self) -> list[TileAddress]:
        """The tiles that the canvas shows, or would."""
        return self._shown

    def seen_in(self, tileset: str) -> Seen:
        """What occurs in the tiles of a tileset that the canvas shows."""
        shown = [address for address in self._shown if address.tileset == tileset]
        return self._feed.seen(shown) if self._feed else Seen()

    def visible_layers(self) -> list[QgsVectorTileLayer]:
        """The live layers that the canvas shows."""
        return [layer for layer in self._canvas.layers() if _is_drawn(layer, self._canvas)]

    def _signals(self) -> Sequence[pyqtSignal]:
        canvas = self._canvas
        return canvas.extentsChanged, canvas.destinationCrsChanged, canvas.layersChanged

    def _on_arrived(self, address: TileAddress) -> None:
        self._to_repaint.add(address.tileset)
        if not self._repainting.isActive():
            self._repainting.start()

    def _repaint(self) -> None:
        """Not while the canvas is being drawn, which would begin from the start at every tile."""
        if self._canvas.isDrawing():
            self._repainting.start()
            return
        tilesets, self._to_repaint = self._to_repaint, set()
        for layer in self.visible_layers():
            if live_tileset(layer) in tilesets:
                layer.triggerRepaint()
        self.changed.emit()


def _is_drawn(layer: QgsMapLayer, canvas: QgsMapCanvas) -> bool:
    return live_tileset(layer) is not None and layer.isValid() and layer.isInScaleRange(canvas.scale())


def _timer(parent: QObject, milliseconds: int, slot: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer


def _first_zoom(tileset: str) -> int:
    """Where its tiles begin."""
    return COVERAGE_ZOOM if tileset in MAP_FEATURE_TILESETS else 0
