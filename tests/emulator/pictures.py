"""Signed URLs of pictures: another one each time that one is asked for, good until it is used up or expires."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from hashlib import sha256
from typing import Optional

from tests.emulator.exchange import Answer, Request

PICTURE_PATH = re.compile(r"/pictures/(?P<name>(?P<image>\d+)/(?P<size>256|1024|2048|original))\.jpg")
EXPIRY = 0x7B000000
"""In 2035, so that nobody who reads `oe` takes a URL for dead."""
DEAD = Answer(403, b"URL signature expired", {"Content-Type": "text/plain"})
NEEDS_NO_TOKEN = Answer(400, b"Pictures are fetched without a token", {"Content-Type": "text/plain"})


@dataclass
class _Signed:
    path: str
    width: int
    height: int
    fetches: int = 0


class PictureBook:
    """The URLs that were given out and are still good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given = 0
        self._signed: dict[str, _Signed] = {}

    def url(self, address: str, image_id: str, size: str, shape: tuple[int, int]) -> str:
        """A new URL. `size` is a width in pixels or `original`, `shape` the upright original's width and height."""
        path = f"/pictures/{image_id}/{size}.jpg"
        width = shape[0] if size == "original" else int(size)
        with self._lock:
            self._given += 1
            signature = sha256(b"%d %s" % (self._given, path.encode())).hexdigest()[:32]
            self._signed[signature] = _Signed(path, width, shape[1] * width // shape[0])
        return f"{address}{path}?oe={EXPIRY:X}&oh={signature}"

    def expire(self) -> None:
        """End every URL that was given so far."""
        with self._lock:
            self._signed.clear()

    def refusal(self, request: Request, uses: Optional[int]) -> Optional[Answer]:
        """Why a picture is not given: a token came along, or the URL is not good (any more). Counts the fetch."""
        if carries_token(request):
            return NEEDS_NO_TOKEN
        with self._lock:
            signed = self._signed.get(request.query.get("oh", ""))
            if signed is None or signed.path != request.path or (uses is not None and signed.fetches >= uses):
                return DEAD
            signed.fetches += 1
        return None

    def picture(self, request: Request) -> Answer:
        """The JPEG of a URL that was not refused. Only this needs Qt."""
        from tests.emulator.drawing import draw

        with self._lock:
            signed = self._signed.get(request.query["oh"])
        if signed is None:
            return DEAD
        image_id = request.path.split("/")[2]
        return Answer(200, draw(image_id, signed.width, signed.height), {"Content-Type": "image/jpeg"})


def carries_token(request: Request) -> bool:
    return "Authorization" in request.headers or "access_token" in request.query
