"""An image as the panel shows it: what the graph says of it, and where its pictures are for the moment.

Fields: https://www.mapillary.com/developer/api-documentation (image); camera types and the normalised focal length as
mapillary-js and OpenSfM have them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..errors import UnexpectedReplyError
from ..graph.graph_fields import FIELDS, size, text, without_addresses
from ..mapillary.cleaning import angle, flag, real_number
from ..pictures.picture_facts import PictureFacts, picture_facts
from ..pictures.picture_folder import SIZES
from ..pictures.picture_metadata import ORIGINAL

ESSENTIAL_FIELDS = (
    *("captured_at", "geometry", "computed_geometry", "compass_angle", "computed_compass_angle", "altitude"),
    *("camera_type", "camera_parameters", "is_pano", "width", "height", "exif_orientation", "creator", "sequence"),
    *(f"thumb_{size}_url" for size in SIZES),
)
"""What is asked for where the server cannot give all: the reconstruction's fields fail at times."""

ALL_FIELDS = tuple(dict.fromkeys((*(known.name for known in FIELDS["image"]), *ESSENTIAL_FIELDS)))

_PANORAMAS = ("spherical", "equirectangular")
_KNOWN_CAMERAS = ("perspective", "fisheye", *_PANORAMAS)
_USUAL_FOCAL = 0.85
_UPRIGHT = (1, 2, 3, 4)


@dataclass(frozen=True)
class StreetImage:
    """`body` is the graph's reply without addresses. Angles are in degrees, clockwise from north."""

    image_id: str
    body: Mapping[str, Any]
    addresses: Mapping[str, str] = field(repr=False)
    """By size; signed, and good for a while only."""

    facts: PictureFacts
    heading: Optional[float]
    """Of the middle of the picture."""

    is_pano: bool
    camera_type: Optional[str]
    field_of_view: float
    """Horizontally."""

    sequence_id: Optional[str]

    @property
    def place(self) -> Optional[tuple[float, float]]:
        """Longitude and latitude, EPSG:4326, as the GPS gave it; the computed one where there is no other."""
        return self.facts.place

    @property
    def has_known_camera(self) -> bool:
        """Whether its pictures are of a kind that is shown as it should be."""
        return self.camera_type is None or self.camera_type in _KNOWN_CAMERAS

    def best_size(self, pixels: float) -> Optional[str]:
        """The smallest of the sizes below the original that has so many pixels across, or the largest that is there.

        None where there is no picture at all.
        """
        there = [size for size in SIZES if size in self.addresses]
        small = [size for size in there if size != ORIGINAL]
        enough = [size for size in small if int(size) >= pixels]
        return next(iter(enough), small[-1] if small else next(iter(there), None))


def read_image(image_id: str, body: Mapping[str, Any]) -> StreetImage:
    """From a reply that holds any JSON. Raises UnexpectedReplyError where it is of another object."""
    if str(body.get("id", image_id)) != image_id:
        raise UnexpectedReplyError("The server sent another image than the one that was asked for.")
    camera_type = text(body.get("camera_type"))
    is_pano = flag(body.get("is_pano"))
    is_pano = camera_type in _PANORAMAS if is_pano is None else is_pano
    return StreetImage(
        image_id,
        without_addresses(body),
        _addresses(body),
        picture_facts(image_id, body),
        _heading(body),
        is_pano,
        camera_type,
        360.0 if is_pano else _field_of_view(camera_type, body),
        text(body.get("sequence")),
    )


def _heading(body: Mapping[str, Any]) -> Optional[float]:
    original = angle(body.get("compass_angle"))
    return angle(body.get("computed_compass_angle")) if original is None else original


def _addresses(body: Mapping[str, Any]) -> dict[str, str]:
    found = {size: body.get(f"thumb_{size}_url") for size in SIZES}
    return {size: url for size, url in found.items() if isinstance(url, str) and url}


def _field_of_view(camera_type: Optional[str], body: Mapping[str, Any]) -> float:
    """Across the upright picture. The focal length is in units of the picture's longer side."""
    parameters = body.get("camera_parameters")
    first = parameters[0] if isinstance(parameters, list) and parameters else None
    focal = real_number(first)
    focal = focal if focal is not None and 0.1 <= focal <= 100 else _USUAL_FOCAL
    width, height = size(body.get("width")) or 4, size(body.get("height")) or 3
    if size(body.get("exif_orientation")) not in (None, *_UPRIGHT):
        width, height = height, width
    share = width / max(width, height)
    if camera_type == "fisheye":
        return min(math.degrees(share / focal), 359.0)
    return math.degrees(2 * math.atan(share / (2 * focal)))
