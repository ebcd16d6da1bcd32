"""Pictures and symbols in map tips and forms: expression functions, so that a tip without them shows its text alone.

`mapillary_picture(id)` gives what is there and never waits. Only where a tip or a form asks, which says so with the
variable `mapillary_tip`, the picture is fetched, and the tip shown anew with it.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache, partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Optional

from qgis.core import QgsExpression
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, QPoint, QRect, Qt, QThread, QTimer
from qgis.PyQt.QtGui import QColor, QImage, QPainter
from qgis.PyQt.QtWidgets import QTextBrowser

from ...core.errors import MapillaryError
from ...core.mapillary.cleaning import object_id
from ...core.settings import Settings
from ...core.viewing.image_requests import ask_for_small_picture
from ...core.viewing.request_threads import Job
from ..background import Background
from ..data_image import data_address
from ..picture import read_picture
from .tip_functions import PictureFunction, SymbolFunction

if TYPE_CHECKING:
    from ...core.graph.graph_client import GraphClient

TIP_SIZE = "256"
SMALLER = 128
"""Pixels across where QGIS was built without a web engine: its tips then have 256 by 192 pixels for all."""

MOST_KEPT = 50
HOVER_MS = 250
"""After QGIS' own wait before it shows a tip."""


class PictureTips(QObject):
    """Registers the functions, until `close_down`."""

    def __init__(self, canvas: QgsMapCanvas, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._settings = settings
        self._background = Background()
        self._lock = Lock()
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._wanted = ""
        self._failed = ""
        self._place = QPoint()
        self._job: Optional[Job] = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(HOVER_MS)
        self._timer.timeout.connect(self._fetch)
        self._functions = (PictureFunction(self.picture), SymbolFunction())
        for function in self._functions:
            QgsExpression.registerFunction(function)

    def close_down(self) -> None:
        """Take the functions out, and end what runs."""
        for function in self._functions:
            QgsExpression.unregisterFunction(function.name())
        self._timer.stop()
        self._background.close()
        self.deleteLater()

    def picture(self, value: Any, is_wanted: bool) -> Optional[str]:
        """The address of an image's picture, with the picture in it; that of a placeholder where it is now fetched, and
        None where there is none. In any thread; only those that are wanted in the main thread are fetched.
        """
        image_id = object_id(value)
        if image_id is None:
            return None
        with self._lock:
            if image_id in self._kept:
                self._kept.move_to_end(image_id)
                return self._kept[image_id]
        is_wanted = is_wanted and QThread.currentThread() == self.thread()
        if not is_wanted or image_id == self._failed or not self._may_ask():
            return None
        if image_id != self._wanted:
            self._want(image_id)
        return placeholder(self._width())

    def _width(self) -> int:
        browsers = self._canvas.findChildren(QTextBrowser)
        is_small = any(browser.metaObject().className() == "QgsWebView" for browser in browsers)
        return SMALLER if is_small else int(TIP_SIZE)

    def _may_ask(self) -> bool:
        """A tip is no reason to ask a person for the password of QGIS' authentication database."""
        return not self._settings.is_offline() and self._settings.credentials.is_at_hand()

    def _want(self, image_id: str) -> None:
        """Once the mouse has rested; what was wanted before is not waited for any more."""
        self._drop()
        self._wanted, self._failed = image_id, ""
        self._place = self._canvas.mouseLastXY()
        self._timer.start()

    def _drop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _fetch(self) -> None:
        image_id, width = self._wanted, self._width()
        try:
            access = self._settings.graph_access()
            self._background.set_access(access)
        except MapillaryError as error:
            self._on_picture(image_id, None, error)
            return

        def ask(client: GraphClient) -> str:
            content = ask_for_small_picture(client, image_id, TIP_SIZE, access.pauses)
            picture = read_picture(TIP_SIZE, content, width).image
            # The tip has the size of the placeholder: a taller picture would push its text out.
            if picture.height() > _height(width):
                picture = picture.scaledToHeight(_height(width), Qt.TransformationMode.SmoothTransformation)
            return data_address(picture, "JPG")

        self._job = self._background.ask(ask, partial(self._on_picture, image_id))

    def _on_picture(self, image_id: str, address: Optional[str], error: Optional[MapillaryError]) -> None:
        """A picture that did not come is asked for again once another one has been looked at."""
        self._job, self._wanted = None, ""
        if address is None:
            self._failed = image_id
        else:
            with self._lock:
                self._kept[image_id] = address
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
        self._show_tip_anew()

    def _show_tip_anew(self) -> None:
        """QGIS fills its tip in once and shows another only when the mouse moves: so tell it that it did, if it is
        where it was.
        """
        place = self._canvas.mouseLastXY()
        if self._canvas.underMouse() and place == self._place:
            self._canvas.xyCoordinates.emit(self._canvas.getCoordinateTransform().toMapCoordinates(place))


def _height(width: int) -> int:
    return width * 3 // 4


@lru_cache(maxsize=2)
def placeholder(width: int) -> str:
    """What is shown while a picture is fetched. On the main thread."""
    image = QImage(width, _height(width), QImage.Format.Format_RGB32)
    image.fill(QColor(225, 228, 226))
    painter = QPainter(image)
    painter.setPen(QColor(70, 80, 75))
    painter.drawText(QRect(0, 0, image.width(), image.height()), Qt.AlignmentFlag.AlignCenter, "Loading the picture")
    painter.end()
    return data_address(image, "PNG")
