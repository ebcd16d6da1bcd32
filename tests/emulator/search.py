"""Searches of the graph: the parameters that they share, their limits, and paging."""

from __future__ import annotations

import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Optional, TypeVar
from urllib.parse import urlencode

from tests.emulator.exchange import api_error
from tests.emulator.fields import Refusal, bad_parameter

MOST_RESULTS = 2000
MOST_AREA = 0.010
MOST_METRES = 50.0
MOST_NEARBY = 100
DETECTIONS_PER_PAGE = 100
EARTH_METRES = 6_371_008.8

Query = Mapping[str, str]
Degrees = tuple[float, float]
T = TypeVar("T")


def number(query: Query, name: str, otherwise: float, most: float) -> float:
    """A parameter above 0 and at most `most`. Raises Refusal."""
    try:
        value = float(query.get(name, otherwise))
    except ValueError:
        raise bad_parameter(f"Param {name} must be a number") from None
    if not 0 < value <= most:
        raise bad_parameter(f"Param {name} must be above 0 and at most {most:g}")
    return value


def limit(query: Query, otherwise: int = MOST_RESULTS, most: int = MOST_RESULTS) -> int:
    return int(number(query, "limit", otherwise, most))


def names(query: Query, *parameters: str) -> Optional[list[str]]:
    """A list separated by commas, under the first name that is given."""
    for parameter in parameters:
        if parameter in query:
            return [name.strip() for name in query[parameter].split(",") if name.strip()]
    return None


def box(query: Query) -> Optional[tuple[float, ...]]:
    """West, south, east and north. Raises Refusal for none such, and for more than MOST_AREA square degrees."""
    if "bbox" not in query:
        return None
    try:
        west, south, east, north = map(float, query["bbox"].split(","))
    except ValueError:
        raise bad_parameter("Param bbox must be four numbers") from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise bad_parameter("Param bbox must be minLon,minLat,maxLon,maxLat")
    if round((east - west) * (north - south), 9) > MOST_AREA:
        message = "Bounding box area is too large. Maximum allowed area is 0.010 square degrees"
        raise Refusal(api_error(500, message, 1))
    return west, south, east, north


def is_in(place: Degrees, area: Optional[Sequence[float]]) -> bool:
    """Whether a place is in the box; without one all are."""
    if area is None:
        return True
    west, south, east, north = area
    return west <= place[0] <= east and south <= place[1] <= north


def matches(value: str, patterns: Optional[list[str]]) -> bool:
    """Whether a value is one of those asked for, in which `*` stands for anything; without any all are."""
    if patterns is None:
        return True
    return any(re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), value) for pattern in patterns)


def moment(query: Query, name: str) -> Optional[int]:
    """An ISO time as milliseconds. Raises Refusal."""
    if name not in query:
        return None
    try:
        found = datetime.fromisoformat(query[name].replace("Z", "+00:00"))
    except ValueError:
        raise bad_parameter(f"Param {name} must be an ISO 8601 time") from None
    return round((found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp() * 1000)


def window(query: Query, what: str) -> tuple[float, float]:
    """`start_WHAT` and `end_WHAT`, both inclusive, in milliseconds."""
    start, end = moment(query, f"start_{what}"), moment(query, f"end_{what}")
    return (-math.inf if start is None else start, math.inf if end is None else end)


def metres(one: Degrees, other: Degrees) -> float:
    """The way between two places on a sphere."""
    (lon, lat), (lon2, lat2) = (map(math.radians, place) for place in (one, other))
    half = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * EARTH_METRES * math.asin(math.sqrt(half))


def nearest(query: Query, places: Iterable[tuple[T, Degrees]]) -> list[T]:
    """What is within `radius` metres of `lat`, `lng`, nearest first. Raises Refusal."""
    if "bbox" in query:
        raise bad_parameter("Params lat and lng cannot be combined with bbox")
    try:
        centre = float(query["lng"]), float(query["lat"])
    except (KeyError, ValueError):
        raise bad_parameter("Params lat and lng must be numbers") from None
    radius = number(query, "radius", MOST_METRES, MOST_METRES)
    reached = ((metres(centre, place), index, what) for index, (what, place) in enumerate(places))
    found = sorted(entry for entry in reached if entry[0] <= radius)
    return [what for _, _, what in found][: limit(query, 1, MOST_NEARBY)]


def page(found: Sequence[T], size: int, query: Query, url: str) -> tuple[Sequence[T], dict[str, Any]]:
    """The part after the cursor `after`, and its `paging`; `next` has no token, and is missing on the last page."""
    try:
        start = int(urlsafe_b64decode(query["after"])) if "after" in query else 0
    except ValueError:
        raise bad_parameter("Param after must be a cursor") from None
    end = start + size
    after = urlsafe_b64encode(b"%d" % end).decode()
    paging: dict[str, Any] = {"cursors": {"after": after}}
    if end < len(found):
        kept = {name: value for name, value in query.items() if name != "access_token"}
        paging["next"] = f"{url}?{urlencode({**kept, 'after': after})}"
    return found[start:end], {"paging": paging} if len(found) > size else {}
