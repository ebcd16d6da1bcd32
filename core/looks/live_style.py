"""The styles of live layers: which features of the tiles are drawn at which zoom, and how."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable, Optional

from qgis.core import QgsSymbol, QgsVectorTileBasicRenderer, QgsVectorTileBasicRendererStyle, QgsWkbTypes

from ..filters import CoverageFilter
from ..live.seen import Seen
from ..map_feature_values import value_matcher
from ..schema import COVERAGE_ZOOM, IMAGE, MAP_FEATURE_TILESETS, OVERVIEW, SEQUENCE, SourceLayer
from ..symbols import generic_svg
from .classes import ALWAYS, LookClass, look_classes
from .colour_by import ColourBy
from .filter_expression import tile_filter
from .markers import Colour, arrow, dots, line, marker, picture
from .palette import CASING, COVERAGE, OTHERS
from .tile_values import flag_is_set, is_among, quoted, text_of, value_of

MOST_SYMBOLS = 100
"""Each value has a style of its own, and each style goes through all features of a tile."""

_OVERVIEWS, _LINES, _IMAGES, _ARROWS = (0, 5), (6, -1), (COVERAGE_ZOOM, -1), (16, -1)
"""First and last zoom, as QGIS counts it: one below that of web maps with tiles of 256 pixels. -1 is without end."""

_SymbolOf = Callable[[str], Optional[bytes]]


def _by_zoom(first: float, small: float, last: float, large: float) -> str:
    return f"scale_linear(@vector_tile_zoom, {first}, {last}, {small}, {large})"


_OVERVIEW_SIZE = _by_zoom(0, 0.9, 5, 1.5)
_LINE_WIDTH = _by_zoom(6, 0.35, 16, 0.9)
_CASING_WIDTH = _by_zoom(6, 0.65, 16, 1.4)
_DOT_SIZE = _by_zoom(14, 1.0, 18, 2.6)
_ARROW_SIZE = _by_zoom(16, 1.9, 18, 2.9)
_PICTURE_SIZE = _by_zoom(14, 2.6, 18, 7.5)


def live_renderer(
    tileset: str, chosen: CoverageFilter, colour_by: ColourBy, seen: Seen, symbols: _SymbolOf
) -> QgsVectorTileBasicRenderer:
    """The renderer of the tileset's live layer; `symbols` gives the SVG of a value, None where there is none."""
    if tileset in MAP_FEATURE_TILESETS:
        styles = _feature_styles(MAP_FEATURE_TILESETS[tileset], chosen, seen, symbols)
    else:
        styles = _coverage_styles(chosen, colour_by, look_classes(colour_by, seen))
    renderer = QgsVectorTileBasicRenderer()
    renderer.setStyles(styles)
    return renderer


def shown_classes(colour_by: ColourBy, seen: Seen, layer: SourceLayer) -> list[LookClass]:
    """The classes by which the layer's features are coloured: one where its tiles do not tell what is shown."""
    return look_classes(colour_by if colour_by.is_told_by(layer.fields) else ColourBy.NOTHING, seen)


def _coverage_styles(
    chosen: CoverageFilter, colour_by: ColourBy, classes: list[LookClass]
) -> list[QgsVectorTileBasicRendererStyle]:
    """From the lowest drawn to the highest."""
    colour = _colour(classes)
    overview = colour if colour_by.is_told_by(OVERVIEW.fields) else Colour(COVERAGE)
    angle = value_of(next(field for field in IMAGE.fields if field.name == "compass_angle"))
    kept = {layer.name: tile_filter(chosen, layer.name).expression for layer in (OVERVIEW, SEQUENCE, IMAGE)}
    arrows = marker(arrow(colour, 2.2, angle, size_expression=_ARROW_SIZE))
    images = dots(colour, 1.4, _DOT_SIZE, f"@vector_tile_zoom >= {_ARROWS[0] - 0.5} AND {flag_is_set('is_pano')}")
    return [
        _style("Overview", OVERVIEW, kept["overview"], dots(overview, 1.2, _OVERVIEW_SIZE), _OVERVIEWS),
        _style("Sequence casings", SEQUENCE, kept["sequence"], line(Colour(CASING), 0.9, _CASING_WIDTH), _LINES),
        _style("Sequences", SEQUENCE, kept["sequence"], line(colour, 0.5, _LINE_WIDTH), _LINES),
        _style("Image directions", IMAGE, _all([kept["image"], f"({angle}) IS NOT NULL"]), arrows, _ARROWS),
        _style("Images", IMAGE, kept["image"], images, _IMAGES),
    ]


def _feature_styles(
    layer: SourceLayer, chosen: CoverageFilter, seen: Seen, symbols: _SymbolOf
) -> list[QgsVectorTileBasicRendererStyle]:
    """One for each of the most frequent values that have a symbol, below them one for all others."""
    kept = tile_filter(chosen, layer.name).expression
    matches = value_matcher(chosen.values)
    found = ((value, symbols(value)) for value, _ in seen.values.most_common() if matches(value))
    drawn = [(value, svg) for value, svg in found if svg is not None][:MOST_SYMBOLS]
    title = layer.name.replace("_", " ").capitalize() + "s"
    has_own = is_among(text_of("value"), [value for value, _ in drawn])
    generic = picture(generic_svg(layer.name), 4, _PICTURE_SIZE)
    return [
        _style(title, layer, _all([f"NOT coalesce({has_own}, FALSE)", kept]), generic, _IMAGES),
        *(
            _style(value, layer, _all([f'"value" = {quoted(value)}', kept]), picture(svg, 4, _PICTURE_SIZE), _IMAGES)
            for value, svg in drawn
        ),
    ]


def _colour(classes: list[LookClass]) -> Colour:
    """That of the first class whose expression is true."""
    if classes and classes[0].tile_expression == ALWAYS:
        return Colour(classes[0].colour)
    cases = " ".join(f"WHEN {each.tile_expression} THEN {quoted(each.colour)}" for each in classes)
    return Colour(OTHERS, f"CASE {cases} ELSE {quoted(OTHERS)} END" if classes else "")


def _all(conditions: Iterable[str]) -> str:
    return " AND ".join(f"({condition})" for condition in conditions if condition)


def _style(
    name: str, layer: SourceLayer, kept: str, symbol: QgsSymbol, zooms: tuple[int, int]
) -> QgsVectorTileBasicRendererStyle:
    is_line = layer is SEQUENCE
    geometry = QgsWkbTypes.GeometryType.LineGeometry if is_line else QgsWkbTypes.GeometryType.PointGeometry
    style = QgsVectorTileBasicRendererStyle(name, layer.name, geometry)
    style.setFilterExpression(kept)
    style.setSymbol(symbol)
    style.setMinZoomLevel(zooms[0])
    style.setMaxZoomLevel(zooms[1])
    style.setEnabled(True)
    return style
