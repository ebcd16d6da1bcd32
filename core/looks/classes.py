"""The classes of a legend: what is seen, in few colours."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from ..mapillary.tile_values import (
    flag_is_set,
    id_is_known,
    is_among,
    number_of,
    quoted,
    score_is_known,
    text_of,
    time_is_known,
    time_is_within,
)
from ..moments import day_range_ms
from .colour_by import ColourBy
from .palette import COVERAGE, FLAT, OTHERS, PANORAMA, PEOPLE, QUALITY, UNKNOWN, YEARS
from .seen import Seen

ALWAYS = "TRUE"

_NONE = "none"
"""The key of features without a date or an organization."""

_BANDS = ((0.85, "0.85 and better"), (0.7, "0.7 to 0.85"), (0.5, "0.5 to 0.7"), (0.0, "Below 0.5"))
"""The lowest score of each, and the one above; most scores lie between 0.8 and 0.87."""


@dataclass(frozen=True)
class LookClass:
    """A line of the legend. A feature of tiles is of the first class whose `tile_expression` is true; one of a
    downloaded layer is of that whose `layer_values` hold its `layer_key`, and where none does, of that without values.

    Expressions on tiles first compare what QGIS compares fast, if not exactly: texts that are numbers as such, in
    doubles, and other texts by their letters.
    """

    label: str
    colour: str
    tile_expression: str
    layer_values: tuple[str, ...] = ()


def look_classes(colour_by: ColourBy, seen: Seen) -> list[LookClass]:
    """The classes for what is seen, in the order of the legend."""
    if colour_by is ColourBy.AGE:
        return _by_year(seen)
    if colour_by is ColourBy.PANORAMA:
        return [
            LookClass("Panoramas", PANORAMA, flag_is_set("is_pano"), ("true",)),
            LookClass("Flat images", FLAT, ALWAYS),
        ]
    if colour_by is ColourBy.QUALITY:
        return _by_quality()
    if colour_by is ColourBy.CREATOR:
        return _by_owner(colour_by.field, seen.creators, "Other creators")
    if colour_by is ColourBy.ORGANIZATION:
        classes = _by_owner(colour_by.field, seen.organizations, "Other organizations")
        without = _without("Without an organization", id_is_known(colour_by.field), _NONE)
        return classes + [without] * seen.has_no_organization
    return [LookClass("Images and sequences", COVERAGE, ALWAYS)]


def layer_key(colour_by: ColourBy) -> str:
    """The name of the field, or the expression, that tells the classes of features of downloaded layers apart: one that
    QGIS reads fast, so that it draws 200,000 of them in about the same time as in one colour.
    """
    field = colour_by.field
    if colour_by is ColourBy.AGE:
        return f"coalesce(format_date(\"{field}\", 'yyyy', 'en'), '{_NONE}')"
    if colour_by is ColourBy.QUALITY:
        cases = " ".join(f'WHEN "{field}" >= {least} THEN {quoted(label)}' for least, label in _BANDS)
        return f"CASE {cases} END"
    return f"coalesce(\"{field}\", '{_NONE}')" if colour_by is ColourBy.ORGANIZATION else field


def _by_year(seen: Seen) -> list[LookClass]:
    """A class each for the newest years, and one for all that are older."""
    years = sorted(seen.years, reverse=True)
    single = years if len(years) <= len(YEARS) else years[: len(YEARS) - 1]
    colours = _spread(YEARS, min(len(years), len(YEARS)))
    classes = [_years(str(year), colour, year, [year]) for year, colour in zip(single, colours)]
    earlier = years[len(single) :]
    if earlier:
        classes.append(_years(f"{earlier[0]} and earlier", colours[-1], 1970, earlier))
    return classes + [_without("Without a date", time_is_known("captured_at"), _NONE)] * seen.has_undated


def _years(label: str, colour: str, first: int, years: list[int]) -> LookClass:
    start, end = day_range_ms(date(first, 1, 1), date(years[0], 12, 31))
    is_within = f'"captured_at" >= {start:.0f} AND "captured_at" < {end:.0f}'
    exactly = time_is_within("captured_at", start, end - 1)
    return LookClass(label, colour, f"{is_within} AND {exactly}", tuple(map(str, years)))


def _by_quality() -> list[LookClass]:
    score, is_known = number_of("quality_score"), score_is_known("quality_score")
    bands = [
        LookClass(label, colour, f"{is_known} AND {score} >= {least}", (label,))
        for (least, label), colour in zip(_BANDS, QUALITY)
    ]
    return [*bands, _without("Not scored", is_known)]


def _by_owner(field: str, seen: Counter[str], others: str) -> list[LookClass]:
    """The most frequent ones, whose colours do not change while they are the same."""
    frequent = [name for name, _ in sorted(seen.items(), key=lambda item: (-item[1], item[0]))[: len(PEOPLE)]]
    colours = dict(zip(sorted(frequent), PEOPLE))
    classes = [
        LookClass(name, colours[name], f'"{field}" = {quoted(name)} AND {is_among(text_of(field), [name])}', (name,))
        for name in frequent
    ]
    if len(seen) > len(frequent):
        classes.append(LookClass(others, OTHERS, id_is_known(field)))
    return classes


def _without(label: str, is_known: str, *layer_values: str) -> LookClass:
    return LookClass(label, UNKNOWN, f"NOT {is_known}", layer_values)


def _spread(colours: tuple[str, ...], count: int) -> list[str]:
    """So many colours, as far apart as can be."""
    step = (len(colours) - 1) / max(count - 1, 1)
    return [colours[round(index * step)] for index in range(count)]
