"""Output files, checked before the first request: a failing run must not touch what is there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Optional

from qgis.core import QgsProcessing, QgsProcessingOutputLayerDefinition

from ..errors import InvalidRequestError

_TABLE = re.compile(r"^ogr:dbname=['\"](?P<path>[^'\"]+)['\"]")
_OTHER_PROVIDER = re.compile(r"^\w{2,}:")


def check_destinations(destinations: Mapping[str, Any], source: str = "") -> None:
    """Raises InvalidRequestError for a folder that cannot be written to, for two outputs in one place, and for an
    output that would overwrite the file of a layer that is read, whose `source` this is.
    """
    places: dict[str, str] = {}
    read = source.split("|", maxsplit=1)[0]
    for name, destination in destinations.items():
        text = _text(destination)
        if read and text == read:
            raise InvalidRequestError(f"{name} would overwrite the ledger that is read. Give it another file.")
        if not text:
            continue
        if text in places:
            raise InvalidRequestError(
                f"{name} would overwrite {places[text]}: both go to {text}. Give each its own file."
            )
        places[text] = name
        path = _file(text)
        if path is not None:
            _check_folder(path, name)


def _text(destination: Any) -> str:
    if isinstance(destination, QgsProcessingOutputLayerDefinition):
        destination = destination.sink.staticValue()
    temporary = not isinstance(destination, str) or destination in ("memory:", QgsProcessing.TEMPORARY_OUTPUT)
    return "" if temporary else str(destination)


def _file(text: str) -> Optional[Path]:
    table = _TABLE.match(text)
    if table:
        return Path(table["path"])
    return None if _OTHER_PROVIDER.match(text) else Path(text)


def _check_folder(path: Path, name: str) -> None:
    try:
        with TemporaryFile(dir=path.parent):
            return
    except OSError as error:
        raise InvalidRequestError(
            f"{name} cannot be written to the folder {path.parent}: {error.strerror}. Choose another folder."
        ) from None
