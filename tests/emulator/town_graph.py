"""The graph of a generated town."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Optional, Protocol

from . import entities, search
from .fields import Node, Selection, bad_parameter, parse_fields, select
from .map_features import LAYERS, MapFeature, images_of
from .streets import Placed
from .town import CREATOR_STEP, CREATORS, FIRST_CREATOR, FIRST_ORGANIZATION, ORGANIZATIONS, Town


class Site(Protocol):
    """Where the graph is served."""

    @property
    def address(self) -> str: ...

    def picture_url(self, image_id: str, size: str, shape: tuple[int, int]) -> str: ...


class TownGraph:
    """A town's images and map features, its users and organizations; they are looked up once, when first asked for."""

    def __init__(self, town: Town, site: Site) -> None:
        self._town = town
        self._site = site
        self._lock = threading.Lock()

    def kind(self, node_id: str) -> Optional[str]:
        node = self._node(node_id)
        return node.kind if node else None

    def entity(self, node_id: str, fields: Optional[str]) -> Any:
        node = self._node(node_id)
        return node and select(node, parse_fields(fields))

    def collection(self, name: str, query: Mapping[str, str]) -> Optional[dict[str, Any]]:
        """The reply to a search. Raises Refusal; None where there is no such search."""
        if name == "image_ids":
            return {"data": [{"id": _id(image)} for image in self._sequences.get(query.get("sequence_id", ""), [])]}
        searches = {"images": self._search_images, "map_features": self._search_map_features}
        return searches[name](query) if name in searches else None

    @cached_property
    def _users(self) -> dict[str, int]:
        return {str(user): user for user in range(FIRST_CREATOR, FIRST_CREATOR + CREATORS * CREATOR_STEP, CREATOR_STEP)}

    @cached_property
    def _images_made(self) -> dict[str, Placed]:
        return {_id(image): image for tile in self._town.tiles() for image in self._town.images(*tile)}

    @property
    def _images(self) -> dict[str, Placed]:
        with self._lock:
            return self._images_made

    @cached_property
    def _features(self) -> dict[str, MapFeature]:
        town = self._town
        found = (feature for tile in town.tiles() for kind in LAYERS for feature in town.map_features(kind, *tile))
        return {_id(feature): feature for feature in found}

    @cached_property
    def _sequences(self) -> dict[str, list[Placed]]:
        found: dict[str, list[Placed]] = {}
        for image in sorted(self._images.values(), key=lambda image: image.along):
            found.setdefault(image.properties["sequence_id"], []).append(image)
        return found

    def _node(self, node_id: str) -> Optional[Node]:
        if node_id in self._images:
            return self._image(self._images[node_id])
        if node_id in self._features:
            return self._map_feature(self._features[node_id])
        if node_id in self._users:
            return entities.user(self._users[node_id])
        if 0 <= int(node_id) - FIRST_ORGANIZATION < ORGANIZATIONS:
            return entities.organization(int(node_id))
        return None

    def _image(self, placed: Placed) -> Node:
        return entities.image(self._town, placed, self._site.picture_url, lambda inner: None)

    def _map_feature(self, feature: MapFeature) -> Node:
        def images(inner: Selection) -> Optional[dict[str, Any]]:
            seen_in = images_of(feature, self._town.images(*self._town.tile_of(feature)))
            wanted = inner or {"geometry": {}}
            return {"data": [select(self._image(image), wanted) for image in seen_in]} if seen_in else None

        return entities.map_feature(self._town, feature, images)

    def _reply(self, images: Iterable[Placed], fields: Selection, paging: Mapping[str, Any]) -> dict[str, Any]:
        return {"data": [select(self._image(image), fields) for image in images], **paging}

    def _search_images(self, query: search.Query) -> dict[str, Any]:
        """By place, by ids, or by whom; of several filters all hold, but a radius search knows no times."""
        fields = parse_fields(query.get("fields"))
        if {"lat", "lng", "radius"} & set(query):
            images = [image for image in self._candidates(query) if _is_as_asked(image, query)]
            return self._reply(search.nearest(query, ((image, self._lon_lat(image)) for image in images)), fields, {})
        area, times = search.box(query), search.window(query, "captured_at")
        found = [
            image
            for image in self._candidates(query)
            if _is_as_asked(image, query)
            and times[0] <= image.properties["captured_at"] <= times[1]
            and search.is_in(self._lon_lat(image), area)
        ]
        size = search.limit(query)
        if "creator_username" not in query:
            return self._reply(found[:size], fields, {})
        found.sort(key=lambda image: (-image.properties["captured_at"], image.properties["id"]))
        chosen, paging = search.page(found, size, query, f"{self._site.address}/images")
        return self._reply(chosen, fields, paging)

    def _candidates(self, query: search.Query) -> Sequence[Placed]:
        ids = search.names(query, "image_ids")
        if ids is not None:
            return [self._images[image_id] for image_id in dict.fromkeys(ids) if image_id in self._images]
        sequences = search.names(query, "sequence_ids", "sequence_id")
        if sequences is not None:
            return [image for key in sequences for image in self._sequences.get(key, [])]
        if not {"bbox", "creator_username", "organization_id", "lat"} & set(query):
            raise bad_parameter("A search needs bbox, lat and lng, ids, a creator or an organization")
        return list(self._images.values())

    def _search_map_features(self, query: search.Query) -> dict[str, Any]:
        area, values = search.box(query), search.names(query, "object_values")
        if area is None:
            raise bad_parameter("Param bbox is missing")
        times = {name: search.window(query, name) for name in ("first_seen_at", "last_seen_at")}
        found = [
            feature
            for feature in self._features.values()
            if search.is_in(self._lon_lat(feature), area)
            and search.matches(feature.properties["value"], values)
            and all(start <= (feature.properties[name] or 0) <= end for name, (start, end) in times.items())
        ]
        fields = parse_fields(query.get("fields"))
        return {"data": [select(self._map_feature(feature), fields) for feature in found[: search.limit(query)]]}

    def _lon_lat(self, placed: Placed) -> search.Degrees:
        return self._town.lon_lat(placed.x, placed.y)


def _id(placed: Placed) -> str:
    return str(placed.properties["id"])


def _is_as_asked(image: Placed, query: search.Query) -> bool:
    shown = image.properties
    return (
        query.get("is_pano") in (None, str(shown["is_pano"]).lower())
        and query.get("creator_username") in (None, entities.user_name(shown["creator_id"]))
        and query.get("organization_id") in (None, str(shown["organization_id"]))
    )
