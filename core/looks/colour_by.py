"""What the colours of images and sequences tell."""

from __future__ import annotations

from enum import Enum

from ..mapillary.schema import Field


class ColourBy(Enum):
    """The value names it in settings and layers, `title` for people; `field` is the one that it shows, if any."""

    NOTHING = "nothing"
    AGE = "age"
    PANORAMA = "panorama"
    QUALITY = "quality"
    CREATOR = "creator"
    ORGANIZATION = "organization"

    @property
    def title(self) -> str:
        """What people read."""
        return _TITLES[self]

    @property
    def field(self) -> str:
        """The field that is shown, empty for none."""
        return _FIELDS.get(self, "")

    def is_told_by(self, fields: tuple[Field, ...]) -> bool:
        """Whether features with these fields have what is shown."""
        return not self.field or self.field in {field.name for field in fields}


_TITLES = {
    ColourBy.NOTHING: "One colour",
    ColourBy.AGE: "Year of capture",
    ColourBy.PANORAMA: "Panoramas and flat images",
    ColourBy.QUALITY: "Quality",
    ColourBy.CREATOR: "Creator",
    ColourBy.ORGANIZATION: "Organization",
}
_FIELDS = {
    ColourBy.AGE: "captured_at",
    ColourBy.PANORAMA: "is_pano",
    ColourBy.QUALITY: "quality_score",
    ColourBy.CREATOR: "creator_id",
    ColourBy.ORGANIZATION: "organization_id",
}
