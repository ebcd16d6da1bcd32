"""An export from its plan to files in their place, in a task's thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qgis.core import QgsProviderRegistry

from .errors import IncompleteFileError, TargetInUseError
from .formats import Format
from .placing import copy_geopackage, place, settle, state_of, workplace
from .plan import ExportFile, ExportPlan
from .snapshot import ExportLayer
from .writer import pace_of, quiet_gdal, write_file


def run_export(plan: ExportPlan, is_cancelled: Callable[[], bool], on_progress: Callable[[float], None]) -> list[Path]:
    """The paths that were written; `on_progress` gets percent. Raises ExportError and CancelledError, and then leaves
    every file as it was.
    """
    # Each feature counts twice: it is written and read back.
    total = 2 * sum(max(layer.summary.count, 0) for file in plan.files for layer in file.layers) or 1
    done = 0

    def on_features(features: int) -> None:
        nonlocal done
        done += features
        on_progress(min(100.0 * done / total, 100.0))

    pace = pace_of(is_cancelled, on_features)
    with quiet_gdal(), workplace(plan.files[0].path) as folder:
        made = []
        before = state_of(plan.files[0].path) if plan.adds else []
        for file in plan.files:
            path = folder / file.path.name
            if plan.adds:
                copy_geopackage(file.path, path)
            write_file(path, plan.format, file.layers, file.path, pace)
            if plan.format.holds_styles:
                _describe(path, plan.format, file)
            if plan.format.is_database:
                settle(path)
            made.append((path, file.path))
        pace(0)
        if plan.adds and state_of(plan.files[0].path) != before:
            raise TargetInUseError(plan.files[0].path, "it was changed while the layers were being added")
        place(made, plan.format, folder)
    return [plan.format.main_file(file.path, is_table=not file.path.exists()) for file in plan.files]


def _describe(path: Path, target: Format, file: ExportFile) -> None:
    """Store each layer's metadata and style in the file."""
    for layer in file.layers:
        _store(target.source(path, layer.summary.name), layer)


def _store(uri: str, layer: ExportLayer) -> None:
    registry = QgsProviderRegistry.instance()
    saved, reason = registry.saveLayerMetadata("ogr", uri, layer.metadata)
    if not saved:
        raise IncompleteFileError(layer.summary.name, reason)
    if not registry.saveStyle("ogr", uri, layer.style, "", layer.summary.name, "", "", True, ""):
        raise IncompleteFileError(layer.summary.name, "its style was not stored")
