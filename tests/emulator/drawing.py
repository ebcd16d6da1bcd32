"""JPEGs that tell which image they are; a panorama's grid tells the bearing of each column from its middle."""

from __future__ import annotations

import colorsys
from functools import lru_cache

BASE_WIDTH = 256
GRID_DEGREES = 30
DIGITS = (
    *("111101101101111", "010110010010111", "111001111100111", "111001111001111", "101101111001001"),
    *("111100111001111", "111100111101111", "111001010010010", "111101111101111", "111101111001111"),
)
"""Three by five dots, row by row."""
WHITE = b"\xff\xff\xff"


@lru_cache(maxsize=64)
def draw(image_id: str, width: int, height: int) -> bytes:
    """A gradient with the id on it, as a JPEG; twice as wide as high it is a panorama."""
    from qgis.PyQt.QtCore import QBuffer, QIODevice
    from qgis.PyQt.QtGui import QImage

    rows = BASE_WIDTH * height // width
    dots = _gradient(int(image_id), rows)
    if width == 2 * height:
        _draw_bearings(dots, rows)
    _write(dots, image_id, 8, 8)
    small = QImage(bytes(dots), BASE_WIDTH, rows, 3 * BASE_WIDTH, QImage.Format.Format_RGB888)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    small.scaled(width, height).save(buffer, "JPEG", 80)
    return bytes(buffer.data())


def _gradient(number: int, rows: int) -> bytearray:
    """Dark above and bright below, in a colour of its own."""
    colours = (colorsys.hsv_to_rgb(number % 360 / 360, 0.6, 0.3 + 0.5 * row / rows) for row in range(rows))
    return bytearray().join(bytes(round(255 * part) for part in colour) * BASE_WIDTH for colour in colours)


def _draw_bearings(dots: bytearray, rows: int) -> None:
    """A line every GRID_DEGREES of bearing and height; four bearings are written on the horizon."""
    for degrees in range(0, 360, GRID_DEGREES):
        column = degrees * BASE_WIDTH // 360
        for row in range(rows):
            _dot(dots, column, row)
    for degrees in range(GRID_DEGREES, 180, GRID_DEGREES):
        row = degrees * rows // 180
        dots[3 * BASE_WIDTH * row : 3 * BASE_WIDTH * (row + 1)] = WHITE * BASE_WIDTH
    for column, bearing in enumerate((180, 270, 0, 90)):
        _write(dots, str(bearing), column * BASE_WIDTH // 4 + 3, rows // 2 + 3)


def _write(dots: bytearray, digits: str, left: int, top: int) -> None:
    for index, digit in enumerate(digits):
        for place, mark in enumerate(DIGITS[int(digit)]):
            if mark == "1":
                for corner in range(4):
                    column, row = 2 * (place % 3) + corner % 2, 2 * (place // 3) + corner // 2
                    _dot(dots, left + 8 * index + column, top + row)


def _dot(dots: bytearray, column: int, row: int) -> None:
    start = 3 * (row * BASE_WIDTH + column)
    dots[start : start + 3] = WHITE
