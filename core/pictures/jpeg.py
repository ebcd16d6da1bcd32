"""The segments of a JPEG file (ITU-T T.81, annex B), so that metadata can be put in without touching the picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional

from ..errors import DamagedPictureError

START = b"\xff\xd8"

_APP0, _APP1, _APP2, _SCAN, _END = 0xE0, 0xE1, 0xE2, 0xDA, 0xD9
_WITHOUT_LENGTH = {0x00, 0x01, *range(0xD0, 0xDA)}
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_COLOUR_PROFILE_PREFIX = b"ICC_PROFILE\x00"
_MOST_SEGMENTS = 10_000
"""Before the first scan, and from there on; metadata of 10 MB takes 160, so more are made up to cost time."""

_MARKER = re.compile(rb"\xff+([^\xff])", re.DOTALL)
"""Any number of 0xFF may stand before a marker."""

_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What is neither a stuffed byte nor a restart inside the entropy-coded data."""


_PNG_START = b"\x89PNG\r\n\x1a\n"


class _Segment(NamedTuple):
    """`raw` is all of it, `body` what comes after the length, `end` where the next one begins."""

    marker: int
    raw: bytes
    body: bytes
    end: int


def frame_size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels; what comes after the first frame's header may be missing.

    Raises DamagedPictureError, also where the height is only told after the picture, which no browser shows either.
    """
    for segment in _header(content):
        if segment.marker in _FRAMES:
            height, width = int.from_bytes(segment.body[1:3], "big"), int.from_bytes(segment.body[3:5], "big")
            if height and width:
                return width, height
            break
    raise DamagedPictureError


def has_colour_profile(content: bytes) -> bool:
    """Whether it has an ICC profile. Raises DamagedPictureError."""
    return any(
        segment.marker == _APP2 and segment.body.startswith(_COLOUR_PROFILE_PREFIX) for segment in _header(content)
    )


def check_whole(content: bytes) -> None:
    """Raises DamagedPictureError for a JPEG that is cut off or no JPEG."""
    position = len(START)
    for segment in _header(content):
        position = segment.end
    _check_scans(content, position)


def with_segments(content: bytes, added: Iterable[bytes], replaced: tuple[bytes, ...]) -> bytes:
    """The file with these bodies as segments APP1, in place of those APP1 that begin with one of `replaced`.

    They come where readers look first: at the start, after JFIF's APP0. All else stays as it is, byte for byte; that
    it is whole, up to its end marker, is made sure of. Raises DamagedPictureError.
    """
    opening, others = bytearray(START), bytearray()
    position = len(START)
    for segment in _header(content):
        position = segment.end
        if segment.marker == _APP1 and segment.body.startswith(replaced):
            continue
        if segment.marker == _APP0 and not others:
            opening += segment.raw
        else:
            others += segment.raw
    _check_scans(content, position)
    for body in added:
        opening += bytes((0xFF, _APP1)) + (len(body) + 2).to_bytes(2, "big") + body
    return bytes(opening + others) + content[position:]


def _header(content: bytes) -> Iterator[_Segment]:
    """The segments before the first scan."""
    if not content.startswith(START):
        raise DamagedPictureError
    position = len(START)
    for _ in range(_MOST_SEGMENTS):
        if _marker(content, position)[0] == _SCAN:
            return
        segment = _segment(content, position)
        position = segment.end
        yield segment
    raise DamagedPictureError


def _marker(content: bytes, position: int) -> tuple[int, int]:
    """The marker at this position, and where it ends."""
    found = _MARKER.match(content, position)
    if found is None:
        raise DamagedPictureError
    return found[1][0], found.end()


def _segment(content: bytes, position: int) -> _Segment:
    marker, length_at = _marker(content, position)
    length = int.from_bytes(content[length_at : length_at + 2], "big")
    end = length_at + length
    if marker in _WITHOUT_LENGTH or length < 2 or end > len(content):
        raise DamagedPictureError
    return _Segment(marker, content[position:end], content[length_at + 2 : end], end)


def _check_scans(content: bytes, position: int) -> None:
    """Go from scan to scan, of which a progressive JPEG has several, to the end marker."""
    for _ in range(_MOST_SEGMENTS):
        if _marker(content, position)[0] == _END:
            return
        segment = _segment(content, position)
        position = segment.end
        if segment.marker == _SCAN:
            found = _AFTER_SCAN.search(content, position)
            if found is None:
                break
            position = found.start()
    raise DamagedPictureError


def picture_kind(body: bytes) -> Optional[str]:
    """`jpg`, `png` or `webp`, by how the bytes begin; None for anything else."""
    if body.startswith(START + b"\xff"):
        return "jpg"
    if body.startswith(_PNG_START):
        return "png"
    return "webp" if body.startswith(b"RIFF") and body[8:12] == b"WEBP" else None


def picture_size(body: bytes) -> Optional[tuple[int, int]]:
    """Width and height of a JPEG in pixels; None where it is none, or is damaged before it tells them."""
    try:
        return frame_size(body)
    except DamagedPictureError:
        return None
