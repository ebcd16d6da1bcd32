"""Gzip with a limit: replies and tiles are untrusted, and a few kilobytes can unpack to gigabytes."""

from __future__ import annotations

import zlib

from .errors import DamagedTileError

GZIP_MAGIC = b"\x1f\x8b"
MAX_BODY_BYTES = 32 * 2**20
"""Twice the largest tile seen, 16 MB."""

MAX_MEMBERS = 100
"""Mapillary's gzip has one; each further one costs a copy of the rest."""


def inflate(body: bytes, limit: int = MAX_BODY_BYTES) -> bytes:
    """The body itself, or what it unpacks to where it is gzip, which Mapillary also sends without a header.

    Raises DamagedTileError where the gzip data is broken or unpacks to more than `limit` bytes.
    """
    if not body.startswith(GZIP_MAGIC):
        return body
    unpacked = bytearray()
    for _ in range(MAX_MEMBERS):
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            unpacked += unpacker.decompress(body, limit + 1 - len(unpacked))
        except zlib.error:
            raise DamagedTileError("The compressed tile is damaged or cut off.") from None
        if len(unpacked) > limit:
            raise DamagedTileError(f"The tile unpacks to more than {limit // 2**20} MB.")
        if not unpacker.eof:
            raise DamagedTileError("The compressed tile is damaged or cut off.")
        body = unpacker.unused_data
        if not body:
            return bytes(unpacked)
    raise DamagedTileError("The compressed tile is in more pieces than any of Mapillary's.")
