"""What is known of a picture, written into its JPEG as EXIF and XMP: where, when, which way, whose, which licence.

A panorama is told by Google's GPano properties: https://developers.google.com/streetview/spherical-metadata
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Optional

from ..mapillary.cleaning import angle, real_number, time_ms
from ..mapillary.licence import LICENCE_LINK
from ..moments import moment
from . import exif
from .jpeg import frame_size, has_colour_profile, with_segments
from .picture_facts import PictureFacts
from .xmp import EXTENDED_XMP_PREFIX, XMP_PREFIX, xmp_segment

ORIGINAL = "original"
"""The size of a picture as it is; the other sizes are widths in pixels."""

_HIGHEST = 100_000.0
"""Metres above or below the sea beyond which an altitude is taken for none."""

_RENDITION = re.compile(rb"<xmpMM:RenditionClass>(?:default|thumbnail:(\d{1,5}))</xmpMM:RenditionClass>")
"""XMP's words for a whole picture and for a smaller copy."""

_SRGB, _OTHER_COLOURS = 1, 0xFFFF
_REPLACED = (b"Exif\x00", XMP_PREFIX, EXTENDED_XMP_PREFIX)


def with_metadata(jpeg: bytes, facts: PictureFacts, size: str = ORIGINAL) -> bytes:
    """The same picture with these facts in place of the EXIF and XMP that it had; all else stays, byte for byte.

    `size` is what Mapillary was asked for; where the image is narrower, so is the picture. It is taken to be upright,
    as Mapillary's are. Raises DamagedPictureError for what is not a whole JPEG.
    """
    width, height = frame_size(jpeg)
    captured_at = _moment(facts.captured_at)
    camera = {
        **_when(captured_at),
        exif.EXIF_VERSION: b"0232",
        exif.COMPONENTS: b"\x01\x02\x03\x00",
        exif.FLASHPIX_VERSION: b"0100",
        exif.COLOR_SPACE: _OTHER_COLOURS if has_colour_profile(jpeg) else _SRGB,
        exif.PIXELS_ACROSS: width,
        exif.PIXELS_DOWN: height,
    }
    segments = (
        exif.exif_segment(_whose(facts), camera, _where(facts, captured_at)),
        xmp_segment(dict(_xmp_properties(facts, captured_at, width, height, size))),
    )
    return with_segments(jpeg, segments, _REPLACED)


def asked_size(head: bytes) -> Optional[str]:
    """The size that `with_metadata` noted, from the beginning of a file; None where it noted none."""
    found = _RENDITION.search(head)
    if found is None:
        return None
    return found[1].decode() if found[1] else ORIGINAL


def _moment(captured_at: Optional[int]) -> Optional[datetime]:
    milliseconds = time_ms(captured_at)
    return None if milliseconds is None else moment(milliseconds)


def _whose(facts: PictureFacts) -> Mapping[int, exif.Value]:
    return {
        exif.IMAGE_DESCRIPTION: facts.link,
        exif.ORIENTATION: 1,
        exif.X_RESOLUTION: [(72, 1)],
        exif.Y_RESOLUTION: [(72, 1)],
        exif.RESOLUTION_UNIT: 2,
        exif.ARTIST: facts.creator,
        exif.YCBCR_POSITIONING: 1,
        exif.COPYRIGHT: facts.credit,
        exif.XP_AUTHOR: (facts.creator + "\x00").encode("utf-16-le"),
    }


def _when(captured_at: Optional[datetime]) -> Mapping[int, exif.Value]:
    if captured_at is None:
        return {}
    return {
        exif.DATE_TIME_ORIGINAL: f"{captured_at:%Y:%m:%d %H:%M:%S}",
        exif.OFFSET_TIME_ORIGINAL: "+00:00",
        exif.SUB_SECONDS_ORIGINAL: f"{captured_at.microsecond // 1000:03}",
    }


def _where(facts: PictureFacts, captured_at: Optional[datetime]) -> Mapping[int, exif.Value]:
    entries: dict[int, exif.Value] = {exif.GPS_VERSION: b"\x02\x03\x00\x00", exif.MAP_DATUM: "WGS-84"}
    longitude, latitude = (real_number(number) for number in facts.place or (None, None))
    if longitude is not None and latitude is not None and abs(longitude) <= 180 and abs(latitude) <= 90:
        entries[exif.LATITUDE_REF] = "S" if latitude < 0 else "N"
        entries[exif.LATITUDE] = exif.degrees(latitude)
        entries[exif.LONGITUDE_REF] = "W" if longitude < 0 else "E"
        entries[exif.LONGITUDE] = exif.degrees(longitude)
    altitude = real_number(facts.altitude)
    if altitude is not None and abs(altitude) <= _HIGHEST:
        entries[exif.ALTITUDE_REF] = b"\x01" if altitude < 0 else b"\x00"
        entries[exif.ALTITUDE] = exif.hundredths(altitude)
    direction = _direction(facts)
    if direction is not None:
        entries[exif.DIRECTION_REF] = "T"
        entries[exif.DIRECTION] = exif.hundredths(direction)
    if captured_at is not None:
        milliseconds = captured_at.second * 1000 + captured_at.microsecond // 1000
        entries[exif.DATE_STAMP] = f"{captured_at:%Y:%m:%d}"
        entries[exif.TIME_STAMP] = [(captured_at.hour, 1), (captured_at.minute, 1), (milliseconds, 1000)]
    return entries


def _direction(facts: PictureFacts) -> Optional[float]:
    """Degrees with two decimals, below 360."""
    direction = angle(facts.compass_angle)
    return None if direction is None else round(direction, 2) % 360


def _xmp_properties(
    facts: PictureFacts, captured_at: Optional[datetime], width: int, height: int, size: str
) -> Iterator[tuple[str, str]]:
    yield "xmpMM:RenditionClass", "default" if size == ORIGINAL else f"thumbnail:{size}"
    yield "dc:creator", facts.creator
    yield "dc:rights", facts.credit
    yield "xmpRights:Marked", "True"
    yield "xmpRights:WebStatement", LICENCE_LINK
    yield "cc:license", LICENCE_LINK
    yield "cc:attributionName", facts.creator
    yield "cc:attributionURL", facts.link
    if captured_at is not None:
        yield "xmp:CreateDate", captured_at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    if facts.is_pano:
        yield from _panorama_properties(_direction(facts), width, height)


def _panorama_properties(direction: Optional[float], width: int, height: int) -> Iterator[tuple[str, str]]:
    """A whole sphere, which is what Mapillary has as panoramas."""
    yield "GPano:ProjectionType", "equirectangular"
    yield "GPano:UsePanoramaViewer", "True"
    if direction is not None:
        yield "GPano:PoseHeadingDegrees", f"{direction:.2f}"
    for part in ("FullPano", "CroppedAreaImage"):
        yield f"GPano:{part}WidthPixels", str(width)
        yield f"GPano:{part}HeightPixels", str(height)
    yield "GPano:CroppedAreaLeftPixels", "0"
    yield "GPano:CroppedAreaTopPixels", "0"
