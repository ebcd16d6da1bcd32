"""What the graph says of an image or a map feature, as rows that a person reads and as JSON.

Fields and their readers: `core.graph_fields`. Replies are untrusted: what is absent, of the wrong type or impossible
has no row, or one that says so. Addresses of pictures, meshes and clusters are signed or expire, and are never told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Callable, Optional

from ..area.distance import metres_between
from ..graph.graph_fields import FIELDS, columns_of, point, read_entity
from ..mapillary.cleaning import object_id
from ..mapillary.image_link import image_link, profile_link
from ..mapillary.map_feature_values import label
from ..moments import moment

NOT_KNOWN = "not known"
"""The text of what a person looks for and the graph does not tell."""

LONGEST_FACT = 300
"""Characters of a text that are shown; `value` has all of them."""

_ORIENTATIONS = (
    "upright",
    "shown mirrored",
    "shown turned by 180°",
    "shown mirrored and turned by 180°",
    "shown mirrored, then turned 90° anticlockwise",
    "shown turned 90° clockwise",
    "shown mirrored, then turned 90° clockwise",
    "shown turned 90° anticlockwise",
)
_OBJECT_TYPES = {
    "traffic_sign": "traffic sign",
    "trafficsign": "traffic sign",
    "point": "object",
    "mvd_fast": "object",
}
"""The documented words and those of replies."""


_POINTS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


@dataclass(frozen=True)
class Fact:
    """One row: `name` is the graph's field or the column made from it, `title` what people read for it.

    `text` is one line of printable text with units. `value` is what JSON keeps: ids as text, times as ISO 8601 in UTC,
    positions as GeoJSON (EPSG:4326), angles in degrees, lengths in metres; None where there is nothing to keep. `link`
    is the page on Mapillary's site that the text leads to.
    """

    name: str
    title: str
    text: str
    value: Any = None
    link: Optional[str] = None


def image_facts(body: Mapping[str, Any]) -> list[Fact]:
    """The rows of an image, from any of its fields in the graph. Local times are those of this computer."""
    known = _known("image", body)
    places = [known[name]["coordinates"] for name in ("geometry", "computed_geometry") if known[name]]
    known["computed_distance"] = round(metres_between(*places), 3) if len(places) == 2 else None
    known["size"] = {name: known[name] for name in ("width", "height") if known[name] is not None}
    return _present(
        *_times(known, "captured_at", "Captured"),
        _fact(known, "creator_username", "Creator", link=profile_link, always=True),
        _fact(known, "creator_id", "Creator id"),
        _fact(known, "organization_id", "Organization"),
        _fact(known, "id", "Image id", link=image_link),
        _fact(known, "sequence", "Sequence"),
        _fact(known, "geometry", "Position (lat, lon)", _position, always=True),
        _fact(known, "computed_geometry", "Computed position (lat, lon)", _position),
        _fact(known, "computed_distance", "Between the positions", _metres),
        _fact(known, "compass_angle", "Compass angle", _direction, always=True),
        _fact(known, "computed_compass_angle", "Computed compass angle", _direction),
        _fact(known, "altitude", "Altitude", _metres),
        _fact(known, "computed_altitude", "Computed altitude", _metres),
        _fact(known, "is_pano", "Panorama", _yes_or_no),
        _fact(known, "on_foot", "On foot", _yes_or_no),
        _fact(known, "quality_score", "Quality score", lambda score: f"{score:.2f} of 1"),
        _fact(known, "size", "Picture size", _size),
        _fact(known, "exif_orientation", "EXIF orientation", lambda way: f"{way} ({_ORIENTATIONS[way - 1]})"),
        _fact(known, "make", "Camera make"),
        _fact(known, "model", "Camera model"),
        _fact(known, "camera_type", "Camera type"),
        _fact(known, "camera_parameters", "Camera parameters", _parameters),
        _fact(known, "computed_rotation", "Computed rotation", _rotation),
        _fact(known, "atomic_scale", "Atomic scale", _number),
        _fact(known, "merge_cc", "Connected component"),
        _fact(known, "mesh_id", "Mesh id"),
        _fact(known, "sfm_cluster_id", "SfM cluster id"),
    )


def map_feature_facts(body: Mapping[str, Any]) -> list[Fact]:
    """The rows of a map feature or traffic sign, likewise."""
    known = _known("map_feature", body)
    known["label"] = label(known["object_value"] or "")
    return _present(
        _fact(known, "label", "What it is", always=True),
        _fact(known, "object_value", "Value"),
        _fact(known, "object_type", "Type", _object_type),
        *_times(known, "first_seen_at", "First seen"),
        *_times(known, "last_seen_at", "Last seen"),
        _fact(known, "geometry", "Position (lat, lon)", _position, always=True),
        _fact(known, "aligned_direction", "Faces", _direction),
        _fact(known, "images", "Images", lambda ids: f"{len(ids):,}"),
        _fact(known, "id", "Map feature id"),
    )


def as_json(facts: Iterable[Fact]) -> str:
    """An object with the value of each fact by its name."""
    kept = {fact.name: fact.value for fact in facts if fact.value is not None}
    return json.dumps(kept, indent=2, ensure_ascii=False)


def _known(entity: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The id and all columns of the entity, with lists in place of their JSON and positions as GeoJSON."""
    names = [field.name for field in FIELDS[entity]]
    known = {column.name: value for column, value in zip(columns_of(entity, names), read_entity(entity, names, body))}
    for name in ("camera_parameters", "computed_rotation", "images"):
        if known.get(name) is not None:
            known[name] = json.loads(known[name])
    for name in ("geometry", "computed_geometry"):
        place = point(body.get(name))
        known[name] = {"type": "Point", "coordinates": list(place)} if place else None
    return {**known, "id": object_id(body.get("id"))}


def _present(*facts: Optional[Fact]) -> list[Fact]:
    return [fact for fact in facts if fact is not None]


def _line(text: str) -> str:
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= LONGEST_FACT else line[: LONGEST_FACT - 1] + "…"


def _fact(
    known: Mapping[str, Any],
    name: str,
    title: str,
    say: Callable[[Any], str] = _line,
    *,
    link: Optional[Callable[[str], str]] = None,
    always: bool = False,
) -> Optional[Fact]:
    """The row of a value that there is; without one only if there is `always` to be a row."""
    value = known[name]
    text = "" if value is None else say(value)
    if text:
        return Fact(name, title, text, value, link(value) if link else None)
    return Fact(name, title, NOT_KNOWN) if always else None


def _times(known: Mapping[str, Any], name: str, title: str) -> list[Fact]:
    """One row in UTC and one in this computer's time, which JSON does not keep."""
    if known[name] is None:
        return [Fact(name, title, NOT_KNOWN)]
    captured = moment(known[name])
    written = captured.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    facts = [Fact(name, f"{title}, UTC", f"{captured:%Y-%m-%d %H:%M:%S}", written)]
    try:
        local = captured.astimezone()
    except (OSError, OverflowError, ValueError):  # A year that this computer's calendar does not reach.
        return facts
    zone = local.tzname() or ""
    zone = zone if zone[:1].isalpha() else f"UTC{zone}"
    return [*facts, Fact(f"{name}_local", f"{title}, local ({zone})", f"{local:%Y-%m-%d %H:%M:%S}")]


def _position(geometry: Mapping[str, Any]) -> str:
    longitude, latitude = geometry["coordinates"]
    return f"{_decimals(latitude, 6)}, {_decimals(longitude, 6)}"


def _size(sizes: Mapping[str, int]) -> str:
    width, height = (f"{sizes[name]:,}" if name in sizes else "?" for name in ("width", "height"))
    return f"{width} × {height} px" if sizes else ""


def _decimals(number: float, places: int) -> str:
    """Without a minus before zero."""
    return f"{round(number, places) + 0.0:.{places}f}"


def _number(number: float) -> str:
    return _decimals(number, 6).rstrip("0").rstrip(".")


def _metres(metres: float) -> str:
    return f"{_decimals(metres, 1)} m"


def _direction(degrees: float) -> str:
    rounded = round(degrees, 1) % 360
    return f"{rounded:.1f}° ({compass_point(rounded)})"


def _yes_or_no(flag: bool) -> str:
    return "yes" if flag else "no"


def _parameters(numbers: list[float]) -> str:
    """Focal length as a part of the picture's larger side, then the radial distortion."""
    names = ("focal ", "k1 ", "k2 ") if len(numbers) == 3 else ("",) * len(numbers)
    return ", ".join(f"{name}{_number(number)}" for name, number in zip(names, numbers))


def _rotation(vector: list[float]) -> str:
    """An axis as long as the angle about it."""
    return f"{', '.join(_decimals(part, 4) for part in vector)} rad"


def _object_type(word: str) -> str:
    readable = _OBJECT_TYPES.get(word)
    return f"{readable} ({word})" if readable else _line(word)


def compass_point(degrees: float) -> str:
    """The nearest of the eight points of the compass, such as `NE`; degrees clockwise from north."""
    return _POINTS[round(degrees / 45) % 8]
