"""QGIS' log, under the plugin's own tag."""

from __future__ import annotations

import logging

from qgis.core import Qgis, QgsMessageLog

from .about import TITLE
from .threads import LOGGER


def log(text: str, level: Qgis.MessageLevel = Qgis.MessageLevel.Info) -> None:
    """Write a line to the plugin's tab of the log; it raises no notice of its own."""
    QgsMessageLog.logMessage(text, TITLE, level, notifyUser=False)


class BugLog(logging.Handler):
    """Hands what `core.threads` tells of bugs on to QGIS, from `open` to `close`."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)

    def open(self) -> None:
        """Once the plugin starts."""
        logging.getLogger(LOGGER).addHandler(self)

    def close(self) -> None:
        """When it is unloaded."""
        logging.getLogger(LOGGER).removeHandler(self)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging, in any thread."""
        log(record.getMessage(), Qgis.MessageLevel.Critical)
