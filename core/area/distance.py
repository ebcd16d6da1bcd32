"""How far places are from each other."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

_EARTH_RADIUS = 6_371_009.0


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The shortest way between two places (longitude and latitude, degrees) on a sphere: within 0.6 % of the
    ellipsoid's.
    """
    (longitude, latitude), (other_longitude, other_latitude) = (map(radians, place) for place in (one, other))
    across = sin((other_longitude - longitude) / 2) ** 2 * cos(latitude) * cos(other_latitude)
    return 2 * _EARTH_RADIUS * asin(min(1.0, sqrt(across + sin((other_latitude - latitude) / 2) ** 2)))
