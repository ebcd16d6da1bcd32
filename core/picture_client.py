"""Pictures from the signed addresses that the graph gives. The token never goes there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .endpoint import is_loopback, is_safe_address
from .errors import DamagedTileError, UnexpectedReplyError
from .replies import picture_body
from .retries import PAUSES_SECONDS, tried

if TYPE_CHECKING:
    from .network.session import HttpSession

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)
_LONGEST_URL = 8000


def fetch_picture(session: HttpSession, url: str, pauses: Sequence[float] = PAUSES_SECONDS) -> bytes:
    """The picture at a URL that the graph gave just now. What fails in a way that passes is asked again; the session's
    `stop` ends the waits.

    Raises ExpiredPictureError where the address is not good any more, UnexpectedReplyError for what is no picture and
    for an address that is neither https nor on this computer, and the other errors of `HttpSession.get`.
    """
    if not _is_usable(url):
        raise UnexpectedReplyError("Mapillary gave an address for the picture that is not safe to ask.")
    return tried(lambda: _fetch_once(session, url), pauses, session.stop)


def _fetch_once(session: HttpSession, url: str) -> bytes:
    try:
        return picture_body(session.get(url, {}))
    except DamagedTileError:
        raise UnexpectedReplyError("The picture came compressed, and damaged or far too large.") from None


def _is_usable(url: str) -> bool:
    """Unlike those of people, these addresses may hold anything."""
    if len(url) > _LONGEST_URL or not url.isprintable() or not is_safe_address(url):
        return False
    host = urlsplit(url).hostname or ""
    return is_loopback(host) or bool(_HOST_NAME.fullmatch(host))
