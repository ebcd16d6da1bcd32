"""What stands in the place of the picture while there is none: what happened, why, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from ....core.errors import (
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
    UnexpectedReplyError,
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


NOTHING_OPEN = State(
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
    ((UnexpectedReplyError,), "Not an answer of Mapillary", RETRY),
    ((InvalidRequestError,), "Not an image", ""),
)
_GONE_FEATURE = (
    "Mapillary does not show this map feature: it was removed or replaced by another when images were processed again,"
    " or the id is wrong. Download the map features again."
)
_INSTEAD: tuple[tuple[type[MapillaryError], str], ...] = (
    (
        UnknownObjectError,
        "Mapillary does not show this image: it was deleted, it is private or still being processed, or the id is"
        " wrong. Mapillary gives the same answer for all of them. Its dot can stay on the map for some weeks.",
    ),
    (
        QuotaReachedError,
        "The application that your token belongs to has used up the requests that Mapillary allows it for now. Wait"
        " some minutes, then try again, or use the token of another application of yours.",
    ),
    (
        DamagedPictureError,
        "What Mapillary sent is damaged, cut off or no picture. Try again; where that does not help, see whether"
        " Mapillary's own site shows it (More > Open in Mapillary).",
    ),
    (ExpiredPictureError, "Mapillary gave a new address for the picture, and refused it. Try again."),
)
"""Where more is known here than the error's own sentence says."""

_BESIDES: tuple[tuple[type[MapillaryError], str], ...] = (
    (ConnectionBrokenError, "Check the network connection, then try again."),
    (
        UnexpectedReplyError,
        "A public network that wants one to sign in first, or a proxy, may have answered instead of Mapillary. Open a"
        " web page in a browser to find out, then try again.",
    ),
)
"""What to do, where the sentence does not say it."""


def state_of(error: MapillaryError, is_map_feature: bool = False) -> State:
    """What a person reads for an error."""
    if isinstance(error, UnknownObjectError) and is_map_feature:
        return State("Not there", _GONE_FEATURE)
    found = (state[1:] for state in _STATES if isinstance(error, state[0]))
    title, action = next(found, ("This did not work", RETRY))
    return State(title, _text_of(error), action)


def state_of_picture(error: MapillaryError) -> State:
    """What a person reads for an error that keeps only the picture away."""
    if type(error) is UnexpectedReplyError:
        return State("The picture cannot be shown", str(error), RETRY)
    return state_of(error)


def _text_of(error: MapillaryError) -> str:
    for kind, text in _INSTEAD:
        if isinstance(error, kind):
            return text
    besides = next((text for kind, text in _BESIDES if isinstance(error, kind)), "")
    return f"{error} {besides}".strip()
