"""The temporal controller plays our layers, proven by what is drawn."""

import pytest
from qgis.core import (
    NULL,
    QgsDateTimeRange,
    QgsFeature,
    QgsGeometry,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime, QSize, Qt
from qgis.PyQt.QtGui import QColor

from mapillary_coverage.core.area.extent import degrees_crs
from mapillary_coverage.core.layers.kinds import fields_of
from mapillary_coverage.core.looks.layer_style import apply_style, set_times
from mapillary_coverage.core.mapillary.schema import IMAGES, MAP_FEATURES, SEQUENCES

pytestmark = pytest.mark.qgis

SHAPES = {
    IMAGES: ("Point", "POINT({x} 0)"),
    SEQUENCES: ("MultiLineString", "MULTILINESTRING(({x} -0.4, {x} 0.4))"),
    MAP_FEATURES: ("Point", "POINT({x} 0)"),
}
PLACES = range(4)
"""Longitudes of the features: the middle of each quarter of the picture."""


def utc(text):
    return QDateTime.fromString(f"{text}Z", Qt.DateFormat.ISODateWithMs)


def layer_of(kind, times):
    """A layer with one feature at each place, each with the times of its kind, None for one that is not known."""
    geometry, text = SHAPES[kind]
    layer = QgsVectorLayer(f"{geometry}?crs=EPSG:4326", kind, "memory")
    layer.dataProvider().addAttributes(list(fields_of(kind)))
    layer.updateFields()
    for number, values in enumerate(times):
        feature = QgsFeature(layer.fields())
        names = ("first_seen_at", "last_seen_at") if kind == MAP_FEATURES else ("captured_at",)
        for name, value in zip(names, values):
            feature[name] = NULL if value is None else utc(value)
        if kind == MAP_FEATURES:
            feature["kind"], feature["value"] = "point", "object--bench"
        feature.setGeometry(QgsGeometry.fromWkt(text.format(x=number)))
        assert layer.dataProvider().addFeatures([feature])[0]
    layer.updateExtents()
    apply_style(layer, kind)
    return layer


def drawn(layer, begin, end):
    """At which places something is drawn while the controller is at a range of times."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(degrees_crs())
    settings.setOutputSize(QSize(400, 100))
    settings.setBackgroundColor(QColor("white"))
    settings.setExtent(QgsRectangle(-0.5, -0.5, 3.5, 0.5))
    settings.setIsTemporal(True)
    settings.setTemporalRange(QgsDateTimeRange(utc(begin), utc(end), True, False))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    picture = job.renderedImage()
    return [
        place
        for place in PLACES
        if any(picture.pixelColor(100 * place + x, y) != QColor("white") for x in range(20, 80) for y in range(20, 80))
    ]


@pytest.fixture(params=["UTC", "Asia/Kolkata", "America/Los_Angeles"])
def zone(request, in_zone):
    in_zone(request.param)


@pytest.mark.parametrize("kind", [IMAGES, SEQUENCES])
def test_images_and_sequences_are_there_when_they_were_captured(kind, zone):
    layer = layer_of(kind, [["2020-06-01T12:00:00"], ["2022-06-01T00:30:00"], ["2022-06-01T23:30:00.500"], [None]])
    assert drawn(layer, "2020-01-01T00:00:00", "2021-01-01T00:00:00") == [0, 3]
    assert drawn(layer, "2022-06-01T00:00:00", "2022-06-02T00:00:00") == [1, 2, 3]
    assert drawn(layer, "2022-06-01T23:00:00", "2022-06-02T00:00:00") == [2, 3]
    assert drawn(layer, "2023-01-01T00:00:00", "2024-01-01T00:00:00") == [3]


def test_map_features_are_there_from_when_they_were_first_seen_to_when_they_were_last_seen(zone):
    layer = layer_of(
        MAP_FEATURES,
        [
            ["2018-01-01T00:00:00", "2020-01-01T00:00:00"],
            ["2019-06-01T00:00:00", "2023-01-01T00:00:00"],
            ["2022-01-01T00:00:00", None],
            [None, None],
        ],
    )
    assert drawn(layer, "2017-01-01T00:00:00", "2017-02-01T00:00:00") == [3]
    assert drawn(layer, "2019-01-01T00:00:00", "2019-02-01T00:00:00") == [0, 3]
    assert drawn(layer, "2019-07-01T00:00:00", "2019-08-01T00:00:00") == [0, 1, 3]
    assert drawn(layer, "2020-01-01T00:00:00", "2020-02-01T00:00:00") == [0, 1, 3]
    assert drawn(layer, "2025-01-01T00:00:00", "2026-01-01T00:00:00") == [2, 3]


def test_a_layer_without_the_fields_stays_as_it_is():
    layer = QgsVectorLayer("Point?crs=EPSG:4326&field=id:string&field=captured_at:string", "texts", "memory")
    set_times(layer, IMAGES)
    assert not layer.temporalProperties().isActive()
    set_times(layer, MAP_FEATURES)
    assert not layer.temporalProperties().isActive()
