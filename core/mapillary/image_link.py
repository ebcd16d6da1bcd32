"""The page of an image on mapillary.com: its link, and which image a pasted link or id means.

Links: https://www.mapillary.com/developer/api-documentation (embed), and as the site itself writes them.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from ..errors import InvalidRequestError
from .cleaning import object_id
from .licence import SITE

LONGEST_LINK = 2_000
"""Characters; a link has about 150, a tag of OpenStreetMap 255 at most."""

_HOSTS = {"mapillary.com", "www.mapillary.com"}
_PARAMETERS = {"pkey", "image_key"}
_STRAYS = " \t\r\n\xa0\u200b\u200e\u200f\u2060\ufeff\"'“”‘’«»`<>,;"
_WITH_HOST = re.compile(r"(?:[a-z]+:)?//", re.IGNORECASE)
_LINK = re.compile(rf"{_WITH_HOST.pattern}|/|[a-z0-9.-]+\.[a-z]{{2,}}/", re.IGNORECASE)
_OLD_PATH = re.compile(r"^/map/im/([^/]+)")
_OLD_KEY = re.compile(r"[A-Za-z0-9_-]{22}")


class NoImageError(InvalidRequestError):
    """A link or a key of Mapillary's, but not of an image that can be had; other texts are no such thing at all."""


def image_link(image_id: str) -> str:
    """The page of the image."""
    return f"{SITE}/app/?pKey={quote(image_id, safe='')}&focus=photo"


def profile_link(username: str) -> str:
    """The page of a user."""
    return f"{SITE}/app/user/{quote(username, safe='')}"


def image_id_in(text: str) -> str:
    """The image id in a text that was pasted: the id itself, a link to the image, or a value of the tag `mapillary` of
    OpenStreetMap, of which the first image counts. Raises InvalidRequestError, never with the text, which may hold a
    token; where it is Mapillary's, NoImageError.
    """
    if len(text) > LONGEST_LINK:
        raise InvalidRequestError("This text is too long for an image id or a link. Copy only the id or the link.")
    tidy = unquote(text).replace("&amp;", "&").strip(_STRAYS)
    if not tidy:
        raise InvalidRequestError("There is no image id. Enter one, or the link of an image on mapillary.com.")
    named = _named_by_link(tidy) if _LINK.match(tidy) else tidy
    first = named.split(";")[0].strip(_STRAYS)
    if _OLD_KEY.fullmatch(first):
        raise NoImageError(
            "This key of 22 characters is of Mapillary's old API, or of a sequence; images are not found by it any"
            " more. Open the image on mapillary.com and copy its link, which has its new id."
        )
    image_id = object_id(first)
    if image_id is None:
        raise InvalidRequestError(
            "This is not an image id, which is a number, nor the link of an image on mapillary.com. Copy one of them."
        )
    return image_id


def _named_by_link(link: str) -> str:
    """What the link says in the place of the image."""
    if not _WITH_HOST.match(link):
        link = f"{SITE}{link}" if link.startswith("/") else f"//{link}"
    try:
        parts = urlsplit(link)
        is_mapillary = parts.hostname in _HOSTS
    except ValueError:
        is_mapillary = False
    if not is_mapillary:
        raise InvalidRequestError("This link is of another site. Copy the link of an image on mapillary.com.")
    values = [value for name, value in parse_qsl(parts.query) if name.lower() in _PARAMETERS]
    values += _OLD_PATH.findall(parts.path)
    if not values:
        raise NoImageError(
            "This link is of a sequence, a user or a place, not of an image. Open an image on mapillary.com and copy"
            " its link."
        )
    return values[0]
