"""The classes of a legend: what is seen, in few colours."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from ..filters import day_range_ms
from ..live.seen import Seen
from .colour_by import ColourBy
from .palette import COVERAGE, FLAT, OTHERS, PANORAMA, PEOPLE, QUALITY, UNKNOWN, YEARS
from .tile_values import (
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

ALWAYS = "TRUE"

_BANDS = ((0.85, "0.85 and better"), (0.7, "0.7 to 0.85"), (0.5, "0.5 to 0.7"), (0.0, "Below 0.5"))
"""The lowest score of each, and the one above; most scores lie between 0.8 and 0.87."""


@dataclass(frozen=True)
class LookClass:
    """A line of the legend. A feature is of the first class whose expression is true: `tile_expression` for features
    of tiles, `layer_expression` for those of downloaded layers.
    """

    label: str
    colour: str
    tile_expression: str
    layer_expression: str


def look_classes(colour_by: ColourBy, seen: Seen) -> list[LookClass]:
    """The classes for what is seen, in the order of the legend."""
    if colour_by is ColourBy.AGE:
        return _by_year(seen)
    if colour_by is ColourBy.PANORAMA:
        return [
            LookClass("Panoramas", PANORAMA, flag_is_set("is_pano"), 'coalesce("is_pano", FALSE)'),
            LookClass("Flat images", FLAT, ALWAYS, ALWAYS),
        ]
    if colour_by is ColourBy.QUALITY:
        return _by_quality()
    if colour_by is ColourBy.CREATOR:
        return _by_owner(colour_by.field, seen.creators, "Other creators")
    if colour_by is ColourBy.ORGANIZATION:
        classes = _by_owner(colour_by.field, seen.organizations, "Other organizations")
        without = _without("Without an organization", id_is_known(colour_by.field), colour_by.field)
        return classes + [without] * seen.has_no_organization
    return [LookClass("Images and sequences", COVERAGE, ALWAYS, ALWAYS)]


def _by_year(seen: Seen) -> list[LookClass]:
    """A class each for the newest years, and one for all that are older."""
    years = sorted(seen.years, reverse=True)
    single = years if len(years) <= len(YEARS) else years[: len(YEARS) - 1]
    colours = _spread(YEARS, min(len(years), len(YEARS)))
    classes = [_years(str(year), colour, year, year) for year, colour in zip(single, colours)]
    if len(single) < len(years):
        newest = years[len(single)]
        classes.append(_years(f"{newest} and earlier", colours[-1], 1970, newest))
    return classes + [_without("Without a date", time_is_known("captured_at"), "captured_at")] * seen.has_undated


def _years(label: str, colour: str, first: int, last: int) -> LookClass:
    start, end = day_range_ms(date(first, 1, 1), date(last, 12, 31))
    time = 'epoch("captured_at")'
    in_layer = f"{time} >= {start:.0f} AND {time} < {end:.0f}"
    return LookClass(label, colour, time_is_within("captured_at", start, end - 1), in_layer)


def _by_quality() -> list[LookClass]:
    score, is_known = number_of("quality_score"), score_is_known("quality_score")
    bands = [
        LookClass(label, colour, f"{is_known} AND {score} >= {least}", f'"quality_score" >= {least}')
        for (least, label), colour in zip(_BANDS, QUALITY)
    ]
    return [*bands, _without("Not scored", is_known, "quality_score")]


def _by_owner(field: str, seen: Counter[str], others: str) -> list[LookClass]:
    """The most frequent ones, whose colours do not change while they are the same."""
    frequent = [name for name, _ in sorted(seen.items(), key=lambda item: (-item[1], item[0]))[: len(PEOPLE)]]
    colours = dict(zip(sorted(frequent), PEOPLE))
    classes = [
        LookClass(name, colours[name], is_among(text_of(field), [name]), f'"{field}" = {quoted(name)}')
        for name in frequent
    ]
    if len(seen) > len(frequent):
        classes.append(LookClass(others, OTHERS, id_is_known(field), f'"{field}" IS NOT NULL'))
    return classes


def _without(label: str, is_known: str, field: str) -> LookClass:
    return LookClass(label, UNKNOWN, f"NOT {is_known}", f'"{field}" IS NULL')


def _spread(colours: tuple[str, ...], count: int) -> list[str]:
    """So many colours, as far apart as can be."""
    step = (len(colours) - 1) / max(count - 1, 1)
    return [colours[round(index * step)] for index in range(count)]
