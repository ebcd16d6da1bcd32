"""What occurs in tiles and layers, for the legend of what the map shows."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, TypeVar

from ..area.tiling import TileAddress
from ..download.result import CoverageResult
from ..mapillary.cleaning import flag, key, object_id, score, time_ms
from ..mapillary.schema import COVERAGE_TILESETS, MAP_FEATURE_TILESETS, OVERVIEW, SEQUENCE, TILES
from ..moments import DAY_MS, moment
from ..mvt.tally import tally
from ..mvt.values import Value

_PROPERTIES = ("captured_at", "creator_id", "organization_id", "is_pano", "quality_score")

_MOST_TILES = 500

_T = TypeVar("_T")


@dataclass(frozen=True)
class Seen:
    """How many features there are of each year (UTC), creator, organization and value, and what else occurs.

    Of coverage these are the sequences, and at low zooms the overview: not the images, of which there are a thousand
    times as many with the same traits. A sequence counts in each of its tiles.
    """

    years: Counter[int] = field(default_factory=Counter)
    creators: Counter[str] = field(default_factory=Counter)
    organizations: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    has_undated: bool = False
    has_unscored: bool = False
    has_panoramas: bool = False
    has_flat: bool = False
    has_no_organization: bool = False

    @classmethod
    def of_tile(cls, body: bytes, tileset: str) -> Seen:
        """What occurs in a tile that is not compressed. Raises DamagedTileError."""
        if tileset in COVERAGE_TILESETS.values():
            return cls._of_layer(body, SEQUENCE.name) + cls._of_layer(body, OVERVIEW.name)
        return cls(values=_cleaned(tally(body, MAP_FEATURE_TILESETS[tileset].name, ("value",))["value"], key))

    @classmethod
    def of_columns(cls, columns: Mapping[str, Sequence[Any]]) -> Seen:
        """What occurs in the cleaned columns of a source layer, feature by feature."""
        count = len(columns["id"])
        days = Counter(time // DAY_MS for time in columns.get("captured_at", ()) if time is not None)
        years: Counter[int] = Counter()
        for day, on_day in days.items():
            years[moment(day * DAY_MS).year] += on_day
        organizations = _known(columns, "organization_id")
        panoramas = _known(columns, "is_pano")
        return cls(
            years,
            _known(columns, "creator_id"),
            organizations,
            _known(columns, "value"),
            has_undated=sum(years.values()) < count,
            has_unscored=any(score is None for score in columns.get("quality_score", ())),
            has_panoramas=panoramas[True] > 0,
            has_flat=panoramas[True] < count,
            has_no_organization=sum(organizations.values()) < count,
        )

    @classmethod
    def _of_layer(cls, body: bytes, layer_name: str) -> Seen:
        counted = tally(body, layer_name, _PROPERTIES)
        times = _cleaned(counted["captured_at"], time_ms)
        years: Counter[int] = Counter()
        for time, count in times.items():
            years[moment(time).year] += count
        organizations = _cleaned(counted["organization_id"], object_id)
        scores = _cleaned(counted["quality_score"], score)
        panoramas = _cleaned(counted["is_pano"], flag)
        everything = sum(counted["captured_at"].values())
        return cls(
            years,
            _cleaned(counted["creator_id"], object_id),
            organizations,
            has_undated=sum(times.values()) < everything,
            has_unscored=sum(scores.values()) < everything,
            has_panoramas=panoramas[True] > 0,
            has_flat=panoramas[True] < everything,
            has_no_organization=sum(organizations.values()) < everything,
        )

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            self.years + other.years,
            self.creators + other.creators,
            self.organizations + other.organizations,
            self.values + other.values,
            self.has_undated or other.has_undated,
            self.has_unscored or other.has_unscored,
            self.has_panoramas or other.has_panoramas,
            self.has_flat or other.has_flat,
            self.has_no_organization or other.has_no_organization,
        )


class SeenTiles:
    """What was seen in the tiles that were looked at last; for one thread at a time."""

    def __init__(self) -> None:
        self._tiles: OrderedDict[TileAddress, Seen] = OrderedDict()

    def __contains__(self, address: TileAddress) -> bool:
        return address in self._tiles

    def keep(self, address: TileAddress, seen: Seen) -> None:
        """In place of what was known of the tile."""
        self._tiles[address] = seen
        self._tiles.move_to_end(address)
        if len(self._tiles) > _MOST_TILES:
            self._tiles.popitem(last=False)

    def of(self, addresses: Iterable[TileAddress]) -> list[Seen]:
        """What is known of these tiles."""
        return [self._tiles[address] for address in addresses if address in self._tiles]


def _known(columns: Mapping[str, Sequence[Any]], name: str) -> Counter[Any]:
    return Counter(value for value in columns.get(name, ()) if value is not None)


def _cleaned(counted: Counter[Value], clean: Callable[[Any], Optional[_T]]) -> Counter[_T]:
    """The same without what counts as no value."""
    cleaned: Counter[_T] = Counter()
    for value, count in counted.items():
        sound = clean(value)
        if sound is not None:
            cleaned[sound] += count
    return cleaned


def seen_in(kind: str, result: CoverageResult) -> Seen:
    """What occurs in one of the layers, for its legend."""
    return Seen() if kind == TILES else Seen.of_columns(result.of_kind(kind).columns)
