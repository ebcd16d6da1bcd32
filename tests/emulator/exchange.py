"""What is asked and what is answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Optional

MVT_TYPE = "application/x-protobuf"


@dataclass(frozen=True)
class Request:
    """What came over the wire."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What goes over the wire. `announced` is a Content-Length other than the true one; `manner` how it is sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    announced: Optional[int] = None
    manner: str = "at once"


def api_error(status: int, message: str, code: int, **more: object) -> Answer:
    """An error body in the form of Mapillary's graph."""
    error = {"message": message, "type": "MLYApiException", "code": code, "fbtrace_id": "emulated", **more}
    return as_json({"error": error}, status)


def as_json(value: object, status: int = 200) -> Answer:
    """A reply of the graph."""
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def as_tile(body: bytes) -> Answer:
    """A reply that looks like a tile from outside."""
    return Answer(200, body, {"Content-Type": MVT_TYPE})
