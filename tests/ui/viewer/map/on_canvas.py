"""Layers of images and map features, and views of the canvas, for tests of what is clicked and drawn."""

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsMemoryProviderUtils,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
)

from mapillary_coverage.core.area.extent import degrees_crs
from mapillary_coverage.core.layers.kinds import fields_of, wkb_type
from mapillary_coverage.core.mapillary.schema import IMAGES

FIRST_ID = 1_234_567_890_123_456


def layer_of(places, kind=IMAGES, first_id=FIRST_ID):
    """A memory layer with one object at each longitude and latitude, with ids in their order."""
    layer = QgsMemoryProviderUtils.createMemoryLayer(kind, fields_of(kind), wkb_type(kind), degrees_crs())
    assert layer.dataProvider().addFeatures([point(layer, first_id + i, *at) for i, at in enumerate(places)])[0]
    layer.updateExtents()
    return layer


def point(layer, identifier, lon, lat):
    """A feature for a layer of points."""
    feature = QgsFeature(layer.fields())
    feature["id"] = None if identifier is None else str(identifier)
    feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(lon, lat)))
    return feature


def look_at(canvas, lon, lat, crs="EPSG:3857", metres=1.0, rotation=0.0):
    """Show a place in the middle of the canvas, a pixel `metres` wide in the units of the map's CRS."""
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    canvas.setRotation(rotation)
    unit = metres / 111_320 if canvas.mapSettings().destinationCrs().isGeographic() else metres
    middle = on_map(canvas, lon, lat)
    canvas.setExtent(QgsRectangle.fromCenterAndSize(middle, unit * canvas.width(), unit * canvas.height()))


def on_map(canvas, lon, lat):
    """A place in the CRS of the map."""
    crs = canvas.mapSettings().destinationCrs()
    return QgsCoordinateTransform(degrees_crs(), crs, QgsProject.instance()).transform(QgsPointXY(lon, lat))


def pixel_of(canvas, lon, lat):
    """A place in pixels of the canvas."""
    return canvas.getCoordinateTransform().transform(on_map(canvas, lon, lat))
