"""The area asked for, in degrees: a box, polygons or a circle, cut in two where it crosses the antimeridian.

All longitudes and latitudes are EPSG:4326.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Optional, Protocol

from ..errors import InvalidRequestError

MAX_LATITUDE = 85.0511287798066
"""Where the square Web Mercator map of the tiles ends: atan(sinh(pi)) in degrees."""

LonLat = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A box that does not cross the antimeridian; its edges belong to it."""

    west: float
    south: float
    east: float
    north: float

    def contains(self, lon: float, lat: float) -> bool:
        """Whether the point lies inside or on the edge."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north

    def crosses(self, start: LonLat, end: LonLat) -> bool:
        """Whether any of the straight line from start to end lies in the box (Liang and Barsky's clipping)."""
        enter, leave = 0.0, 1.0
        for origin, delta, low, high in (
            (start[0], end[0] - start[0], self.west, self.east),
            (start[1], end[1] - start[1], self.south, self.north),
        ):
            if delta == 0:
                if not low <= origin <= high:
                    return False
                continue
            first, last = sorted(((low - origin) / delta, (high - origin) / delta))
            enter, leave = max(enter, first), min(leave, last)
        return enter <= leave

    def covers(self, other: Box) -> bool:
        """Whether all of the other box lies in this one."""
        return (
            self.west <= other.west
            and self.east >= other.east
            and self.south <= other.south
            and self.north >= other.north
        )

    def overlaps(self, other: Box) -> bool:
        """Whether the boxes have more than an edge in common."""
        return (
            self.west < other.east and other.west < self.east and self.south < other.north and other.south < self.north
        )

    def widened(self) -> Box:
        """The box with its own width and height more on each side."""
        width, height = self.east - self.west, self.north - self.south
        return Box(self.west - width, self.south - height, self.east + width, self.north + height)


class Outline(Protocol):
    """Something that is no box. Any thread may ask it."""

    def overlaps(self, box: Box) -> bool:
        """Whether any of the box lies in it."""

    def covers(self, box: Box) -> bool:
        """Whether all of the box lies in it."""

    def contains(self, lon: float, lat: float) -> bool:
        """Whether the point lies in it, edges included."""

    def touches(self, parts: Iterable[Sequence[LonLat]]) -> bool:
        """Whether any part of a line lies in it."""

    def definition(self) -> dict[str, Any]:
        """What it can be made of again, in values that JSON has."""

    def near(self, box: Box) -> Outline:
        """What of it can matter in and around a box: the same, but quicker to ask there."""

    def geometry(self) -> Any:
        """Its polygons as a QgsGeometry, within -180 to 180 degrees of longitude and 85.0511 of latitude."""


@dataclass(frozen=True)
class Area:
    """What is asked for: `boxes`, or the `outline` that lies in them and is called `name` in texts.

    `cut_at_poles` tells that a part beyond 85.0511 degrees was left out.
    """

    boxes: tuple[Box, ...]
    cut_at_poles: bool = False
    outline: Optional[Outline] = None
    name: str = ""

    def overlaps(self, box: Box) -> bool:
        """Whether any of the box lies in the area; an edge in common is not enough."""
        return any(own.overlaps(box) for own in self.boxes) and (self.outline is None or self.outline.overlaps(box))

    def covers(self, box: Box) -> bool:
        """Whether all of the box lies in the area."""
        return any(own.covers(box) for own in self.boxes) and (self.outline is None or self.outline.covers(box))

    def contains(self, lon: float, lat: float) -> bool:
        """Whether the point lies in the area, edges included."""
        in_box = any(box.contains(lon, lat) for box in self.boxes)
        return in_box and (self.outline is None or self.outline.contains(lon, lat))

    def touches(self, parts: Sequence[Sequence[LonLat]]) -> bool:
        """Whether any part of a line lies in the area."""
        in_box = any(
            box.contains(*part[0]) or any(box.crosses(start, end) for start, end in zip(part, part[1:]))
            for box in self.boxes
            for part in parts
        )
        return in_box and (self.outline is None or self.outline.touches(parts))

    def near(self, box: Box) -> Area:
        """The area, for what lies in a tile or in the buffer around it."""
        return replace(self, outline=self.outline.near(box.widened())) if self.outline else self

    def __str__(self) -> str:
        boxes = "; ".join(f"{b.west:.6f} {b.south:.6f} {b.east:.6f} {b.north:.6f}" for b in self.boxes)
        return f"{self.name or boxes + ' (west south east north, EPSG:4326)'}"


def area_of_box(west: float, south: float, east: float, north: float) -> Area:
    """The area of a box in degrees; west > east, east > 180 and west < -180 mean that it crosses the antimeridian.

    Raises InvalidRequestError for a box without area, without numbers, or wholly beyond 85.0511 degrees.
    """
    if not all(map(isfinite, (west, south, east, north))):
        raise InvalidRequestError("The extent is not made of numbers. Choose another extent.")
    if west == east or (west > east and (west - east) % 360 == 0) or south >= north:
        raise InvalidRequestError(
            "The extent has no area: its sides have to be longer than zero, and ymin smaller than ymax."
        )
    if west > east and (east - west) % 360 > 180:
        raise InvalidRequestError(
            f"With xmin {west:g} greater than xmax {east:g} the extent crosses the antimeridian and reaches around"
            " most of the world. Swap them; or, if that is what you want, add 360 to xmax."
        )
    if south >= MAX_LATITUDE or north <= -MAX_LATITUDE:
        raise InvalidRequestError(
            "The extent lies wholly beyond 85.0511 degrees of latitude, where Mapillary has no tiles."
        )
    cut = south < -MAX_LATITUDE or north > MAX_LATITUDE
    south, north = max(south, -MAX_LATITUDE), min(north, MAX_LATITUDE)
    return Area(tuple(Box(left, south, right, north) for left, right in _ranges(west, east)), cut)


def _ranges(west: float, east: float) -> list[tuple[float, float]]:
    """The longitudes from west eastward to east as ranges within -180 to 180."""
    if west > east:
        east += 360 * ((west - east) // 360 + 1)
    if east - west >= 360:
        return [(-180.0, 180.0)]
    turns = (west + 180) // 360 * 360
    if turns:
        west, east = west - turns, east - turns
    return [(west, east)] if east <= 180 else [(west, 180.0), (-180.0, east - 360)]
