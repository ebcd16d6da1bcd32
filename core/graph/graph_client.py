"""Entities of Mapillary's graph. The token goes in the header only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional
from urllib.parse import parse_qs, urlsplit

from ..errors import MapillaryError, TooMuchAskedError, UnexpectedReplyError, UnknownObjectError
from ..network.endpoint import Server
from ..network.replies import app_usage, graph_object
from ..network.retries import PAUSES_SECONDS, tried
from ..network.traffic import Traffic
from ..threads import without_frames

if TYPE_CHECKING:
    from ..network.session import HttpSession

IDS_PER_REQUEST = 50
"""Ids in one request: what Mapillary's own Python SDK allows."""

_MOST_PAGES = 100
_OTHER = "The server sent something else than Mapillary's graph does."


@dataclass
class Entities:
    """What a request for several ids gave. `gone` were deleted, are private, or never were; `refused` are too much
    for Mapillary even alone.
    """

    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    refused: dict[str, MapillaryError] = field(default_factory=dict)

    def add(self, other: Entities) -> None:
        """Take in another's."""
        self.found.update(other.found)
        self.gone += other.gone
        self.refused.update(other.refused)


class GraphClient:
    """Asks the graph, for any number of threads. What fails in a way that passes is asked again; the session's `stop`
    ends the waits. Each method raises MapillaryError, GraphBusyError while the application has nearly used up its
    requests.
    """

    def __init__(
        self, server: Server, session: HttpSession, traffic: Traffic, pauses: Sequence[float] = PAUSES_SECONDS
    ) -> None:
        self._server = server
        self.session = session
        self._traffic = traffic
        self._pauses = pauses

    def exists(self, object_id: str) -> bool:
        """Whether the graph gives this object to the holder of this token; asked once."""
        try:
            self._get_once(f"/{object_id}", {"fields": "id"})
        except UnknownObjectError:
            return False
        return True

    def entity(self, object_id: str, fields: Sequence[str], is_patient: bool = True) -> dict[str, Any]:
        """One object with these fields; unless it `is_patient`, asked once. Raises UnknownObjectError where there is
        none.
        """
        ask = self._get if is_patient else self._get_once
        return ask(f"/{object_id}", {"fields": ",".join(fields)})

    def entities(self, ids: Sequence[str], fields: Sequence[str]) -> Entities:
        """Objects of one kind, at most IDS_PER_REQUEST in one request; where that is refused, in smaller ones."""
        everything = Entities()
        for start in range(0, len(ids), IDS_PER_REQUEST):
            everything.add(self._batch(ids[start : start + IDS_PER_REQUEST], fields))
        return everything

    def edge(self, object_id: str, name: str, fields: Sequence[str]) -> list[dict[str, Any]]:
        """All that hangs on an object, such as its `detections`, page by page."""
        found: list[dict[str, Any]] = []
        query = {"fields": ",".join(fields)}
        for _ in range(_MOST_PAGES):
            page = self._get(f"/{object_id}/{name}", query)
            found += _data(page)
            after = _next_page(page)
            if not after:
                return found
            query["after"] = after
        raise UnexpectedReplyError(f"Mapillary sent more than {_MOST_PAGES} pages of {name} for {object_id}.")

    def search(self, name: str, query: Mapping[str, str], is_patient: bool = True) -> list[dict[str, Any]]:
        """What one request for a list gives, such as `images` or `image_ids`; unless it `is_patient`, asked once."""
        ask = self._get if is_patient else self._get_once
        return _data(ask(f"/{name}", query))

    def creator_id(self, username: str) -> Optional[str]:
        """The id of the user of this name, who has images; None where there is none."""
        query = {"creator_username": username, "limit": "1", "fields": "creator"}
        for image in self.search("images", query):
            creator = image.get("creator")
            if isinstance(creator, dict) and isinstance(creator.get("id"), str):
                return str(creator["id"])
        return None

    def _batch(self, ids: Sequence[str], fields: Sequence[str]) -> Entities:
        try:
            reply = self._get("/", {"ids": ",".join(ids), "fields": ",".join(fields)})
        except (TooMuchAskedError, UnknownObjectError) as error:
            if len(ids) > 1:
                halves = self._batch(ids[: len(ids) // 2], fields)
                halves.add(self._batch(ids[len(ids) // 2 :], fields))
                return halves
            if isinstance(error, UnknownObjectError):
                return Entities(gone=list(ids))
            return Entities(refused={ids[0]: without_frames(error)})
        if not set(reply) <= set(ids) or not all(isinstance(value, dict) for value in reply.values()):
            raise UnexpectedReplyError(_OTHER)
        return Entities({key: reply[key] for key in ids if key in reply}, [key for key in ids if key not in reply])

    def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        return tried(lambda: self._get_once(path, query), self._pauses, self.session.stop)

    def _get_once(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        self._traffic.check_graph_usage()
        reply = self.session.get(f"{self._server.url}{path}", query, self._server.credential.current())
        usage = app_usage(reply)
        if usage is not None:
            self._traffic.note_graph_usage(usage)
        return graph_object(reply)


def _data(page: dict[str, Any]) -> list[dict[str, Any]]:
    data = page.get("data")
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise UnexpectedReplyError(_OTHER)
    return data


def _next_page(page: dict[str, Any]) -> Optional[str]:
    """The cursor after this page; the graph leaves `next` out on the last. Raises UnexpectedReplyError where there is a
    next page that cannot be asked for.
    """
    paging = page.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else _cursor_of(paging["next"])
    if not isinstance(after, str) or not after:
        raise UnexpectedReplyError(_OTHER)
    return after


def _cursor_of(url: Any) -> Optional[str]:
    """Of the address of the next page; nothing else of it is used."""
    try:
        return parse_qs(urlsplit(url).query).get("after", [None])[0] if isinstance(url, str) else None
    except ValueError:
        return None
