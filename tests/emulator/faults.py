"""Each way in which Mapillary, or the network on the way, is known to answer with something else than a tile."""

from __future__ import annotations

import gzip
import time
import zlib
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from random import Random
from typing import Callable, Optional

from tests.emulator.encoding import POINT, Feature, encode
from tests.emulator.exchange import MVT_TYPE, Answer, api_error, as_tile

SURFACES = ("tiles", "graph", "token", "pictures")


def _gzip_with_header(tile: bytes) -> Answer:
    return Answer(200, gzip.compress(tile, mtime=0), {"Content-Type": MVT_TYPE, "Content-Encoding": "gzip"})


@lru_cache(maxsize=2)
def _zeros(megabytes: int) -> bytes:
    """Zeros in one gzip stream, made of one compressed megabyte over and over."""
    block = bytes(2**20)
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(megabytes):
        checksum = zlib.crc32(block, checksum)
    trailer = checksum.to_bytes(4, "little") + (megabytes * 2**20).to_bytes(4, "little")
    return gzip.compress(b"", mtime=0)[:10] + packed * megabytes + packer.flush() + trailer


def _too_many_until(seconds: float) -> Answer:
    return Answer(429, b"", {"Retry-After": formatdate(time.time() + seconds, usegmt=True)})


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
    "quota-in-french": lambda tile: api_error(403, "La limite de requêtes est atteinte", 4, is_transient=True),
    "blocked-by-oauth": lambda tile: api_error(
        400, "The action was blocked", 368, type="OAuthException", error_subcode=1348007
    ),
    "blocked": lambda tile: api_error(400, "The action was blocked", 368, error_subcode=1348007),
    "bad-token": lambda tile: api_error(500, "Invalid OAuth 2.0 Access Token", 190),
    "unparsable-token": lambda tile: api_error(400, "Cannot parse access token", 1),
    "unverified-token": lambda tile: api_error(400, "Error verifying the token", 1),
    "bad-token-400": lambda tile: api_error(400, "Invalid OAuth 2.0 Access Token", 190),
    "bad-token-401": lambda tile: api_error(401, "Invalid OAuth 2.0 Access Token", 190),
    "unparsable-token-190": lambda tile: api_error(400, "Cannot parse access token", 190),
    "unverified-token-190": lambda tile: api_error(400, "Error verifying the token", 190),
    "unissued-token": lambda tile: api_error(401, "Error validating application", 190, type="OAuthException"),
    "unissued-token-400": lambda tile: api_error(400, "Error validating application", 190, type="OAuthException"),
    "undecodable-token": lambda tile: api_error(401, "Failed to decode", 190, type="OAuthException"),
    "expired-token": lambda tile: api_error(401, "Session has expired", 190, type="OAuthException"),
    "revoked-token": lambda tile: api_error(401, "The user has not authorized application 1", 190),
    "unauthorized": lambda tile: Answer(401),
    "forbidden": lambda tile: Answer(403),
    "no-such-object": lambda tile: api_error(
        400, "Unsupported get request. Object does not exist", 100, error_subcode=33
    ),
    "no-such-field": lambda tile: api_error(400, "Tried accessing nonexisting field (x) on node type (Y)", 100),
    "bad-parameter": lambda tile: api_error(400, "Param z must be a number", 100),
    "bad-request": lambda tile: Answer(400),
    "area-too-large": lambda tile: api_error(500, "Bounding box area is too large", 1),
    "reduce-amount": lambda tile: api_error(500, "Please reduce the amount of data you're asking for", 1),
    "unavailable": lambda tile: api_error(500, "Service temporarily unavailable", 2, is_transient=True),
    "unavailable-502": lambda tile: api_error(502, "Service temporarily unavailable", 2, is_transient=True),
    "unavailable-503": lambda tile: api_error(503, "Service temporarily unavailable", 2, is_transient=True),
    "server-error": lambda tile: Answer(500),
    "bad-gateway": lambda tile: Answer(502, _PAGE, {"Content-Type": "text/html"}),
    "busy": lambda tile: Answer(503),
    "too-many": lambda tile: Answer(429, b"", {"Retry-After": "1"}),
    "markup": lambda tile: api_error(400, "Bad <b>request</b> <a href='https://example.org'>here</a>", 1),
    "too-many-long": lambda tile: Answer(429, b"", {"Retry-After": "3600"}),
    "retry-after-date": lambda tile: _too_many_until(2),
    "html": lambda tile: Answer(200, _PAGE, {"Content-Type": "text/html; charset=utf-8"}),
    "html-as-tile": lambda tile: as_tile(_PAGE),
    "json": lambda tile: Answer(200, b'{"data":[]}', {"Content-Type": "application/json"}),
    "half-tile": lambda tile: as_tile(tile[: len(tile) // 2]),
    "half-reply": lambda tile: Answer(200, tile[: len(tile) // 2], {"Content-Type": MVT_TYPE}, announced=len(tile)),
    "random-bytes": lambda tile: as_tile(Random(7).randbytes(5000)),
    "gzip-without-header": lambda tile: as_tile(gzip.compress(tile, mtime=0)),
    "gzip-with-header": _gzip_with_header,
    "half-gzip": lambda tile: as_tile(gzip.compress(tile, mtime=0)[: len(tile) // 4]),
    "bomb": lambda tile: as_tile(_zeros(256)),
    "big-bomb": lambda tile: as_tile(_zeros(2048)),
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

    Requests are counted from 1, each rule counting those for its tile, `z/x/y` or `TILESET/z/x/y`. On the surface
    "graph" the tile is the path without its slash, such as `me`, `images` or `123/detections`, and `ids` for a batch;
    "token" is the exchange of codes and tokens. On the surface "pictures" the tile is the image and size: `123/1024`.
    """

    fault: str
    tile: Optional[str] = None
    every: int = 1
    start: int = 1
    times: Optional[int] = None
    surface: str = "tiles"
    seen: int = 0
    served: int = 0

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError("`every` is 1 or more")
        if self.fault not in FAULTS:
            raise ValueError(f"unknown fault {self.fault}; there are {', '.join(sorted(FAULTS))}")
        if self.surface not in SURFACES:
            raise ValueError(f"unknown surface {self.surface}; there are {', '.join(SURFACES)}")

    @classmethod
    def parse(cls, text: str) -> FaultRule:
        """From `NAME[,tile=z/x/y][,every=N][,start=N][,times=N][,surface=NAME]`."""
        name, *options = text.split(",")
        values: dict[str, str] = dict(option.split("=", 1) for option in options)
        tile, surface = values.pop("tile", None), values.pop("surface", "tiles")
        return cls(name, tile, surface=surface, **{key: int(value) for key, value in values.items()})

    def applies(self, *tile: str) -> bool:
        """Whether it is this request's turn, whose tile has these names; counts the request."""
        if self.tile not in (None, *tile) or (self.times is not None and self.served >= self.times):
            return False
        self.seen += 1
        if self.seen < self.start or (self.seen - self.start) % self.every:
            return False
        self.served += 1
        return True
