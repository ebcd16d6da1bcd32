"""Parameters that several algorithms have: how they are declared, and how they are read from what a caller gives."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Callable, Optional

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterAuthConfig,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExpression,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QVariant

from ..errors import InvalidRequestError
from ..layers.expression import check_expression
from ..mapillary.schema import TILESETS, SourceLayer
from ..request.filters import CONDITIONS
from ..request.inputs import CHOICES, Input, InputType

AUTH_CONFIG = "AUTH_CONFIG"


def read_day(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], name: str, context: QgsProcessingContext
) -> Optional[date]:
    """The day of a date parameter, None where none is given. Raises InvalidRequestError."""
    given = parameters.get(name)
    if isinstance(given, str) and given:
        try:
            return datetime.fromisoformat(given).date()
        except ValueError:
            raise InvalidRequestError(f"“{given}” is not a date. Write {name} as 2024-05-31.") from None
    read = algorithm.parameterAsDateTime(parameters, name, context)
    return date(read.date().year(), read.date().month(), read.date().day()) if read.isValid() else None


def is_given(value: Any) -> bool:
    """Whether a caller gave a value; qgis_process gives an empty one as NULL."""
    return not (value is None or value == "" or (isinstance(value, QVariant) and value.isNull()))


def read_word(parameters: dict[str, Any], name: str, words: Sequence[str], default: Optional[str] = None) -> str:
    """The word of a choice, where none is given the default or else the first. Raises InvalidRequestError."""
    given = parameters.get(name)
    if not is_given(given):
        return default or words[0]
    if given not in words:
        raise InvalidRequestError(f"{name} is one of the words {', '.join(words)}, not “{given}”.")
    return str(given)


def read_words(parameters: dict[str, Any], name: str, words: Sequence[str]) -> list[str]:
    """The words of a choice of several, all where none is given. Raises InvalidRequestError."""
    chosen = read_several(parameters, name)
    wrong = next((word for word in chosen if word not in words), None)
    if wrong is not None:
        raise InvalidRequestError(f"{name} takes some of the words {', '.join(words)}, not “{wrong}”.")
    return [word for word in words if word in chosen] or list(words)


def read_several(parameters: dict[str, Any], name: str) -> list[str]:
    """What was given for a choice of several, as text: one, some in a list, or some with commas between them."""
    given = parameters.get(name)
    if not is_given(given):
        return []
    items = given if isinstance(given, (list, tuple)) else str(given).split(",")
    return [str(item).strip() for item in items]


def read_list(parameters: dict[str, Any], name: str) -> tuple[str, ...]:
    """The items of a comma list, each once."""
    return tuple(dict.fromkeys(item for item in read_several(parameters, name) if item))


def read_expression(
    algorithm: QgsProcessingAlgorithm,
    parameters: dict[str, Any],
    name: str,
    layer: SourceLayer,
    context: QgsProcessingContext,
) -> str:
    """The expression over the fields of a layer, empty where none is given. Raises InvalidRequestError.

    QGIS' own reading passes over an expression that it cannot parse.
    """
    given = parameters.get(name)
    text = (given if isinstance(given, str) else algorithm.parameterAsExpression(parameters, name, context)).strip()
    if text:
        check_expression(text, layer)
    return text


def read_number(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], name: str, context: QgsProcessingContext
) -> Optional[float]:
    """The number, None where none is given. Raises InvalidRequestError; QGIS reads what is no number as 0."""
    given = parameters.get(name)
    if not is_given(given):
        return None
    if isinstance(given, str):
        try:
            float(given)
        except ValueError:
            raise InvalidRequestError(f"{name} is a number, not “{given}”.") from None
    return algorithm.parameterAsDouble(parameters, name, context)


def condition_inputs(layer: SourceLayer) -> list[Input]:
    """What the conditions on a source layer, or on those of its tileset, take."""
    tileset = next(tileset for tileset in TILESETS if layer in tileset.layers)
    return [given for each in CONDITIONS if set(each.layers) & set(tileset.layers) for given in each.inputs]


def declare(given: Input) -> QgsProcessingParameterDefinition:
    """The parameter of a value of a condition."""
    parameter = _DECLARED[given.type](given)
    return advanced(parameter) if given.is_advanced else parameter


def read(
    algorithm: QgsProcessingAlgorithm,
    parameters: dict[str, Any],
    given: Input,
    layer: SourceLayer,
    context: QgsProcessingContext,
) -> Any:
    """The value that was given for a condition; expressions are over the fields of `layer`. Raises
    InvalidRequestError.
    """
    name = given.parameter
    readers: dict[InputType, Callable[[], Any]] = {
        InputType.DAY: lambda: read_day(algorithm, parameters, name, context),
        InputType.CHOICE: lambda: read_word(parameters, name, CHOICES),
        InputType.TEXTS: lambda: read_list(parameters, name),
        InputType.WHOLE: lambda: _whole(name, read_number(algorithm, parameters, name, context)),
        InputType.NUMBER: lambda: read_number(algorithm, parameters, name, context),
        InputType.FLAG: lambda: algorithm.parameterAsBoolean(parameters, name, context),
        InputType.EXPRESSION: lambda: read_expression(algorithm, parameters, name, layer, context),
    }
    return readers[given.type]()


def _whole(name: str, number: Optional[float]) -> Optional[int]:
    if number is not None and not number.is_integer():
        raise InvalidRequestError(f"{name} is a whole number, not {number:g}.")
    return None if number is None else int(number)


def choice(name: str, label: str, words: Sequence[str], default: Optional[str] = None) -> QgsProcessingParameterEnum:
    """A choice that takes and gives words; without a default it is the first."""
    return QgsProcessingParameterEnum(name, label, list(words), False, default or words[0], False, True)


def choices(name: str, label: str, words: Sequence[str]) -> QgsProcessingParameterEnum:
    """A choice of several words; all are the default."""
    return QgsProcessingParameterEnum(name, label, list(words), True, list(words), True, True)


def day(name: str, label: str) -> QgsProcessingParameterDateTime:
    """A day or none."""
    return QgsProcessingParameterDateTime(name, label, QgsProcessingParameterDateTime.Type.Date, None, True)


def comma_list(name: str, label: str) -> QgsProcessingParameterString:
    """Several items with commas between them, or none."""
    return QgsProcessingParameterString(name, label, None, False, True)


def number(
    name: str, label: str, least: float, most: Optional[float], is_whole: bool = False
) -> QgsProcessingParameterNumber:
    """A number or none; without `most` it can be as large as QGIS takes."""
    kind = QgsProcessingParameterNumber.Type.Integer if is_whole else QgsProcessingParameterNumber.Type.Double
    return QgsProcessingParameterNumber(
        name, label, kind, None, True, least, sys.float_info.max if most is None else most
    )


def auth_config() -> QgsProcessingParameterAuthConfig:
    """The stored authentication configuration to use, or none; folded away."""
    parameter = QgsProcessingParameterAuthConfig(AUTH_CONFIG, "Authentication with the token", optional=True)
    advanced(parameter)
    return parameter


def advanced(parameter: QgsProcessingParameterDefinition) -> QgsProcessingParameterDefinition:
    """The parameter, folded away in the dialog."""
    parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return parameter


_DECLARED: dict[InputType, Callable[[Input], QgsProcessingParameterDefinition]] = {
    InputType.DAY: lambda given: day(given.parameter, given.label),
    InputType.CHOICE: lambda given: choice(given.parameter, given.label, CHOICES),
    InputType.TEXTS: lambda given: comma_list(given.parameter, given.label),
    InputType.WHOLE: lambda given: number(given.parameter, given.label, 1, given.most, is_whole=True),
    InputType.NUMBER: lambda given: number(given.parameter, given.label, 0, given.most),
    InputType.FLAG: lambda given: QgsProcessingParameterBoolean(given.parameter, given.label, False),
    InputType.EXPRESSION: lambda given: QgsProcessingParameterExpression(given.parameter, given.label, None, "", True),
}
