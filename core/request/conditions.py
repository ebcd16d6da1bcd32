"""Conditions on images, sequences and map features: one row each, which dock, Processing, live display, layer names and
stored requests read.

A row says which values a person gives for it, which features it keeps, what is said of it and of those that it takes
out, and how tiles answer it. Days are those of UTC, and belong to their range.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

from ..mapillary.cleaning import object_id
from ..mapillary.map_feature_values import pattern_problem, value_matcher
from ..mapillary.schema import COVERAGE_LAYERS, OVERVIEW, SEQUENCE, SourceLayer
from ..mapillary.tile_expression import on_tiles
from ..mapillary.tile_values import (
    flag_is_set,
    is_among,
    text_of,
    time_is_within,
    value_matches,
    value_of,
)
from ..moments import day_range_ms
from ..wording import listed
from .inputs import CHOICES, Input

if TYPE_CHECKING:
    from .filters import CoverageFilter


class Test(NamedTuple):
    """Which values of a field are kept, and what is said of features that are not."""

    field: str
    keeps: Callable[[Any], bool]
    removed: str


@dataclass(eq=False, repr=False)
class Condition(ABC):
    """A row. It acts on `layers` by their `field`; `title` names it where tiles cannot answer it, `place` is its words'
    in a sentence.
    """

    title: str
    field: str
    inputs: tuple[Input, ...]
    layers: tuple[SourceLayer, ...] = COVERAGE_LAYERS
    place: int = 0

    def problem(self, chosen: CoverageFilter) -> str:
        """Why its values make no sense, as a sentence; empty where they do."""
        return ""

    def is_set(self, chosen: CoverageFilter) -> bool:
        """Whether it could take anything out."""
        return any(bool(getattr(chosen, given.name)) for given in self.inputs)

    @abstractmethod
    def words(self, chosen: CoverageFilter) -> Iterator[str]:
        """What is said of it where it is set."""

    @abstractmethod
    def tests(self, chosen: CoverageFilter, layer: SourceLayer) -> Iterator[Test]:
        """What it keeps of one of its layers where it is set."""

    @abstractmethod
    def expression(self, chosen: CoverageFilter, layer: SourceLayer) -> str:
        """The same over the properties of tiles, where it is set; empty where they do not tell it."""

    def keeps_sequence(self, chosen: CoverageFilter, images: int) -> bool:
        """Whether a sequence stays with its images, of which a whole run has kept so many."""
        return images > 0

    def answer(self, chosen: CoverageFilter, layer: SourceLayer) -> Optional[str]:
        """Its expression over the properties of tiles, None where those do not tell it: an overview stands for its
        sequence, but knows less.
        """
        stands_for = SEQUENCE if layer is OVERVIEW else layer
        name = self.field_in(layer)
        return self.expression(chosen, layer) or None if stands_for in self.layers and layer.has(name) else None

    def field_in(self, layer: SourceLayer) -> str:
        """What its field is called in a layer."""
        return "id" if layer is SEQUENCE and self.field == "sequence_id" else self.field


@dataclass(eq=False, repr=False)
class Captured(Condition):
    """A range of days, or the last months, which set its start."""

    def problem(self, chosen: CoverageFilter) -> str:
        if chosen.start_date and chosen.end_date and chosen.start_date > chosen.end_date:
            return f"The start date {chosen.start_date} is after the end date {chosen.end_date}. Swap them."
        return ""

    def words(self, chosen: CoverageFilter) -> Iterator[str]:
        if chosen.last_months:
            months = "month" if chosen.last_months == 1 else f"{chosen.last_months} months"
            yield f"captured in the last {months} (from {chosen.start_date})"
        elif chosen.start_date:
            yield f"captured from {chosen.start_date}"
        if chosen.end_date:
            yield f"captured up to and including {chosen.end_date}"

    def tests(self, chosen: CoverageFilter, layer: SourceLayer) -> Iterator[Test]:
        """What has no date is in no range."""
        yield from _since(self.field, chosen.start_date, chosen.end_date, "without a date", "of another date")

    def expression(self, chosen: CoverageFilter, layer: SourceLayer) -> str:
        """Within the range."""
        return _is_in(self.field, chosen.start_date, chosen.end_date)


@dataclass(eq=False, repr=False)
class Sighted(Condition):
    """Sighted on a day or later; `what` is `first seen` or `last seen`."""

    what: str = ""

    def words(self, chosen: CoverageFilter) -> Iterator[str]:
        yield f"{self.what} from {self._day(chosen)}"

    def tests(self, chosen: CoverageFilter, layer: SourceLayer) -> Iterator[Test]:
        yield from _since(self.field, self._day(chosen), None, f"without a {self.what} date", f"{self.what} earlier")

    def expression(self, chosen: CoverageFilter, layer: SourceLayer) -> str:
        return _is_in(self.field, self._day(chosen), None)

    def _day(self, chosen: CoverageFilter) -> Optional[date]:
        day: Optional[date] = getattr(chosen, self.inputs[0].name)
        return day


@dataclass(eq=False, repr=False)
class Flag(Condition):
    """Only what is known to be so, or `without` it: what is not known to be so, so that both together are all.
    `may_be` says of what is not known that it may be so.
    """

    name: str = ""
    only: str = ""
    without: str = ""
    removed: str = ""
    may_be: str = ""

    def is_set(self, chosen: CoverageFilter) -> bool:
        return self.choice(chosen) != "all"

    def problem(self, chosen: CoverageFilter) -> str:
        if self.choice(chosen) not in CHOICES:
            return f"{self.name} can be {', '.join(CHOICES)}, not “{self.choice(chosen)}”."
        return ""

    def words(self, chosen: CoverageFilter) -> Iterator[str]:
        yield self.only if self.choice(chosen) == "only" else self.without

    def tests(self, chosen: CoverageFilter, layer: SourceLayer) -> Iterator[Test]:
        wanted = self.choice(chosen) == "only"
        yield Test(self.field, lambda value: (value is True) is wanted, self.removed)

    def expression(self, chosen: CoverageFilter, layer: SourceLayer) -> str:
        is_so = flag_is_set(next(known.tile_property for known in layer.fields if known.name == self.field))
        return is_so if self.choice(chosen) == "only" else f"NOT {is_so}"

    def choice(self, chosen: CoverageFilter) -> str:
        """The word of CHOICES that is chosen."""
        return str(getattr(chosen, self.inputs[0].name))


@dataclass(eq=False, repr=False)
class OneOf(Condition):
    """Ids or keys, one of which a feature must have. `noun` is what they are of; ids, which are numbers, have an
    article with it.
    """

    noun: str = ""
    article: str = ""
    removed: str = ""

    def problem(self, chosen: CoverageFilter) -> str:
        """Ids are numbers."""
        wrong = next((text for text in self.texts(chosen) if self.article and object_id(text) is None), None)
        return "" if wrong is None else f"“{wrong}” is not the id of {self.article} {self.noun}, which is a number."

    def words(self, chosen: CoverageFilter) -> Iterator[str]:
        texts = self.texts(chosen)
        yield f"{self.noun}{'s' if len(texts) > 1 else ''} {listed(texts)}"

    def tests(self, chosen: CoverageFilter, layer: SourceLayer) -> Iterator[Test]:
        wanted = frozenset(self.texts(chosen))
        yield Test(self.field_in(layer), lambda value: value in wanted, self.removed)

    def expression(self, chosen: CoverageFilter, layer: SourceLayer) -> str:
        return is_among(text_of(self.field_in(layer)), self.texts(chosen))

    def texts(self, chosen: CoverageFilter) -> tuple[str, ...]:
        """The ids or keys."""
        return tuple(getattr(chosen, self.inputs[0].name))


@dataclass(eq=False, repr=False)
class Creators(OneOf):
    """By ids, or by names of users, whose ids have to be put in place before."""

    def words(self, chosen: CoverageFilter) -> Iterator[str]:
        """The names rather than the ids."""
        if chosen.creators:
            yield f"by {listed(chosen.creators)}"
        else:
            yield from super().words(chosen)

    def texts(self, chosen: CoverageFilter) -> tuple[str, ...]:
        """The ids."""
        return chosen.creator_ids


@dataclass(eq=False, repr=False)
class AtLeast(Condition):
    """A least number. What has none is taken out, unless the second input keeps it. `noun` is what is measured;
    `unknown` and `removed` are said of what has no number and of what has a lower one, `or_unknown` where the former is
    kept.
    """

    noun: str = ""
    unknown: str = ""
    removed: str = ""
    or_unknown: str = ""

    def is_set(self, chosen: CoverageFilter) -> bool:
        """0 is a number too."""
        return self.least(chosen) is not None

    def problem(self, chosen: CoverageFilter) -> str:
        least, most = self.least(chosen), self.inputs[0].most
        if least is None or 0 <= least <= (least if most is None else most):
            return ""
        up_to = "up" if most is None else f"to {most:g}"
        return f"The minimum {self.noun} is a number from 0 {up_to}, not {least:g}."

    def words(self, chosen: CoverageFilter) -> Iterator[str]:
        yield f"{self.noun} from {self.least(chosen):g}{f' or {self.or_unknown}' if self._keeps_all(chosen) else ''}"

    def tests(self, chosen: CoverageFilter, layer: SourceLayer) -> Iterator[Test]:
        """What has no number is told apart."""
        least = self.least(chosen) or 0.0
        if not self._keeps_all(chosen):
            yield Test(self.field, lambda number: number is not None, self.unknown)
        yield Test(self.field, lambda number: number is None or number >= least, self.removed)

    def expression(self, chosen: CoverageFilter, layer: SourceLayer) -> str:
        number = value_of(next(known for known in layer.fields if known.name == self.field))
        if not number:
            return ""
        return f"coalesce({number} >= {self.least(chosen)!r}, {str(self._keeps_all(chosen)).upper()})"

    def least(self, chosen: CoverageFilter) -> Optional[float]:
        """The number, None where there is no condition."""
        least: Optional[float] = getattr(chosen, self.inputs[0].name)
        return least

    def _keeps_all(self, chosen: CoverageFilter) -> bool:
        return any(getattr(chosen, given.name) for given in self.inputs[1:])


@dataclass(eq=False, repr=False)
class Fulfils(Condition):
    """An expression of QGIS over the fields of the layer; who has QGIS asks it, so it has no tests. `noun` is what has
    to fulfil it.
    """

    noun: str = ""

    def words(self, chosen: CoverageFilter) -> Iterator[str]:
        yield f"{self.noun} where {self.text(chosen)}"

    def tests(self, chosen: CoverageFilter, layer: SourceLayer) -> Iterator[Test]:
        yield from ()

    def answer(self, chosen: CoverageFilter, layer: SourceLayer) -> Optional[str]:
        """None where the tiles do not tell all that it names."""
        return self.expression(chosen, layer) or None if layer in self.layers else None

    def expression(self, chosen: CoverageFilter, layer: SourceLayer) -> str:
        """Empty where tiles do not tell all that it names."""
        return on_tiles(self.text(chosen), layer) or ""

    def text(self, chosen: CoverageFilter) -> str:
        """The expression; empty where there is none."""
        return str(getattr(chosen, self.inputs[0].name))


@dataclass(eq=False, repr=False)
class Values(Condition):
    """Names of map features and signs, or patterns."""

    def problem(self, chosen: CoverageFilter) -> str:
        return pattern_problem(chosen.values)

    def words(self, chosen: CoverageFilter) -> Iterator[str]:
        yield f"values {listed(chosen.values)}"

    def tests(self, chosen: CoverageFilter, layer: SourceLayer) -> Iterator[Test]:
        matches = value_matcher(chosen.values)
        yield Test(self.field, lambda value: value is not None and matches(value), "of other values")

    def expression(self, chosen: CoverageFilter, layer: SourceLayer) -> str:
        return value_matches(chosen.values)


def _since(field: str, start: Optional[date], end: Optional[date], undated: str, otherwise: str) -> Iterator[Test]:
    first, last = day_range_ms(start, end)
    yield Test(field, lambda time: time is not None, undated)
    yield Test(field, lambda time: first <= time < last, otherwise)


def _is_in(field: str, start: Optional[date], end: Optional[date]) -> str:
    first, end_ms = day_range_ms(start, end)
    return time_is_within(field, first, end_ms - 1)
