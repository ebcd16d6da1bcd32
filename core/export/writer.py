"""Layers into a file, by GDAL: QGIS 3.22's own writer loses the milliseconds and the zone of times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END
from pathlib import Path
from typing import Any

from osgeo import gdal, ogr, osr
from qgis.core import QgsCoordinateReferenceSystem, QgsCsException, QgsFeature

from ..errors import CancelledError
from .errors import IncompleteFileError, NameTakenError, NotAGeoPackageError, UnreadableLayerError, UnusableCrsError
from .formats import Format, names_in
from .snapshot import ExportLayer
from .values import Setter, definition, is_missing, setter

_BATCH = 500
"""Features between two looks at whether to go on."""

_TAIL_BYTES = 64
_LONGEST_REASON = 100

Pace = Callable[[int], None]
"""Told how many features were written or read back; raises CancelledError."""


@dataclass
class Written:
    """How much of a layer went into a file: features, and those of them with a geometry."""

    features: int = 0
    geometries: int = 0


def pace_of(is_cancelled: Callable[[], bool], on_features: Callable[[int], None]) -> Pace:
    """Passes the counts on until the export is cancelled."""

    def pace(features: int) -> None:
        if is_cancelled():
            raise CancelledError("The export was cancelled; nothing was changed.")
        on_features(features)

    return pace


@contextmanager
def quiet_gdal() -> Iterator[None]:
    """What GDAL says stays off the console; this thread's settings only."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    finally:
        gdal.PopErrorHandler()


def write_file(path: Path, target: Format, layers: Iterable[ExportLayer], adds_to: Path, pace: Pace) -> None:
    """Write the layers to the file and read it back; with a copy of a GeoPackage there, add them to it. `adds_to` is
    what errors call the file. Raises ExportError and CancelledError.
    """
    written = {}
    dataset = _open(path, target, adds_to)
    for layer in layers:
        name = layer.summary.name
        with _failures(name):
            if dataset.GetLayerByName(name) is not None:
                raise NameTakenError(name, adds_to)
            written[name] = _write_layer(dataset, target, layer, pace)
    for name in written:
        with _failures(name):
            if dataset.FlushCache():
                raise _incomplete(name)
    del dataset
    for name, amount in written.items():
        with _failures(name):
            _check(path, target, name, amount, pace)


def _open(path: Path, target: Format, adds_to: Path) -> Any:
    is_there = path.exists()
    try:
        if is_there:
            dataset = gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_UPDATE, [target.driver])
        else:
            dataset = gdal.GetDriverByName(target.driver).Create(str(path), 0, 0, 0, gdal.GDT_Unknown)
    except RuntimeError:
        dataset = None
    if dataset is None:
        raise NotAGeoPackageError(adds_to, _reason()) if is_there else IncompleteFileError(adds_to.name, _reason())
    return dataset


@contextmanager
def _failures(name: str) -> Iterator[None]:
    """GDAL raises or returns a code, as another plugin may have set it for all."""
    gdal.ErrorReset()
    try:
        yield
    except RuntimeError as error:
        raise IncompleteFileError(name, str(error)) from None


def _incomplete(name: str) -> IncompleteFileError:
    return IncompleteFileError(name, _reason())


def _reason() -> str:
    """GDAL's last message; of a long one, which quotes what was tried, the end."""
    message = str(gdal.GetLastErrorMsg())
    return message if len(message) <= _LONGEST_REASON else f"…{message[-_LONGEST_REASON:]}"


def _write_layer(dataset: Any, target: Format, layer: ExportLayer, pace: Pace) -> Written:
    summary = layer.summary
    made = dataset.CreateLayer(summary.name, _reference(layer), layer.wkb_type, target.options(summary))
    if made is None:
        raise _incomplete(summary.name)
    columns = _make_columns(made, target, layer)
    is_transaction = target.is_database and not dataset.StartTransaction()
    amount, definitions = Written(), made.GetLayerDefn()
    for feature in layer.features():
        if made.CreateFeature(_converted(feature, definitions, columns, layer, amount)):
            raise _incomplete(summary.name)
        amount.features += 1
        if not amount.features % _BATCH:
            pace(_BATCH)
    if amount.features < summary.count:
        raise UnreadableLayerError(summary.name, amount.features, summary.count)
    if is_transaction and dataset.CommitTransaction():
        raise _incomplete(summary.name)
    return amount


def _make_columns(made: Any, target: Format, layer: ExportLayer) -> list[tuple[int, int, Setter]]:
    """Attribute, GDAL's field, and what carries the value over."""
    columns = []
    names = names_in(target, layer.summary.names)
    for index, name, column in zip(layer.indexes, names, layer.summary.columns):
        # KML has a field “Name” already, which takes the values.
        if made.GetLayerDefn().GetFieldIndex(name) < 0 and made.CreateField(definition(name, column.type, target)):
            raise _incomplete(layer.summary.name)
        columns.append((index, made.GetLayerDefn().GetFieldIndex(name), setter(column.type, target, layer.reads_utc)))
    return columns


def _converted(
    feature: QgsFeature, definitions: Any, columns: list[tuple[int, int, Setter]], layer: ExportLayer, amount: Written
) -> Any:
    converted = ogr.Feature(definitions)
    attributes = feature.attributes()
    for index, field, set_value in columns:
        value = attributes[index]
        if is_missing(value):
            converted.SetFieldNull(field)
        else:
            set_value(converted, field, value)
    if not layer.summary.is_table and feature.hasGeometry():
        converted.SetGeometryDirectly(_geometry(feature, layer))
        amount.geometries += 1
    return converted


def _geometry(feature: QgsFeature, layer: ExportLayer) -> Any:
    geometry = feature.geometry()
    if not layer.transform.isShortCircuited():
        try:
            geometry.transform(layer.transform)
            is_placed = geometry.boundingBox().isFinite()
        except QgsCsException:
            is_placed = False
        if not is_placed:
            raise UnusableCrsError(
                f"A feature of “{layer.summary.name}” lies where {layer.crs.userFriendlyIdentifier()} has no"
                " coordinates. Choose another CRS."
            )
    return ogr.CreateGeometryFromWkb(geometry.asWkb().data())


def _reference(layer: ExportLayer) -> Any:
    if layer.summary.is_table:
        return None
    reference = osr.SpatialReference()
    if reference.SetFromUserInput(_definition_of(layer.crs)):
        raise UnusableCrsError(f"GDAL does not know the CRS {layer.crs.userFriendlyIdentifier()}. Choose another CRS.")
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


def _definition_of(crs: QgsCoordinateReferenceSystem) -> str:
    authority = str(crs.authid())
    return authority if authority and not authority.startswith("USER") else str(crs.toWkt())


def _check(path: Path, target: Format, name: str, amount: Written, pace: Pace) -> None:
    """Read the layer back, since GDAL does not hear of every write that fails."""
    if target.closing and not _tail(target.main_file(path, is_table=True)).endswith(target.closing):
        raise IncompleteFileError(name, "its end is missing")
    dataset = gdal.OpenEx(str(target.main_file(path, is_table=not path.exists())), gdal.OF_VECTOR)
    layer = None if dataset is None else _layer_in(dataset, target, name)
    if layer is None:
        raise _incomplete(name)
    found = Written()
    for feature in layer:
        found.features += 1
        found.geometries += feature.GetGeometryRef() is not None
        if not found.features % _BATCH:
            pace(_BATCH)
    lacks_geometries = target.gives_geometries_back and found.geometries != amount.geometries
    if found.features != amount.features or lacks_geometries:
        raise IncompleteFileError(name, f"{found.features:,} of {amount.features:,} features came back")


def _tail(file: Path) -> bytes:
    """The last bytes of the file, without the spaces and line ends before the very last."""
    with file.open("rb") as opened:
        opened.seek(0, SEEK_END)
        opened.seek(max(opened.tell() - _TAIL_BYTES, 0))
        found = opened.read()
    return found.rstrip() + found[-1:]


def _layer_in(dataset: Any, target: Format, name: str) -> Any:
    return dataset.GetLayerByName(name) if target.holds_many else dataset.GetLayer(0)
