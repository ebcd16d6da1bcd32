"""What downloaded layers draw, by their pixels, and their legends."""

from collections import Counter

import pytest
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsLayerTree,
    QgsLayerTreeModel,
    QgsMemoryProviderUtils,
    QgsPointXY,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime, Qt
from qgis.PyQt.QtGui import QColor

from mapillary_coverage.core.area.extent import degrees_crs
from mapillary_coverage.core.layers.kinds import fields_of, wkb_type
from mapillary_coverage.core.layers.times import qgis_time
from mapillary_coverage.core.looks.colour_by import ColourBy
from mapillary_coverage.core.looks.layer_style import set_look
from mapillary_coverage.core.looks.palette import COVERAGE, FLAT, PANORAMA, QUALITY, UNKNOWN
from mapillary_coverage.core.looks.seen import Seen
from mapillary_coverage.core.mapillary.schema import IMAGES, MAP_FEATURES, SEQUENCES
from tests.core.looks.drawing import bearing, degrees, draw, drawn_pixels, place
from tests.core.looks.test_live_style import CLOSE, FAR, MIDDLING, SVG, colour_at

pytestmark = pytest.mark.qgis

MIDDLE = place(2048, 2048)


def layer_of(kind, *rows):
    """A downloaded layer; each row has some of the fields and maybe `x`, metres east of the middle."""
    layer = QgsMemoryProviderUtils.createMemoryLayer(kind, fields_of(kind), wkb_type(kind), degrees_crs())
    for values in rows:
        feature = QgsFeature(layer.fields())
        feature.setAttributes([values.get(field.name()) for field in layer.fields()])
        at = degrees(QgsPointXY(MIDDLE.x() + values.get("x", 0), MIDDLE.y()))
        ends = [QgsPointXY(at.x() - 0.01, at.y()), QgsPointXY(at.x() + 0.01, at.y())]
        line = QgsGeometry.fromMultiPolylineXY([ends])
        feature.setGeometry(line if kind == SEQUENCES else QgsGeometry.fromPointXY(at))
        assert layer.dataProvider().addFeature(feature)
    layer.updateExtents()
    return layer


def looking(kind, *rows, by=ColourBy.NOTHING, symbols=None):
    layer = layer_of(kind, *rows)
    names = layer.fields().names()
    columns = {name: [_cleaned(values.get(name)) for values in rows] for name in names}
    set_look(layer, kind, by, Seen.of_columns(columns), symbols or (lambda value: None))
    return layer


def _cleaned(value):
    return value.toMSecsSinceEpoch() if isinstance(value, QDateTime) else value


def time(year):
    return qgis_time((year - 1970) * 31_556_952_000 + 10**9)


def legend_of(layer):
    tree = QgsLayerTree()
    node = tree.addLayer(layer)
    model = QgsLayerTreeModel(tree)
    return [each.data(Qt.ItemDataRole.DisplayRole) for each in model.layerLegendNodes(node)]


@pytest.mark.parametrize("angle", [45.0, 135.0, 225.0, 315.0])
def test_images_become_arrows_when_close(qgis_app, angle):
    layer = looking(IMAGES, {"compass_angle": angle})
    assert (bearing(draw([layer], MIDDLE, CLOSE)) - angle + 180) % 360 - 180 == pytest.approx(0, abs=15)
    counts = [len(drawn_pixels(draw([layer], MIDDLE, scale))) for scale in (CLOSE, MIDDLING, FAR)]
    assert counts[0] > 1.2 * counts[1]
    assert counts[1] == counts[2]


def test_an_image_without_direction_is_a_dot_at_any_scale(qgis_app):
    with_arrow = len(drawn_pixels(draw([looking(IMAGES, {"compass_angle": 90.0})], MIDDLE, CLOSE)))
    assert len(drawn_pixels(draw([looking(IMAGES, {})], MIDDLE, CLOSE))) < 0.75 * with_arrow


def test_a_panorama_has_a_pupil_when_close(qgis_app):
    pano, flat = (draw([looking(IMAGES, {"is_pano": is_pano})], MIDDLE, CLOSE) for is_pano in (True, False))
    assert colour_at(flat) == COVERAGE
    assert QColor(colour_at(pano)).lightness() < 80


@pytest.mark.parametrize(
    ("by", "values", "colour"),
    [
        (ColourBy.PANORAMA, {"is_pano": True}, PANORAMA),
        (ColourBy.PANORAMA, {"is_pano": None}, FLAT),
        (ColourBy.QUALITY, {"quality_score": 0.9}, QUALITY[0]),
        (ColourBy.QUALITY, {"quality_score": 0.1}, QUALITY[3]),
        (ColourBy.QUALITY, {}, UNKNOWN),
        (ColourBy.ORGANIZATION, {}, UNKNOWN),
        (ColourBy.AGE, {}, UNKNOWN),
    ],
)
def test_images_have_the_colours_of_live_coverage(qgis_app, by, values, colour):
    assert colour_at(draw([looking(IMAGES, values, by=by)], MIDDLE, MIDDLING)) == colour


def test_years_and_creators_are_those_of_the_layer(qgis_app):
    years = [*range(2016, 2026), 2025]
    rows = [{"captured_at": time(year), "creator_id": str(year), "x": 60 * (year - 2020)} for year in years]
    layer = looking(IMAGES, *rows, {"x": 1000}, by=ColourBy.AGE)
    classes = ColourBy.AGE.classes(Seen(years=Counter(years), has_undated=True))
    assert legend_of(layer) == [*(each.label for each in classes), "Others"]
    assert [each.label for each in classes[-2:]] == ["2019 and earlier", "Without a date"]
    assert colour_at(draw([layer], QgsPointXY(MIDDLE.x() + 300, MIDDLE.y()), MIDDLING)) == classes[0].colour
    assert colour_at(draw([layer], QgsPointXY(MIDDLE.x() - 240, MIDDLE.y()), MIDDLING)) == classes[-2].colour
    seen = Seen(creators=Counter(map(str, years)))
    set_look(layer, IMAGES, ColourBy.CREATOR, seen, lambda value: None)
    assert legend_of(layer)[0] == "2025"
    assert legend_of(layer)[-1] == "Other creators"


@pytest.mark.parametrize("is_stored", [False, True])
def test_a_year_ends_at_midnight_utc(qgis_app, tmp_path, is_stored):
    midnight = 1_704_067_200_000
    rows = [{"captured_at": qgis_time(midnight - 1000), "x": -100}, {"captured_at": qgis_time(midnight)}]
    layer = layer_of(IMAGES, *rows, {"x": 100})
    if is_stored:
        path = str(tmp_path / "images.gpkg")
        options = QgsVectorFileWriter.SaveVectorOptions()
        QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, QgsProject.instance().transformContext(), options)
        layer = QgsVectorLayer(path, "images", "ogr")
    seen = Seen(years=Counter([2023, 2024]), has_undated=True)
    set_look(layer, IMAGES, ColourBy.AGE, seen, lambda value: None)
    classes = {each.label: each.colour for each in ColourBy.AGE.classes(seen)}
    for x, label in ((-100, "2023"), (0, "2024"), (100, "Without a date")):
        assert colour_at(draw([layer], QgsPointXY(MIDDLE.x() + x, MIDDLE.y()), MIDDLING)) == classes[label]


def test_sequences_are_cased_lines(qgis_app):
    drawing = draw([looking(SEQUENCES, {"is_pano": True}, by=ColourBy.PANORAMA)], MIDDLE, CLOSE)
    assert {x for x, _ in drawn_pixels(drawing)} == set(range(200))
    column = [QColor.fromRgba(drawing.pixel(100, y)) for y in range(200)]
    drawn = [colour for colour in column if colour.alpha() > 200]
    assert max(drawn, key=QColor.saturation).hue() == pytest.approx(QColor(PANORAMA).hue(), abs=5)
    assert min(colour.lightness() for colour in drawn) < 90


def test_map_features_have_their_symbols_and_others_the_generic_ones(qgis_app):
    rows = [
        {"value": "regulatory--stop--g1", "kind": "traffic_sign", "x": -100},
        {"value": "regulatory--new--g1", "kind": "traffic_sign"},
        {"value": "object--bench", "kind": "point", "x": 100},
    ]
    layer = looking(MAP_FEATURES, *rows, symbols={"regulatory--stop--g1": SVG}.get)
    assert legend_of(layer) == ["Stop", "Other objects", "Other traffic signs"]
    drawing = draw([layer], MIDDLE, MIDDLING)
    colours = {side: set() for side in range(3)}
    for x, y in drawn_pixels(drawing):
        colours[min(x // 67, 2)].add(colour_at(drawing, x, y))
    assert "#ff0000" in colours[0]
    assert "#ff0000" not in colours[1] | colours[2]
    assert colours[1] and colours[2] and colours[1] != colours[2]


def test_the_look_survives_in_a_style_file(qgis_app, tmp_path):
    layer = looking(IMAGES, {"is_pano": True}, by=ColourBy.PANORAMA)
    path = str(tmp_path / "look.qml")
    layer.saveNamedStyle(path)
    other = layer_of(IMAGES, {"is_pano": True})
    other.loadNamedStyle(path)
    assert colour_at(draw([other], MIDDLE, MIDDLING)) == PANORAMA
