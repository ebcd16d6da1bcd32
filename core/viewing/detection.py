"""What was recognised in an image, as it is drawn on the picture.

`/:image_id/detections` and `/:map_feature_id/detections`: https://www.mapillary.com/developer/api-documentation
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Optional

from ..errors import DamagedDetectionError
from ..graph.detection_geometry import Polygons, detection_polygons
from ..graph.graph_fields import time
from ..mapillary.cleaning import key, object_id
from ..mapillary.map_feature_values import label

DETECTION_FIELDS = ("id", "value", "geometry", "created_at", "image")
"""What the graph is asked for."""


@dataclass(frozen=True)
class Detection:
    """`created_at` is in milliseconds since 1970 UTC; `image_id` is None where the graph does not tell it."""

    detection_id: str
    value: str
    polygons: Polygons
    created_at: Optional[int] = None
    image_id: Optional[str] = None

    @property
    def label(self) -> str:
        """What people read for the value."""
        return label(self.value) or "Unknown"


def read_detections(found: Iterable[Mapping[str, Any]]) -> tuple[list[Detection], int]:
    """The detections of a reply, each once, and how many could not be read."""
    detections: dict[str, Detection] = {}
    damaged = 0
    for entry in found:
        detection_id = object_id(entry.get("id"))
        try:
            polygons = detection_polygons(entry.get("geometry"))
        except DamagedDetectionError:
            polygons = []
        if detection_id is None or not polygons:
            damaged += 1
            continue
        image = entry.get("image")
        detections[detection_id] = Detection(
            detection_id,
            key(entry.get("value")) or "unknown",
            polygons,
            time(entry.get("created_at")),
            object_id(image.get("id")) if isinstance(image, dict) else None,
        )
    return list(detections.values()), damaged


def colour(value: str) -> tuple[int, int, int]:
    """Red, green and blue, 0..255: bright, and always the same for a value."""
    digest = sha256(value.encode(errors="replace")).digest()
    red, green, blue = colorsys.hsv_to_rgb(digest[0] / 256, 0.45 + digest[1] / 1280, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)
