"""Each way in which Mapillary, or the network on the way, is known to answer with something else than a tile."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Callable, Optional

from .encoding import POINT, Feature, encode

MVT_TYPE = "application/x-protobuf"


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
    return Answer(status, json.dumps({"error": error}).encode(), {"Content-Type": "application/json"})


def as_tile(body: bytes) -> Answer:
    """A reply that looks like a tile from outside."""
    return Answer(200, body, {"Content-Type": MVT_TYPE})


def _gzip_with_header(tile: bytes) -> Answer:
    return Answer(200, gzip.compress(tile, mtime=0), {"Content-Type": MVT_TYPE, "Content-Encoding": "gzip"})


def _bomb(tile: bytes) -> Answer:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    block = bytes(2**20)
    return as_tile(b"".join(packer.compress(block) for _ in range(256)) + packer.flush())


def _retired_tile(tile: bytes) -> Answer:
    image = Feature(POINT, [[(5, 5)]], {"key": "emulated", "ca": 10.0, "pano": 0})
    return as_tile(encode({"mapillary-images": [image]}))


def _foreign_tile(tile: bytes) -> Answer:
    return as_tile(encode({"roads": [Feature(POINT, [[(5, 5)]], {"kind": "path"})]}))


_PAGE = b"<!DOCTYPE html><html><body>Log in to Mapillary</body></html>"

FAULTS: dict[str, Callable[[bytes], Answer]] = {
    "login-redirect": lambda tile: Answer(302, _PAGE, {"Location": "https://www.mapillary.com/login/?next=tiles"}),
    "nameless-redirect": lambda tile: Answer(302, b"", {"Location": "http://[bad"}),
    "far-away": lambda tile: as_tile(encode({"image": [Feature(POINT, [[(2**30, -(2**30))]], {"id": 5})]})),
    "quoting": lambda tile: api_error(400, "Malformed access token: {token}", 1),
    "quota": lambda tile: api_error(403, "Application request limit reached", 4, is_transient=True),
    "blocked": lambda tile: api_error(400, "The action was blocked", 368, error_subcode=1348007),
    "bad-token": lambda tile: api_error(500, "Invalid OAuth 2.0 Access Token", 190),
    "unparsable-token": lambda tile: api_error(400, "Cannot parse access token", 1),
    "unverified-token": lambda tile: api_error(400, "Error verifying the token", 1),
    "revoked-token": lambda tile: api_error(401, "The user has not authorized application 1", 190),
    "unauthorized": lambda tile: Answer(401),
    "forbidden": lambda tile: Answer(403),
    "no-such-object": lambda tile: api_error(
        400, "Unsupported get request. Object does not exist", 100, error_subcode=33
    ),
    "no-such-field": lambda tile: api_error(400, "Tried accessing nonexisting field (x) on node type (Y)", 100),
    "area-too-large": lambda tile: api_error(500, "Bounding box area is too large", 1),
    "reduce-amount": lambda tile: api_error(500, "Please reduce the amount of data you're asking for", 1),
    "unavailable": lambda tile: api_error(500, "Service temporarily unavailable", 2, is_transient=True),
    "server-error": lambda tile: Answer(500),
    "bad-gateway": lambda tile: Answer(502, _PAGE, {"Content-Type": "text/html"}),
    "busy": lambda tile: Answer(503),
    "too-many": lambda tile: Answer(429, b"", {"Retry-After": "1"}),
    "html": lambda tile: Answer(200, _PAGE, {"Content-Type": "text/html; charset=utf-8"}),
    "html-as-tile": lambda tile: as_tile(_PAGE),
    "json": lambda tile: Answer(200, b'{"data":[]}', {"Content-Type": "application/json"}),
    "half-tile": lambda tile: as_tile(tile[: len(tile) // 2]),
    "half-reply": lambda tile: Answer(200, tile[: len(tile) // 2], {"Content-Type": MVT_TYPE}, announced=len(tile)),
    "random-bytes": lambda tile: as_tile(Random(7).randbytes(5000)),
    "gzip-without-header": lambda tile: as_tile(gzip.compress(tile, mtime=0)),
    "gzip-with-header": _gzip_with_header,
    "half-gzip": lambda tile: as_tile(gzip.compress(tile, mtime=0)[: len(tile) // 4]),
    "bomb": _bomb,
    "oversized": lambda tile: as_tile(bytes(40 * 2**20)),
    "empty": lambda tile: as_tile(b""),
    "no-content": lambda tile: Answer(204),
    "not-found": lambda tile: Answer(404),
    "empty-layer": lambda tile: as_tile(encode({"mapillary-empty": []})),
    "v3-tile": _retired_tile,
    "foreign-tile": _foreign_tile,
    "hang": lambda tile: Answer(200, tile, manner="hang"),
    "reset": lambda tile: Answer(200, tile, manner="reset"),
    "drip": lambda tile: Answer(200, tile, {"Content-Type": MVT_TYPE}, manner="drip"),
}


@dataclass
class FaultRule:
    """When a fault is served: for one tile or all, each `every`th request from request `start` on, `times` times.

    Requests are counted from 1, each rule counting those for its tile.
    """

    fault: str
    tile: Optional[str] = None
    every: int = 1
    start: int = 1
    times: Optional[int] = None
    seen: int = 0
    served: int = 0

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError("`every` is 1 or more")
        if self.fault not in FAULTS:
            raise ValueError(f"unknown fault {self.fault}; there are {', '.join(sorted(FAULTS))}")

    @classmethod
    def parse(cls, text: str) -> FaultRule:
        """From `NAME[,tile=z/x/y][,every=N][,start=N][,times=N]`."""
        name, *options = text.split(",")
        values: dict[str, str] = dict(option.split("=", 1) for option in options)
        numbers = {key: int(value) for key, value in values.items() if key != "tile"}
        return cls(name, values.get("tile"), **numbers)

    def applies(self, tile: str) -> bool:
        """Whether it is this request's turn; counts the request."""
        if self.tile not in (None, tile) or (self.times is not None and self.served >= self.times):
            return False
        self.seen += 1
        if self.seen < self.start or (self.seen - self.start) % self.every:
            return False
        self.served += 1
        return True
