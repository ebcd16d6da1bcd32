"""What live layers draw, by their pixels."""

import itertools
from collections import Counter
from datetime import date, datetime, timezone

import pytest
from qgis.core import QgsLayerTree, QgsLayerTreeModel
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor

from mapillary_coverage.core.looks.colour_by import ColourBy
from mapillary_coverage.core.looks.legend import LiveLegend
from mapillary_coverage.core.looks.live_style import live_renderer
from mapillary_coverage.core.looks.palette import COVERAGE, FLAT, PANORAMA
from mapillary_coverage.core.looks.seen import Seen
from mapillary_coverage.core.request.filters import CoverageFilter
from tests.core.looks.drawing import TILE, bearing, draw, drawn_pixels, place, tile_layer
from tests.core.request.test_filters_on_tiles import COVERAGE as FILTERS
from tests.core.request.test_filters_on_tiles import IMAGE, cleaned, drawn, odd_properties
from tests.emulator.encoding import LINE, POINT, Feature

pytestmark = pytest.mark.qgis

CLOSE, MIDDLING, FAR = 1_000, 8_000, 17_000
COVERAGE_TILES = "mly1_public"
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24">'
    b'<rect width="24" height="24" fill="#ff0000"/></svg>'
)


def millis(year):
    return str(int(datetime(year, 6, 1, tzinfo=timezone.utc).timestamp()) * 1000)


def image(x=2048, y=2048, **properties):
    return Feature(POINT, [[(x, y)]], {"id": "1", **properties})


@pytest.fixture
def live(tmp_path, qgis_app):
    """A live layer over one tile: `live({"image": [...]})`."""
    count = itertools.count()

    def make(layers, tile=TILE, tileset=COVERAGE_TILES, chosen=None, by=ColourBy.NOTHING, seen=None, symbols=None):
        made = tile_layer(tmp_path / f"{next(count)}.mbtiles", {tile: layers})
        known = symbols or (lambda value: None)
        made.setRenderer(live_renderer(tileset, chosen or CoverageFilter(), by, seen or Seen(), known))
        return made

    return make


def colour_at(drawing, x=100, y=100):
    return QColor.fromRgba(drawing.pixel(x, y)).name()


@pytest.mark.parametrize("angle", [0.0, 45.0, 135.0, 225.0, 315.0, 360.0])
def test_an_arrow_points_where_the_camera_did(live, angle):
    drawing = draw([live({"image": [image(compass_angle=angle)]})], place(2048, 2048), CLOSE)
    assert (bearing(drawing) - angle + 180) % 360 - 180 == pytest.approx(0, abs=15)


def test_an_arrow_turns_with_the_map(live):
    drawing = draw([live({"image": [image(compass_angle=90.0)]})], place(2048, 2048), CLOSE, rotation=90)
    assert bearing(drawing) == pytest.approx(180, abs=15)


@pytest.mark.parametrize("unknown", [None, 400.0, -1.0, ""])
def test_there_is_no_arrow_where_the_direction_is_unknown(live, unknown):
    with_arrow = draw([live({"image": [image(compass_angle=90.0)]})], place(2048, 2048), CLOSE)
    without = draw([live({"image": [image(compass_angle=unknown)]})], place(2048, 2048), CLOSE)
    assert 20 < len(drawn_pixels(without)) < 0.75 * len(drawn_pixels(with_arrow))


def test_arrows_come_with_the_scale_and_dots_grow(live):
    layer = live({"image": [image(compass_angle=90.0)]})
    sizes = [len(drawn_pixels(draw([layer], place(2048, 2048), scale))) for scale in (CLOSE, 5_000, FAR)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3
    middle = 99.5
    pixels = drawn_pixels(draw([layer], place(2048, 2048), 5_000))
    assert sum(x for x, _ in pixels) / len(pixels) == pytest.approx(middle, abs=1)


@pytest.mark.parametrize("scale", [MIDDLING, FAR])
def test_an_image_stands_out_from_the_line_of_its_sequence(live, scale):
    line = Feature(LINE, [[(0, 2048), (4096, 2048)]], {"id": "s"})
    drawing = draw([live({"sequence": [line], "image": [image()]})], place(2048, 2048), scale)
    heights = Counter(x for x, _ in drawn_pixels(drawing))
    assert max(heights[x] for x in (98, 99, 100, 101)) >= 1.5 * heights[20]


@pytest.mark.parametrize("by", list(ColourBy))
def test_an_image_of_which_nothing_was_seen_is_shown_all_the_same(live, by):
    layer = live({"image": [image(captured_at=millis(1999), creator_id="5", quality_score="odd")]}, by=by)
    assert drawn_pixels(draw([layer], place(2048, 2048), MIDDLING))


def test_what_the_filter_takes_out_disappears(live):
    layers = {"image": [image(1948, is_pano=True), image(2148, is_pano=False)]}
    shown = {}
    for choice in ("all", "only", "without"):
        drawing = draw([live(layers, chosen=CoverageFilter(panorama=choice))], place(2048, 2048), MIDDLING)
        shown[choice] = {x < 100 for x, _ in drawn_pixels(drawing)}
    assert shown == {"all": {True, False}, "only": {True}, "without": {False}}


@pytest.mark.parametrize("chosen", FILTERS, ids=str)
def test_qgis_draws_exactly_the_images_that_a_download_would_keep(live, chosen):
    side, step = 16, 256
    properties = odd_properties(IMAGE, side * side)
    places = [(128 + row % side * step, 128 + row // side * step) for row in range(side * side)]
    rows = [
        Feature(POINT, [[at]], {name: drawn(column[row]) for name, column in properties.items()})
        for row, at in enumerate(places)
    ]
    drawing = draw([live({"image": rows}, chosen=chosen)], place(2048, 2048), 12_000, size=1024)
    pixels_per_unit = (place(1, 0).x() - place(0, 0).x()) / (12_000 * 0.0254 / 96)
    seen = [
        row
        for row, at in enumerate(places)
        if QColor.fromRgba(drawing.pixel(*(round(511.5 + (unit - 2048) * pixels_per_unit) for unit in at))).alpha()
    ]
    expected, _ = chosen.select(IMAGE, cleaned(IMAGE, properties))
    assert seen == expected


def test_colours_are_those_of_the_classes(live):
    years = Seen(years=Counter({2014: 3, 2019: 1, 2024: 5}), has_undated=True)
    classes = {each.label: each.colour for each in ColourBy.AGE.classes(years)}
    for captured, label in ((millis(2024), "2024"), (millis(2014), "2014"), (0, "Without a date")):
        layer = live({"image": [image(captured_at=captured)]}, by=ColourBy.AGE, seen=years)
        assert colour_at(draw([layer], place(2048, 2048), MIDDLING)) == classes[label]
    for is_pano, colour in ((True, PANORAMA), (1, PANORAMA), (False, FLAT), (None, FLAT)):
        drawing = draw([live({"image": [image(is_pano=is_pano)]}, by=ColourBy.PANORAMA)], place(2048, 2048), MIDDLING)
        assert colour_at(drawing) == colour


def test_a_creator_that_is_one_of_many_has_the_colour_of_others(live):
    seen = Seen(creators=Counter({str(10**16 + number): 100 - number for number in range(20)}))
    classes = ColourBy.CREATOR.classes(seen)
    assert [each.label for each in classes[:2]] == [str(10**16), str(10**16 + 1)]
    for creator, expected in ((10**16 + 1, classes[1]), (10**16 + 12, classes[-1])):
        layer = live({"image": [image(creator_id=str(creator))]}, by=ColourBy.CREATOR, seen=seen)
        assert colour_at(draw([layer], place(2048, 2048), MIDDLING)) == expected.colour


def test_sequences_are_lines_below_the_zoom_of_images_and_overviews_are_dots(live):
    line = Feature(LINE, [[(0, 2048), (4096, 2048)]], {"id": "s", "is_pano": True})
    sequences = live({"sequence": [line]}, (10, 533, 373), by=ColourBy.PANORAMA)
    drawing = draw([sequences], place(2048, 2048, (10, 533, 373)), 280_000)
    assert {x for x, _ in drawn_pixels(drawing)} == set(range(200))
    hue = QColor(PANORAMA).hue()
    assert max(abs(QColor(colour_at(drawing, x)).hue() - hue) for x in range(200)) < 10
    overview = {"overview": [image(is_pano=False)]}
    for by, colour in ((ColourBy.PANORAMA, FLAT), (ColourBy.ORGANIZATION, COVERAGE)):
        dots = live(overview, (4, 8, 5), by=by, seen=Seen(organizations=Counter({"7": 1})))
        assert colour_at(draw([dots], place(2048, 2048, (4, 8, 5)), 20_000_000)) == colour


def test_signs_have_their_symbols_and_others_the_generic_one(live):
    seen = Seen(values=Counter({"regulatory--stop--g1": 2, "regulatory--new--g1": 1}))
    symbols = {"regulatory--stop--g1": SVG}.get
    signs = {"traffic_sign": [image(1948, value="regulatory--stop--g1"), image(2148, value="regulatory--new--g1")]}
    tileset = "mly_map_feature_traffic_sign"

    def sides(chosen=None, known=symbols):
        layer = live(signs, tileset=tileset, chosen=chosen, seen=seen, symbols=known)
        drawing = draw([layer], place(2048, 2048), MIDDLING)
        return {(x < 100, colour_at(drawing, x, y) == "#ff0000") for x, y in drawn_pixels(drawing)}

    assert {(True, True), (False, False)} <= sides()
    assert (False, True) not in sides()
    assert {(True, False), (False, False)} == sides(known=lambda value: None)
    assert {left for left, _ in sides(CoverageFilter(values=("regulatory--stop",)))} == {True}
    assert {left for left, _ in sides(CoverageFilter(values=("*--new*",)))} == {False}


def test_the_legend_tells_the_classes_and_the_filter(live, qgis_new_project):
    layer = live({"image": [image()]})
    legend = LiveLegend(COVERAGE_TILES, lambda value: None)
    layer.setLegend(legend)
    tree = QgsLayerTree()
    node = tree.addLayer(layer)
    model = QgsLayerTreeModel(tree)

    def lines():
        return [each.data(Qt.ItemDataRole.DisplayRole) for each in model.layerLegendNodes(node)]

    legend.show(CoverageFilter(), ColourBy.PANORAMA, Seen())
    assert lines() == ["Panoramas", "Flat images"]
    chosen = CoverageFilter(date(2024, 5, 1), min_quality=0.5)
    legend.show(chosen, ColourBy.ORGANIZATION, Seen(organizations=Counter("7")))
    assert lines() == ["7", "Filter: captured from 2024-05-01, quality…"]
    assert [type(each).__name__ for each in model.layerLegendNodes(node)] == [
        "QgsSymbolLegendNode",
        "QgsSimpleLegendNode",
    ], "what is a symbol is drawn sharply in print layouts"


def test_the_legend_of_signs_shows_those_that_pass_the_filter(live):
    legend = LiveLegend("mly_map_feature_traffic_sign", {"regulatory--stop--g1": SVG}.get)
    seen = Seen(values=Counter({"regulatory--stop--g1": 1, "regulatory--yield--g1": 5, "warning--curve-left--g1": 9}))
    legend.show(CoverageFilter(values=("regulatory--*",)), ColourBy.NOTHING, seen)
    tree = QgsLayerTree()
    layer = live({"traffic_sign": [image()]})
    nodes = legend.createLayerTreeModelLegendNodes(tree.addLayer(layer))
    assert [node.data(Qt.ItemDataRole.DisplayRole) for node in nodes] == [
        "Yield",
        "Stop",
        "Filter: values regulatory--*",
    ]
