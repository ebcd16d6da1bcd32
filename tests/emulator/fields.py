"""The `fields=` of the graph: what is asked of an object, and the object cut down to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from tests.emulator.exchange import Answer, api_error

Selection = dict[str, Any]
"""Names, each with the selection inside it: {} takes what the API gives unasked."""


class Refusal(Exception):  # noqa: N818
    """What the graph answers instead."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body.decode())
        self.answer = answer


def bad_parameter(message: str) -> Refusal:
    return Refusal(api_error(400, message, 100))


def no_such_object(node_id: str) -> Refusal:
    """For what was deleted, is private or never was."""
    message = f"Unsupported get request. Object with ID '{node_id}' does not exist, or permissions are missing"
    return Refusal(api_error(400, message, 100, error_subcode=33))


@dataclass(frozen=True)
class Node:
    """An object of the graph with every field that its kind has.

    None stands for what the API leaves out; a function takes the selection inside the field and makes its value.
    """

    kind: str
    values: Mapping[str, Any]


def parse_fields(text: Optional[str]) -> Selection:
    """`a,b.c,d{e,f}` as {"a": {}, "b": {"c": {}}, "d": {"e": {}, "f": {}}}."""
    return _read(iter(re.findall(r"[\w.]+|[{},]", text or "")))


def _read(tokens: Iterator[str]) -> Selection:
    found: Selection = {}
    last = found
    for token in tokens:
        if token == "}":
            break
        if token == "{":
            last.update(_read(tokens))
        elif token != ",":
            last = found
            for name in token.split("."):
                last = last.setdefault(name, {})
    return found


def select(node: Node, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The fields asked for and the id. Raises Refusal for a field that the kind does not have."""
    chosen = {}
    for name, inner in {**wanted, "id": {}}.items():
        if name not in node.values:
            raise bad_parameter(f"Tried accessing nonexisting field ({name}) on node type ({node.kind})")
        value = node.values[name]
        if callable(value):
            value = value(inner)
        elif isinstance(value, Node):
            value = select(value, inner or {key: {} for key in value.values})
        if value is not None:
            chosen[name] = value
    return chosen
