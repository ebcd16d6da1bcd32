"""How this computer reaches the internet, as QGIS is set up for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional
from urllib.parse import urlsplit

from ..about import user_agent
from .endpoint import is_loopback


@dataclass(frozen=True)
class NetworkSettings:
    """`proxy` is a URL with its credentials, empty for a direct connection, None for what the environment says.

    URLs that begin with one of `direct_prefixes` go without the proxy, as those to this computer always do.
    `authorities` are trusted certificates as PEM; None trusts those that requests comes with. `read_seconds` is the
    longest silence of a server, `reply_seconds` the longest that a whole reply may take, however steadily it trickles.
    """

    proxy: Optional[str] = field(default=None, repr=False)
    direct_prefixes: tuple[str, ...] = ()
    read_seconds: float = 60.0
    reply_seconds: float = 300.0
    authorities: Optional[str] = field(default=None, repr=False)
    user_agent: str = field(default_factory=user_agent)

    def proxies_for(self, url: str) -> Optional[dict[str, str]]:
        """The proxies in the form that requests takes; None leaves it to the environment."""
        is_direct = any(url.lower().startswith(prefix.lower()) for prefix in self.direct_prefixes)
        if is_direct or is_loopback(urlsplit(url).hostname or ""):
            return {"http": "", "https": ""}
        return None if self.proxy is None else {"http": self.proxy, "https": self.proxy}

    def proxy_host(self, url: str) -> str:
        """The name of the proxy for messages."""
        proxies = self.proxies_for(url) or {}
        return urlsplit(proxies.get("https", "")).hostname or "the proxy server"
