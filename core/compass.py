"""Directions in words."""

from __future__ import annotations

_POINTS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


def compass_point(degrees: float) -> str:
    """The nearest of the eight points of the compass, such as `NE`; degrees clockwise from north."""
    return _POINTS[round(degrees / 45) % 8]
