"""What the image panel asks of the graph. Each function is one piece of work of `RequestThreads`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Callable, Optional, TypeVar

from ..area.distance import metres_between
from ..errors import (
    ConnectionBrokenError,
    ExpiredPictureError,
    InvalidRequestError,
    ServerBusyError,
    TooMuchAskedError,
    UnexpectedReplyError,
    UnknownFieldError,
)
from ..graph.graph_client import GraphClient
from ..mapillary.cleaning import object_id
from ..pictures.picture_client import fetch_picture
from .nearby_tiles import NearbyTiles
from .street_image import ALL_FIELDS, ESSENTIAL_FIELDS, StreetImage, read_image

MOST_METRES = 50.0
"""The longest radius of Mapillary's search."""

_NEARBY = 20
"""The search ranks by date and kind as well, so the nearest need not be the first."""

_T = TypeVar("_T")


def ask_for_image(client: GraphClient, image_id: str) -> StreetImage:
    """The image with fresh addresses of its pictures: one request, where the server can give all fields.

    Raises MapillaryError, of which UnknownObjectError means deleted, private or never there.
    """
    return read_image(image_id, _with_fewer_fields(partial(client.entity, image_id)))


def _with_fewer_fields(ask: Callable[[Sequence[str], bool], _T]) -> _T:
    """`ask` takes the fields, and whether to be patient. Some images' reconstruction is an error of the server at every
    try, so all fields are tried once.
    """
    try:
        return ask(ALL_FIELDS, False)
    except (ServerBusyError, TooMuchAskedError, UnknownFieldError) as error:
        if error.stops_run:
            raise
        fields = ESSENTIAL_FIELDS
    except ConnectionBrokenError:
        fields = ALL_FIELDS
    return ask(fields, True)


def ask_for_picture(client: GraphClient, image: StreetImage, size: str, pauses: Sequence[float]) -> bytes:
    """The picture's bytes from the address that the graph gave; where that is dead, from a new one, once.

    Raises MapillaryError.
    """
    if size not in image.addresses:
        raise UnexpectedReplyError("Mapillary has no picture of this size for the image.")
    try:
        return fetch_picture(client.session, image.addresses[size], pauses)
    except ExpiredPictureError:
        anew = read_image(image.image_id, client.entity(image.image_id, (f"thumb_{size}_url",)))
    if size not in anew.addresses:
        raise UnexpectedReplyError("Mapillary has no picture of this size for the image any more.")
    return fetch_picture(client.session, anew.addresses[size], pauses)


def ask_for_small_picture(client: GraphClient, image_id: str, size: str, pauses: Sequence[float]) -> bytes:
    """The picture of an image of which nothing else is needed. Raises MapillaryError."""
    image = read_image(image_id, client.entity(image_id, ("id", f"thumb_{size}_url")))
    return ask_for_picture(client, image, size, pauses)


def search_image(client: GraphClient, lon: float, lat: float, metres: float) -> Optional[StreetImage]:
    """The nearest image within so many metres, at most MOST_METRES: one request, where the server can give all fields.

    Longitude and latitude in EPSG:4326. None where there is none.
    """
    query = {
        "lat": f"{lat:.7f}",
        "lng": f"{lon:.7f}",
        "radius": f"{min(metres, MOST_METRES):.2f}",
        "limit": str(_NEARBY),
    }

    def ask(fields: Sequence[str], is_patient: bool) -> list[dict[str, Any]]:
        return client.search("images", {**query, "fields": ",".join(fields)}, is_patient)

    bodies = ((object_id(body.get("id")), body) for body in _with_fewer_fields(ask))
    images = [read_image(image_id, body) for image_id, body in bodies if image_id is not None]
    near = [(metres_between((lon, lat), image.place), image.image_id, image) for image in images if image.place]
    return min(near, key=lambda entry: entry[:2])[2] if near else None


def ask_near(
    client: GraphClient, tiles: NearbyTiles, place: tuple[float, float], metres: float, reach: float
) -> Optional[StreetImage]:
    """The image nearest to a longitude and latitude: of the tiles within `metres`, else of the graph within `reach`."""
    known = tiles.nearest(*place, metres)
    return search_image(client, *place, reach) if known is None else ask_for_image(client, known)


def ask_for_order(client: GraphClient, sequence_id: str) -> list[str]:
    """The ids of a sequence's images in its own order, which is not always that of their times."""
    ids = (object_id(entry.get("id")) for entry in client.search("image_ids", {"sequence_id": sequence_id}))
    return list(dict.fromkeys(image_id for image_id in ids if image_id is not None))


def checked_id(text: str) -> str:
    """Raises InvalidRequestError for what is no id."""
    found = object_id(text)
    if found is None:
        raise InvalidRequestError(f"“{text[:40]}” is no id of a Mapillary image or map feature: those are numbers.")
    return found
