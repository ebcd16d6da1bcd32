"""Which tokens there are, and what the tile server and the graph say to the others."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from email.message import Message
from enum import Enum, auto
from hashlib import sha256

from tests.emulator.exchange import Answer, api_error

TOKEN_SHAPE = re.compile(r"MLY\|(\d+)\|[0-9a-f]{32}")


class Standing(Enum):
    """What a token is worth. A user's token need not have TOKEN_SHAPE, an unknown one does."""

    CLIENT = auto()
    USER = auto()
    MISSING = auto()
    MISSHAPEN = auto()
    UNKNOWN = auto()
    REVOKED = auto()
    EXPIRED = auto()


def made_up_token(seed: int = 1) -> str:
    """A token in the shape of Mapillary's that no application ever had."""
    return f"MLY|{10**15 + seed}|{sha256(b'emulator%d' % seed).hexdigest()[:32]}"


def made_up_client_secret(client_id: str) -> str:
    """Another one at each call; a client secret has the shape of a client token."""
    return f"MLY|{client_id}|{secrets.token_hex(16)}"


def made_up_user_token() -> str:
    """Another one at each call; a user's token has a shape of its own."""
    return f"user-{secrets.token_hex(20)}"


def token_in_header(headers: Message) -> str:
    """The token of `Authorization: OAuth TOKEN`; other schemes are unknown to Mapillary."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme == "OAuth" else ""


_BY_BOTH = {
    Standing.MISSING: api_error(500, "Invalid OAuth 2.0 Access Token", 190, error_data={}),
    Standing.REVOKED: api_error(401, "The user has not authorized application 1", 190),
    Standing.EXPIRED: api_error(401, "Session has expired", 190, type="OAuthException"),
}
TILE_REFUSALS: Mapping[Standing, Answer] = {
    **_BY_BOTH,
    Standing.MISSHAPEN: api_error(400, "Cannot parse access token", 190),
    Standing.UNKNOWN: api_error(400, "Error validating application", 190),
}
GRAPH_REFUSALS: Mapping[Standing, Answer] = {
    **_BY_BOTH,
    Standing.MISSHAPEN: api_error(401, "Failed to decode", 190, type="OAuthException"),
    Standing.UNKNOWN: api_error(401, "Error validating application", 190, type="OAuthException"),
}
