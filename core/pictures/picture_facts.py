"""What is known of a picture, whose it is, and what the graph is asked for to know it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ..graph.graph_fields import altitude, point, text, time
from ..mapillary.cleaning import angle, flag
from ..mapillary.image_link import image_link
from ..mapillary.licence import ANYBODY, credit_of

LONGEST_NAME = 100
"""Characters of a user name that are kept, so that a made up one fits into a segment."""


_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
"""What XML cannot have, what breaks a line, and what turns the direction of the text after it."""


FACT_FIELDS = ("geometry", "computed_geometry", "altitude", "compass_angle", "captured_at", "creator", "is_pano")
"""What the graph is asked for."""


@dataclass(frozen=True)
class PictureFacts:
    """What is known of an image; what is None, or impossible, is not written."""

    image_id: str
    place: Optional[tuple[float, float]]
    """Longitude and latitude, EPSG:4326."""

    altitude: Optional[float]
    """Metres above the sea."""

    compass_angle: Optional[float]
    """Degrees clockwise from true north, of the middle of the picture."""

    captured_at: Optional[int]
    """Milliseconds since 1970 UTC."""

    is_pano: bool
    username: Optional[str]

    @property
    def link(self) -> str:
        """The image on Mapillary's own site."""
        return image_link(self.image_id)

    @property
    def creator(self) -> str:
        """The user's name, in one line of printable text of LONGEST_NAME characters at most."""
        return self._name or ANYBODY

    @property
    def credit(self) -> str:
        """What has to stand beside the picture wherever it is shown."""
        return credit_of(self._name)

    @property
    def _name(self) -> str:
        name = _UNPRINTABLE.sub(" ", self.username or "").strip()
        return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


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
