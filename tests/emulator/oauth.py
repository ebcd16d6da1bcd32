"""The server's side of OAuth: the page that asks the user, and the exchange of codes and tokens."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Callable, Optional
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.emulator.exchange import Answer, Request, api_error, as_json
from tests.emulator.tokens import (
    GRAPH_REFUSALS,
    TOKEN_SHAPE,
    Standing,
    made_up_client_secret,
    made_up_user_token,
    token_in_header,
)

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass
class OAuthServer:
    """One registered application and its users' tokens.

    `callback` is the registered one; None takes any on loopback. `consent` is what the user's visit comes to:
    "granted" or a word of Mapillary's such as "user_denied". `returned_state` takes the place of the state given.
    `lifetime` is what a user's token lives in seconds of `clock`.
    """

    client_id: str = field(init=False, default=str(10**15 + 1))
    client_secret: str = field(init=False, repr=False)
    callback: Optional[str] = field(init=False, default=None)
    consent: str = field(init=False, default="granted")
    returned_state: Optional[str] = field(init=False, default=None)
    lifetime: int = field(init=False, default=9000)
    clock: Callable[[], float] = field(init=False, default=time.time)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)
    _codes: dict[str, bool] = field(init=False, repr=False, default_factory=dict)
    _expiries: dict[str, float] = field(init=False, repr=False, default_factory=dict)
    _revoked: set[str] = field(init=False, repr=False, default_factory=set)

    def register(self, client_token: str) -> None:
        """Take the application's number from its client token, and make it a secret."""
        match = TOKEN_SHAPE.fullmatch(client_token)
        self.client_id = match[1] if match else self.client_id
        self.client_secret = made_up_client_secret(self.client_id)

    def issue_user_token(self) -> str:
        """A new token as /token would hand it out."""
        token = made_up_user_token()
        with self._lock:
            self._expiries[token] = self.clock() + self.lifetime
        return token

    def revoke(self, token: str) -> None:
        """From now on the token is refused."""
        with self._lock:
            self._revoked.add(token)

    def standing(self, token: str, client_token: str) -> Standing:
        with self._lock:
            revoked, expiry = token in self._revoked, self._expiries.get(token)
        if not token:
            return Standing.MISSING
        if revoked:
            return Standing.REVOKED
        if expiry is not None:
            return Standing.USER if self.clock() < expiry else Standing.EXPIRED
        if token == client_token:
            return Standing.CLIENT
        return Standing.UNKNOWN if TOKEN_SHAPE.fullmatch(token) else Standing.MISSHAPEN

    def connect(self, query: Mapping[str, str]) -> Answer:
        """The page that asks the user, who has always answered already."""
        target = query.get("redirect_uri") or self.callback
        if query.get("client_id") != self.client_id or target is None or not self._is_callback(target):
            return Answer(400, b"Unknown application or callback", {"Content-Type": "text/plain"})
        consent = self.consent if query.get("response_type", "code") == "code" else "invalid_request"
        if consent == "granted":
            code = secrets.token_urlsafe(16)
            with self._lock:
                self._codes[code] = False
            result = {"code": code}
        else:
            result = {"error": consent}
        state = query.get("state") if self.returned_state is None else self.returned_state
        if state is not None:
            result["state"] = state
        return Answer(302, b"", {"Location": f"{target}{'&' if urlsplit(target).query else '?'}{urlencode(result)}"})

    def _is_callback(self, target: str) -> bool:
        if self.callback is not None:
            return target == self.callback
        try:
            parts = urlsplit(target)
        except ValueError:
            return False
        return parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS

    def secret_refusal(self, request: Request) -> Optional[Answer]:
        """Codes and tokens are exchanged for the application only, which its secret proves."""
        if token_in_header(request.headers) == self.client_secret:
            return None
        return GRAPH_REFUSALS[Standing.UNKNOWN]

    def exchange(self, request: Request) -> Answer:
        """A code, or a token that is still good, for a new token."""
        given = _form(request)
        if given is None:
            return api_error(400, "Unsupported request body", 100)
        if given.get("client_id") != self.client_id:
            return api_error(400, "Invalid client_id", 100)
        if given.get("grant_type") == "authorization_code":
            refused = self._code_refusal(given.get("code", ""))
        elif given.get("grant_type") == "refresh_token":
            refused = self._refresh_refusal(given.get("refresh_token", ""))
        else:
            refused = api_error(400, "Param grant_type must be one of {authorization_code, refresh_token}", 100)
        if refused:
            return refused
        return as_json(
            {"access_token": self.issue_user_token(), "expires_in": self.lifetime, "token_type": "bearer"},
        )

    def _code_refusal(self, code: str) -> Optional[Answer]:
        """None for a good code, which is used up with this."""
        with self._lock:
            used = self._codes.get(code)
            if used is False:
                self._codes[code] = True
                return None
        return api_error(400, "This authorization code has been used" if used else "Invalid authorization code", 100)

    def _refresh_refusal(self, token: str) -> Optional[Answer]:
        standing = self.standing(token, "")
        if standing is Standing.USER:
            return None
        known = standing in (Standing.REVOKED, Standing.EXPIRED)
        return GRAPH_REFUSALS[standing if known else Standing.UNKNOWN]


def _form(request: Request) -> Optional[dict[str, str]]:
    """The body's fields, from either of the two encodings that Mapillary reads."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            return dict(parse_qsl(request.body.decode()))
        if kind == "application/json":
            return {name: str(value) for name, value in json.loads(request.body).items()}
    except (ValueError, AttributeError):
        return None
    return None
