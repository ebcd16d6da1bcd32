"""What the colours of images and sequences tell, one row each, and the classes of its legend: what is seen, in few
colours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from ..mapillary.schema import Field
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


def _by_year(field: str, seen: Seen) -> list[LookClass]:
    """A class each for the newest years, and one for all that are older."""
    years = sorted(seen.years, reverse=True)
    single = years if len(years) <= len(YEARS) else years[: len(YEARS) - 1]
    colours = _spread(YEARS, min(len(years), len(YEARS)))
    classes = [_years(field, str(year), colour, year, [year]) for year, colour in zip(single, colours)]
    earlier = years[len(single) :]
    if earlier:
        classes.append(_years(field, f"{earlier[0]} and earlier", colours[-1], 1970, earlier))
    return classes + [_without("Without a date", time_is_known(field), _NONE)] * seen.has_undated


def _years(field: str, label: str, colour: str, first: int, years: list[int]) -> LookClass:
    start, end = day_range_ms(date(first, 1, 1), date(years[0], 12, 31))
    is_within = f'"{field}" >= {start:.0f} AND "{field}" < {end:.0f}'
    exactly = time_is_within(field, start, end - 1)
    return LookClass(label, colour, f"{is_within} AND {exactly}", tuple(map(str, years)))


def _by_panorama(field: str) -> list[LookClass]:
    return [LookClass("Panoramas", PANORAMA, flag_is_set(field), ("true",)), LookClass("Flat images", FLAT, ALWAYS)]


def _by_quality(field: str) -> list[LookClass]:
    score, is_known = number_of(field), score_is_known(field)
    bands = [
        LookClass(label, colour, f"{is_known} AND {score} >= {least}", (label,))
        for (least, label), colour in zip(_BANDS, QUALITY)
    ]
    return [*bands, _without("Not scored", is_known)]


def _by_creator(field: str, seen: Seen) -> list[LookClass]:
    return _by_owner(field, seen.creators, "Other creators")


def _by_organization(field: str, seen: Seen) -> list[LookClass]:
    without = _without("Without an organization", id_is_known(field), _NONE)
    return _by_owner(field, seen.organizations, "Other organizations") + [without] * seen.has_no_organization


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


def _year(field: str) -> str:
    return f"coalesce(format_date(\"{field}\", 'yyyy', 'en'), '{_NONE}')"


def _band(field: str) -> str:
    cases = " ".join(f'WHEN "{field}" >= {least} THEN {quoted(label)}' for least, label in _BANDS)
    return f"CASE {cases} END"


def _known_or_none(field: str) -> str:
    return f"coalesce(\"{field}\", '{_NONE}')"


class ColourBy(Enum):
    """The value names it in settings and layers, `title` is for people, and `field` is the one that it shows, empty for
    none. Its classes and `layer_key` are made from the field.
    """

    NOTHING = "nothing", "One colour", "", lambda field, seen: [LookClass("Images and sequences", COVERAGE, ALWAYS)]
    AGE = "age", "Year of capture", "captured_at", _by_year, _year
    PANORAMA = "panorama", "Panoramas and flat images", "is_pano", lambda field, seen: _by_panorama(field)
    QUALITY = "quality", "Quality", "quality_score", lambda field, seen: _by_quality(field), _band
    CREATOR = "creator", "Creator", "creator_id", _by_creator
    ORGANIZATION = "organization", "Organization", "organization_id", _by_organization, _known_or_none

    def __new__(
        cls,
        value: str,
        title: str,
        field: str,
        make_classes: Callable[[str, Seen], list[LookClass]],
        make_key: Callable[[str], str] = lambda field: field,
    ) -> ColourBy:
        """A row; the value alone finds it again."""
        made = object.__new__(cls)
        made._value_ = value
        made.title, made.field = title, field
        made._make_classes, made._make_key = make_classes, make_key
        return made

    title: str
    field: str
    _make_classes: Callable[[str, Seen], list[LookClass]]
    _make_key: Callable[[str], str]

    def classes(self, seen: Seen) -> list[LookClass]:
        """The classes for what is seen, in the order of the legend."""
        return self._make_classes(self.field, seen)

    @property
    def layer_key(self) -> str:
        """The name of the field, or the expression, that tells the classes of features of downloaded layers apart: one
        that QGIS reads fast, so that it draws 200,000 of them in about the same time as in one colour.
        """
        return self._make_key(self.field)

    def is_told_by(self, fields: Iterable[Field]) -> bool:
        """Whether features with these fields have what is shown."""
        return not self.field or self.field in {field.name for field in fields}
