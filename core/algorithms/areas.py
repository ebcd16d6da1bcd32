"""The area parameters that downloads have: exactly one of EXTENT, AREA and POINT with RADIUS."""

from __future__ import annotations

import re
from typing import Any, Callable

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsPointXY,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterPoint,
    QgsWkbTypes,
)

from ..area.area import Area
from ..area.circle_area import area_of_circle
from ..area.extent import DEGREES, area_of_extent, corners_of, is_extent_text, parse_extent
from ..area.polygon_area import area_of_polygons
from ..errors import InvalidRequestError
from .parameters import is_given, read_number

EXTENT, AREA, POINT, RADIUS = "EXTENT", "AREA", "POINT", "RADIUS"

_NUMBER = r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*"
_POINT_TEXT = re.compile(rf"^(?:{_NUMBER},{_NUMBER})(?:\[(.+)\])?\s*$")

DeferredArea = Callable[[], Area]
"""Gives the area, off the main thread where it takes long; raises InvalidRequestError."""


def add_area_parameters(algorithm: QgsProcessingAlgorithm) -> None:
    """Declare them."""
    algorithm.addParameter(QgsProcessingParameterExtent(EXTENT, "Area: extent", None, True))
    algorithm.addParameter(
        QgsProcessingParameterFeatureSource(
            AREA, "Or: polygons of a layer", [QgsProcessing.SourceType.TypeVectorPolygon], None, True
        )
    )
    algorithm.addParameter(QgsProcessingParameterPoint(POINT, "Or: around a point", None, True))
    algorithm.addParameter(
        QgsProcessingParameterNumber(
            RADIUS,
            "Radius around the point, in metres",
            QgsProcessingParameterNumber.Type.Double,
            None,
            True,
            0,
        )
    )


def read_area(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> DeferredArea:
    """The area that was given; polygons are read only when the result is called. On the main thread.

    Raises InvalidRequestError where not exactly one area is given, or it cannot be one.
    """
    given = [name for name in (EXTENT, AREA, POINT) if is_given(parameters.get(name))]
    has_radius = is_given(parameters.get(RADIUS))
    if len(given) != 1:
        found = f"{' and '.join(given)} are given" if given else "none is given"
        raise InvalidRequestError(f"Give exactly one area: EXTENT, AREA, or POINT with RADIUS; {found}.")
    if has_radius and given != [POINT]:
        raise InvalidRequestError(
            f"RADIUS belongs to POINT, but the area is given as {given[0]}. Leave one of them out."
        )
    if given == [AREA]:
        return _read_polygons(algorithm, parameters, context)
    area = (_read_circle if given == [POINT] else _read_extent)(algorithm, parameters, context)
    return lambda: area


def has_polygons(parameters: dict[str, Any]) -> bool:
    """Whether the area comes from polygons, which can take a while to read."""
    return is_given(parameters.get(AREA))


def _read_extent(algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> Area:
    given: Any = parameters.get(EXTENT)
    if is_extent_text(given):
        corners, named = parse_extent(given)
        crs = _crs_of(named, context)
    else:
        rectangle = algorithm.parameterAsExtent(parameters, EXTENT, context)
        if rectangle.isNull():
            raise InvalidRequestError(
                f"“{given or ''}” is not an extent. Write it as xmin,xmax,ymin,ymax [EPSG:4326], name a layer,"
                " or choose it on the map."
            )
        crs = algorithm.parameterAsExtentCrs(parameters, EXTENT, context)
        corners = corners_of(rectangle)
    return area_of_extent(corners, crs, context.transformContext())


def _read_polygons(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> DeferredArea:
    source = algorithm.parameterAsSource(parameters, AREA, context)
    if source is None:
        raise InvalidRequestError(algorithm.invalidSourceError(parameters, AREA))
    if QgsWkbTypes.geometryType(source.wkbType()) != QgsWkbTypes.GeometryType.PolygonGeometry:
        raise InvalidRequestError(f"AREA has to be a layer with polygons, and {source.sourceName()} has none.")

    def read() -> Area:
        request = QgsFeatureRequest().setSubsetOfAttributes([])
        geometries = [feature.geometry() for feature in source.getFeatures(request)]
        name = f"the polygons of {source.sourceName()}"
        return area_of_polygons(geometries, source.sourceCrs(), context.transformContext(), name)

    return read


def _read_circle(algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> Area:
    given: Any = parameters[POINT]
    radius = read_number(algorithm, parameters, RADIUS, context)
    if radius is None:
        raise InvalidRequestError("POINT needs a RADIUS in metres.")
    if isinstance(given, str):
        match = _POINT_TEXT.match(given)
        if not match:
            raise InvalidRequestError(
                f"“{given}” is not a point. Write it as longitude,latitude [EPSG:4326], or choose it on the map."
            )
        point, crs = QgsPointXY(float(match[1]), float(match[2])), _crs_of(match[3] or "", context)
    else:
        point = algorithm.parameterAsPoint(parameters, POINT, context)
        crs = algorithm.parameterAsPointCrs(parameters, POINT, context)
    try:
        degrees = QgsCoordinateReferenceSystem(DEGREES)
        if crs != degrees:
            point = QgsCoordinateTransform(crs, degrees, context.transformContext()).transform(point)
    except QgsCsException:
        raise InvalidRequestError(
            f"The point lies where {crs.authid()} cannot be turned into longitude and latitude."
        ) from None
    return area_of_circle(point.x(), point.y(), radius)


def _crs_of(named: str, context: QgsProcessingContext) -> QgsCoordinateReferenceSystem:
    """The CRS named in a text, else that of the project, else EPSG:4326."""
    if not named:
        project = context.project()
        return project.crs() if project else QgsCoordinateReferenceSystem(DEGREES)
    crs = QgsCoordinateReferenceSystem(named)
    if not crs.isValid():
        raise InvalidRequestError(f"QGIS does not know the coordinate reference system “{named}”.")
    return crs
