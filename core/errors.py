"""Every expected failure, as a sentence that says what happened and what to do.

    MapillaryError
        InvalidRequestError
        UnsafeEndpointError
        CredentialError
            MissingCredentialError
            MalformedCredentialError
            LockedDatabaseError
            CredentialNotStoredError
            UnknownConfigurationError
            RefusedCredentialError
                ExpiredCredentialError
                RevokedCredentialError
        SignInError
        ThrottledError
        QuotaReachedError
            QuotaExceededError
        BlockedError
        UnreachableError
        ProxyCredentialError
        MissingProxySupportError
        UnusableProxyError
        UntrustedServerError
        ConnectionBrokenError
        SlowReplyError
        ServerBusyError
        UnexpectedReplyError
            UnknownObjectError
            ExpiredPictureError
            UnknownFieldError
            TooMuchAskedError
        GraphBusyError
        NotCachedError
        OfflineError
        DamagedTileError
        DamagedDetectionError
        DamagedPictureError
        TemporaryFolderError
        DisplayFileError
        PictureFolderError
        ForeignTileError
        UnusableExpressionError
        NoTileReadError
        RefusedFeaturesError
        UnexpectedError
        CancelledError

Folders that know more of a failure have their own below these: `export/errors.py`, `mapillary/image_link.py`.

`stops_run`: asking for further tiles is pointless or harmful. `is_transient`: the same request may succeed later,
so it is tried again. No message ever holds a URL or the token.
"""

from __future__ import annotations

from typing import Optional

LONGEST_PAUSE_SECONDS = 60.0
"""The longest that a run waits because a server asks for it."""

_WHERE = "www.mapillary.com/dashboard/developers"


class MapillaryError(Exception):
    """An expected failure; its text is meant to be shown. Without one of its own it has that of its class."""

    stops_run = False
    is_transient = False
    sentence = ""

    def __init__(self, sentence: Optional[str] = None) -> None:
        super().__init__(sentence or self.sentence)


class InvalidRequestError(MapillaryError):
    """What was asked for makes no sense: an extent without area, an end before its start."""


class UnsafeEndpointError(MapillaryError):
    """The configured address is neither https nor this computer, so the token must not be sent there."""


class CredentialError(MapillaryError):
    """Something about the token keeps every request from succeeding."""

    stops_run = True


class MissingCredentialError(CredentialError):
    """No token is set."""

    sentence = (
        f"There is no Mapillary token. Copy the client token of your application from {_WHERE} and set it in the"
        " Mapillary panel, or set MAPILLARY_ACCESS_TOKEN before QGIS starts."
    )


class MalformedCredentialError(CredentialError):
    """The text is no token; where it is known what it is, the sentence says so."""

    sentence = (
        f"The token holds characters that no Mapillary token has. Copy the client token again, whole, from {_WHERE}."
    )


class LockedDatabaseError(CredentialError):
    """QGIS' authentication database would not be opened."""

    sentence = (
        "The stored token is locked. It could not be read from QGIS' authentication database, because the database is"
        " locked. Try again and enter QGIS' master password; in qgis_process, name a file with it in"
        " QGIS_AUTH_PASSWORD_FILE, or set MAPILLARY_ACCESS_TOKEN."
    )


class CredentialNotStoredError(CredentialError):
    """QGIS' authentication database did not take the token."""

    sentence = (
        "The token was not stored: QGIS' authentication database did not take it. Try again and enter QGIS' master"
        " password, or keep the token for this session only."
    )


class UnknownConfigurationError(CredentialError):
    """The named authentication configuration does not exist, or holds no token."""


class RefusedCredentialError(CredentialError):
    """Mapillary does not accept the token (API code 190, or status 401 or 403)."""

    sentence = (
        f"Mapillary refused the token. Copy the client token again, whole, from {_WHERE}; the client id or the client"
        " secret will not do, although the secret looks just like the token."
    )


class ExpiredCredentialError(RefusedCredentialError):
    """The token of a person's sign-in is over."""

    sentence = "The sign-in to Mapillary has expired. Sign in again in the Mapillary panel, or use a client token."


class RevokedCredentialError(RefusedCredentialError):
    """The person no longer lets the application use the account."""

    sentence = (
        "Mapillary says that your application is no longer allowed to use your account. Sign in again in the Mapillary"
        " panel, or use a client token."
    )


class SignInError(MapillaryError):
    """Signing in to Mapillary did not work."""


class ThrottledError(MapillaryError):
    """A redirect, which on tiles means that this internet address asked for too many."""

    stops_run = True
    sentence = (
        "Mapillary is blocking this internet address. The tile server answered with a redirect to a login page, as it"
        " does for about a day when too many tiles were asked for from one address; asking again prolongs it. On a"
        " public network, check first that you are signed in to the network itself."
    )


class QuotaReachedError(MapillaryError):
    """API code 4: the application of this token used up its quota."""

    stops_run = True
    sentence = (
        "Mapillary says that the quota is used up. The application that this token belongs to has used up its Mapillary"
        " quota (50,000 tiles a day). Try again tomorrow, or use the token of another application of yours."
    )


class QuotaExceededError(QuotaReachedError):
    """More would be asked for than is left of the day's quota, by the plugin's own count."""

    def __init__(self, needed: int, left: int, quota: int) -> None:
        later = "go on tomorrow (the day ends at midnight UTC)."
        super().__init__(
            f"This needs {needed:,} tiles, but of the {quota:,} that Mapillary allows in a day only {left:,} are left."
            f" Choose a smaller extent, or {later}"
            if left
            else f"The {quota:,} tiles that Mapillary allows in a day are used up: {later}"
        )


class BlockedError(MapillaryError):
    """API code 368: Mapillary blocks this application or address."""

    stops_run = True
    sentence = "Mapillary blocks requests from this application or address for now. Try again tomorrow."


class UnreachableError(MapillaryError):
    """No connection to the server could be made at all."""

    stops_run = True
    is_transient = True

    def __init__(self, host: str) -> None:
        super().__init__(f"No connection to {host}. Check the network connection, then try again.")


class ProxyCredentialError(MapillaryError):
    """The proxy wants to know who asks (status 407)."""

    stops_run = True

    def __init__(self, host: str) -> None:
        super().__init__(
            f"The proxy {host} asks for a user name and a password, or refused those it got. Enter them in Settings >"
            " Options > Network."
        )


class MissingProxySupportError(MapillaryError):
    """A SOCKS proxy, for which requests needs another package."""

    stops_run = True
    sentence = (
        "QGIS is set to use a SOCKS proxy, which needs the Python package PySocks. Install it, or choose an HTTP proxy"
        " in Settings > Options > Network."
    )


class UnusableProxyError(MapillaryError):
    """The settings name something that is no proxy."""

    stops_run = True
    sentence = (
        "The address of the proxy in Settings > Options > Network, or of the environment, is not one. Correct it."
    )


class UntrustedServerError(MapillaryError):
    """The server's certificate is not trusted."""

    stops_run = True

    def __init__(self, host: str) -> None:
        super().__init__(
            f"The certificate of {host} is not trusted, so the token was not sent. On an office network, ask which"
            " certificate has to be trusted, and import it in Settings > Options > Authentication."
        )


class ConnectionBrokenError(MapillaryError):
    """The connection broke, or stalled, before the whole reply was there."""

    is_transient = True


class SlowReplyError(MapillaryError):
    """The reply trickled in for longer than any reply should take; not tried again, since each try takes as long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The reply was not complete after {seconds:g} seconds.")


class ServerBusyError(MapillaryError):
    """Status 429 or 5xx. `retry_after` is the wait in seconds that the server asked for, if it did; where that is
    longer than a run should wait, the run is stopped.
    """

    is_transient = True

    def __init__(self, message: str, retry_after: Optional[float] = None) -> None:
        self.retry_after = retry_after or 0.0
        if self.retry_after > LONGEST_PAUSE_SECONDS:
            self.is_transient, self.stops_run = False, True
            message = f"The server asks to wait for {self.retry_after / 60:.0f} minutes before the next request."
        super().__init__(message)


class UnexpectedReplyError(MapillaryError):
    """A reply that is not what was asked for, such as a web page."""


class UnknownObjectError(UnexpectedReplyError):
    """API code 100 with subcode 33: the object was deleted, is private, or never was."""

    sentence = "Mapillary has no such object, or does not show it: it may have been deleted."


class ExpiredPictureError(UnexpectedReplyError):
    """Status 403 or 410: the signed address of a picture is not good any more."""

    sentence = "The address of the picture, which Mapillary gives for a while only, had expired. Run again."


class UnknownFieldError(UnexpectedReplyError):
    """API code 100: a field that the object does not have, or ids of objects of another kind."""


class TooMuchAskedError(UnexpectedReplyError):
    """The graph can answer the same in smaller pieces."""


class GraphBusyError(MapillaryError):
    """The application has nearly used up the calls that it has for the moment."""

    stops_run = True

    def __init__(self, percent: int) -> None:
        super().__init__(
            f"Your application has used {percent} % of the requests that Mapillary allows it for now, so no more are"
            " made. Try again in an hour."
        )


class NotCachedError(MapillaryError):
    """Working offline, and the tile is not in the cache."""

    sentence = "Not in the tile cache, and “Work offline” is ticked in the Mapillary panel."


class OfflineError(MapillaryError):
    """Working offline, and the graph would have to be asked."""

    stops_run = True
    sentence = "“Work offline” is ticked in the Mapillary panel, and this can only be had from Mapillary. Untick it."


class DamagedTileError(MapillaryError):
    """Bytes that are not, or not wholly, a Mapbox Vector Tile."""


class DamagedDetectionError(MapillaryError):
    """The geometry of a detection is not base64 of a vector tile with polygons."""

    sentence = "The outline of a detection could not be read: what Mapillary sent is damaged, cut off or no outline."


class DamagedPictureError(MapillaryError):
    """Bytes that are not, or not wholly, a JPEG."""

    sentence = "The picture could not be read: what Mapillary sent is damaged, cut off or no JPEG. Download it again."


class TemporaryFolderError(MapillaryError):
    """GDAL's copy of a tile could not be written."""

    stops_run = True

    def __init__(self, reason: str) -> None:
        super().__init__(f"No temporary file could be written ({reason}). Free some disk space, then try again.")


class DisplayFileError(MapillaryError):
    """The file that QGIS draws live coverage from cannot be written to."""

    stops_run = True

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"{problem} Free some disk space, or choose another folder for the tile cache in the settings."
        )


class PictureFolderError(MapillaryError):
    """The folder does not take pictures: it cannot be written to, or the disk is full."""

    stops_run = True

    def __init__(self, folder: object, reason: Optional[str]) -> None:
        super().__init__(
            f"Nothing can be written to the folder {folder}: {reason or 'no reason is known'}. Free some space there,"
            " or choose another folder."
        )


class ForeignTileError(MapillaryError):
    """A vector tile of something else than Mapillary's API v4."""


class UnusableExpressionError(MapillaryError):
    """An expression that fails on a feature."""

    stops_run = True

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"The expression {text} cannot be computed: {reason.strip()}. Correct it, then run again.")


class NoTileReadError(MapillaryError):
    """Not one tile of a run could be read; the text gives the reasons with their counts."""


class RefusedFeaturesError(MapillaryError):
    """QGIS did not take all features into a layer."""

    sentence = (
        "QGIS did not take all features into the layer: it may have run out of memory, or the layer was changed. Run"
        " this again to have it complete."
    )


class UnexpectedError(MapillaryError):
    """A bug of the plugin; the log has the details."""

    sentence = (
        "Something went wrong that should not: a bug of the plugin. The details are in View > Panels > Log Messages,"
        " under Mapillary Coverage; please report them."
    )


class CancelledError(MapillaryError):
    """The user stopped the run."""

    stops_run = True
    sentence = "The download was cancelled."
