"""A street with houses, trees, lamps and signs, painted as a camera in its middle sees it.

Metres: x to the right of the camera, y above the ground, z ahead. No two streets are alike, and each is always the
same. The two sides are painted one by one, x being negative on the left: so nothing crosses the sphere's seam, which is
straight behind the camera, and `-0.0` is its other edge.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from math import atan2, hypot, sin, sqrt, tau
from random import Random
from typing import Protocol

from qgis.PyQt.QtCore import QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPolygonF

EYE = 2.3
FAR = 500.0
NEAR = 0.8
KERB, PAVED, FRONT, RIDGE, BACK = 3.6, 6.0, 8.0, 12.0, 16.0
"""Where the pavement begins and ends, and the houses' fronts, ridges and backs are."""
STOREY = 3.0
SKIES = (("#3b78bf", "#d3e5f3"), ("#5f93bd", "#e9ebe4"), ("#8599aa", "#dde2e4"), ("#4a6cab", "#f4dcbc"))
WALLS = ("#d8c6a5", "#c58d6a", "#e2dac8", "#b59c86", "#a5b2ac", "#d3a595", "#ece2cc", "#929da8", "#c9b26f")
ROOFS = ("#8a4b3c", "#6b4a3e", "#5b5f66", "#7a3b33", "#4c4f55")
LEAVES = ("#4d7a3a", "#5f8a3f", "#3f6b41", "#7d8c3c", "#b07a35")
GLASS = ("#3d4f60", "#52677a", "#2f3c48")
Edge = tuple[float, float]
"""x and y of a line along the street."""


class Lens(Protocol):
    """Where things are in the picture."""

    width: float
    height: float
    focal: float
    """Pixels for a radian in the middle."""

    def place(self, x: float, y: float, z: float) -> QPointF: ...

    def scale(self, x: float, z: float) -> float:
        """The width of a metre that stands there."""

    def sees(self, z: float) -> bool: ...

    def cuts(self, start: float, end: float) -> list[float]:
        """Where a line along the street, of which something is seen, begins, bends and ends."""


class Flat:
    """A usual camera, which sees what is ahead."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.focal = 0.7 * max(width, height)

    def place(self, x: float, y: float, z: float) -> QPointF:
        return QPointF(self.width / 2 + self.focal * x / z, self.height / 2 - self.focal * (y - EYE) / z)

    def scale(self, x: float, z: float) -> float:
        return self.focal / z

    def sees(self, z: float) -> bool:
        return z > NEAR

    def cuts(self, start: float, end: float) -> list[float]:
        return [max(start, NEAR), end]


class Sphere:
    """A camera that sees all around, straight ahead in the middle."""

    _AHEAD = (1e-6, 0.7, 1.4, 2.2, 3.2, 4.5, 6.0, 8.0, 11.0, 16.0, 26.0, 60.0)
    _BENDS = (*(-z for z in reversed(_AHEAD)), *_AHEAD)

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.focal = width / tau

    def place(self, x: float, y: float, z: float) -> QPointF:
        bearing, elevation = atan2(x, z), atan2(y - EYE, hypot(x, z))
        return QPointF(self.width / 2 + self.focal * bearing, self.height / 2 - self.focal * elevation)

    def scale(self, x: float, z: float) -> float:
        return self.focal / hypot(x, z)

    def sees(self, z: float) -> bool:
        return True

    def cuts(self, start: float, end: float) -> list[float]:
        return [start, *self._BENDS[bisect_right(self._BENDS, start) : bisect_left(self._BENDS, end)], end]


def paint_street(painter: QPainter, lens: Lens, number: int) -> None:
    """The street of that number, all over the picture."""
    _Street(painter, lens, Random(number)).paint()


class _Street:
    def __init__(self, painter: QPainter, lens: Lens, random: Random) -> None:
        self._painter, self._lens, self._random = painter, lens, random
        painter.setPen(Qt.PenStyle.NoPen)
        self._pixels = lens.focal * painter.transform().m11()

    def paint(self) -> None:
        self._sky()
        self._hills()
        for side in (-1, 1):
            self._houses(side)
            self._ground(side)
        for side in (-1, 1):
            self._beside_the_road(side)

    def _sky(self) -> None:
        width, horizon = self._lens.width, self._lens.height / 2
        gradient = QLinearGradient(0, 0, 0, horizon)
        for place, colour in enumerate(self._random.choice(SKIES)):
            gradient.setColorAt(place, QColor(colour))
        self._painter.fillRect(QRectF(0, 0, width, horizon + 1), gradient)
        self._painter.setBrush(QColor(255, 255, 255, 70))
        for _ in range(self._random.randrange(2, 6)):
            x, y = width * self._random.uniform(0.15, 0.85), horizon * self._random.uniform(0.25, 0.7)
            size = width * self._random.uniform(0.02, 0.05)
            for step in (-1, 0, 1):
                self._painter.drawEllipse(QPointF(x + step * size, y), 1.6 * size, (0.5 - abs(step) / 6) * size)

    def _hills(self) -> None:
        """They end at the right as they begin at the left."""
        width, horizon, turn = self._lens.width, self._lens.height / 2, self._random.uniform(0, tau)
        steps = [tau * step / 48 for step in range(49)]
        tops = [0.014 * width * (1.3 + 0.6 * sin(3 * at + turn) + 0.4 * sin(7 * at)) for at in steps]
        line = [QPointF(width * at / tau, horizon - top) for at, top in zip(steps, tops)]
        self._fill([*line, QPointF(width, horizon), QPointF(0, horizon)], QColor("#7f9a86"))
        self._painter.fillRect(QRectF(0, horizon, width, horizon), QColor("#7c9457"))

    def _ground(self, side: int) -> None:
        self._along((side * PAVED, 0), (side * KERB, 0), -FAR, FAR, QColor("#b5b1a8"))
        self._along((side * (KERB + 0.2), 0), (side * KERB, 0), -FAR, FAR, QColor("#d3d0c8"))
        self._along((side * KERB, 0), (side * 0.0, 0), -FAR, FAR, QColor("#5d6065"))
        for z in range(-72, 72, 6):
            if abs(z) < self._reach(3, EYE):
                self._along((side * 0.09, 0), (side * 0.0, 0), z + 1, z + 4, QColor("#ecebe4"))

    def _houses(self, side: int) -> None:
        """From far to near, ahead as well as behind."""
        spans, z = [], -75 + self._random.uniform(0, 8)
        while z < 75:
            end = z + self._random.uniform(7, 13)
            spans.append((z, end))
            z = end + self._random.choice((0, 0, 2, 5))
        for start, end in sorted(spans, key=lambda span: -abs(_nearest(*span))):
            if self._lens.sees(end):
                self._house(side, start, end)

    def _house(self, side: int, start: float, end: float) -> None:
        storeys = self._random.choice((1, 2, 2, 3))
        wall, roof = QColor(self._random.choice(WALLS)), QColor(self._random.choice(ROOFS))
        if side < 0:
            wall = wall.darker(112)
        front, ridge, back = side * FRONT, side * RIDGE, side * BACK
        eaves = STOREY * storeys + 0.4
        self._along((front, eaves), (ridge, eaves + 3), start, end, roof)
        nearest = _nearest(start, end)
        if nearest and self._lens.sees(nearest):
            gable = [(front, 0), (front, eaves), (ridge, eaves + 3), (back, eaves), (back, 0)]
            self._fill([self._lens.place(x, y, nearest) for x, y in gable], wall.darker(125))
        self._along((front, 0), (front, eaves), start, end, wall)
        self._windows(front, storeys, start, end)

    def _windows(self, front: float, storeys: int, start: float, end: float) -> None:
        """A door takes the place of one window at the street."""
        columns = int((end - start) / 2.6)
        step, door = (end - start) / columns, self._random.randrange(columns)
        far, near = self._reach(1.1, FRONT), self._reach(0.24, FRONT)
        frames, panes = QPainterPath(), QPainterPath()
        for column in range(columns):
            middle = start + (column + 0.5) * step
            if abs(middle) > far or not self._lens.sees(middle - 1):
                continue
            for storey in range(storeys):
                is_door = storey == 0 and column == door
                bottom, top = STOREY * storey + (0.1 if is_door else 1.1), STOREY * storey + 2.5
                panes.addPolygon(self._upright(front, bottom, top, middle - 0.55, middle + 0.55))
                if abs(middle) < near:
                    frames.addPolygon(self._upright(front, bottom - 0.12, top + 0.12, middle - 0.67, middle + 0.67))
        self._painter.fillPath(frames, QColor("#efece4"))
        self._painter.fillPath(panes, QColor(self._random.choice(GLASS)))

    def _beside_the_road(self, side: int) -> None:
        """From far to near, ahead as well as behind."""
        things = self._tree, self._tree, self._lamp, self._lamp, self._sign
        first = self._random.uniform(7, 15)
        for step in reversed(range(5)):
            for z in (first + 13 * step, -first - 13 * step):
                if self._lens.sees(z):
                    self._random.choice(things)(side, z)

    def _tree(self, side: int, z: float) -> None:
        x, leaves = side * (PAVED - 0.6), QColor(self._random.choice(LEAVES))
        self._board(x, 0, 3, z, 0.25, QColor("#5a4636"))
        size = self._random.uniform(0.9, 1.4)
        self._disc(x + 0.5 * size, 3.2, z, 0.8 * size, leaves.darker(125))
        self._disc(x - 0.4 * size, 3.4, z, 0.9 * size, leaves.darker(110))
        self._disc(x + 0.1 * size, 4.2, z, size, leaves)

    def _lamp(self, side: int, z: float) -> None:
        x = side * (KERB + 0.5)
        self._board(x, 0, 6, z, 0.14, QColor("#4b5054"))
        self._disc(x, 6.05, z, 0.2, QColor("#f3ecd2"))

    def _sign(self, side: int, z: float) -> None:
        x, kind = side * (KERB + 0.5), self._random.randrange(3)
        self._board(x, 0, 2.5, z, 0.1, QColor("#8b9094"))
        if kind == 0:
            self._disc(x, 2.7, z, 0.45, QColor("#c22f2b"))
            self._disc(x, 2.7, z, 0.31, QColor("#f6f4ee"))
        elif kind == 1:
            self._board(x, 2.2, 3.1, z, 0.9, QColor("#2560ab"))
            self._board(x, 2.35, 2.95, z, 0.2, QColor("#f6f4ee"))
        else:
            self._disc(x, 2.7, z, 0.45, QColor("#2560ab"))
            self._board(x, 2.62, 2.78, z, 0.6, QColor("#f6f4ee"))

    def _reach(self, length: float, aside: float) -> float:
        """How far away a length along the street, so far aside of the camera, still is about a pixel."""
        return sqrt(length * aside * self._pixels)

    def _along(self, one: Edge, other: Edge, start: float, end: float, colour: QColor) -> None:
        """What lies between two lines along the street."""
        if self._lens.sees(end):
            place, cuts = self._lens.place, self._lens.cuts(start, end)
            self._fill([place(*one, z) for z in cuts] + [place(*other, z) for z in reversed(cuts)], colour)

    def _upright(self, x: float, bottom: float, top: float, start: float, end: float) -> QPolygonF:
        """A rectangle along the street that is too small to bend."""
        place = self._lens.place
        return QPolygonF([place(x, bottom, start), place(x, top, start), place(x, top, end), place(x, bottom, end)])

    def _board(self, x: float, bottom: float, top: float, z: float, width: float, colour: QColor) -> None:
        """A rectangle that faces the camera."""
        self._painter.fillRect(self._frame(x, bottom, top, z, width), colour)

    def _disc(self, x: float, y: float, z: float, radius: float, colour: QColor) -> None:
        self._painter.setBrush(colour)
        self._painter.drawEllipse(self._frame(x, y - radius, y + radius, z, 2 * radius))

    def _frame(self, x: float, bottom: float, top: float, z: float, width: float) -> QRectF:
        wide = width * self._lens.scale(x, z)
        foot, head = self._lens.place(x, bottom, z), self._lens.place(x, top, z)
        return QRectF(foot.x() - wide / 2, head.y(), wide, foot.y() - head.y())

    def _fill(self, points: Iterable[QPointF], colour: QColor) -> None:
        self._painter.setBrush(colour)
        self._painter.drawPolygon(QPolygonF(points))


def _nearest(start: float, end: float) -> float:
    """Where on its way along the street something comes nearest to the camera."""
    return max(start, min(0.0, end))
