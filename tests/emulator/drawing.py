"""JPEGs of streets that tell which image they are; a panorama's grid tells where in the sphere one looks."""

from __future__ import annotations

from functools import lru_cache

from qgis.PyQt.QtCore import QBuffer, QIODevice, QRectF
from qgis.PyQt.QtGui import QColor, QImage, QPainter

from tests.emulator.scenery import Flat, Lens, Sphere, paint_street

BASE_WIDTH = 1024
"""Everything is placed in a picture of this width and painted in the size that is wanted."""
GRID_DEGREES = 30
LINE_DEGREES = 0.4
DIGITS = (
    *("111101101101111", "010110010010111", "111001111100111", "111001111001111", "101101111001001"),
    *("111100111001111", "111100111101111", "111001010010010", "111101111101111", "111101111001111"),
)
"""Three by five dots, row by row; drawn so because fonts need a running application."""
WHITE, FAINT, SHADE = QColor("white"), QColor(255, 255, 255, 95), QColor(0, 0, 0, 110)


@lru_cache(maxsize=64)
def draw(image_id: str, width: int, height: int) -> bytes:
    """A street with the image's id on it, as a JPEG; twice as wide as high it is a panorama.

    The road leads to the middle, and in a panorama to the left and right edge as well. A panorama has a faint line
    every GRID_DEGREES of bearing and elevation, LINE_DEGREES wide, with its middle exactly there.
    """
    rows = BASE_WIDTH * height / width
    is_pano = width == 2 * height
    image = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.scale(width / BASE_WIDTH, width / BASE_WIDTH)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    lens: Lens = Sphere(BASE_WIDTH, rows) if is_pano else Flat(BASE_WIDTH, rows)
    paint_street(painter, lens, int(image_id))
    if is_pano:
        _draw_grid(painter, rows)
    _write(painter, image_id, 16, 16, 3)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPEG", 80)
    return bytes(buffer.data())


def _draw_grid(painter: QPainter, rows: float) -> None:
    """The line at the back is half at the left and half at the right edge; four bearings stand below the horizon."""
    line = BASE_WIDTH * LINE_DEGREES / 360
    for degrees in range(0, 361, GRID_DEGREES):
        painter.fillRect(QRectF(BASE_WIDTH * degrees / 360 - line / 2, 0, line, rows), FAINT)
    for degrees in range(GRID_DEGREES, 180, GRID_DEGREES):
        painter.fillRect(QRectF(0, rows * degrees / 180 - line / 2, BASE_WIDTH, line), FAINT)
    for column, bearing in enumerate((180, 270, 0, 90)):
        _write(painter, str(bearing), column * BASE_WIDTH / 4 + 8, rows / 2 + 8, 2)


def _write(painter: QPainter, digits: str, left: float, top: float, dot: float) -> None:
    """White on a darkened box, so that it can be read on anything."""
    painter.fillRect(QRectF(left - dot, top - dot, (4 * len(digits) + 1) * dot, 7 * dot), SHADE)
    for index, digit in enumerate(digits):
        for place, mark in enumerate(DIGITS[int(digit)]):
            if mark == "1":
                row, column = divmod(place, 3)
                painter.fillRect(QRectF(left + (4 * index + column) * dot, top + row * dot, dot, dot), WHITE)
