"""What stands in the place of the picture while there is none: what happened, why, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.errors import (
    BlockedError,
    ConnectionBrokenError,
    CredentialError,
    DamagedPictureError,
    ExpiredPictureError,
    GraphBusyError,
    InvalidRequestError,
    LockedDatabaseError,
    MapillaryError,
    MissingCredentialError,
    OfflineError,
    QuotaReachedError,
    ServerBusyError,
    SlowReplyError,
    ThrottledError,
    UnknownObjectError,
    UnreachableError,
    UntrustedServerError,
)

RETRY, SET_CREDENTIAL, GO_ONLINE, BROWSE = "again", "credential", "online", "browse"
"""What the state's button does."""

_BUTTONS = {
    RETRY: "Try again",
    SET_CREDENTIAL: "Set token…",
    GO_ONLINE: "Work online",
    BROWSE: "Open in Mapillary",
}


@dataclass(frozen=True)
class State:
    """`action` is what the button does, empty where there is none."""

    title: str
    text: str
    action: str = ""
    is_busy: bool = False

    @property
    def button(self) -> str:
        """What stands on the button."""
        return _BUTTONS.get(self.action, "")


EMPTY = State(
    "No image is open",
    "Choose “Look at Mapillary images” in the toolbar and click on the map: on a dot of an image layer, or near a road."
    " Or paste the id or link of an image with Ctrl+V.",
)
CLOSED_PROJECT = State("No image is open", "The project was closed.")


def loading(what: str) -> State:
    """While the graph or the picture is waited for."""
    return State("Loading…", what, is_busy=True)


NO_PICTURE = State(
    "No picture", "Mapillary has no picture for this image; it may still be processed. The metadata are below."
)

NO_IMAGES = State(
    "No image shows it", "Mapillary names no image in which this map feature was seen. What is known of it is below."
)

_STATES: tuple[tuple[tuple[type[MapillaryError], ...], str, str], ...] = (
    ((MissingCredentialError,), "No token", SET_CREDENTIAL),
    ((LockedDatabaseError,), "The token is locked", RETRY),
    ((CredentialError,), "The token does not work", SET_CREDENTIAL),
    ((OfflineError,), "Working offline", GO_ONLINE),
    ((UnknownObjectError,), "Deleted or private", BROWSE),
    ((GraphBusyError, QuotaReachedError, ThrottledError, BlockedError), "Mapillary wants a pause", RETRY),
    ((ServerBusyError, SlowReplyError), "Mapillary is busy", RETRY),
    ((UnreachableError, ConnectionBrokenError), "No connection", RETRY),
    ((UntrustedServerError,), "The connection is not trusted", RETRY),
    ((DamagedPictureError, ExpiredPictureError), "The picture is broken", RETRY),
    ((InvalidRequestError,), "Not an image", ""),
)
_GONE = (
    "Mapillary does not show this image: it was deleted, it is private or still being processed, or the id is wrong."
    " Mapillary gives the same answer for all of them. Maps can show it for some weeks more."
)
_USED_UP = (
    "The application that your token belongs to has used up the requests that Mapillary allows it for now. Wait some"
    " minutes, then try again, or use the token of another application of yours."
)
_GONE_FEATURE = (
    "Mapillary does not show this map feature: it was removed or replaced by another when images were processed again,"
    " or the id is wrong. Download the map features again."
)


def state_of(error: MapillaryError, is_map_feature: bool = False) -> State:
    """What a person reads for an error; the sentence is the error's own unless more is known here."""
    found = (state[1:] for state in _STATES if isinstance(error, state[0]))
    title, action = next(found, ("This did not work", RETRY))
    if isinstance(error, QuotaReachedError):
        return State(title, _USED_UP, action)
    if isinstance(error, UnknownObjectError):
        return State("Not there", _GONE_FEATURE) if is_map_feature else State(title, _GONE, action)
    return State(title, str(error), action)
