"""The outlines of detections as they are seen in a view into a panorama.

A ring is bent, as what is straight in an equirectangular picture is not in a view, and cut off at the view's edges, as
what is behind the camera has no place in it. Angles, places and vectors are those of `panorama`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..graph.detection_geometry import Ring
from .panorama import Frame, View

if TYPE_CHECKING:
    import numpy as np

_EDGE_STEP = 1.0
"""Degrees; over so many, an edge is off by a tenth of a pixel at most where 900 of them show 20 degrees."""

_MOST_STEPS = 10_000
_BORDER = 1.2
_EQUAL = 1e-9
_PROBES = ((0.47, 0.41), (0.31, 0.67), (0.73, 0.59))


@dataclass(frozen=True)
class PanoramaRing:
    """A ring around the camera, with so many vertices that it may be drawn straight from each to the next.

    `angles` (n, 2) are bearings, not brought back to 0..360, and elevations; `vectors` (n, 3) have north ahead.
    """

    angles: np.ndarray
    vectors: np.ndarray

    @classmethod
    def of_ring(cls, ring: Ring, frame: Frame) -> PanoramaRing:
        """Of a ring on a picture; it may reach over the left and right edge, where 1.1 is 0.1."""
        import numpy as np

        x, y = np.asarray(ring, dtype=np.float64).T
        corners = np.stack([frame.heading + 360 * (x - 0.5), frame.height * (0.5 - y)])
        length = np.abs(np.diff(corners)).max(axis=0)
        step = max(_EDGE_STEP, length.sum() / _MOST_STEPS)
        knots = np.concatenate([[0], np.maximum(np.ceil(length / step), 1).cumsum()])
        angles = np.stack([np.interp(np.arange(knots[-1] + 1), knots, row) for row in corners], axis=1)
        bearing, elevation = np.radians(angles).T
        elevation = elevation.clip(-np.pi / 2, np.pi / 2)
        level = np.cos(elevation)
        return cls(angles, np.stack([level * np.sin(bearing), np.sin(elevation), level * np.cos(bearing)], axis=1))

    def holds(self, bearing: float, elevation: float) -> bool:
        """Whether a direction is inside."""
        first = self.angles[:, 0].min()
        aside = (bearing - first) % 360
        rounds = range(int((self.angles[:, 0].max() - first) // 360) + 1)
        return any(_is_inside(self.angles, first + aside + 360 * turn, elevation) for turn in rounds)


def project(around: Iterable[PanoramaRing], view: View) -> list[np.ndarray]:
    """Rings as places (n, 2) in a view, cut off a little beyond its edges; those out of view are left out.

    By the even-odd rule they hold what those around the camera hold.
    """
    import numpy as np

    camera, focal_length = _camera(view), view.focal_length
    wide, high = _BORDER * view.width / 2, _BORDER * view.height / 2
    middle = np.array([view.width / 2, view.height / 2])
    border = middle + np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]])
    sides = [[focal_length, 0, wide], [-focal_length, 0, wide], [0, focal_length, high], [0, -focal_length, high]]
    planes = [np.array(side) / math.hypot(*side) for side in sides]
    rings = []
    for whole in around:
        seen = whole.vectors @ camera
        is_behind = bool((seen[:, 2] < 0).any())
        for plane in planes:
            seen = _cut(seen, plane)
        ring = middle + seen[:, :2] * [focal_length, -focal_length] / seen[:, 2:]
        if len(ring):
            rings.append(ring)
        # From where a ring leaves the view to where it comes back, the way taken may be around the wrong pole.
        if is_behind and _holds_the_others(ring, whole, view):
            rings.append(border)
    return rings


def _holds_the_others(ring: np.ndarray, whole: PanoramaRing, view: View) -> bool:
    """Whether a ring in a view holds what the whole one does not: told at several places, as one may be on an edge."""
    places = [(view.width * across, view.height * down) for across, down in _PROBES]
    differ = [_is_inside(ring, *place) != whole.holds(*view.direction(*place)) for place in places]
    return sum(differ) > len(differ) / 2


def _camera(view: View) -> np.ndarray:
    """What turns vectors with north ahead (rows) into vectors with the view's middle ahead."""
    import numpy as np

    heading, pitch = math.radians(view.heading), math.radians(view.pitch)
    right = [math.cos(heading), 0, -math.sin(heading)]
    ahead = [math.sin(heading) * math.cos(pitch), math.sin(pitch), math.cos(heading) * math.cos(pitch)]
    return np.stack([right, np.cross(ahead, right), ahead], axis=1)


def _cut(ring: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """What of a ring of vectors is on one side of a plane through the camera (Sutherland and Hodgman)."""
    import numpy as np

    depth = ring @ plane
    inside = depth >= 0
    if inside.all():
        return ring
    crosses = inside != np.roll(inside, -1)
    share = depth / np.where(crosses, depth - np.roll(depth, -1), 1)
    crossings = ring + share[:, None] * (np.roll(ring, -1, axis=0) - ring)
    is_kept = np.stack([inside, crosses], axis=1)
    kept = np.stack([ring, crossings], axis=1)[is_kept]
    leaves = np.stack([np.zeros_like(inside), inside & crosses], axis=1)[is_kept]
    return _led_around(kept, leaves, plane)


def _led_around(ring: np.ndarray, leaves: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """With a vertex more in the plane where the way from one that `leaves` to the next comes near the camera.

    It is on the shorter way, and ahead of the camera where both are equal.
    """
    import numpy as np

    following = np.roll(ring, -1, axis=0)
    (far,) = np.nonzero(leaves & ((ring * following).sum(axis=1) < 0))
    aside = np.cross(plane, ring[far])
    towards = (aside * following[far]).sum(axis=1)
    is_wrong = np.where(np.abs(towards) > _EQUAL, towards, aside[:, 2]) < 0
    return np.insert(ring, far + 1, np.where(is_wrong[:, None], -aside, aside), axis=0)


def _is_inside(ring: np.ndarray, x: float, y: float) -> bool:
    """By the even-odd rule."""
    import numpy as np

    start, end = ring, np.roll(ring, -1, axis=0)
    crosses = (start[:, 1] > y) != (end[:, 1] > y)
    rise = np.where(crosses, end[:, 1] - start[:, 1], 1)
    at = start[:, 0] + (y - start[:, 1]) * (end[:, 0] - start[:, 0]) / rise
    return bool((crosses & (at > x)).sum() % 2)
