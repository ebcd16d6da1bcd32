"""QGIS' log, under the plugin's own tag."""

from __future__ import annotations

from qgis.core import Qgis, QgsMessageLog

from .about import TITLE


def log(text: str, level: Qgis.MessageLevel = Qgis.MessageLevel.Info) -> None:
    """Write a line to the plugin's tab of the log; it raises no notice of its own."""
    QgsMessageLog.logMessage(text, TITLE, level, notifyUser=False)
