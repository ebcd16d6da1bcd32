"""What goes wrong in a piece of work, as a typed error in place of an exception."""

from __future__ import annotations

import traceback
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Optional

from qgis.core import Qgis

from .errors import MapillaryError, UnexpectedError
from .log import log
from .redaction import redact


class Caught(AbstractContextManager["Caught"]):
    """Ends the `with` block at its first exception and keeps it in `error`; a bug's goes to the log."""

    def __init__(self) -> None:
        self.error: Optional[MapillaryError] = None

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> bool:
        if isinstance(error, MapillaryError):
            # Without its traceback, whose frames would keep the whole run in memory, the token with it.
            self.error = error.with_traceback(None)
        elif isinstance(error, Exception):
            log(redact("".join(traceback.format_exception(kind, error, trace))), Qgis.MessageLevel.Critical)
            self.error = UnexpectedError()
        return self.error is not None
