"""Which images, sequences and map features are kept, as one value that every part of the plugin shares.

Each condition acts on the layers that have its field. Days are those of UTC, and belong to their range.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any, Callable, NamedTuple, Optional

from ..errors import InvalidRequestError
from ..mapillary.cleaning import object_id
from ..mapillary.map_feature_values import check_patterns, value_matcher
from ..mapillary.schema import IMAGE, MAP_FEATURES, SEQUENCE, SourceLayer
from ..moments import DAY_MS, milliseconds_of

CHOICES = ("all", "only", "without")
"""For panoramas, and for images taken on foot."""

_SHOWN = 5

Removed = dict[str, int]
"""How many features each condition took out, the first one that did counting, by what is said of them."""


class Condition(NamedTuple):
    """One column, which of its values are kept, and what is said of features that are not."""

    column: str
    keeps: Callable[[Any], bool]
    removed: str


@dataclass(frozen=True)
class CoverageFilter:
    """The conditions; what is empty, None or `all` is none.

    `without` keeps what is not known to be a panorama, or taken on foot, so that `only` and `without` together are
    `all`. `last_months` sets the start date, up to today. `creators` are names of users; they have no effect until
    `with_creators` has put their ids in place. With `min_quality`, from 0 to 1, images without a score are kept only
    with `keep_unscored`. `values` and the two days on which map features were seen act on map features, `expression`
    (of QGIS, over the fields of the layer) on images, and `feature_expression` on map features.

    Raises InvalidRequestError for conditions that make no sense.
    """

    start_date: Optional[date] = None
    end_date: Optional[date] = None
    panorama: str = "all"
    on_foot: str = "all"
    last_months: Optional[int] = None
    organization_ids: tuple[str, ...] = ()
    creator_ids: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    sequence_ids: tuple[str, ...] = ()
    image_ids: tuple[str, ...] = ()
    min_quality: Optional[float] = None
    keep_unscored: bool = False
    expression: str = ""
    values: tuple[str, ...] = ()
    first_seen_after: Optional[date] = None
    last_seen_after: Optional[date] = None
    feature_expression: str = ""

    def __post_init__(self) -> None:
        if self.last_months is not None and self.start_date is None:
            object.__setattr__(self, "start_date", self._months_ago())
        if self.start_date and self.end_date and self.start_date > self.end_date:
            raise InvalidRequestError(
                f"The start date {self.start_date} is after the end date {self.end_date}. Swap them."
            )
        for name, word in (("Panoramas", self.panorama), ("On foot", self.on_foot)):
            if word not in CHOICES:
                raise InvalidRequestError(f"{name} can be {', '.join(CHOICES)}, not “{word}”.")
        for name, ids in (
            ("an organization", self.organization_ids),
            ("a creator", self.creator_ids),
            ("an image", self.image_ids),
        ):
            wrong = next((text for text in ids if object_id(text) is None), None)
            if wrong is not None:
                raise InvalidRequestError(f"“{wrong}” is not the id of {name}, which is a number.")
        if self.min_quality is not None and not 0 <= self.min_quality <= 1:
            raise InvalidRequestError(f"The minimum quality is a number from 0 to 1, not {self.min_quality:g}.")
        check_patterns(self.values)

    def _months_ago(self) -> date:
        if self.last_months is None or not 1 <= self.last_months <= 1200:
            raise InvalidRequestError(f"The last months are a whole number from 1 to 1200, not {self.last_months}.")
        if self.end_date is not None:
            raise InvalidRequestError("Give a date range or the last months, not both.")
        return months_before(datetime.now(timezone.utc).date(), self.last_months)

    @property
    def is_active(self) -> bool:
        """Whether it could take anything out."""
        return self != CoverageFilter(keep_unscored=self.keep_unscored)

    @property
    def names_sequences(self) -> bool:
        """Whether the sequences are those of the images that are kept."""
        return bool(self.expression or self.image_ids) or self.min_quality is not None

    def with_creators(self, ids: Mapping[str, str]) -> CoverageFilter:
        """The filter with the ids of its `creators`, as `ids` tells them by name."""
        found = (ids[name] for name in self.creators)
        return replace(self, creator_ids=tuple(dict.fromkeys((*self.creator_ids, *found))))

    def acts_on(self, layer: SourceLayer) -> bool:
        """Whether it could take any of the layer's features out."""
        return bool(self.expression_for(layer)) or any(True for _ in self._conditions(layer))

    def expression_for(self, layer: SourceLayer) -> str:
        """The expression that features of the layer have to fulfil."""
        if layer in MAP_FEATURES:
            return self.feature_expression
        return self.expression if layer is IMAGE else ""

    def select(self, layer: SourceLayer, columns: Mapping[str, Sequence[Any]]) -> tuple[list[int], Removed]:
        """The rows that are kept, ascending, of the layer's cleaned columns, whatever the expression says of them."""
        removed: Removed = {}
        rows = list(range(len(columns["id"])))
        for condition in self._conditions(layer):
            values = columns[condition.column]
            kept = [row for row in rows if condition.keeps(values[row])]
            if len(kept) < len(rows):
                removed[condition.removed] = len(rows) - len(kept)
            rows = kept
        return rows, removed

    def _conditions(self, layer: SourceLayer) -> Iterator[Condition]:
        if layer in MAP_FEATURES:
            yield from self._conditions_on_features()
            return
        yield from _since("captured_at", self.start_date, self.end_date, "without a date", "of another date")
        if self.panorama != "all":
            yield Condition("is_pano", _flag_is(self.panorama), "left out by the panorama choice")
        if self.on_foot != "all":
            yield Condition("on_foot", _flag_is(self.on_foot), "left out by the choice of on foot")
        if self.organization_ids:
            yield Condition("organization_id", _one_of(self.organization_ids), "of other organizations or of none")
        if self.creator_ids or self.creators:
            yield Condition("creator_id", _one_of(self.creator_ids), "of other creators")
        if self.sequence_ids:
            column = "id" if layer is SEQUENCE else "sequence_id"
            yield Condition(column, _one_of(self.sequence_ids), "of other sequences")
        if layer is IMAGE:
            yield from self._conditions_on_images()

    def _conditions_on_images(self) -> Iterator[Condition]:
        if self.image_ids:
            yield Condition("id", _one_of(self.image_ids), "that were not named")
        if self.min_quality is not None:
            least = self.min_quality
            if not self.keep_unscored:
                yield Condition("quality_score", lambda score: score is not None, "without a quality score")
            yield Condition("quality_score", lambda score: score is None or score >= least, "of lower quality")

    def _conditions_on_features(self) -> Iterator[Condition]:
        if self.values:
            matches = value_matcher(self.values)
            yield Condition("value", lambda value: value is not None and matches(value), "of other values")
        yield from _since(
            "first_seen_at", self.first_seen_after, None, "without a first seen date", "first seen earlier"
        )
        yield from _since("last_seen_at", self.last_seen_after, None, "without a last seen date", "last seen earlier")

    def __str__(self) -> str:
        return ", ".join([*self._on_coverage(), *self._on_features()]) or "no filter"

    def said_of(self, layer: SourceLayer) -> str:
        """The conditions that have to do with the layer, in words; empty without any."""
        return ", ".join(self._on_features() if layer in MAP_FEATURES else self._on_coverage())

    def _on_coverage(self) -> Iterator[str]:
        yield from self._when()
        yield from self._who()
        yield from self._what()

    def _when(self) -> Iterator[str]:
        if self.last_months:
            months = "month" if self.last_months == 1 else f"{self.last_months} months"
            yield f"captured in the last {months} (from {self.start_date})"
        elif self.start_date:
            yield f"captured from {self.start_date}"
        if self.end_date:
            yield f"captured up to and including {self.end_date}"

    def _who(self) -> Iterator[str]:
        if self.creators:
            yield f"by {_listed(self.creators)}"
        for noun, ids in (
            ("creator", () if self.creators else self.creator_ids),
            ("organization", self.organization_ids),
            ("sequence", self.sequence_ids),
            ("image", self.image_ids),
        ):
            if ids:
                yield f"{noun}{'s' if len(ids) > 1 else ''} {_listed(ids)}"

    def _what(self) -> Iterator[str]:
        if self.panorama != "all":
            yield "panoramas only" if self.panorama == "only" else "without panoramas"
        if self.on_foot != "all":
            yield "taken on foot" if self.on_foot == "only" else "not taken on foot"
        if self.min_quality is not None:
            yield f"quality from {self.min_quality:g}{' or not scored' if self.keep_unscored else ''}"
        if self.expression:
            yield f"images where {self.expression}"

    def _on_features(self) -> Iterator[str]:
        if self.values:
            yield f"values {_listed(self.values)}"
        if self.first_seen_after:
            yield f"first seen from {self.first_seen_after}"
        if self.last_seen_after:
            yield f"last seen from {self.last_seen_after}"
        if self.feature_expression:
            yield f"map features where {self.feature_expression}"


def _listed(texts: Sequence[str]) -> str:
    """The first few, and how many there are more."""
    rest = len(texts) - _SHOWN
    return ", ".join(texts[:_SHOWN]) + (f" and {rest:,} more" if rest > 0 else "")


def months_before(day: date, months: int) -> date:
    """The same day of the month so many months earlier, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first = date(year, month + 1, 1)
    following = date(year + month // 11, (month + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1))


def day_range_ms(start: Optional[date], end: Optional[date]) -> tuple[float, float]:
    """From the first millisecond of one day up to, and without, the first after the other; None is without limit."""
    return _midnight_ms(start) if start else 0, _midnight_ms(end) + DAY_MS if end else float("inf")


def _since(
    column: str, start: Optional[date], end: Optional[date], undated: str, otherwise: str
) -> Iterator[Condition]:
    if not (start or end):
        return
    first, last = day_range_ms(start, end)
    yield Condition(column, lambda time: time is not None, undated)
    yield Condition(column, lambda time: first <= time < last, otherwise)


def _flag_is(choice: str) -> Callable[[Any], bool]:
    wanted = choice == "only"
    return lambda value: (value is True) is wanted


def _one_of(texts: Sequence[str]) -> Callable[[Any], bool]:
    wanted = frozenset(texts)
    return lambda value: value in wanted


def _midnight_ms(day: date) -> int:
    midnight = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
    return milliseconds_of(midnight)
