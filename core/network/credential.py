"""The token: what may be one, and the one place in memory where it is kept while things run."""

from __future__ import annotations

import re
import threading
from base64 import b64decode
from hashlib import sha256
from typing import Optional

from ..errors import MalformedCredentialError, MissingCredentialError

_CLIENT_TOKEN = re.compile(r"MLY\|\d+\|[0-9a-f]{32}")
_WORDS = r"[A-Za-z_<>\s.|-]*"
_KIND_BY_SHAPE = (
    (re.compile(r"MLY\|.*", re.DOTALL), "a client token that is not whole, or not copied exactly"),
    (re.compile(r"\d{5,20}"), "the client id, which is only the number of your application"),
    (re.compile(r"[0-9a-f]{32}"), "only the last part of a client token or of a client secret"),
    (re.compile(r"[\w-]{16,24}:[0-9a-f]{16}"), "a v3 client id"),
    (re.compile(r"(?=.*\d)[A-Za-z0-9_-]{22}"), "a v3 image key"),
    (re.compile(rf"{_WORDS}(your|token|xxx|paste|here){_WORDS}", re.IGNORECASE), "a placeholder"),
    (re.compile(r".*\s.*", re.DOTALL), "more than one word"),
)


def tidied(text: str) -> str:
    """The token in a text that was pasted, without the blanks, quotes and other strays around it."""
    found = _CLIENT_TOKEN.search(text)
    return found[0] if found else text.strip().strip("\"'“”‘’`,;").strip()


def check_shape(text: str) -> None:
    """Raises MalformedCredentialError for what cannot be a token, saying what it is.

    The token of a signed-in person has no known shape, so what is not recognised passes. A client secret has the very
    shape of a client token; only Mapillary can tell them apart.
    """
    if not text:
        raise MissingCredentialError()
    if not (text.isascii() and text.isprintable()):
        raise MalformedCredentialError()
    if _CLIENT_TOKEN.fullmatch(text):
        return
    for shape, kind in _KIND_BY_SHAPE:
        if shape.fullmatch(text) or shape.fullmatch(_unpacked(text)):
            raise MalformedCredentialError(
                f"This is {kind}, not a token. Copy the client token of your application from"
                " www.mapillary.com/dashboard/developers: it begins with MLY and has two vertical bars."
            )


def _unpacked(text: str) -> str:
    """v3 client ids were also handed around in base64."""
    try:
        return b64decode(text, validate=True).decode("ascii")
    except ValueError:
        return text


class Credential:
    """Holds the token for all threads; who asks gets the one that is set now. Its text form never shows it."""

    def __init__(self, text: Optional[str] = None) -> None:
        self._lock = threading.Lock()
        self._text: Optional[str] = None
        self._client_id = ""
        self.replace(text)

    def replace(self, text: Optional[str], client_id: str = "") -> None:
        """Use this token from the next request on. `client_id` is the application's where the token does not tell it.

        Raises MalformedCredentialError for impossible characters.
        """
        if text and not (text.isascii() and text.isprintable()):
            raise MalformedCredentialError()
        with self._lock:
            self._text, self._client_id = text or None, client_id

    def renew(self, old: str, new: str) -> bool:
        """Replace the token unless it was replaced or forgotten in the meantime; whether it was done."""
        with self._lock:
            is_current = self._text == old
            if is_current:
                self._text = new
            return is_current

    def current(self) -> str:
        """The token. Raises MissingCredentialError where none is set."""
        with self._lock:
            if self._text is None:
                raise MissingCredentialError()
            return self._text

    def fingerprint(self) -> str:
        """Tells applications apart, to which Mapillary's quota belongs, and gives no token away: 16 hex digits of a
        SHA-256 hash, of the token itself where its application is unknown. Raises MissingCredentialError.
        """
        text = self.current()
        application = self._client_id or (text.split("|")[1] if _CLIENT_TOKEN.fullmatch(text) else "")
        return sha256(f"application {application}".encode() if application else text.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"Credential({'set' if self._text else 'none'})"
