"""The rows hold together: what one names, the others know."""

import pytest

from mapillary_coverage.core.mapillary.cleaning import clean_column
from mapillary_coverage.core.mapillary.schema import OVERVIEW, SOURCE_LAYERS, FieldType
from mapillary_coverage.core.mapillary.tile_values import value_of

TYPES = {field.type: field for layer in (*SOURCE_LAYERS, OVERVIEW) for field in layer.tile_fields}


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.name)
def test_each_type_of_tiles_can_be_cleaned_and_asked_for_in_expressions(type_):
    """Times as such are compared by ranges of days instead."""
    assert clean_column(type_, [None, {}]) == [None, None]
    assert value_of(TYPES[type_]) or type_ is FieldType.TIME


def test_names_of_fields_that_a_shapefile_would_cut_have_short_ones():
    for layer in SOURCE_LAYERS:
        short = [field.short or field.name for field in layer.fields]
        assert len(set(short)) == len(short)
        assert all(len(name) <= 10 for name in short), layer.name
