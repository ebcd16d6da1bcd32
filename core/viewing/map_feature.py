"""A map feature or traffic sign, and the images that it was seen in.

`/:map_feature_id`: https://www.mapillary.com/developer/api-documentation (map feature). The graph is untrusted: what
is absent, of the wrong type or impossible becomes None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ..area.distance import metres_between
from ..graph.graph_fields import point, text, time
from ..mapillary.cleaning import angle, flag, object_id
from ..mapillary.map_feature_values import label
from ..moments import DAY_MS

MAP_FEATURE_FIELDS = (
    "object_value",
    "object_type",
    "geometry",
    "first_seen_at",
    "last_seen_at",
    "aligned_direction",
    "images{id,geometry,captured_at,is_pano,compass_angle}",
)
"""What the graph is asked for, all in one request."""

_IMAGE_READERS = {"geometry": point, "captured_at": time, "is_pano": flag, "compass_angle": angle}
_YEAR_MS = 365.25 * DAY_MS
_METRES_PER_YEAR = 2
_METRES_FOR_PANORAMA = 5


@dataclass(frozen=True)
class SeenIn:
    """An image that a map feature was seen in.

    `place` is its original position as longitude and latitude (WGS 84, degrees), `captured_at` in milliseconds since
    1970 UTC, `compass_angle` the degrees clockwise from north in which it looks, `distance` in metres from the feature.
    """

    image_id: str
    place: Optional[tuple[float, float]] = None
    captured_at: Optional[int] = None
    is_pano: Optional[bool] = None
    compass_angle: Optional[float] = None
    distance: Optional[float] = None


@dataclass(frozen=True)
class MapFeature:
    """`place`, the times and the images' are as in SeenIn; `direction` is the compass angle that the object faces
    (degrees clockwise from north); `images` has each image once, the best first.
    """

    map_feature_id: str
    value: str
    place: Optional[tuple[float, float]] = None
    first_seen_at: Optional[int] = None
    last_seen_at: Optional[int] = None
    direction: Optional[float] = None
    images: tuple[SeenIn, ...] = ()

    @property
    def label(self) -> str:
        """What people read for the value."""
        return label(self.value)


def read_map_feature(map_feature_id: str, body: Mapping[str, Any]) -> MapFeature:
    """The map feature of a reply to MAP_FEATURE_FIELDS, whatever JSON it holds; without a value it is `unknown`.

    What several entries for one image tell is put together; the first that tells something holds.
    """
    place = point(body.get("geometry"))
    images = [_seen_in(image_id, told, place) for image_id, told in _told_by_image(body.get("images")).items()]
    return MapFeature(
        map_feature_id,
        text(body.get("object_value")) or "unknown",
        place,
        time(body.get("first_seen_at")),
        time(body.get("last_seen_at")),
        angle(body.get("aligned_direction")),
        tuple(sorted(images, key=worth)),
    )


def worth(image: SeenIn) -> tuple[bool, bool, float, str]:
    """The key by which images are sorted, the best first.

    By distance in metres, where each year that an image is newer counts as 2 m nearer, and a panorama as 5 m, since the
    object is in its view for sure. Images of unknown date come after those, images of unknown distance last of all.
    """
    metres = image.distance or 0.0
    if image.captured_at is not None:
        metres -= _METRES_PER_YEAR * image.captured_at / _YEAR_MS
    if image.is_pano:
        metres -= _METRES_FOR_PANORAMA
    return image.distance is None, image.captured_at is None, metres, image.image_id


def _told_by_image(images: Any) -> dict[str, dict[str, Any]]:
    data = images.get("data") if isinstance(images, dict) else None
    told: dict[str, dict[str, Any]] = {}
    for entry in data if isinstance(data, list) else []:
        image_id = object_id(entry.get("id")) if isinstance(entry, dict) else None
        if image_id is None:
            continue
        known = told.setdefault(image_id, dict.fromkeys(_IMAGE_READERS))
        for name, read in _IMAGE_READERS.items():
            if known[name] is None:
                known[name] = read(entry.get(name))
    return told


def _seen_in(image_id: str, told: Mapping[str, Any], feature_place: Optional[tuple[float, float]]) -> SeenIn:
    place = told["geometry"]
    distance = metres_between(feature_place, place) if feature_place and place else None
    return SeenIn(image_id, place, told["captured_at"], told["is_pano"], told["compass_angle"], distance)
