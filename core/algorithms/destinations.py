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


def check_destinations(destinations: Mapping[str, Any], sources: Mapping[str, str]) -> None:
    """Raises InvalidRequestError for a folder that cannot be written to, for two outputs in one place, and for an
    output that would overwrite the file of a layer that is read: `sources` by the parameters' names.
    """
    read = {_real(source.split("|", maxsplit=1)[0]): name for name, source in sources.items() if source}
    places: dict[str, str] = {}
    for name, destination in destinations.items():
        text = _text(destination)
        if not text:
            continue
        path = _file(text)
        if path is not None and _real(str(path)) in read:
            raise InvalidRequestError(
                f"{name} would overwrite {read[_real(str(path))]}, the layer that is read. Give it another file."
            )
        place = text if path is None or _TABLE.match(text) else _real(text)
        if place in places:
            raise InvalidRequestError(
                f"{name} would overwrite {places[place]}: both go to {text}. Give each its own file."
            )
        places[place] = name
        if path is not None:
            _check_folder(path, name)


def check_new(destinations: Mapping[str, Any]) -> None:
    """Raises InvalidRequestError where a file is there that would be replaced by a part of what belongs into it."""
    for name, destination in destinations.items():
        path = _file(_text(destination)) if _text(destination) else None
        if path is not None and path.is_file():
            raise InvalidRequestError(
                f"{name} would replace {path.name} by only what the tiles of TILES_INPUT add. Give it a new file, then"
                " append that."
            )


def check_holds(destination: Any, name: str, *, has_geometry: bool, has_long_text: bool = False) -> None:
    """Raises InvalidRequestError for a format that would lose rows or outlines without a word."""
    text = _text(destination).lower()
    if text.endswith(".fgb") and not has_geometry:
        raise InvalidRequestError(
            f"{name}: FlatGeobuf drops rows without geometry. Choose another format, such as GeoPackage or CSV."
        )
    if text.endswith((".shp", ".dbf")) and has_long_text:
        raise InvalidRequestError(
            f"{name}: a Shapefile cuts text after 254 characters, and outlines with it. Choose GeoPackage or CSV."
        )


def is_shapefile(destination: Any) -> bool:
    """Whether the output goes to a Shapefile, whose field names are short."""
    return _text(destination).lower().endswith(".shp")


def is_csv(destination: Any) -> bool:
    """Whether the output goes to CSV, which QGIS writes without positions."""
    return _text(destination).lower().endswith(".csv")


def _real(path: str) -> str:
    return str(Path(path).expanduser().resolve())


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
