"""Where the token may be sent: to https addresses and to this computer, nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..errors import UnsafeEndpointError
from .credential import Credential


def is_loopback(host: str) -> bool:
    """Whether the host is this computer."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_safe_address(url: str) -> bool:
    """Whether the URL is one of an https server or of this computer, and names no user. It may have a query."""
    try:
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        return safe and bool(parts.hostname) and parts.port != 0 and not parts.username
    except ValueError:
        return False


def check_endpoint(url: str) -> str:
    """The URL without a slash at its end. Raises UnsafeEndpointError unless it is https or on this computer."""
    if not is_safe_address(url) or urlsplit(url).query or urlsplit(url).fragment:
        raise UnsafeEndpointError(
            "The server address in MAPILLARY_TILES_URL, in MAPILLARY_GRAPH_URL or in the settings is refused: the token"
            " may only be sent to an https address, or over http to this computer. Correct the address, or remove it to"
            " use Mapillary's own."
        )
    return url.rstrip("/")


@dataclass(frozen=True)
class Server:
    """A server, of tiles or of the graph, and the token for it. Raises UnsafeEndpointError."""

    url: str
    credential: Credential

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", check_endpoint(self.url))

    @property
    def host(self) -> str:
        """The name of the server without port and path."""
        return urlsplit(self.url).hostname or ""
