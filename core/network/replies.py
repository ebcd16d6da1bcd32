"""What a reply means: the body says it first, then the status.

Mapillary answers a bad token with status 500, a throttle with a redirect, and errors with status 200.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Optional

from ..errors import (
    BlockedError,
    ExpiredCredentialError,
    MapillaryError,
    QuotaReachedError,
    RefusedCredentialError,
    RevokedCredentialError,
    ServerBusyError,
    TooMuchAskedError,
    UnexpectedReplyError,
    UnknownFieldError,
    UnknownObjectError,
)
from ..redaction import redact

if TYPE_CHECKING:
    from .session import Reply

_BY_CODE = {190: RefusedCredentialError, 4: QuotaReachedError, 368: BlockedError}
_BY_TEXT = {
    "has not authorized application": RevokedCredentialError,
    "session has expired": ExpiredCredentialError,
    "cannot parse": RefusedCredentialError,
    "error verifying the token": RefusedCredentialError,
}
_REFUSALS_BY_TEXT = {
    "reduce the amount": TooMuchAskedError,
    "area is too large": TooMuchAskedError,
    "nonexisting field": UnknownFieldError,
}
_NO_SUCH_OBJECT = 33
_SHOWN_CHARACTERS = 200
_LONGEST_WAIT_SECONDS = 86_400.0
_MOST_DIGITS = 100


def graph_object(reply: Reply) -> dict[str, Any]:
    """The JSON object of the graph's reply, its fractions as NumberAsWritten.

    Raises the MapillaryError that the reply stands for.
    """
    check_error(reply)
    if reply.status != 200:
        raise status_error(reply)
    try:
        read = json.loads(reply.body, parse_float=NumberAsWritten, parse_int=_whole_number)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise UnexpectedReplyError("The server sent something else than Mapillary's graph does.")
    return read


def check_error(reply: Reply) -> None:
    """Raises the MapillaryError that the body tells of, whatever the status says."""
    error = _error_object(reply.body)
    if error is not None:
        raise _api_error(error, reply)


def _error_object(body: bytes) -> Optional[Mapping[str, Any]]:
    """The `error` object of Mapillary's error bodies: {"error": {"message", "type", "code", ...}}."""
    if body[:64].lstrip()[:1] != b"{":
        return None
    try:
        error = json.loads(body, parse_int=_whole_number).get("error")
    except (ValueError, RecursionError):
        return None
    return error if isinstance(error, dict) else None


def _whole_number(digits: str) -> int:
    """Python before 3.10.7 takes hours for a number of a million digits."""
    if len(digits) > _MOST_DIGITS:
        raise ValueError("too many digits")
    return int(digits)


def _api_error(error: Mapping[str, Any], reply: Reply) -> MapillaryError:
    code, message = error.get("code"), str(error.get("message", ""))
    for text, kind in _BY_TEXT.items():
        if text in message.lower():
            return kind()
    if isinstance(code, int) and code in _BY_CODE:
        return _BY_CODE[code]()
    if code == 100 and error.get("error_subcode") == _NO_SUCH_OBJECT:
        return UnknownObjectError()
    printable = message.encode("utf-8", "replace").decode()
    shown = redact(" ".join(printable.split()))[:_SHOWN_CHARACTERS] or "no message"
    if error.get("is_transient") is True or "temporarily unavailable" in message.lower():
        return ServerBusyError(f"Mapillary could not answer for the moment: {shown}", _retry_after(reply))
    number = f" (code {code})" if isinstance(code, int) and abs(code) < 10**9 else ""
    refusal = next((kind for text, kind in _REFUSALS_BY_TEXT.items() if text in message.lower()), None)
    if refusal is None and reply.status >= 500 and code != 100:
        return status_error(reply)
    return (refusal or UnexpectedReplyError)(f"Mapillary refused the request: {shown}{number}.")


def status_error(reply: Reply) -> MapillaryError:
    """What a status other than the one that was hoped for means."""
    if reply.status in (401, 403):
        return RefusedCredentialError()
    if reply.status == 429 or reply.status >= 500:
        return busy_error(reply)
    return UnexpectedReplyError(f"The server answered with status {reply.status} instead of what was asked for.")


def busy_error(reply: Reply) -> MapillaryError:
    """The server cannot answer now, and may say when it can."""
    message = f"Mapillary could not answer for the moment (status {reply.status}). Try again later."
    return ServerBusyError(message, _retry_after(reply))


def _retry_after(reply: Reply) -> Optional[float]:
    """In seconds, from a number of seconds or from a date."""
    value = reply.headers.get("Retry-After", "")
    if value.isascii() and value.isdecimal():
        return min(float(value[:9]), _LONGEST_WAIT_SECONDS)
    try:
        until = parsedate_to_datetime(value)
        seconds = (until - datetime.now(timezone.utc)).total_seconds()
        return min(max(0.0, seconds), _LONGEST_WAIT_SECONDS)
    except (TypeError, ValueError, OverflowError):
        return None


def app_usage(reply: Reply) -> Optional[int]:
    """How much of the application's hourly calls is used, in percent, from the header `x-app-usage`; None without it,
    as where something on the way answers.
    """
    try:
        shares = json.loads(reply.headers.get("x-app-usage", ""), parse_int=_whole_number)
        return max((int(share) for share in shares.values()), default=None)
    except (AttributeError, TypeError, ValueError, OverflowError, RecursionError):
        return None


class NumberAsWritten(float):
    """A float of JSON that str() writes as the reply did; for `parse_float` of json.loads."""

    _written: str

    def __new__(cls, written: str) -> NumberAsWritten:
        number = super().__new__(cls, written)
        number._written = written
        return number

    def __str__(self) -> str:
        return self._written
