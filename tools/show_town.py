"""Runs inside QGIS by --code: an empty project whose canvas shows the emulator's town."""

from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import QTimer
from qgis.utils import iface


def show_town() -> None:
    iface.newProject()
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    iface.mapCanvas().setExtent(QgsRectangle(7.40, 43.69, 7.45, 43.73))
    iface.mapCanvas().refresh()


QTimer.singleShot(500, show_town)
