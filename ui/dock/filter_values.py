"""One value of a filter in its widget: how it is read, written and heard of, for each type of value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Callable

from qgis.gui import QgsFieldExpressionWidget
from qgis.PyQt.QtWidgets import QComboBox, QLineEdit, QWidget

from ...core.layers.expression import check_expression
from ...core.mapillary.schema import SourceLayer
from ...core.request.inputs import Input, InputType
from ..values.value_picker import ValuePicker


@dataclass(frozen=True)
class FilterValue:
    """`read` gives what the widget says and raises InvalidRequestError, `write` shows a value, `changed` is the
    widget's signal. It acts on `layers`.
    """

    layers: tuple[SourceLayer, ...]
    changed: Any
    read: Callable[[], Any]
    write: Callable[[Any], None]


def value_of(widget: Any, given: Input, layers: tuple[SourceLayer, ...]) -> FilterValue:
    """The value of a condition on these layers in a widget made for its type."""
    if isinstance(widget, ValuePicker):
        return FilterValue(layers, widget.changed, widget.patterns, widget.set_patterns)
    changed, read, write = _MADE[given.type](widget, layers)
    return FilterValue(layers, changed, read, write)


_Parts = tuple[Any, Callable[[], Any], Callable[[Any], None]]


def _day(widget: Any, _: object) -> _Parts:
    return widget.dateValueChanged, widget.day, widget.set_day


def _choice(widget: QComboBox, _: object) -> _Parts:
    return widget.currentIndexChanged, widget.currentData, lambda word: widget.setCurrentIndex(widget.findData(word))


def _texts(widget: QLineEdit, _: object) -> _Parts:
    return widget.textChanged, lambda: _items(widget), lambda items: widget.setText(", ".join(items))


def _whole(widget: Any, _: object) -> _Parts:
    """0 is none."""
    return widget.valueChanged, lambda: widget.value() or None, lambda number: widget.setValue(number or 0)


def _number(widget: Any, _: object) -> _Parts:
    """Below 0 is none."""

    def read() -> Any:
        return round(widget.value(), 4) if widget.value() >= 0 else None

    return widget.valueChanged, read, lambda number: widget.setValue(widget.minimum() if number is None else number)


def _flag(widget: Any, _: object) -> _Parts:
    return widget.toggled, widget.isChecked, widget.setChecked


def _expression(widget: QgsFieldExpressionWidget, layers: tuple[SourceLayer, ...]) -> _Parts:
    def read() -> str:
        text = str(widget.expression()).strip()
        if text:
            check_expression(text, layers[0])
        return text

    return widget.fieldChanged, read, widget.setExpression


_MADE: dict[InputType, Callable[[Any, tuple[SourceLayer, ...]], _Parts]] = {
    InputType.DAY: _day,
    InputType.CHOICE: _choice,
    InputType.TEXTS: _texts,
    InputType.WHOLE: _whole,
    InputType.NUMBER: _number,
    InputType.FLAG: _flag,
    InputType.EXPRESSION: _expression,
}


def _items(line: QWidget) -> tuple[str, ...]:
    items: Iterable[str] = (item.strip() for item in line.text().split(","))
    return tuple(dict.fromkeys(item for item in items if item))
