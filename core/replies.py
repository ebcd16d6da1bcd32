"""What a reply to a tile request means: the body says it first, then the status.

Mapillary answers a bad token with status 500, a throttle with a redirect, and errors with status 200.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Optional

from .errors import (
    BlockedError,
    MapillaryError,
    QuotaReachedError,
    RefusedCredentialError,
    ServerBusyError,
    ThrottledError,
    UnexpectedReplyError,
)
from .network import Reply, redact

_BY_CODE = {190: RefusedCredentialError, 4: QuotaReachedError, 368: BlockedError}
_TOKEN_TEXTS = ("cannot parse", "error verifying the token", "has not authorized application")
_PAGE_TYPES = ("text/html", "application/json", "application/xhtml+xml")
_SHOWN_CHARACTERS = 200


def tile_body(reply: Reply) -> bytes:
    """The bytes of the tile, empty where there is no coverage.

    Raises the MapillaryError that the reply stands for.
    """
    if 300 <= reply.status < 400:
        raise ThrottledError()
    error = _error_object(reply.body)
    if error is not None:
        raise _api_error(error, reply)
    if reply.status in (200, 204):
        if _is_page(reply):
            raise UnexpectedReplyError("The server sent a web page or text instead of a vector tile.")
        return reply.body
    if reply.status == 404:
        return b""
    raise _status_error(reply)


def _error_object(body: bytes) -> Optional[Mapping[str, Any]]:
    """The `error` object of Mapillary's error bodies: {"error": {"message", "type", "code", ...}}."""
    if body[:64].lstrip()[:1] != b"{":
        return None
    try:
        error = json.loads(body).get("error")
    except (ValueError, RecursionError):
        return None
    return error if isinstance(error, dict) else None


def _api_error(error: Mapping[str, Any], reply: Reply) -> MapillaryError:
    code, message = error.get("code"), str(error.get("message", ""))
    if isinstance(code, int) and code in _BY_CODE:
        return _BY_CODE[code]()
    if any(text in message.lower() for text in _TOKEN_TEXTS):
        return RefusedCredentialError()
    printable = message.encode("utf-8", "replace").decode()
    shown = redact(" ".join(printable.split()))[:_SHOWN_CHARACTERS] or "no message"
    if error.get("is_transient") is True or "temporarily unavailable" in message.lower():
        return ServerBusyError(f"Mapillary could not answer for the moment: {shown}", _retry_after(reply))
    if reply.status < 500 or code == 100 or "reduce the amount" in message or "too large" in message:
        return UnexpectedReplyError(f"Mapillary refused the request: {shown} (code {code}).")
    return _status_error(reply)


def _status_error(reply: Reply) -> MapillaryError:
    if reply.status in (401, 403):
        return RefusedCredentialError()
    if reply.status == 429 or reply.status >= 500:
        message = f"Mapillary could not answer for the moment (status {reply.status}). Try again later."
        return ServerBusyError(message, _retry_after(reply))
    return UnexpectedReplyError(f"The server answered with status {reply.status} instead of a vector tile.")


def _retry_after(reply: Reply) -> Optional[float]:
    """Seconds; the date form of the header is ignored."""
    value = reply.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() and len(value) < 6 else None


def _is_page(reply: Reply) -> bool:
    """No vector tile begins with < or {: as protobuf both would be wire types that tiles never use."""
    content_type = reply.headers.get("Content-Type", "").split(";")[0].strip().lower()
    return bool(reply.body) and (content_type in _PAGE_TYPES or reply.body[:64].lstrip()[:1] in (b"<", b"{", b"["))
