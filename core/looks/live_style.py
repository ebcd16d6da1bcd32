"""The styles of live layers: which features of the tiles are drawn at which zoom, and how."""

from __future__ import annotations

from collections.abc import Iterable
from math import log2

from qgis.core import QgsProperty, QgsSymbol, QgsVectorTileBasicRenderer, QgsVectorTileBasicRendererStyle, QgsWkbTypes

from ..area.tiling import SCALE_OF_ZOOM_0
from ..mapillary.map_feature_values import value_matcher
from ..mapillary.schema import COVERAGE_ZOOM, IMAGE, MAP_FEATURE_TILESETS, OVERVIEW, SEQUENCE, SourceLayer
from ..mapillary.symbols import SymbolOf, generic_svg
from ..mapillary.tile_values import flag_is_set, is_among, number_of, quoted, text_of, value_of
from ..request.filters import CoverageFilter
from .colour_by import ALWAYS, ColourBy, LookClass
from .markers import (
    ARROW,
    ARROWS_BELOW_SCALE,
    CASED,
    DOT,
    LINE,
    MOST_SYMBOLS,
    SPOT,
    SYMBOL,
    Colour,
    arrow,
    dot,
    line,
    marker,
    picture,
    pupil,
    shown_where,
)
from .palette import CASING, COVERAGE, OTHERS
from .seen import Seen

_OVERVIEWS, _LINES, _IMAGES = (0, 5), (6, -1), (COVERAGE_ZOOM, -1)
"""First and last zoom of the tiles, as QGIS counts them: one below that of web maps with tiles of 256 pixels. -1 is
without end.
"""

_IS_CLOSE = f"@vector_tile_zoom >= {log2(SCALE_OF_ZOOM_0 / ARROWS_BELOW_SCALE):.4f}"
"""For single images to be told apart. Beyond the last tiles, only this variable tells the zoom of the map."""


def live_renderer(
    tileset: str, chosen: CoverageFilter, colour_by: ColourBy, seen: Seen, symbols: SymbolOf
) -> QgsVectorTileBasicRenderer:
    """The renderer of the tileset's live layer; `symbols` gives the SVG of a value, None where there is none."""
    if tileset in MAP_FEATURE_TILESETS:
        styles = _feature_styles(MAP_FEATURE_TILESETS[tileset], chosen, seen, symbols)
    else:
        styles = _coverage_styles(chosen, colour_by, colour_by.classes(seen))
    renderer = QgsVectorTileBasicRenderer()
    renderer.setStyles(styles)
    return renderer


def _coverage_styles(
    chosen: CoverageFilter, colour_by: ColourBy, classes: list[LookClass]
) -> list[QgsVectorTileBasicRendererStyle]:
    """From the lowest drawn to the highest."""
    colour = _colour(classes, colour_by.field)
    overview = colour if colour_by.is_told_by(OVERVIEW.fields) else Colour(COVERAGE)
    kept = {layer.name: chosen.on_tiles(layer).expression for layer in (OVERVIEW, SEQUENCE, IMAGE)}
    return [
        _style("Overview", OVERVIEW, kept["overview"], marker(dot(overview, SPOT)), _OVERVIEWS),
        _style("Sequence casings", SEQUENCE, kept["sequence"], line((Colour(CASING), CASED)), _LINES),
        _style("Sequences", SEQUENCE, kept["sequence"], line((colour, LINE)), _LINES),
        *_image_styles(classes, kept["image"]),
        _style("Image directions", IMAGE, _all([_IS_CLOSE, kept["image"]]), _close_marks(colour), _IMAGES),
    ]


def _image_styles(classes: list[LookClass], kept: str) -> list[QgsVectorTileBasicRendererStyle]:
    """Dots, one style for each class, the first of them on top: of a tile's 188,000 images QGIS draws those of one
    colour from one picture, faster than it asks each for its colour.
    """
    rest = LookClass("Others", OTHERS, ALWAYS)
    drawn = classes if classes and classes[-1].tile_expression == ALWAYS else [*classes, rest]
    return [
        _style(
            f"Images: {each.label}", IMAGE, _all([_shown(each), kept]), marker(dot(Colour(each.colour), DOT)), _IMAGES
        )
        for each in reversed(drawn)
    ]


def _shown(each: LookClass) -> str:
    return "" if each.tile_expression == ALWAYS else each.tile_expression


def _close_marks(colour: Colour) -> QgsSymbol:
    """What panoramas and directions are told by."""
    is_panorama = QgsProperty.fromExpression(flag_is_set("is_pano"))
    angle = value_of(next(field for field in IMAGE.fields if field.name == "compass_angle"))
    directions = arrow(colour, ARROW, QgsProperty.fromExpression(angle))
    has_angle = QgsProperty.fromExpression(f"({angle}) IS NOT NULL")
    return marker(shown_where(pupil(DOT), is_panorama), shown_where(directions, has_angle))


def _feature_styles(
    layer: SourceLayer, chosen: CoverageFilter, seen: Seen, symbols: SymbolOf
) -> list[QgsVectorTileBasicRendererStyle]:
    """One for each of the most frequent values that have a symbol, below them one for all others."""
    kept = chosen.on_tiles(layer).expression
    matches = value_matcher(chosen.values)
    found = ((value, symbols(value)) for value, _ in seen.values.most_common() if matches(value))
    drawn = [(value, svg) for value, svg in found if svg is not None][:MOST_SYMBOLS]
    title = layer.name.replace("_", " ").capitalize() + "s"
    has_own = is_among(text_of("value"), [value for value, _ in drawn])
    generic = marker(picture(generic_svg(layer.name), SYMBOL))
    return [
        _style(title, layer, _all([f"NOT coalesce({has_own}, FALSE)", kept]), generic, _IMAGES),
        *(
            _style(value, layer, _all([f'"value" = {quoted(value)}', kept]), marker(picture(svg, SYMBOL)), _IMAGES)
            for value, svg in drawn
        ),
    ]


def _colour(classes: list[LookClass], field: str) -> Colour:
    """That of the first class whose expression is true. The field is read once, not once for each class."""
    if classes and classes[0].tile_expression == ALWAYS:
        return Colour(classes[0].colour)
    cases = " ".join(f"WHEN {each.tile_expression} THEN {quoted(each.colour)}" for each in classes)
    if not cases:
        return Colour(OTHERS)
    number = number_of(field)
    chosen = f"CASE {cases} ELSE {quoted(OTHERS)} END".replace(number, "@number")
    return Colour(OTHERS, f"with_variable('number', {number}, {chosen})" if "@number" in chosen else chosen)


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
