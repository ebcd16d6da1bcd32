"""An expression over the fields of our layers, as one over the properties of tiles."""

from __future__ import annotations

import re
from typing import Optional

from .schema import Field, SourceLayer
from .tile_values import quoted, value_of

_TOKEN = re.compile(
    r"""(?P<skipped>'(?:''|\\.|[^'\\])*'|--[^\r\n]*|/\*.*?\*/)"""
    r"""|"(?P<quoted>(?:""|[^"])*)\""""
    r"""|(?P<elsewhere>[$@]\w*)"""
    r"""|(?P<name>[^\W\d]\w*)(?P<follows>\s*(?:\(|:=))?""",
    re.DOTALL,
)
"""As QGIS reads expressions: texts and comments, names in quotes, what is not of the feature's fields, and words."""

_READS_BY_NAME = {"attribute", "eval_template", "is_attribute_valid", "is_feature_valid", "var"}


class _NotInTilesError(Exception):
    """The expression names what tiles do not tell as layers do."""


def on_tiles(expression: str, layer: SourceLayer) -> Optional[str]:
    """The expression for features of the layer in tiles, which is 1 where the given one is true, else 0.

    None where it needs what tiles do not tell as layers do: times, labels, and the geometry in degrees.
    """
    fields = {field.name: field for field in layer.fields}

    def replaced(token: re.Match[str]) -> str:
        name = token["name"] if token["quoted"] is None else token["quoted"]
        if token["elsewhere"] or (token["follows"] and name.lower() in _READS_BY_NAME):
            raise _NotInTilesError()
        if token["skipped"] is not None or token["follows"] or name not in fields:
            return token[0]
        return _value(fields[name], layer)

    try:
        text = _TOKEN.sub(replaced, expression)
    except _NotInTilesError:
        return None
    return f"CASE WHEN ({text}\n) THEN 1 ELSE 0 END"


def _value(field: Field, layer: SourceLayer) -> str:
    value = quoted(layer.name) if field.name == "kind" else value_of(field)
    if not value:
        raise _NotInTilesError()
    return f"({value})"
