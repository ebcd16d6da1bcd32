"""Expressions of QGIS over the fields of our layers, asked off the main thread."""

from __future__ import annotations

from qgis.core import QgsExpression, QgsExpressionContext, QgsFeatureRequest

from ..download.collector import Table
from ..errors import InvalidRequestError, UnusableExpressionError
from ..mapillary.schema import SourceLayer
from .features import table_features
from .kinds import qgis_fields

_BARRED = {
    *("get_feature", "get_feature_by_id", "attributes", "represent_attributes", "represent_value", "is_selected"),
    *("num_selected", "layer_property", "load_layer", "is_layer_visible", "sqlite_fetch_and_increment", "eval"),
    *("display_expression", "maptip", "uuid", "$currentfeature"),
}


def check_expression(text: str, layer: SourceLayer) -> None:
    """Raises InvalidRequestError for an expression that cannot be read, or that names fields the layer has not."""
    expression = QgsExpression(text)
    if expression.hasParserError():
        reason = expression.parserErrorString().strip().splitlines()[0]
        raise InvalidRequestError(f"The expression {text} cannot be read: {reason}.")
    names = [field.name for field in layer.fields]
    barred = sorted(name for name in expression.referencedFunctions() if _reads_elsewhere(name))
    if barred:
        raise InvalidRequestError(
            f"The expression {text} uses {barred[0]}(), which reads other features or layers. Only the fields and the"
            " geometry of the feature itself can be used here."
        )
    variables = sorted(expression.referencedVariables())
    if variables:
        raise InvalidRequestError(
            f"The expression {text} uses @{variables[0]}, which has no value here. Use $geometry for the geometry."
        )
    unknown = sorted(expression.referencedColumns() - {*names, QgsFeatureRequest.ALL_ATTRIBUTES, ""})
    if unknown:
        raise InvalidRequestError(f"The expression {text} names “{unknown[0]}”, but the fields are {', '.join(names)}.")


def _reads_elsewhere(name: str) -> bool:
    """From QGIS 3.30 on such functions wait for the main thread, which may be waiting for this one."""
    index = QgsExpression.functionIndex(name)
    groups = QgsExpression.Functions()[index].groups() if index >= 0 else []
    return name in _BARRED or name.startswith(("overlay_", "raster_")) or "Aggregates" in groups


def matching_rows(text: str, table: Table) -> list[int]:
    """The rows for which the expression is true. Raises UnusableExpressionError where it cannot be computed."""
    # As QGIS tells true from false, which is not as Python does.
    expression = QgsExpression(f"CASE WHEN ({text}\n) THEN 1 ELSE 0 END")
    fields = qgis_fields(table.layer.fields)
    context = QgsExpressionContext()
    context.setFields(fields)
    expression.prepare(context)
    rows = []
    for row, feature in enumerate(table_features(table)):
        feature.setFields(fields, False)
        context.setFeature(feature)
        if expression.evaluate(context) == 1:
            rows.append(row)
        if expression.hasEvalError():
            raise UnusableExpressionError(text, expression.evalErrorString())
    return rows
