"""Which images, sequences and map features are kept, as one value that every part of the plugin shares.

To add a condition, add its values to CoverageFilter and its row to CONDITIONS.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from typing import Any, NamedTuple, Optional

from ..errors import InvalidRequestError
from ..mapillary.schema import IMAGE, MAP_FEATURE_LAYERS, SourceLayer
from ..moments import months_before
from .conditions import AtLeast, Captured, Condition, Creators, Flag, Fulfils, OneOf, Sighted, Values
from .inputs import Input, InputType

Removed = dict[str, int]
"""How many features each condition took out, the first one that did counting, by what is said of them."""


class TileFilter(NamedTuple):
    """A filter over the properties of tiles. `expression`, of QGIS, is empty where all is kept; `unanswered` names
    conditions that the tiles cannot answer, which take nothing out.
    """

    expression: str
    unanswered: tuple[str, ...]


CONDITIONS: tuple[Condition, ...] = (
    Captured(
        "the dates",
        "captured_at",
        (
            Input("start_date", InputType.DAY, "START_DATE", "Captured from (UTC)", is_advanced=False),
            Input("end_date", InputType.DAY, "END_DATE", "Captured up to and including (UTC)", is_advanced=False),
            Input("last_months", InputType.WHOLE, "LAST_MONTHS", "Or: captured in the last months", False, 1200),
        ),
        place=1,
    ),
    Flag(
        "panoramas",
        "is_pano",
        (Input("panorama", InputType.CHOICE, "PANORAMA", "Panoramas", is_advanced=False),),
        place=6,
        name="Panoramas",
        only="panoramas only",
        without="without panoramas",
        removed="left out by the panorama choice",
        may_be="be panoramas",
    ),
    Flag(
        "on foot",
        "on_foot",
        (Input("on_foot", InputType.CHOICE, "ON_FOOT", "Taken on foot"),),
        place=7,
        name="On foot",
        only="taken on foot",
        without="not taken on foot",
        removed="left out by the choice of on foot",
        may_be="have been taken on foot",
    ),
    OneOf(
        "organizations",
        "organization_id",
        (Input("organization_ids", InputType.TEXTS, "ORGANIZATION_IDS", "Ids of organizations"),),
        place=3,
        noun="organization",
        article="an",
        removed="of other organizations or of none",
    ),
    Creators(
        "creators",
        "creator_id",
        (
            Input("creators", InputType.TEXTS, "CREATORS", "User names of creators"),
            Input("creator_ids", InputType.TEXTS, "CREATOR_IDS", "Ids of creators"),
        ),
        place=2,
        noun="creator",
        article="a",
        removed="of other creators",
    ),
    OneOf(
        "sequences",
        "sequence_id",
        (Input("sequence_ids", InputType.TEXTS, "SEQUENCE_IDS", "Ids of sequences"),),
        place=4,
        noun="sequence",
        removed="of other sequences",
    ),
    OneOf(
        "image ids",
        "id",
        (Input("image_ids", InputType.TEXTS, "IMAGE_IDS", "Ids of images"),),
        (IMAGE,),
        place=5,
        noun="image",
        article="an",
        removed="that were not named",
    ),
    AtLeast(
        "quality",
        "quality_score",
        (
            Input("min_quality", InputType.NUMBER, "MIN_QUALITY", "Minimum quality, from 0 to 1", most=1),
            Input("keep_unscored", InputType.FLAG, "KEEP_UNSCORED", "With a minimum quality: keep unscored images"),
        ),
        (IMAGE,),
        place=8,
        noun="quality",
        unknown="without a quality score",
        removed="of lower quality",
        or_unknown="not scored",
    ),
    Fulfils(
        "the expression",
        "",
        (Input("expression", InputType.EXPRESSION, "FILTER", "Expression that images have to fulfil"),),
        (IMAGE,),
        place=9,
        noun="images",
    ),
    Values(
        "values",
        "value",
        (
            Input(
                "values",
                InputType.TEXTS,
                "VALUES",
                "Values, such as object--bench,regulatory--stop,warning--*",
                is_advanced=False,
            ),
        ),
        MAP_FEATURE_LAYERS,
        place=1,
    ),
    Sighted(
        "first seen",
        "first_seen_at",
        (
            Input(
                "first_seen_after",
                InputType.DAY,
                "FIRST_SEEN_AFTER",
                "First seen on this day or later (UTC)",
                is_advanced=False,
            ),
        ),
        MAP_FEATURE_LAYERS,
        place=2,
        what="first seen",
    ),
    Sighted(
        "last seen",
        "last_seen_at",
        (
            Input(
                "last_seen_after",
                InputType.DAY,
                "LAST_SEEN_AFTER",
                "Last seen on this day or later (UTC)",
                is_advanced=False,
            ),
        ),
        MAP_FEATURE_LAYERS,
        place=3,
        what="last seen",
    ),
    Fulfils(
        "the expression",
        "",
        (Input("feature_expression", InputType.EXPRESSION, "FILTER", "Expression that map features have to fulfil"),),
        MAP_FEATURE_LAYERS,
        place=4,
        noun="map features",
    ),
)
"""In the order in which they take features out."""


@dataclass(frozen=True)
class CoverageFilter:
    """The values of the conditions; what is empty, None or `all` is none.

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
        for condition in CONDITIONS:
            problem = condition.problem(self)
            if problem:
                raise InvalidRequestError(problem)

    def _months_ago(self) -> date:
        if self.last_months is None or not 1 <= self.last_months <= 1200:
            raise InvalidRequestError(f"The last months are a whole number from 1 to 1200, not {self.last_months}.")
        if self.end_date is not None:
            raise InvalidRequestError("Give a date range or the last months, not both.")
        return months_before(datetime.now(timezone.utc).date(), self.last_months)

    @property
    def is_active(self) -> bool:
        """Whether it could take anything out."""
        return any(condition.is_set(self) for condition in CONDITIONS)

    @property
    def names_sequences(self) -> bool:
        """Whether the sequences are those of the images that are kept: a condition acts on images alone."""
        return any(condition.layers == (IMAGE,) for condition in self._set())

    def sequences_of(self, images: Iterable[Optional[str]]) -> Optional[set[str]]:
        """The sequences that stay in a whole run, given that of each image that it has kept; None where they do not
        depend on images.
        """
        if not self.names_sequences:
            return None
        conditions = list(self._set())
        return {
            name
            for name, count in Counter(name for name in images if name is not None).items()
            if all(condition.keeps_sequence(self, count) for condition in conditions)
        }

    def with_creators(self, ids: Mapping[str, str]) -> CoverageFilter:
        """The filter with the ids of its `creators`, as `ids` tells them by name."""
        found = (ids[name] for name in self.creators)
        return replace(self, creator_ids=tuple(dict.fromkeys((*self.creator_ids, *found))))

    def acts_on(self, layer: SourceLayer) -> bool:
        """Whether it could take any of the layer's features out."""
        return any(layer in condition.layers for condition in self._set())

    def expression_for(self, layer: SourceLayer) -> str:
        """The expression that features of the layer have to fulfil; empty where there is none."""
        found = (each for each in self._set() if isinstance(each, Fulfils) and layer in each.layers)
        return next((condition.text(self) for condition in found), "")

    def select(self, layer: SourceLayer, columns: Mapping[str, Sequence[Any]]) -> tuple[list[int], Removed]:
        """The rows that are kept, ascending, of the layer's cleaned columns, whatever the expression says of them."""
        removed: Removed = {}
        rows = list(range(len(columns["id"])))
        for condition in self._set():
            for test in condition.tests(self, layer) if layer in condition.layers else ():
                values = columns[test.field]
                kept = [row for row in rows if test.keeps(values[row])]
                if len(kept) < len(rows):
                    removed[test.removed] = len(rows) - len(kept)
                rows = kept
        return rows, removed

    def on_tiles(self, layer: SourceLayer) -> TileFilter:
        """The filter for features of a source layer in tiles that QGIS draws, which keeps what `select` keeps. Tiles do
        not tell everything at every zoom.
        """
        asked = [(condition.title, condition.answer(self, layer)) for condition in self._about(layer)]
        return TileFilter(
            " AND ".join(f"({answer})" for _, answer in asked if answer is not None),
            tuple(title for title, answer in asked if answer is None),
        )

    def __str__(self) -> str:
        return ", ".join([*self._words(IMAGE), *self._words(MAP_FEATURE_LAYERS[0])]) or "no filter"

    def said_of(self, layer: SourceLayer) -> str:
        """The conditions that have to do with the layer, in words; empty without any."""
        return ", ".join(self._words(layer))

    def _words(self, layer: SourceLayer) -> Iterator[str]:
        for condition in sorted(self._about(layer), key=lambda condition: condition.place):
            yield from condition.words(self)

    def _set(self) -> Iterator[Condition]:
        return (condition for condition in CONDITIONS if condition.is_set(self))

    def _about(self, layer: SourceLayer) -> Iterator[Condition]:
        """Those of coverage, or those of map features."""
        is_feature = layer in MAP_FEATURE_LAYERS
        return (each for each in self._set() if (each.layers[0] in MAP_FEATURE_LAYERS) is is_feature)
