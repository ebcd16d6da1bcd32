"""What shall be exported, checked on the main thread before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsProviderRegistry, QgsVectorLayer

from ..area.extent import degrees_crs
from .errors import (
    NeedsGeometryError,
    NoFileNamedError,
    NothingToExportError,
    SameNameError,
    TargetEditedError,
    TargetExistsError,
    UnusableNameError,
)
from .formats import Format, file_part
from .placing import check_target, present_files
from .snapshot import ExportLayer, snapshot


class Existing(Enum):
    """What happens to a file that is there: keep it and fail, replace it whole, or add layers to it (a database)."""

    KEEP = "keep"
    REPLACE = "replace"
    ADD = "add"


@dataclass(frozen=True)
class ExportFile:
    """One file to be made and the layers that go into it."""

    path: Path
    layers: tuple[ExportLayer, ...]


@dataclass(frozen=True)
class ExportPlan:
    """What a task needs; it reads no layer of the project any more."""

    format: Format
    files: tuple[ExportFile, ...]
    adds: bool


def plan_export(
    project: QgsProject,
    chosen: Sequence[tuple[QgsVectorLayer, str]],
    target: Format,
    path: str,
    *,
    crs: Optional[QgsCoordinateReferenceSystem] = None,
    only_selected: bool = False,
    existing: Existing = Existing.KEEP,
) -> ExportPlan:
    """The layers with the names that they shall have, in the CRS or each in its own. Raises ExportError."""
    paths = target_paths([name for _, name in chosen], target, path)
    adds = existing is Existing.ADD and target.is_database and paths[0].exists()
    for file in paths:
        check_target(file)
        if existing is not Existing.REPLACE and not adds and present_files(file, target):
            raise TargetExistsError(file)
        for layer in layers_in(project, file):
            if layer.isEditable():
                raise TargetEditedError(file, layer.name())
    context = project.transformContext()
    wanted = degrees_crs() if target.degrees_only else crs
    layers = [snapshot(layer, name, wanted, context, only_selected) for layer, name in chosen]
    for layer in layers:
        if layer.summary.is_table and not target.holds_tables:
            raise NeedsGeometryError(layer.summary.name, target.label)
    groups = [tuple(layers)] if target.holds_many else [(layer,) for layer in layers]
    return ExportPlan(target, tuple(ExportFile(file, group) for file, group in zip(paths, groups)), adds)


def target_paths(names: Sequence[str], target: Format, path: str) -> list[Path]:
    """The files that layers of these names make: one, or one for each layer. Raises NothingToExportError,
    NoFileNamedError and SameNameError.
    """
    if not names:
        raise NothingToExportError()
    first = _file(path, target)
    _check_names([name if target.holds_many else file_part(name) for name in names], target)
    if target.holds_many or len(names) == 1:
        return [first]
    return [first.with_name(f"{first.stem}_{file_part(name)}{first.suffix}") for name in names]


def layers_in(project: QgsProject, path: Path) -> list[QgsVectorLayer]:
    """The layers of the project whose data is in the file."""
    registry = QgsProviderRegistry.instance()
    found = []
    for layer in project.mapLayers().values():
        if isinstance(layer, QgsVectorLayer) and layer.providerType() == "ogr":
            source = registry.decodeUri("ogr", layer.source()).get("path")
            if source and Path(source).resolve() == path:
                found.append(layer)
    return found


def _file(path: str, target: Format) -> Path:
    text = path.strip()
    if not text or "\0" in text:
        raise NoFileNamedError()
    file = Path(text).expanduser().resolve()
    if not file.name:
        raise NoFileNamedError()
    if file.is_dir():
        return file
    # Written with the ending in small letters, whatever was typed.
    is_named = file.suffix.lower() == target.suffix
    return file.with_suffix(target.suffix) if is_named else file.with_name(file.name + target.suffix)


def _check_names(names: Sequence[str], target: Format) -> None:
    taken: set[str] = set()
    for name in names:
        if target.naming is not None and not target.naming.allows(name):
            raise UnusableNameError(name, target.label, target.naming.rule)
        if name.casefold() in taken:
            raise SameNameError(name)
        taken.add(name.casefold())
