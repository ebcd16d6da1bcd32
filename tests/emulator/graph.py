"""The graph, as far as it takes to check a token: single images and the account."""

from __future__ import annotations

import re
from typing import Optional

from .exchange import Answer, Request, api_error, as_json
from .tokens import Standing, token_in_header

GRAPH_PATH = re.compile(r"/(?P<node>\d+|me)")
ACCOUNT = {"id": "104729", "username": "emulated"}


def graph_token(request: Request) -> str:
    """The graph takes a token in the header or the query."""
    return token_in_header(request.headers) or request.query.get("access_token", "")


def graph_reply(node: str, fields: Optional[str], standing: Standing) -> Answer:
    """Any image exists, but has nothing beyond its id; /me exists for users."""
    if node == "me" and standing is not Standing.USER:
        return api_error(400, "An active access token must be used to query information about the current user", 100)
    kind, known = ("User", ACCOUNT) if node == "me" else ("Image", {"id": node})
    wanted = [name.strip() for name in (fields or "id").split(",")]
    for name in wanted:
        if name not in known:
            return api_error(400, f"Tried accessing nonexisting field ({name}) on node type ({kind})", 100)
    return as_json({name: known[name] for name in dict.fromkeys([*wanted, "id"])})
