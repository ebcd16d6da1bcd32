"""Parameters that several algorithms have: how they are declared, and how they are read from what a caller gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterEnum,
)

from ..area import Area
from ..errors import InvalidRequestError
from ..extent import DEGREES, area_of_extent, corners_of, is_extent_text, parse_extent


def read_area(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], name: str, context: QgsProcessingContext
) -> Area:
    """The area of an extent parameter. Raises InvalidRequestError."""
    project = context.project()
    crs = project.crs() if project else QgsCoordinateReferenceSystem(DEGREES)
    given: Any = parameters.get(name)
    if is_extent_text(given):
        corners, named = parse_extent(given)
        crs = QgsCoordinateReferenceSystem(named) if named else crs
        if named and not crs.isValid():
            raise InvalidRequestError(f"QGIS does not know the coordinate reference system “{named}”.")
    else:
        rectangle = algorithm.parameterAsExtent(parameters, name, context)
        if rectangle.isNull():
            raise InvalidRequestError(
                f"“{given or ''}” is not an extent. Write it as xmin,xmax,ymin,ymax [EPSG:4326], name a layer,"
                " or choose it on the map."
            )
        crs = algorithm.parameterAsExtentCrs(parameters, name, context)
        corners = corners_of(rectangle)
    return area_of_extent(corners, crs, context.transformContext())


def read_day(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], name: str, context: QgsProcessingContext
) -> Optional[date]:
    """The day of a date parameter, None where none is given. Raises InvalidRequestError."""
    given = parameters.get(name)
    if isinstance(given, str) and given:
        try:
            return datetime.fromisoformat(given).date()
        except ValueError:
            raise InvalidRequestError(f"“{given}” is not a date. Write {name} as 2024-05-31.") from None
    read = algorithm.parameterAsDateTime(parameters, name, context)
    return date(read.date().year(), read.date().month(), read.date().day()) if read.isValid() else None


def read_word(parameters: dict[str, Any], name: str, words: list[str]) -> str:
    """The word of a choice, the first where none is given. Raises InvalidRequestError."""
    given = parameters.get(name)
    if given is None:
        return words[0]
    if given not in words:
        raise InvalidRequestError(f"{name} is one of the words {', '.join(words)}, not “{given}”.")
    return str(given)


def choice(name: str, label: str, words: list[str]) -> QgsProcessingParameterEnum:
    """A choice that takes and gives words; the first is the default."""
    return QgsProcessingParameterEnum(name, label, words, False, words[0], False, True)


def day(name: str, label: str) -> QgsProcessingParameterDateTime:
    """A day or none."""
    return QgsProcessingParameterDateTime(name, label, QgsProcessingParameterDateTime.Type.Date, None, True)
