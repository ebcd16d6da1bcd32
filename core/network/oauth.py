"""Signing in to Mapillary: OAuth 2.0's authorization-code flow with the person's own registered application.

https://www.mapillary.com/developer/api-documentation (authentication). The application's secret goes in the header
only; a token is renewed with itself, so that has to happen before it expires.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable
from urllib.parse import parse_qs, urlencode

from ..errors import ExpiredCredentialError, MapillaryError, RefusedCredentialError, RevokedCredentialError, SignInError
from .credential import Credential
from .endpoint import check_endpoint
from .replies import graph_object

if TYPE_CHECKING:
    from .session import HttpSession

CONNECT_URL = "https://www.mapillary.com/connect"
_RENEW_SECONDS = 7 * 24 * 3600
_LONGEST_SECONDS = 10 * 365 * 24 * 3600

_DENIALS = {
    "user_denied": "You did not allow your application to use your account. Nothing was changed.",
    "invalid_request": "Mapillary found the request invalid, or your session there is over. Sign in to mapillary.com in"
    " the browser, check the client id, then try again.",
    "invalid_scope": "Your application has no right to read. Give it the scope “read” on the page of your application,"
    " then try again.",
    "server_error": "Mapillary could not sign you in for the moment. Try again later.",
}


@dataclass(frozen=True)
class Application:
    """The person's application as registered with Mapillary."""

    client_id: str
    client_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.client_id.isascii() or not self.client_id.isdecimal():
            raise SignInError(
                "The client id is a number. Copy it from www.mapillary.com/dashboard/developers, where your application"
                " is listed."
            )
        if not self.client_secret or not (self.client_secret.isascii() and self.client_secret.isprintable()):
            raise SignInError("The client secret is missing or damaged. Copy it again from the same page.")


@dataclass(frozen=True)
class UserToken:
    """A token of a signed-in person; times are seconds since 1970."""

    text: str = field(repr=False)
    issued_at: float
    expires_at: float

    def is_over(self) -> bool:
        """Whether it has expired."""
        return time.time() >= self.expires_at

    def is_due(self) -> bool:
        """Whether it is time to renew it: a week before its end, or after half of a shorter life."""
        life = self.expires_at - self.issued_at
        return time.time() >= self.expires_at - min(_RENEW_SECONDS, life / 2)


@dataclass(frozen=True)
class Consent:
    """One attempt to sign in: the page for the browser, and the `state` that only its own answer knows."""

    application: Application
    callback: str
    connect_url: str = CONNECT_URL
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def page(self) -> str:
        """Where the browser has to go; the secret is not in it."""
        query = {
            "client_id": self.application.client_id,
            "redirect_uri": self.callback,
            "response_type": "code",
            "scope": "read",
            "state": self.state,
        }
        return f"{check_endpoint(self.connect_url)}?{urlencode(query)}"

    def is_answer(self, target: str) -> bool:
        """Whether a path and query that reached the callback come from the page of this attempt."""
        return hmac.compare_digest(_query(target).get("state", "").encode(), self.state.encode())

    def code_in(self, target: str) -> str:
        """The code in the path and query that the browser was sent to. Raises SignInError."""
        query = _query(target)
        if not self.is_answer(target):
            raise SignInError(
                "The answer in the browser does not belong to this attempt to sign in, so it was not used. Press Sign"
                " in again and use the page that opens then."
            )
        if "error" in query:
            denial = f"Mapillary answered “{query['error'][:40]}”. Try again later."
            raise SignInError(_DENIALS.get(query["error"], denial))
        if not query.get("code"):
            raise SignInError("Mapillary's answer holds no code. Press Sign in again.")
        return query["code"]

    def exchange(self, code: str, session: HttpSession, graph_url: str) -> UserToken:
        """The token for the code. Raises SignInError and other MapillaryErrors."""
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.callback}
        try:
            return _ask_for_token(self.application, grant, session, graph_url)
        except RefusedCredentialError:
            refused = SignInError(
                "Mapillary refused the client id or the client secret. Copy both again from"
                " www.mapillary.com/dashboard/developers."
            )
        raise refused


@dataclass(frozen=True)
class Renewal:
    """Renews the token in a credential; `on_renewed` has it stored."""

    application: Application
    graph_url: str
    credential: Credential
    on_renewed: Callable[[UserToken], None]

    def renew(self, session: HttpSession) -> None:
        """Ask for the next token. Where that fails the present one still holds, and the next run asks again.

        Raises ExpiredCredentialError and RevokedCredentialError where the sign-in is over.
        """
        present = self.credential.current()
        grant = {"grant_type": "refresh_token", "refresh_token": present}
        try:
            token = _ask_for_token(self.application, grant, session, self.graph_url)
        except (ExpiredCredentialError, RevokedCredentialError):
            raise
        except MapillaryError:
            return
        if self.credential.renew(present, token.text):
            self.on_renewed(token)


def _query(target: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(target.partition("?")[2]).items()}


def _ask_for_token(
    application: Application, grant: Mapping[str, str], session: HttpSession, graph_url: str
) -> UserToken:
    form = {"client_id": application.client_id, **grant}
    asked_at = time.time()
    answer = graph_object(session.post(f"{check_endpoint(graph_url)}/token", form, application.client_secret))
    text, seconds = answer.get("access_token"), answer.get("expires_in")
    is_token = isinstance(text, str) and text.isascii() and text.isprintable() and text.strip()
    if not (is_token and isinstance(seconds, (int, float)) and 0 < seconds < _LONGEST_SECONDS):
        raise SignInError("Mapillary's answer holds no token. Try again later.")
    return UserToken(str(text), asked_at, asked_at + seconds)
