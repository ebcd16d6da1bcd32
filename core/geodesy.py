"""Distances where a part in two hundred does not matter."""

from __future__ import annotations

import math

_EARTH_METRES = 6_371_008.8
"""The mean radius of WGS 84 (IUGG)."""


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Along the sphere, between longitudes and latitudes in degrees; off the ellipsoid's by 0.6 % at most."""
    (lon, lat), (other_lon, other_lat) = (map(math.radians, place) for place in (one, other))
    across = math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    half = math.sin((other_lat - lat) / 2) ** 2 + across
    return 2 * _EARTH_METRES * math.asin(math.sqrt(min(1.0, half)))
