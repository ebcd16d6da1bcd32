"""The graph: which request is for what, and the rules that hold whatever its objects come from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Optional, Protocol, Union

from tests.emulator.entities import bare_image
from tests.emulator.exchange import Answer, Request, api_error, as_json
from tests.emulator.fields import Node, Refusal, bad_parameter, no_such_object, parse_fields, select
from tests.emulator.search import names
from tests.emulator.tokens import Standing, token_in_header

GRAPH_PATH = re.compile(r"/(?P<name>me|images|image_ids|map_features|\d+(/detections)?|)")
ACCOUNT = Node("User", {"id": "104729", "username": "emulated"})
CHECKED_IMAGE = "1933525276802129"
"""By this image Mapillary's own SDK checks tokens: it exists everywhere, at least with its id."""
MOST_IDS = 50

Reply = Union[bytes, dict[str, Any]]


class GraphSource(Protocol):
    """Anything that has the graph's objects and lists; bytes are JSON that goes out as it is."""

    def kind(self, node_id: str) -> Optional[str]:
        """The node type, such as Image; None where there is no such object."""

    def entity(self, node_id: str, fields: Optional[str]) -> Reply:
        """An object that there is. Raises Refusal."""

    def collection(self, name: str, query: Mapping[str, str]) -> Optional[Reply]:
        """The reply to `images`, `ID/detections` and so on. Raises Refusal; None where there is nothing such."""


class GraphRules(Protocol):
    """What a test may set; see Emulator."""

    gone: set[str]
    gone_refuses_batch: bool
    batch_limit: int


def graph_token(request: Request) -> str:
    """The graph takes a token in the header or the query."""
    return token_in_header(request.headers) or request.query.get("access_token", "")


def graph_reply(
    name: str, query: Mapping[str, str], standing: Standing, source: GraphSource, rules: GraphRules
) -> Answer:
    """The answer to GET /NAME from someone with a good token; without a name it is a batch."""
    try:
        reply = _reply(name, query, standing, source, rules)
    except Refusal as refusal:
        return refusal.answer
    if isinstance(reply, bytes):
        return Answer(200, reply, {"Content-Type": "application/json"})
    return as_json(reply)


def _reply(name: str, query: Mapping[str, str], standing: Standing, source: GraphSource, rules: GraphRules) -> Reply:
    fields = query.get("fields")
    if name == "me":
        if standing is not Standing.USER:
            raise bad_parameter("An active access token must be used to query information about the current user")
        return select(ACCOUNT, parse_fields(fields))
    if not name:
        return _batch(names(query, "ids") or [], fields, source, rules)
    node_id = name.partition("/")[0]
    if node_id.isdigit() and (node_id in rules.gone or not _kind(node_id, source)):
        raise no_such_object(node_id)
    if name == node_id and node_id.isdigit():
        return _entity(node_id, fields, source)
    found = source.collection(name, query)
    if found is None:
        raise bad_parameter(f"Tried accessing nonexisting field ({name})")
    return found


def _kind(node_id: str, source: GraphSource) -> Optional[str]:
    return source.kind(node_id) or ("Image" if node_id == CHECKED_IMAGE else None)


def _entity(node_id: str, fields: Optional[str], source: GraphSource) -> Reply:
    if source.kind(node_id):
        return source.entity(node_id, fields)
    return select(bare_image(node_id), parse_fields(fields))


def _batch(ids: list[str], fields: Optional[str], source: GraphSource, rules: GraphRules) -> bytes:
    """An object keyed by id, of those that are there. Raises Refusal."""
    if not ids:
        raise bad_parameter("Param ids is missing")
    if len(ids) > MOST_IDS:
        raise bad_parameter(f"At most {MOST_IDS} ids can be asked for at once")
    if len(ids) > rules.batch_limit:
        message = "Please reduce the amount of data you're asking for, then retry your request"
        raise Refusal(api_error(500, message, 1))
    kinds = {node_id: _kind(node_id, source) for node_id in ids if node_id.isdigit() and node_id not in rules.gone}
    there = {node_id: kind for node_id, kind in kinds.items() if kind}
    missing = [node_id for node_id in ids if node_id not in there]
    if missing and rules.gone_refuses_batch:
        raise no_such_object(missing[0])
    if len(set(there.values())) > 1:
        raise bad_parameter("All ids of a batch must be of one type")
    replies = {node_id: _entity(node_id, fields, source) for node_id in there}
    texts = (reply if isinstance(reply, bytes) else json.dumps(reply).encode() for reply in replies.values())
    return b"{%s}" % b",".join(b'"%s":%s' % (node_id.encode(), text) for node_id, text in zip(replies, texts))
