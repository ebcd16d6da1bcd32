"""Images, map features, users and organizations of a town as the graph describes them, each agreeing with its tile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from random import Random
from typing import Any, Callable, Optional

from tests.emulator.fields import Node, Selection
from tests.emulator.map_features import POINTS, SIGNS, MapFeature
from tests.emulator.streets import Placed
from tests.emulator.town import CREATOR_STEP, FIRST_CREATOR, FIRST_ORGANIZATION, Town

IMAGE_FIELDS = (
    *("altitude", "atomic_scale", "camera_parameters", "camera_type", "captured_at", "compass_angle"),
    *("computed_altitude", "computed_compass_angle", "computed_geometry", "computed_rotation", "creator"),
    *("detections", "exif_orientation", "geometry", "height", "id", "is_pano", "make", "merge_cc", "mesh", "model"),
    *("on_foot", "organization", "quality_score", "sequence", "sfm_cluster", "thumb_1024_url", "thumb_2048_url"),
    *("thumb_256_url", "thumb_original_url", "width"),
)
USERNAMES = (
    *("anna_k", "zoë_müller", "street-walker", "mapper.77", "дмитрий", "josé.peña"),
    *("道路調査", "city_of_somewhere", "o'hara", "Łukasz_W", "bike_and_see", "surveyor12"),
)
ORGANIZATIONS = (("city-survey", "City Survey"), ("strassenamt", "Straßenamt"), ("open-mappers", "Open Mappers"))
CAMERAS = (
    ("Apple", "iPhone 13", 4032, 3024, "perspective"),
    ("samsung", "SM-G991B", 4000, 3000, "perspective"),
    ("GoPro", "HERO9 Black", 4000, 3000, "fisheye"),
    (None, None, 3264, 2448, "perspective"),
)
PANORAMIC_CAMERAS = (
    ("GoPro", "GoPro Max", 5760, 2880, "spherical"),
    ("RICOH", "RICOH THETA V", 5376, 2688, "equirectangular"),
)
ORIENTATIONS = (1,) * 17 + (3, 6, 8)
WRAPPED = 2**32
OBJECT_TYPES = {POINTS: "mvd_fast", SIGNS: "trafficsign"}


def point(lon_lat: tuple[float, float]) -> dict[str, Any]:
    """GeoJSON of degrees."""
    return {"type": "Point", "coordinates": list(lon_lat)}


def user_name(creator_id: int) -> str:
    return USERNAMES[(creator_id - FIRST_CREATOR) // CREATOR_STEP]


def user(creator_id: int) -> Node:
    return Node("User", {"username": user_name(creator_id), "id": str(creator_id)})


def organization(organization_id: int) -> Node:
    slug, name = ORGANIZATIONS[organization_id - FIRST_ORGANIZATION]
    description = f"Images of {name}"
    return Node("Organization", {"slug": slug, "name": name, "description": description, "id": str(organization_id)})


def bare_image(node_id: str) -> Node:
    """An image that has nothing beyond its id."""
    return Node("Image", {**dict.fromkeys(IMAGE_FIELDS), "id": node_id})


def image(
    town: Town,
    placed: Placed,
    picture_url: Callable[[str, str, tuple[int, int]], str],
    detections: Callable[[Selection], Optional[dict[str, Any]]],
) -> Node:
    """An image. `picture_url` takes its id, the name of a size, and the upright picture's width and height."""
    shown = placed.properties
    random = town.random("entity", shown["id"])
    node_id, organization_id = str(shown["id"]), shown["organization_id"]
    make, model, width, height, camera = random.choice(PANORAMIC_CAMERAS if shown["is_pano"] else CAMERAS)
    orientation = 1 if shown["is_pano"] else random.choice(ORIENTATIONS)
    upright = (height, width) if orientation > 4 else (width, height)

    def picture(size: str) -> Callable[[Selection], str]:
        return lambda inner: picture_url(node_id, size, upright)

    values = {
        "altitude": _altitude(random),
        "camera_parameters": [] if shown["is_pano"] else _camera_parameters(random),
        "camera_type": camera,
        "captured_at": shown["captured_at"],
        "compass_angle": shown["compass_angle"],
        "creator": user(shown["creator_id"]),
        "detections": detections,
        "exif_orientation": orientation,
        "geometry": point(town.lon_lat(placed.x, placed.y)),
        "height": height,
        "id": node_id,
        "is_pano": shown["is_pano"],
        "make": make,
        "model": model,
        "on_foot": shown["foot"],
        "organization": Node("Organization", {"id": str(organization_id)}) if organization_id else None,
        "quality_score": shown["quality_score"],
        "sequence": shown["sequence_id"],
        "width": width,
        **{f"thumb_{size}_url": picture(size) for size in ("256", "1024", "2048", "original")},
    }
    return Node("Image", {**dict.fromkeys(IMAGE_FIELDS), **values, **_reconstruction(town, placed, random)})


def _altitude(random: Random) -> float:
    """Metres; what is below the sea is sometimes counted down from 2^32."""
    if random.random() < 0.02:
        return WRAPPED - random.randrange(1, 60)
    return round(random.uniform(-5, 400), 3)


def _camera_parameters(random: Random) -> list[float]:
    return [round(random.gauss(mean, spread), 14) for mean, spread in ((0.85, 0.03), (0, 0.01), (0, 0.002))]


def _reconstruction(town: Town, placed: Placed, random: Random) -> Mapping[str, Any]:
    """What the reconstruction added; nothing for an image that it could not place."""
    place = town.computed_place(placed)
    if place is None:
        return {}
    cluster = random.randrange(10**14, 10**15)
    return {
        "atomic_scale": round(random.uniform(0.9, 1.1), 14),
        "computed_altitude": round(random.uniform(-40, 500), 10),
        "computed_compass_angle": round((placed.properties["compass_angle"] + random.uniform(-4, 4)) % 360, 10),
        "computed_geometry": point(town.lon_lat(*place)),
        "computed_rotation": [round(random.uniform(-1.6, 1.6), 14) for _ in range(3)],
        "merge_cc": float(f"{random.uniform(1e18, 9e18):.12e}"),
        "mesh": {"id": str(cluster + 1), "url": f"https://mesh.invalid/{cluster + 1}"},
        "sfm_cluster": {"id": str(cluster), "url": f"https://clusters.invalid/{cluster}"},
    }


def graph_time(milliseconds: Optional[int]) -> Optional[str]:
    """A time as the graph writes those of map features and detections."""
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+0000")


def map_feature(town: Town, feature: MapFeature, images: Callable[[Selection], Optional[dict[str, Any]]]) -> Node:
    """A feature as the graph describes it; some have no position, some no direction."""
    shown = feature.properties
    random = town.random("map feature", shown["id"])
    values = {
        "aligned_direction": round(random.uniform(0, 360), 10) if random.random() < 0.8 else None,
        "first_seen_at": graph_time(shown["first_seen_at"]),
        "geometry": point(town.lon_lat(feature.x, feature.y)) if random.random() < 0.95 else None,
        "id": str(shown["id"]),
        "images": images,
        "last_seen_at": graph_time(shown["last_seen_at"]),
        "object_type": OBJECT_TYPES[feature.tileset],
        "object_value": shown["value"],
    }
    return Node("MapFeature", values)
