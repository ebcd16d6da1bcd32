"""The rows of conditions name what there is, and a least number is asked as it is filtered."""

from dataclasses import dataclass
from typing import Optional

import pytest

from mapillary_coverage.core.mapillary.schema import IMAGE, IMAGES, Field, FieldType, Shape, SourceLayer
from mapillary_coverage.core.request.conditions import AtLeast
from mapillary_coverage.core.request.filters import CONDITIONS, CoverageFilter
from mapillary_coverage.core.request.inputs import Input, InputType

LEAST = (Input("least", InputType.NUMBER, "LEAST", "Least"),)


@dataclass
class Chosen:
    least: Optional[float]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.inputs[0].parameter)
def test_the_layers_of_a_condition_have_its_field_and_the_filter_its_values(condition):
    assert not condition.field or all(layer.has(condition.field_in(layer)) for layer in condition.layers)
    assert all(hasattr(CoverageFilter(), given.name) for given in condition.inputs)


def test_a_least_number_without_a_most_can_be_any_that_is_not_negative():
    condition = AtLeast("size", "quality_score", LEAST, (IMAGE,), noun="size")
    assert condition.problem(Chosen(4000)) == ""
    assert condition.problem(Chosen(-1)) == "The minimum size is a number from 0 up, not -1."
    assert list(condition.words(Chosen(4))) == ["size from 4"]


def test_what_no_expression_tells_is_not_answered_by_tiles():
    layer = SourceLayer("odd", Shape.POINT, (Field("size", FieldType.COUNT, "size"),), IMAGES, "odd one")
    assert AtLeast("size", "size", LEAST, (layer,)).answer(Chosen(4), layer) is None
