"""Renders the layers of a GeoPackage in the plugin's styles: `python -m tools.render_map PACKAGE PICTURE`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

from tools.qgis_runtime import PACKAGE, ROOT

TOP_TO_BOTTOM = ("images", "sequences", "tiles")


def render(package: Path, picture: Path) -> None:
    """The whole extent of the tiles, in Web Mercator."""
    # The plugin's folder may have any name.
    sys.path.insert(0, str(ROOT))
    importlib.import_module("conftest")
    apply_style = importlib.import_module(f"{PACKAGE}.core.looks.layer_style").apply_style
    layers = []
    for name in TOP_TO_BOTTOM:
        layer = QgsVectorLayer(f"{package}|layername={name}", name, "ogr")
        if not layer.isValid():
            raise SystemExit(f"{package} has no layer {name}")
        apply_style(layer, name)
        layers.append(layer)
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    transform = QgsCoordinateTransform(layers[-1].crs(), settings.destinationCrs(), QgsProject.instance())
    settings.setExtent(transform.transformBoundingBox(layers[-1].extent()).buffered(200))
    settings.setOutputSize(QSize(1200, 1200))
    settings.setBackgroundColor(QColor("#f4f1ea"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    if job.errors() or not job.renderedImage().save(str(picture)):
        raise SystemExit(f"{picture} could not be rendered: {[error.message for error in job.errors()]}")


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    render(Path(sys.argv[1]), Path(sys.argv[2]))
    application.exitQgis()
