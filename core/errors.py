"""Every expected failure, as a sentence that says what happened and what to do.

`stops_run`: asking for further tiles is pointless or harmful. `is_transient`: the same request may succeed later,
so it is tried again. No message ever holds a URL or the token.
"""

from __future__ import annotations

from typing import Optional


class MapillaryError(Exception):
    """An expected failure; its text is meant to be shown."""

    stops_run = False
    is_transient = False


class InvalidRequestError(MapillaryError):
    """What was asked for makes no sense: an extent without area, an end before its start."""


class UnsafeEndpointError(MapillaryError):
    """The configured address is neither https nor this computer, so the token must not be sent there."""


class MissingCredentialError(MapillaryError):
    """No token is set."""

    def __init__(self) -> None:
        super().__init__(
            "There is no Mapillary token. Copy the client token of your application from"
            " www.mapillary.com/dashboard/developers and enter it in the Mapillary panel,"
            " or set MAPILLARY_ACCESS_TOKEN before QGIS starts."
        )


class MalformedCredentialError(MapillaryError):
    """The token has characters that none has."""

    def __init__(self) -> None:
        super().__init__(
            "The token holds characters that no Mapillary token has. Copy the client token again, whole, from"
            " www.mapillary.com/dashboard/developers."
        )


class RefusedCredentialError(MapillaryError):
    """Mapillary does not accept the token (API code 190, or status 401 or 403)."""

    stops_run = True

    def __init__(self) -> None:
        super().__init__(
            "Mapillary refused the token. Copy the client token again, whole, from"
            " www.mapillary.com/dashboard/developers; the client id or the client secret will not do."
        )


class ThrottledError(MapillaryError):
    """A redirect, which on tiles means that this internet address asked for too many."""

    stops_run = True

    def __init__(self) -> None:
        super().__init__(
            "The tile server answered with a redirect to a login page. Mapillary does this for about a day when too"
            " many tiles were asked for from one internet address; asking again prolongs it. On a public network, check"
            " first that you are signed in to the network itself."
        )


class QuotaReachedError(MapillaryError):
    """API code 4: the application of this token used up its quota."""

    stops_run = True

    def __init__(self) -> None:
        super().__init__(
            "The application that this token belongs to has used up its Mapillary quota (50,000 tiles a day)."
            " Try again tomorrow, or use the token of another application of yours."
        )


class BlockedError(MapillaryError):
    """API code 368: Mapillary blocks this application or address."""

    stops_run = True

    def __init__(self) -> None:
        super().__init__("Mapillary blocks requests from this application or address for now. Try again tomorrow.")


class UnreachableError(MapillaryError):
    """No connection to the server could be made at all."""

    stops_run = True
    is_transient = True

    def __init__(self, host: str) -> None:
        super().__init__(f"No connection to {host}. Check the network connection, then try again.")


class UntrustedServerError(MapillaryError):
    """The server's certificate is not trusted."""

    stops_run = True

    def __init__(self, host: str) -> None:
        super().__init__(
            f"The certificate of {host} is not trusted, so the token was not sent. On an office network, ask which"
            " certificate has to be installed."
        )


class ConnectionBrokenError(MapillaryError):
    """The connection broke, or stalled, before the whole reply was there."""

    is_transient = True


class SlowReplyError(MapillaryError):
    """The reply trickled in for longer than any reply should take; not tried again, since each try takes as long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The reply was not complete after {seconds:g} seconds.")


class ServerBusyError(MapillaryError):
    """Status 429 or 5xx. `retry_after` is the wait in seconds that the server asked for, if it did."""

    is_transient = True

    def __init__(self, message: str, retry_after: Optional[float] = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnexpectedReplyError(MapillaryError):
    """A reply that is not a vector tile, such as a web page."""


class DamagedTileError(MapillaryError):
    """Bytes that are not, or not wholly, a Mapbox Vector Tile."""


class TemporaryFolderError(MapillaryError):
    """GDAL's copy of a tile could not be written."""

    stops_run = True

    def __init__(self, reason: str) -> None:
        super().__init__(f"No temporary file could be written ({reason}). Free some disk space, then try again.")


class ForeignTileError(MapillaryError):
    """A vector tile of something else than Mapillary's API v4."""


class NoTileReadError(MapillaryError):
    """Not one tile of a run could be read; the text gives the reasons with their counts."""


class RefusedFeaturesError(MapillaryError):
    """QGIS did not take all features into a layer."""

    def __init__(self) -> None:
        super().__init__("QGIS did not take all features into the layer; it may have run out of memory.")


class CancelledError(MapillaryError):
    """The user stopped the run."""

    def __init__(self) -> None:
        super().__init__("The download was cancelled.")
