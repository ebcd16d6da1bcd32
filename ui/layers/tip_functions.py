"""The expression functions of map tips and forms, as QGIS lists them under the plugin's name."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Callable, Optional

from qgis.core import QgsExpression, QgsExpressionContext, QgsExpressionFunction, QgsExpressionNodeFunction

from ...core.about import TITLE
from ...core.mapillary.map_feature_values import source_layer_of
from ...core.mapillary.schema import MAP_FEATURE_POINT
from ...core.mapillary.symbols import generic_svg, symbol_svg
from ..data_image import data_address, drawn_svg

WANTED = "mapillary_tip"
"""The variable with which a map tip or form says that somebody looks at the picture."""

_SYMBOL_PIXELS = 96


class _TipFunction(QgsExpressionFunction):
    """A function of one value that needs neither geometry nor further fields, and may give another result next time."""

    def __init__(self, name: str, help_text: str) -> None:
        super().__init__(name, 1, TITLE, help_text, False, False, True)

    def usesGeometry(self, node: QgsExpressionNodeFunction) -> bool:  # noqa: N802
        return False

    def referencedColumns(self, node: QgsExpressionNodeFunction) -> set[str]:  # noqa: N802
        return set()

    def isStatic(  # noqa: N802
        self, node: QgsExpressionNodeFunction, parent: QgsExpression, context: QgsExpressionContext
    ) -> bool:
        return False


class PictureFunction(_TipFunction):
    """`mapillary_picture(id)`; `look_up` takes the value and whether it is wanted, in any thread."""

    def __init__(self, look_up: Callable[[Any, bool], Optional[str]]) -> None:
        super().__init__(
            "mapillary_picture",
            "<h3>mapillary_picture(id)</h3><p>The small picture of a Mapillary image as a <code>data:</code> address,"
            " for map tips and forms; NULL where it was not loaded yet. It is loaded only inside"
            f" <code>with_variable('{WANTED}', true, …)</code>, while somebody looks at it.</p>",
        )
        self._look_up = look_up

    def func(
        self, values: list[Any], context: QgsExpressionContext, parent: QgsExpression, node: QgsExpressionNodeFunction
    ) -> Optional[str]:
        return self._look_up(values[0], context is not None and bool(context.variable(WANTED)))


class SymbolFunction(_TipFunction):
    """`mapillary_symbol(value)`."""

    def __init__(self) -> None:
        super().__init__(
            "mapillary_symbol",
            "<h3>mapillary_symbol(value)</h3><p>The symbol for a value of Mapillary's map features and traffic signs as"
            " a <code>data:</code> address.</p>",
        )

    def func(
        self, values: list[Any], context: QgsExpressionContext, parent: QgsExpression, node: QgsExpressionNodeFunction
    ) -> Optional[str]:
        return symbol_address(values[0]) if isinstance(values[0], str) else None


@lru_cache(maxsize=200)
def symbol_address(value: str) -> Optional[str]:
    """The symbol for a value, or the general one for objects or signs, as a `data:` address. In any thread."""
    layer = source_layer_of(value) or MAP_FEATURE_POINT
    image = drawn_svg(symbol_svg(value) or generic_svg(layer.name), _SYMBOL_PIXELS)
    return data_address(image, "PNG") if image is not None else None
