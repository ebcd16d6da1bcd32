"""What a person gives for a condition: its name in a request, in JSON and in Processing, and its type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Callable, Optional

CHOICES = ("all", "only", "without")
"""For what a feature is or is not."""


class InputType(Enum):
    """What a person gives for a condition, and how JSON has it."""

    DAY = "day"
    CHOICE = "one of CHOICES"
    TEXTS = "several texts"
    WHOLE = "whole number"
    NUMBER = "number"
    FLAG = "yes or no"
    EXPRESSION = "expression of QGIS"


@dataclass(frozen=True)
class Input:
    """One value of a condition: `name` in CoverageFilter and in JSON, `parameter` and `label` in Processing, which
    folds it away if it `is_advanced`. A number is `most` at most; None is no limit.
    """

    name: str
    type: InputType
    parameter: str
    label: str
    is_advanced: bool = True
    most: Optional[float] = None

    def from_json(self, value: Any) -> Any:
        """The value that JSON has. Raises TypeError and ValueError for one of another type."""
        return _FROM_JSON[self.type](value)


def _exactly(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(kind)
        return value

    return read


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_exactly(str), _exactly(list)(value)))


_FROM_JSON: dict[InputType, Callable[[Any], Any]] = {
    InputType.DAY: date.fromisoformat,
    InputType.CHOICE: _exactly(str),
    InputType.EXPRESSION: _exactly(str),
    InputType.TEXTS: _texts,
    InputType.WHOLE: _exactly(int),
    InputType.NUMBER: float,
    InputType.FLAG: _exactly(bool),
}
