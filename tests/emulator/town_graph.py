"""The graph of a generated town."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional, Protocol

from tests.emulator import detections, entities, search
from tests.emulator.detections import Detection
from tests.emulator.fields import Node, Selection, bad_parameter, parse_fields, select
from tests.emulator.map_features import MapFeature, images_of
from tests.emulator.streets import Placed
from tests.emulator.town import Town
from tests.emulator.town_index import TownIndex, id_of


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
        self._looked_up: Optional[TownIndex] = None

    def kind(self, node_id: str) -> Optional[str]:
        node = self._node(node_id)
        return node.kind if node else None

    def entity(self, node_id: str, fields: Optional[str]) -> Any:
        node = self._node(node_id)
        return node and select(node, parse_fields(fields))

    def collection(self, name: str, query: Mapping[str, str]) -> Optional[dict[str, Any]]:
        """The reply to a search. Raises Refusal; None where there is no such search."""
        if name == "image_ids":
            images = self._index().sequences.get(query.get("sequence_id", ""), [])
            return {"data": [{"id": id_of(image)} for image in images]}
        searches = {"images": self._search_images, "map_features": self._search_map_features}
        return searches[name](query) if name in searches else self._detections(name, query)

    def _detections(self, name: str, query: search.Query) -> Optional[dict[str, Any]]:
        """For `ID/detections`."""
        index, node_id = self._index(), name.partition("/")[0]
        if node_id in index.images:
            found = detections.of_image(self._town, index.images[node_id])
        elif node_id in index.features:
            found = detections.of_feature(self._town, index.features[node_id])
        else:
            return None
        size = search.limit(query, search.DETECTIONS_PER_PAGE)
        chosen, paging = search.page(found, size, query, f"{self._site.address}/{name}")
        return {"data": self._described(chosen, parse_fields(query.get("fields"))), **paging}

    def _index(self) -> TownIndex:
        with self._lock:
            if self._looked_up is None:
                self._looked_up = TownIndex.of(self._town)
            return self._looked_up

    def _node(self, node_id: str) -> Optional[Node]:
        index = self._index()
        if node_id in index.images:
            return self._image(index.images[node_id])
        if node_id in index.features:
            return self._map_feature(index.features[node_id])
        if node_id in index.users:
            return entities.user(index.users[node_id])
        if node_id in index.organizations:
            return entities.organization(index.organizations[node_id])
        return None

    def _image(self, placed: Placed) -> Node:
        def ids_of_detections(inner: Selection) -> Optional[dict[str, Any]]:
            found = self._described(detections.of_image(self._town, placed), inner)
            return {"data": found} if found else None

        return entities.image(self._town, placed, self._site.picture_url, ids_of_detections)

    def _described(self, found: Iterable[Detection], fields: Selection) -> list[dict[str, Any]]:
        return [
            select(detections.node(self._town, detection, self._image(detection.image)), fields) for detection in found
        ]

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
        index, ids = self._index(), search.names(query, "image_ids")
        if ids is not None:
            return [index.images[image_id] for image_id in dict.fromkeys(ids) if image_id in index.images]
        sequences = search.names(query, "sequence_ids", "sequence_id")
        if sequences is not None:
            return [image for key in sequences for image in index.sequences.get(key, [])]
        if not {"bbox", "creator_username", "organization_id", "lat"} & set(query):
            raise bad_parameter("A search needs bbox, lat and lng, ids, a creator or an organization")
        return list(index.images.values())

    def _search_map_features(self, query: search.Query) -> dict[str, Any]:
        area, values = search.box(query), search.names(query, "object_values")
        if area is None:
            raise bad_parameter("Param bbox is missing")
        times = {name: search.window(query, name) for name in ("first_seen_at", "last_seen_at")}
        found = [
            feature
            for feature in self._index().features.values()
            if search.is_in(self._lon_lat(feature), area)
            and search.matches(feature.properties["value"], values)
            and all(start <= (feature.properties[name] or 0) <= end for name, (start, end) in times.items())
        ]
        fields = parse_fields(query.get("fields"))
        return {"data": [select(self._map_feature(feature), fields) for feature in found[: search.limit(query)]]}

    def _lon_lat(self, placed: Placed) -> search.Degrees:
        return self._town.lon_lat(placed.x, placed.y)


def _is_as_asked(image: Placed, query: search.Query) -> bool:
    shown = image.properties
    return (
        query.get("is_pano") in (None, str(shown["is_pano"]).lower())
        and query.get("creator_username") in (None, entities.user_name(shown["creator_id"]))
        and query.get("organization_id") in (None, str(shown["organization_id"]))
    )
