"""Looking into a panorama: an equirectangular picture seen through a camera that turns, tilts and zooms.

Angles are degrees. A bearing is clockwise from north and an elevation upwards from the horizon. A place in a view is in
pixels from its top left corner, so that the first pixel's middle is at (0.5, 0.5). In vectors x is to the right,
y up and z ahead. https://en.wikipedia.org/wiki/Gnomonic_projection
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    import numpy as np

STEEPEST = 85.0
NARROWEST, WIDEST = 20.0, 110.0
USUAL_FIELD_OF_VIEW = 90.0
BACKGROUND = 0xFF181818
"""What is drawn above and below a picture that does not reach the zenith and the nadir."""

_LEAST_COSINE = 0.3
_NEAREST = 1e-9
_EVERY_OTHER = 0x00FF00FF


WIDEST_PANORAMA = 8192


def is_available() -> bool:
    """Whether there is numpy, which draws and projects; most QGIS builds have it, not all."""
    try:
        import numpy  # noqa: F401
    except ImportError:
        return False
    return True


@dataclass(frozen=True)
class Frame:
    """Where a picture lies: around the whole horizon, `height` degrees high, and its middle column at `heading`."""

    heading: float
    height: float

    @classmethod
    def of_picture(cls, width: int, height: int, heading: Optional[float]) -> Frame:
        """Of a picture of so many pixels, which are as high as they are wide; without a heading it faces north."""
        return cls(heading or 0.0, 360 * height / width)


@dataclass(frozen=True)
class View:
    """A camera: where its middle looks to, the angle from its left to its right edge, and its size in pixels.

    What is out of bounds is moved to the nearest bound. Pixels are square.
    """

    heading: float
    pitch: float
    field_of_view: float
    width: int
    height: int

    def __post_init__(self) -> None:
        """Keep within the bounds."""
        bounded = {
            "heading": _compass(self.heading),
            "pitch": min(max(self.pitch, -STEEPEST), STEEPEST),
            "field_of_view": min(max(self.field_of_view, NARROWEST), WIDEST),
            "width": max(self.width, 1),
            "height": max(self.height, 1),
        }
        for name, number in bounded.items():
            object.__setattr__(self, name, number)

    @property
    def focal_length(self) -> float:
        """Pixels from the camera to the view's middle."""
        return self.width / 2 / math.tan(math.radians(self.field_of_view) / 2)

    def direction(self, x: float, y: float) -> tuple[float, float]:
        """Bearing and elevation of a place."""
        pitch = math.radians(self.pitch)
        right, above = x - self.width / 2, self.height / 2 - y
        ahead = self.focal_length * math.cos(pitch) - above * math.sin(pitch)
        up = self.focal_length * math.sin(pitch) + above * math.cos(pitch)
        bearing = math.degrees(math.atan2(right, ahead))
        return _compass(self.heading + bearing), math.degrees(math.atan2(up, math.hypot(right, ahead)))

    def place(self, bearing: float, elevation: float) -> Optional[tuple[float, float]]:
        """Where a direction is seen, be it beyond the edges; None for what is not ahead of the camera."""
        pitch, aside, height = (math.radians(angle) for angle in (self.pitch, bearing - self.heading, elevation))
        level = math.cos(height) * math.cos(aside)
        ahead = level * math.cos(pitch) + math.sin(height) * math.sin(pitch)
        if ahead <= _NEAREST:
            return None
        right = math.cos(height) * math.sin(aside)
        above = math.sin(height) * math.cos(pitch) - level * math.sin(pitch)
        scale = self.focal_length / ahead
        return self.width / 2 + scale * right, self.height / 2 - scale * above

    def dragged(self, start: tuple[float, float], end: tuple[float, float]) -> View:
        """With what was at one place moved to another: exactly in the middle, roughly elsewhere and near the poles."""
        wide = self.focal_length * max(math.cos(math.radians(self.pitch)), _LEAST_COSINE)
        left, right = (math.degrees(math.atan2(x - self.width / 2, wide)) for x, _ in (start, end))
        top, bottom = (math.degrees(math.atan2(y - self.height / 2, self.focal_length)) for _, y in (start, end))
        return replace(self, heading=self.heading + left - right, pitch=self.pitch + bottom - top)

    def halvings(self, width: int) -> int:
        """How many times a picture so many pixels wide is better halved, lest the view skips pixels of it."""
        ratio = width / (2 * math.pi * self.focal_length)
        return max(0, math.floor(math.log2(ratio)))


def _compass(bearing: float) -> float:
    """From 0 to below 360; what is a hair below 0 would be 360 after one division."""
    return bearing % 360 % 360


def render(pixels: np.ndarray, frame: Frame, view: View, is_fine: bool) -> np.ndarray:
    """What a view shows of a picture, as (height, width) of 32 bits; `pixels` is the whole picture in the same form.

    Fine mixes the four nearest pixels of the picture, which takes five times as long as taking the nearest one.
    """
    import numpy as np

    rows, columns = pixels.shape
    turn, elevation = _directions(view.width, view.height, view.pitch, view.field_of_view)
    middle = ((view.heading - frame.heading) / 360 + 0.5) % 1 + 1
    across = (turn + np.float32(middle)) * np.float32(columns)
    down = (np.float32(0.5) - elevation / np.float32(frame.height)) * np.float32(rows)
    shown = _mixed(pixels, across, down) if is_fine else _nearest(pixels, across, down)
    if frame.height < 180:
        shown[(down < 0) | (down > rows)] = BACKGROUND
    return shown


@lru_cache(maxsize=2)
def _directions(width: int, height: int, pitch: float, field_of_view: float) -> tuple[np.ndarray, np.ndarray]:
    """Of every pixel's middle, with north ahead: bearing in turns and elevation in degrees; kept while one turns."""
    import numpy as np

    view = View(0, pitch, field_of_view, width, height)
    sine, cosine = math.sin(math.radians(pitch)), math.cos(math.radians(pitch))
    right = np.arange(0.5 - width / 2, width / 2, dtype=np.float32)
    above = np.arange(height / 2 - 0.5, -height / 2, -1, dtype=np.float32)[:, None]
    ahead = np.float32(view.focal_length * cosine) - above * np.float32(sine)
    up = np.float32(view.focal_length * sine) + above * np.float32(cosine)
    turn = np.arctan2(right, ahead) / np.float32(2 * math.pi)
    return turn, np.degrees(np.arctan2(up, np.hypot(right, ahead)))


def _nearest(pixels: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    import numpy as np

    rows, columns = pixels.shape
    row = down.astype(np.int32).clip(0, rows - 1)
    return pixels.ravel().take(row * columns + across.astype(np.int32) % columns)


def _mixed(pixels: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Bilinear; the left and the right edge are neighbours."""
    import numpy as np

    rows, columns = pixels.shape
    flat = pixels.ravel()
    across, down = across - np.float32(0.5), down.clip(0.5, rows - 0.5) - np.float32(0.5)
    column, row = across.astype(np.int32), down.astype(np.int32)
    rightwards = ((across - column) * 256).astype(np.uint32)
    downwards = ((down - row) * 256).astype(np.uint32)
    left, right = column % columns, (column + 1) % columns
    upper, lower = row * columns, np.minimum(row + 1, rows - 1) * columns
    above = _mix(flat.take(upper + left), flat.take(upper + right), rightwards)
    return _mix(above, _mix(flat.take(lower + left), flat.take(lower + right), rightwards), downwards)


def _mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Colours between two, at `share` 256ths of the way; two of the four channels at a time."""
    import numpy as np

    half = np.uint32(_EVERY_OTHER)
    rest, byte = 256 - share, np.uint32(8)
    low = (first & half) * rest + (second & half) * share
    high = (first >> byte & half) * rest + (second >> byte & half) * share
    return low >> byte & half | high & ~half
