"""The fields of images and map features in Mapillary's graph, and the columns made from them.

Names and meanings: https://www.mapillary.com/developer/api-documentation (image, map feature); `organization`,
`camera_parameters`, `mesh` and `sfm_cluster` as mapillary-js reads them; forms of values as in recorded replies.
`id` is no field here, as the graph always gives it; thumbnails and detections have downloads of their own, and the
addresses of meshes and clusters expire.

Replies are untrusted: what is absent, of the wrong type or impossible becomes None.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Callable, Optional

from ..mapillary.cleaning import angle, flag, object_id, real_number, score, time_ms, whole_number
from ..moments import milliseconds_of

_TIME_TEXT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_COMPONENT_TEXT = re.compile(r"[1-9]\d{0,19}(\.\d{1,20})?([eE]\+?\d{1,2})?", re.ASCII)
_LONGEST_TEXT = 1000
_LARGEST_SIZE = 2**31 - 1
_MOST_NUMBERS = 32
_DEEPEST_METRES, _HIGHEST_METRES = -12_000, 100_000


class GraphType(Enum):
    """What a column holds: str, int, float, bool, int of milliseconds since 1970 UTC, or str of JSON."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    FLAG = "flag"
    TIME = "time"
    JSON = "json"


@dataclass(frozen=True)
class GraphColumn:
    """One column of the result. `read` makes its value from the graph field's, None where there is none."""

    name: str
    type: GraphType
    read: Callable[[Any], Any]


@dataclass(frozen=True)
class GraphField:
    """`name` is what the graph is asked for."""

    name: str
    columns: tuple[GraphColumn, ...]


def point(value: Any) -> Optional[tuple[float, float]]:
    """Longitude and latitude (WGS 84, degrees) of a GeoJSON Point."""
    if not isinstance(value, dict) or value.get("type") != "Point":
        return None
    coordinates = value.get("coordinates")
    if not isinstance(coordinates, list) or len(coordinates) not in (2, 3):
        return None
    longitude, latitude = (real_number(number) for number in coordinates[:2])
    if longitude is None or latitude is None or abs(longitude) > 180 or abs(latitude) > 90:
        return None
    return longitude, latitude


def text(value: Any) -> Optional[str]:
    """Text that every format can hold: without NUL, halves of characters replaced."""
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        return None
    return value.replace("\0", "").encode("utf-8", "replace").decode() or None


def time(value: Any) -> Optional[int]:
    """Milliseconds since 1970 UTC, from such a number (images) or from `2017-08-23T21:32:26+0000` (map features)."""
    if not isinstance(value, str) or not _TIME_TEXT.fullmatch(value):
        return time_ms(value)
    try:
        moment = datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z" if "." in value else "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None
    return time_ms(milliseconds_of(moment))


def altitude(value: Any) -> Optional[float]:
    """Metres. Below the sea some images have an unsigned number: 4294967281 stands for -15 (seen by clients)."""
    is_wrapped = isinstance(value, (int, float)) and 2**31 <= value < 2**32
    metres = real_number(value - 2**32 if is_wrapped else value)
    return metres if metres is not None and _DEEPEST_METRES <= metres <= _HIGHEST_METRES else None


def component(value: Any) -> Optional[str]:
    """The id of a connected component in the very text of the reply, where it is a rounded 4.546427159383e+18.

    Equal texts of one reply are one component; nothing else can be told from it.
    """
    is_number = isinstance(value, (int, float)) and 0 < value < 2**64
    written = str(value) if is_number else value
    return written if isinstance(written, str) and _COMPONENT_TEXT.fullmatch(written) else None


def size(value: Any) -> Optional[int]:
    """Pixels."""
    number = whole_number(value)
    return number if number is not None and 0 < number <= _LARGEST_SIZE else None


def orientation(value: Any) -> Optional[int]:
    """As in EXIF, 1 to 8."""
    number = whole_number(value)
    return number if number is not None and 1 <= number <= 8 else None


def scale(value: Any) -> Optional[float]:
    """Above 0."""
    number = real_number(value)
    return number if number is not None and number > 0 else None


def numbers(value: Any) -> Optional[str]:
    """A list of numbers as JSON."""
    if not isinstance(value, list) or len(value) > _MOST_NUMBERS:
        return None
    read = [real_number(number) for number in value]
    return None if None in read else json.dumps(read)


def rotation(value: Any) -> Optional[str]:
    """The three numbers of an angle-axis vector as JSON."""
    return numbers(value) if isinstance(value, list) and len(value) == 3 else None


def _ids(value: Any) -> Optional[list[str]]:
    """Of `{"data": [{"id": ...}, ...]}`."""
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, list):
        return None
    found = (object_id(_part(entry, "id")) for entry in data)
    return [identifier for identifier in found if identifier is not None]


def _id_list(value: Any) -> Optional[str]:
    identifiers = _ids(value)
    return None if identifiers is None else json.dumps(identifiers)


def _id_count(value: Any) -> Optional[int]:
    identifiers = _ids(value)
    return None if identifiers is None else len(identifiers)


def _part(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _field(name: str, holds: GraphType, read: Callable[[Any], Any]) -> GraphField:
    return GraphField(name, (GraphColumn(name, holds, read),))


def _id_column(name: str) -> GraphColumn:
    return GraphColumn(f"{name}_id", GraphType.TEXT, lambda value: object_id(_part(value, "id")))


def _position(name: str, prefix: str = "") -> GraphField:
    def coordinate(index: int) -> Callable[[Any], Optional[float]]:
        return lambda value: (point(value) or (None, None))[index]

    longitude = GraphColumn(f"{prefix}longitude", GraphType.REAL, coordinate(0))
    latitude = GraphColumn(f"{prefix}latitude", GraphType.REAL, coordinate(1))
    return GraphField(name, (longitude, latitude))


_IMAGE_FIELDS = (
    _field("captured_at", GraphType.TIME, time),
    _position("geometry"),
    _position("computed_geometry", "computed_"),
    _field("compass_angle", GraphType.REAL, angle),
    _field("computed_compass_angle", GraphType.REAL, angle),
    _field("altitude", GraphType.REAL, altitude),
    _field("computed_altitude", GraphType.REAL, altitude),
    _field("computed_rotation", GraphType.JSON, rotation),
    _field("camera_type", GraphType.TEXT, text),
    _field("camera_parameters", GraphType.JSON, numbers),
    _field("make", GraphType.TEXT, text),
    _field("model", GraphType.TEXT, text),
    _field("is_pano", GraphType.FLAG, flag),
    _field("on_foot", GraphType.FLAG, flag),
    _field("width", GraphType.INTEGER, size),
    _field("height", GraphType.INTEGER, size),
    _field("exif_orientation", GraphType.INTEGER, orientation),
    _field("quality_score", GraphType.REAL, score),
    GraphField(
        "creator",
        (
            _id_column("creator"),
            GraphColumn("creator_username", GraphType.TEXT, lambda value: text(_part(value, "username"))),
        ),
    ),
    GraphField("organization", (_id_column("organization"),)),
    _field("sequence", GraphType.TEXT, text),
    _field("atomic_scale", GraphType.REAL, scale),
    _field("merge_cc", GraphType.TEXT, component),
    GraphField("mesh", (_id_column("mesh"),)),
    GraphField("sfm_cluster", (_id_column("sfm_cluster"),)),
)
"""Width and height are those of the file, before `exif_orientation`; `computed_` is after structure from motion."""

_MAP_FEATURE_FIELDS = (
    _field("object_value", GraphType.TEXT, text),
    _field("object_type", GraphType.TEXT, text),
    _position("geometry"),
    _field("first_seen_at", GraphType.TIME, time),
    _field("last_seen_at", GraphType.TIME, time),
    _field("aligned_direction", GraphType.REAL, angle),
    GraphField(
        "images",
        (
            GraphColumn("images", GraphType.JSON, _id_list),
            GraphColumn("image_count", GraphType.INTEGER, _id_count),
        ),
    ),
)
"""`object_type` is documented as `traffic_sign` or `point`; replies have `trafficsign` and `mvd_fast`."""

FIELDS: Mapping[str, tuple[GraphField, ...]] = {"image": _IMAGE_FIELDS, "map_feature": _MAP_FEATURE_FIELDS}
"""By entity."""

DEFAULT_FIELDS: Mapping[str, tuple[str, ...]] = {
    "image": (
        "captured_at",
        "compass_angle",
        "computed_compass_angle",
        "camera_type",
        "make",
        "model",
        "is_pano",
        "creator",
        "altitude",
        "computed_altitude",
        "sequence",
        "quality_score",
    ),
    "map_feature": ("object_value", "object_type", "first_seen_at", "last_seen_at", "aligned_direction"),
}
"""The names of the fields that are asked for unless others are chosen, by entity."""


def _chosen(entity: str, names: Sequence[str]) -> list[GraphField]:
    fields = {field.name: field for field in FIELDS[entity]}
    return [fields[name] for name in names]


def columns_of(entity: str, names: Sequence[str]) -> list[GraphColumn]:
    """The columns of the fields with these names, in their order. Raises KeyError for a name that is none."""
    return [column for field in _chosen(entity, names) for column in field.columns]


def read_entity(entity: str, names: Sequence[str], found: Mapping[str, Any]) -> list[Any]:
    """The values of `columns_of(entity, names)` from one object of a reply, whatever JSON it holds."""
    return [
        None if found.get(field.name) is None else column.read(found[field.name])
        for field in _chosen(entity, names)
        for column in field.columns
    ]


def without_addresses(body: Mapping[str, Any]) -> dict[str, Any]:
    """An object of a reply without the addresses of its pictures, mesh and cluster, which are signed and expire."""
    kept = {name: value for name, value in body.items() if not name.startswith("thumb_")}
    return {
        name: {part: inner for part, inner in value.items() if part != "url"} if isinstance(value, dict) else value
        for name, value in kept.items()
    }
