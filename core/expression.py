"""Expressions of QGIS over the fields of our layers, asked off the main thread."""

from __future__ import annotations

from qgis.core import QgsExpression, QgsExpressionContext, QgsFeatureRequest

from .collector import Table
from .errors import InvalidRequestError, UnusableExpressionError
from .layers import qgis_fields, table_features
from .schema import SourceLayer


def check_expression(text: str, layer: SourceLayer) -> None:
    """Raises InvalidRequestError for an expression that cannot be read, or that names fields the layer has not."""
    expression = QgsExpression(text)
    if expression.hasParserError():
        reason = expression.parserErrorString().strip().splitlines()[0]
        raise InvalidRequestError(f"The expression {text} cannot be read: {reason}.")
    names = [field.name for field in layer.fields]
    unknown = sorted(expression.referencedColumns() - {*names, QgsFeatureRequest.ALL_ATTRIBUTES, ""})
    if unknown:
        raise InvalidRequestError(f"The expression {text} names “{unknown[0]}”, but the fields are {', '.join(names)}.")


def matching_rows(text: str, table: Table) -> list[int]:
    """The rows for which the expression is true. Raises UnusableExpressionError where it cannot be computed."""
    expression = QgsExpression(text)
    fields = qgis_fields(table.layer.fields)
    context = QgsExpressionContext()
    context.setFields(fields)
    expression.prepare(context)
    rows = []
    for row, feature in enumerate(table_features(table)):
        feature.setFields(fields, False)
        context.setFeature(feature)
        if expression.evaluate(context):
            rows.append(row)
        if expression.hasEvalError():
            raise UnusableExpressionError(text, expression.evalErrorString())
    return rows
