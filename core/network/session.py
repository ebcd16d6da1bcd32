"""HTTP requests for the threads of one run. https://requests.readthedocs.io"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Optional
from urllib.parse import urlsplit

import requests
import urllib3

from .. import threads
from ..errors import (
    CancelledError,
    ConnectionBrokenError,
    MapillaryError,
    MissingProxySupportError,
    ProxyCredentialError,
    SlowReplyError,
    UnexpectedReplyError,
    UnreachableError,
    UntrustedServerError,
    UnusableProxyError,
)
from ..inflate import MAX_BODY_BYTES, inflate
from ..redaction import RedactingFilter, without_secrets
from .network_settings import NetworkSettings
from .sockets import AbortableAdapter, Sockets

CONNECT_SECONDS = 10

_CHUNK_BYTES = 2**16
_WATCH_SECONDS = 0.5
_BEARER = "OAuth "
_DISTRUST = ("CERTIFICATE_VERIFY_FAILED", "CertificateError")
"""Python's word for an unknown certificate, and urllib3's for one of another host."""

_PROXY_ERRORS = (
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    urllib3.exceptions.LocationValueError,
)
"""All but the first are about addresses that make no sense; those of servers were checked before."""

_NETWORK_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)


@dataclass(frozen=True)
class Reply:
    """What the server answered. `body` is unpacked; `received_bytes` counts what came over the network."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_bytes: int


class HttpSession:
    """A pool of connections for one run, shared by its threads; `abort` ends every request within moments."""

    def __init__(self, connections: int, settings: Optional[NetworkSettings] = None) -> None:
        self._settings = settings or NetworkSettings()
        self._sockets = Sockets(self._settings.reply_seconds)
        RedactingFilter.install()
        self._session = _Session()
        self._session.headers["User-Agent"] = self._settings.user_agent
        self._session.headers["Accept-Encoding"] = "gzip"
        self._session.auth = _no_authentication
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.stop = threading.Event()
        """Set by `abort`: ends what waits between requests."""

        self._closed = threading.Event()
        adapter = AbortableAdapter(self._sockets, connections, self._settings.authorities)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        threads.start(self._watch, "mapillary_watch")

    def get(self, url: str, query: Mapping[str, str], bearer: Optional[str] = None) -> Reply:
        """One GET, redirects not followed. `url` must have passed `check_endpoint`, or `is_safe_address` where it has a
        query of its own; a secret belongs in `query` as `access_token` or, to be sent in the header
        `Authorization: OAuth`, in `bearer`.

        Raises UnreachableError, UntrustedServerError, ProxyCredentialError, ConnectionBrokenError,
        UnexpectedReplyError for a reply that is too large, DamagedTileError for broken gzip, and CancelledError after
        `abort`. None holds the URL, not even in its chain.
        """
        reply = self._request("GET", url, bearer, params=query)
        return _cleared(reply, (query.get("access_token", ""), bearer or ""))

    def post(self, url: str, form: Mapping[str, str], bearer: str) -> Reply:
        """One POST of a form, with the errors of `get`."""
        reply = self._request("POST", url, bearer, data=form)
        is_error = reply.status != 200 or b'"error"' in reply.body
        return _cleared(reply, (*form.values(), bearer)) if is_error else reply

    def _request(self, method: str, url: str, bearer: Optional[str], **content: Any) -> Reply:
        headers = {"Authorization": f"{_BEARER}{bearer}"} if bearer else {}
        started = time.monotonic()
        try:
            return self._exchange(method, url, headers, started, content)
        except _NETWORK_ERRORS as error:
            failure = self._failure(error, url, time.monotonic() - started)
        raise failure

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], started: float, content: Mapping[str, Any]
    ) -> Reply:
        with self._session.request(
            method,
            url,
            headers=headers,
            stream=True,
            allow_redirects=False,
            timeout=(CONNECT_SECONDS, self._settings.read_seconds),
            proxies=self._settings.proxies_for(url),
            **content,
        ) as response:
            received = bytearray()
            for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=False):
                received += chunk
                if len(received) > MAX_BODY_BYTES:
                    raise UnexpectedReplyError(f"The reply is larger than {MAX_BODY_BYTES // 2**20} MB.")
            announced = response.headers.get("Content-Length", "")
            if announced.isdigit() and len(received) < int(announced):
                raise http.client.IncompleteRead(b"", int(announced) - len(received))
            if self._sockets.aborted or time.monotonic() - started > self._settings.reply_seconds:
                raise OSError("The connection was shut down from this side.")
            return Reply(response.status_code, response.headers, inflate(bytes(received)), len(received))

    def _failure(self, error: Exception, url: str, seconds: float) -> MapillaryError:
        host = urlsplit(url).hostname or "the server"
        if self._sockets.aborted:
            return CancelledError()
        if seconds > self._settings.reply_seconds:
            return SlowReplyError(self._settings.reply_seconds)
        return self._failure_of_network(error, url, host)

    def _failure_of_network(self, error: Exception, url: str, host: str) -> MapillaryError:
        cause = error.args[0] if error.args else None
        if isinstance(error, requests.exceptions.SSLError) and any(sign in str(error) for sign in _DISTRUST):
            return UntrustedServerError(host)
        if isinstance(error, _PROXY_ERRORS):
            return self._failure_of_proxy(error, url, host)
        if isinstance(error, requests.ConnectTimeout) or isinstance(cause, urllib3.exceptions.MaxRetryError):
            return UnreachableError(host)
        if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
            return ConnectionBrokenError(f"{host} did not answer within {self._settings.read_seconds:g} seconds.")
        return ConnectionBrokenError("The connection broke before the whole reply was there.")

    def _failure_of_proxy(self, error: Exception, url: str, host: str) -> MapillaryError:
        if isinstance(error, requests.exceptions.InvalidSchema):
            return MissingProxySupportError()
        if not isinstance(error, requests.exceptions.ProxyError):
            return UnusableProxyError()
        proxy = self._settings.proxy_host(url)
        return ProxyCredentialError(proxy) if " 407 " in str(error) else UnreachableError(f"{host} through {proxy}")

    def abort(self) -> None:
        """End all requests, also those that wait for a reply in other threads; they raise CancelledError."""
        self.stop.set()
        self._sockets.abort()

    def close(self) -> None:
        """Give the connections back."""
        self._closed.set()
        self._session.close()

    def _watch(self) -> None:
        """Ends replies that trickle in for longer than the settings allow."""
        while not self._closed.wait(_WATCH_SECONDS):
            self._sockets.end_overdue()


def _cleared(reply: Reply, secrets: tuple[str, ...]) -> Reply:
    return Reply(reply.status, reply.headers, without_secrets(reply.body, secrets), reply.received_bytes)


class _Session(requests.Session):
    """requests reads, unpacks and follows a redirect's reply on its own, even where following is switched off."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No reply is a redirect to requests; what a 302 means is decided where replies are."""


def _no_authentication(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from sending what a .netrc file holds for the host."""
    return request
