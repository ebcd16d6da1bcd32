"""The one funnel to the message bar and the log."""

from __future__ import annotations

from html import escape

from qgis.core import Qgis
from qgis.gui import QgsMessageBar

from ..core.about import TITLE
from ..core.log import log

_STAY = 0
_SUCCESS_SECONDS = 15
_HINT_SECONDS = 5


class Messages:
    """Shows sentences in QGIS' message bar and keeps them in the log; problems stay until they are closed."""

    def __init__(self, bar: QgsMessageBar) -> None:
        self._bar = bar

    def clear(self) -> None:
        """Take away what was shown before; other plugins' messages stay."""
        for item in self._bar.items():
            if item.title() == TITLE:
                self._bar.popWidget(item)

    def tell(self, text: str) -> None:
        """The work is done; this goes away by itself."""
        self._show(text, Qgis.MessageLevel.Success, _SUCCESS_SECONDS)

    def hint(self, text: str) -> None:
        """Nothing was done, and nothing went wrong; this goes away soon."""
        self._show(text, Qgis.MessageLevel.Info, _HINT_SECONDS)

    def warn(self, text: str) -> None:
        """The work is done, but something is missing."""
        self._show(text, Qgis.MessageLevel.Warning)

    def fail(self, text: str) -> None:
        """The work could not be done."""
        self._show(text, Qgis.MessageLevel.Critical)

    def _show(self, text: str, level: Qgis.MessageLevel, seconds: int = _STAY) -> None:
        """The bar has one line: the first sentence stands there, all of it behind a button."""
        log(text, level)
        first, _, rest = text.partition(". ")
        # Some of it can come from a server, and the bar reads markup.
        if rest:
            self._bar.pushMessage(TITLE, escape(f"{first}.", quote=False), escape(text, quote=False), level, seconds)
        else:
            self._bar.pushMessage(TITLE, escape(text, quote=False), level, seconds)
