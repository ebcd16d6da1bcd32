"""Takes the token out of text that others may read."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from urllib.parse import quote

REDACTED = "[token]"

_SECRETS = re.compile(
    r"(?<=access_token=)[^&\s\"'<>]+|MLY(?:\||%7C)[^&\s\"'<>]+|(?<=OAuth )[^\s\"'<>]+|(?<=[?&]oh=)[^&\s\"'<>]+",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text without any token, and without the signature (`oh`) in the address of a picture."""
    return _SECRETS.sub(REDACTED, text)


def without_secrets(body: bytes, secrets: Iterable[str]) -> bytes:
    """A text body with these secrets taken out, since servers quote what they were sent in their errors."""
    if body[:64].lstrip()[:1] not in (b"{", b"[", b"<"):
        return body
    for secret in filter(None, secrets):
        for form in (secret, quote(secret, safe="")):
            body = body.replace(form.encode(), REDACTED.encode())
    return body


class RedactingFilter(logging.Filter):
    """urllib3 logs every path with its query at level DEBUG."""

    @classmethod
    def install(cls) -> None:
        """Once, and for good: a thread may still log when its run is over."""
        logger = logging.getLogger("urllib3.connectionpool")
        if not any(isinstance(found, cls) for found in logger.filters):
            logger.addFilter(cls())

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True
