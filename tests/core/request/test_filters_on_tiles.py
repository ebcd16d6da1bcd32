"""The filter of live coverage keeps what a download with the same filter keeps."""

from datetime import date
from random import Random

import pytest
from qgis.core import QgsExpression, QgsExpressionContext, QgsFeature, QgsField, QgsFields
from qgis.PyQt.QtCore import QVariant

from mapillary_coverage.core.download.collector import Table
from mapillary_coverage.core.layers.expression import matching_rows
from mapillary_coverage.core.mapillary.cleaning import clean_column
from mapillary_coverage.core.mapillary.schema import (
    IMAGE,
    MAP_FEATURE_LAYERS,
    MAP_FEATURE_POINT,
    OVERVIEW,
    SEQUENCE,
    TRAFFIC_SIGN,
    FieldType,
)
from mapillary_coverage.core.mvt import decode
from mapillary_coverage.core.request.filters import CoverageFilter
from tests.emulator import Town

pytestmark = pytest.mark.qgis

DAY = 86_400_000
MAY_1_2024 = 1_714_521_600_000
CREATOR, OTHER = 26275324248758064, 26275324248758065
ODD = {
    FieldType.OBJECT_ID: (None, 0, 7, CREATOR, OTHER, "7", "", "x"),
    FieldType.KEY: (None, "", "key", "it's", "back\\slash", "regulatory--stop--g1", "object--bench"),
    FieldType.TIME: (None, 0, 1, MAY_1_2024 - 1, MAY_1_2024, MAY_1_2024 + DAY - 1, MAY_1_2024 + DAY, 10**16, "", -5),
    FieldType.ANGLE: (None, 0.0, 0, 90.5, 360.0, 361.0, -1.0, ""),
    FieldType.FLAG: (None, True, False, 1, 0, 2, ""),
    FieldType.SCORE: (None, 0.0, 1.0, 0.5, 0.4999, 1.5, "", 1),
}
VALUES = (
    *(
        "regulatory--stop--g1",
        "regulatory--stop--g12",
        "regulatory--stop",
        "regulatory--stop--other",
        "regulatory--Stop",
    ),
    *("object--bench", "object--street-light", "object--street-lights", "marking--discrete--text", "a--g1--g2", "a--g"),
    *("regulatory--Stop", "", None, "object--bench\n", "new.class", "newXclass"),
)
COVERAGE = [
    CoverageFilter(),
    CoverageFilter(date(2024, 5, 1), date(2024, 5, 1)),
    CoverageFilter(date(2024, 5, 1)),
    CoverageFilter(None, date(2024, 5, 1)),
    CoverageFilter(date(1950, 1, 1), date(1960, 1, 1)),
    CoverageFilter(date(9999, 12, 31)),
    CoverageFilter(None, date(9999, 12, 31)),
    CoverageFilter(panorama="only"),
    CoverageFilter(panorama="without"),
    CoverageFilter(on_foot="only"),
    CoverageFilter(on_foot="without", panorama="only"),
    CoverageFilter(organization_ids=(str(CREATOR), "7")),
    CoverageFilter(creator_ids=(str(OTHER),)),
    CoverageFilter(creators=("somebody",)),
    CoverageFilter(sequence_ids=("it's", "back\\slash")),
    CoverageFilter(image_ids=("7", str(CREATOR))),
    CoverageFilter(min_quality=0.5),
    CoverageFilter(min_quality=0.5, keep_unscored=True),
    CoverageFilter(min_quality=0.0),
    CoverageFilter(min_quality=1.0, keep_unscored=True),
    CoverageFilter(date(2024, 1, 1), panorama="without", min_quality=0.4, creator_ids=(str(CREATOR), "7")),
]
FEATURES = [
    CoverageFilter(values=("regulatory--stop",)),
    CoverageFilter(values=("regulatory--stop--g1", "object--bench")),
    CoverageFilter(values=("regulatory--*", "object--street-ligh?")),
    CoverageFilter(values=("*--stop*", "*e?t*")),
    CoverageFilter(values=("*",)),
    CoverageFilter(values=("?--g1",)),
    CoverageFilter(values=("a*a", "*--*--*")),
    CoverageFilter(first_seen_after=date(2024, 5, 1)),
    CoverageFilter(values=("object--*",), last_seen_after=date(2024, 5, 1), first_seen_after=date(2001, 1, 1)),
]
EXPRESSIONS = [
    '"quality_score" > 0.4 AND NOT is_pano',
    'compass_angle IS NULL OR "compass_angle" < 180 -- \'to the "east"\n',
    "creator_id = '26275324248758064' /* not \"id\" */ OR organization_id IS NULL",
    "left(sequence_id, 1) = 'k' AND coalesce(on_foot, true)",
    "\"id\" || 'is_pano' = '7is_pano'",
    "quality_score + compass_angle",
]


def drawn(value):
    """A value of a tile as QGIS gets it."""
    is_long = isinstance(value, int) and not isinstance(value, bool) and not -(2**31) <= value < 2**31
    return str(value) if is_long else value


def shown_rows(expression, properties):
    """The rows that QGIS would draw, of columns as tiles have them."""
    fields = QgsFields()
    for name in properties:
        fields.append(QgsField(name, QVariant.String))
    context = QgsExpressionContext()
    context.setFields(fields)
    asked = QgsExpression(expression or "TRUE")
    assert not asked.hasParserError(), asked.parserErrorString()
    asked.prepare(context)
    rows = []
    for row, values in enumerate(zip(*properties.values())):
        feature = QgsFeature(fields)
        feature.setAttributes([drawn(value) for value in values])
        context.setFeature(feature)
        if QVariant(asked.evaluate(context)).value() in (True, 1):
            rows.append(row)
    return rows


def cleaned(layer, properties):
    columns = {field.name: clean_column(field.type, properties[field.tile_property]) for field in layer.tile_fields}
    blank = [None] * len(next(iter(properties.values())))
    return {field.name: columns.get(field.name, blank) for field in layer.fields}


def odd_properties(layer, count=600, seed=5):
    random = Random(seed)
    choices = {field.tile_property: VALUES if field.name == "value" else ODD[field.type] for field in layer.tile_fields}
    return {name: [random.choice(among) for _ in range(count)] for name, among in choices.items()}


@pytest.mark.parametrize("layer", [IMAGE, SEQUENCE], ids=lambda layer: layer.name)
@pytest.mark.parametrize("chosen", COVERAGE, ids=str)
def test_coverage_with_odd_values_is_filtered_as_downloads_are(chosen, layer):
    properties = odd_properties(layer)
    expected, _ = chosen.select(layer, cleaned(layer, properties))
    assert shown_rows(chosen.on_tiles(layer).expression, properties) == expected


@pytest.mark.parametrize("layer", MAP_FEATURE_LAYERS, ids=lambda layer: layer.name)
@pytest.mark.parametrize("chosen", FEATURES, ids=str)
def test_map_features_with_odd_values_are_filtered_as_downloads_are(chosen, layer):
    properties = odd_properties(layer)
    expected, _ = chosen.select(layer, cleaned(layer, properties))
    assert shown_rows(chosen.on_tiles(layer).expression, properties) == expected


@pytest.mark.parametrize("chosen", COVERAGE[1:], ids=str)
def test_the_town_is_filtered_as_downloads_are(chosen):
    tile = decode(Town(images_per_tile=1500).tile("mly1_public", 14, 8529, 5975), [IMAGE, SEQUENCE])
    for layer in (IMAGE, SEQUENCE):
        properties = tile.features(layer.name).properties
        expected, _ = chosen.select(layer, cleaned(layer, properties))
        assert shown_rows(chosen.on_tiles(layer).expression, properties) == expected


@pytest.mark.parametrize("chosen", COVERAGE[1:9], ids=str)
def test_the_genuine_tile_is_filtered_as_downloads_are(chosen, recorded):
    body = (recorded / "tiles" / "unplaced" / "coverage_10231_images.mvt").read_bytes()
    for layer in (IMAGE, SEQUENCE):
        properties = decode(body, [layer]).features(layer.name).properties
        expected, _ = chosen.select(layer, cleaned(layer, properties))
        assert shown_rows(chosen.on_tiles(layer).expression, properties) == expected


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_of_the_person_keeps_the_same_images(text):
    properties = odd_properties(IMAGE)
    columns = cleaned(IMAGE, properties)
    table = Table(IMAGE, columns, [(0.0, 0.0)] * len(columns["id"]))
    found = CoverageFilter(expression=text).on_tiles(IMAGE)
    assert found.unanswered == ()
    assert shown_rows(found.expression, properties) == matching_rows(text, table)


@pytest.mark.parametrize(
    "text",
    ["year(captured_at) = 2024", '"captured_at" IS NULL', "$x > 7", "attribute('id') = '7'", "x(@geometry) > 7"],
)
def test_an_expression_that_tiles_cannot_answer_is_named_and_takes_nothing_out(text):
    assert CoverageFilter(expression=text).on_tiles(IMAGE) == ("", ("the expression",))


def test_an_expression_on_map_features_knows_their_kind_but_not_their_label():
    chosen = CoverageFilter(feature_expression="kind = 'point' and value like 'object%'")
    properties = odd_properties(MAP_FEATURE_POINT)
    rows = [row for row, value in enumerate(properties["value"]) if value and value.startswith("object")]
    assert shown_rows(chosen.on_tiles(MAP_FEATURE_POINT).expression, properties) == rows
    assert shown_rows(chosen.on_tiles(TRAFFIC_SIGN).expression, properties) == []
    assert CoverageFilter(feature_expression="label = 'Bench'").on_tiles(MAP_FEATURE_POINT).unanswered == (
        "the expression",
    )


def test_what_the_tiles_of_a_zoom_do_not_tell_takes_nothing_out_and_is_named():
    chosen = CoverageFilter(
        date(2024, 5, 1), on_foot="only", organization_ids=("7",), image_ids=("7",), min_quality=0.5, expression="1"
    )
    of_images = ("image ids", "quality", "the expression")
    assert chosen.on_tiles(OVERVIEW).unanswered == ("on foot", "organizations", *of_images)
    assert chosen.on_tiles(SEQUENCE).unanswered == of_images
    assert chosen.on_tiles(IMAGE).unanswered == ()
    assert chosen.on_tiles(TRAFFIC_SIGN) == ("", ())
    properties = odd_properties(OVERVIEW)
    expected, _ = CoverageFilter(date(2024, 5, 1)).select(SEQUENCE, cleaned(OVERVIEW, properties))
    assert shown_rows(chosen.on_tiles(OVERVIEW).expression, properties) == expected


def test_a_thousand_signs_by_name_are_found_as_fast_as_one():
    names = tuple(f"regulatory--sign-{number}" for number in range(1500))
    properties = {"value": ["regulatory--sign-1499--g3", "regulatory--sign-1500--g3"], "first_seen_at": [1, 1]}
    assert shown_rows(CoverageFilter(values=names).on_tiles(TRAFFIC_SIGN).expression, properties) == [0]


def test_a_wildcard_against_a_long_value_ends_at_once():
    properties = {"value": ["a" * 5000, "a" * 5000 + "b"]}
    chosen = CoverageFilter(values=("*a" * 40 + "*b",))
    assert shown_rows(chosen.on_tiles(TRAFFIC_SIGN).expression, properties) == [1]
