"""Pictures from the signed addresses that the graph gives. The token never goes there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import DamagedTileError, ExpiredPictureError, UnexpectedReplyError
from ..network.endpoint import is_loopback, is_safe_address
from ..network.replies import busy_error
from ..network.retries import PAUSES_SECONDS, tried
from .jpeg import picture_kind

if TYPE_CHECKING:
    from ..network.session import HttpSession, Reply

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


def picture_body(reply: Reply) -> bytes:
    """The bytes of the picture: JPEG, PNG or WebP.

    Raises the MapillaryError that the reply stands for.
    """
    if reply.status in (403, 410):
        raise ExpiredPictureError()
    if reply.status == 429 or reply.status >= 500:
        raise busy_error(reply)
    if reply.status != 200:
        raise UnexpectedReplyError(f"The server answered with status {reply.status} instead of a picture.")
    if picture_kind(reply.body) is None:
        raise UnexpectedReplyError("The server sent something else than a picture, such as a web page.")
    return reply.body
