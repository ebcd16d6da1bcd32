"""What is written beside or into a picture, from the graph's word on its image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .cleaning import angle, flag
from .graph_fields import altitude, point, text, time
from .picture_metadata import PictureFacts

FACT_FIELDS = ("geometry", "computed_geometry", "altitude", "compass_angle", "captured_at", "creator", "is_pano")
"""What the graph is asked for."""


def picture_facts(image_id: str, entity: Mapping[str, Any]) -> PictureFacts:
    """The original position, which is where direction and altitude belong to, or else the computed one."""
    creator = entity.get("creator")
    return PictureFacts(
        image_id,
        place=point(entity.get("geometry")) or point(entity.get("computed_geometry")),
        altitude=altitude(entity.get("altitude")),
        compass_angle=angle(entity.get("compass_angle")),
        captured_at=time(entity.get("captured_at")),
        is_pano=flag(entity.get("is_pano")) is True,
        username=text(creator.get("username")) if isinstance(creator, dict) else None,
    )
