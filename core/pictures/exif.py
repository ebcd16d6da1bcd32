"""An EXIF segment: a small TIFF file with three directories. CIPA DC-008 (Exif 2.32); TIFF 6.0 for its form.

Text tags are written as UTF-8, as the Metadata Working Group advises; ASCII stays what it is.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Union

EXIF_PREFIX = b"Exif\x00\x00"

Rational = tuple[int, int]
Value = Union[str, bytes, int, list[Rational]]
"""Text, bytes as they are, a number, or fractions."""

# Tags of the directory of the picture.
IMAGE_DESCRIPTION, ORIENTATION = 0x010E, 0x0112
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
ARTIST, YCBCR_POSITIONING, COPYRIGHT, XP_AUTHOR = 0x013B, 0x0213, 0x8298, 0x9C9D
# Tags of the directory of the camera.
EXIF_VERSION, DATE_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL = 0x9000, 0x9003, 0x9011
COMPONENTS, SUB_SECONDS_ORIGINAL, FLASHPIX_VERSION, COLOR_SPACE = 0x9101, 0x9291, 0xA000, 0xA001
PIXELS_ACROSS, PIXELS_DOWN = 0xA002, 0xA003
# Tags of the directory of the position.
GPS_VERSION, LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE = 0, 1, 2, 3, 4
ALTITUDE_REF, ALTITUDE, TIME_STAMP, DIRECTION_REF, DIRECTION, MAP_DATUM, DATE_STAMP = 5, 6, 7, 16, 17, 18, 29

_CAMERA_POINTER, _POSITION_POINTER = 0x8769, 0x8825
_HEADER = b"MM\x00*" + (8).to_bytes(4, "big")
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 2, 3, 4, 5, 7
_LONG_TAGS = {_CAMERA_POINTER, _POSITION_POINTER, PIXELS_ACROSS, PIXELS_DOWN}
_BYTES_TYPE = {GPS_VERSION: _BYTE, ALTITUDE_REF: _BYTE, XP_AUTHOR: _BYTE}
_SECOND_PARTS = 10**6


def exif_segment(picture: Mapping[int, Value], camera: Mapping[int, Value], position: Mapping[int, Value]) -> bytes:
    """The three directories as the content of a JPEG segment APP1."""
    camera_at = len(_HEADER) + len(_directory({**picture, _CAMERA_POINTER: 0, _POSITION_POINTER: 0}, 0))
    written_camera = _directory(camera, camera_at)
    position_at = camera_at + len(written_camera)
    pointers = {_CAMERA_POINTER: camera_at, _POSITION_POINTER: position_at}
    return (
        EXIF_PREFIX
        + _HEADER
        + _directory({**picture, **pointers}, len(_HEADER))
        + written_camera
        + _directory(position, position_at)
    )


def degrees(value: float) -> list[Rational]:
    """Degrees, minutes and seconds of an angle without its sign, exact to a millionth of a second."""
    parts = round(abs(value) * 3600 * _SECOND_PARTS)
    minutes, seconds = divmod(parts, 60 * _SECOND_PARTS)
    return [(minutes // 60, 1), (minutes % 60, 1), (seconds, _SECOND_PARTS)]


def hundredths(value: float) -> list[Rational]:
    """A number without its sign, to two places; at most 42,949,672."""
    return [(round(abs(value) * 100), 100)]


def _directory(entries: Mapping[int, Value], at: int) -> bytes:
    """A directory that begins `at` so many bytes: its entries by tag, then the values too long for them."""
    values_at = at + 2 + 12 * len(entries) + 4
    head, values = bytearray(struct.pack(">H", len(entries))), bytearray()
    for tag, value in sorted(entries.items()):
        kind, count, written = _written(tag, value)
        if len(written) <= 4:
            field = written.ljust(4, b"\x00")
        else:
            field = struct.pack(">L", values_at + len(values))
            values += written + b"\x00" * (len(written) % 2)
        head += struct.pack(">HHL", tag, kind, count) + field
    return bytes(head) + bytes(4) + bytes(values)


def _written(tag: int, value: Value) -> tuple[int, int, bytes]:
    """Type, count and bytes of a value."""
    if isinstance(value, str):
        written = value.encode() + b"\x00"
        return _ASCII, len(written), written
    if isinstance(value, bytes):
        return _BYTES_TYPE.get(tag, _UNDEFINED), len(value), value
    if isinstance(value, int):
        return (_LONG, 1, struct.pack(">L", value)) if tag in _LONG_TAGS else (_SHORT, 1, struct.pack(">H", value))
    return _RATIONAL, len(value), b"".join(struct.pack(">LL", *pair) for pair in value)
