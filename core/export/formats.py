"""The formats that layers are exported to, one row each with all that is particular to it, and how columns are called
in them.

What they hold was checked against GDAL's drivers: https://gdal.org/drivers/vector/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Callable, Optional

from ..mapillary.schema import SHORT_NAMES
from .summary import ExportGeometry, LayerSummary


class Times(Enum):
    """How times are held: as such, as text that GDAL makes and reads, or as text that it takes for nothing else."""

    TYPED = "typed"
    TEXT_OF_GDAL = "text of GDAL"
    TEXT = "text"


@dataclass(frozen=True)
class Naming:
    """What layers in a file cannot be called: nothing with `|`, and nothing that begins with one of these. `rule` says
    so to people.
    """

    reserved: tuple[str, ...]
    rule: str

    def allows(self, name: str) -> bool:
        """Whether a layer can have the name."""
        return "|" not in name and not name.casefold().startswith(self.reserved)


@dataclass(frozen=True)
class Format:
    """A format. `driver` is GDAL's, `options` are what it takes for a layer, and `files` the endings of all files of
    one layer; one without geometry has that with `table_suffix` alone, where there is such a file. The file that is
    there in any case must close with `closing`, or it is cut off.

    A format that `is_database` is a file of SQLite, to which layers can be added. One that `holds_styles` also holds
    whose data it is. One that does not give geometries back when GDAL reads it can neither be checked for them nor
    shown. `decimals` says how coordinates are rounded, `longest_text` counts bytes, and `other_losses` are sentences on
    what no other trait tells.
    """

    label: str
    driver: str
    suffix: str
    files: tuple[str, ...]
    table_suffix: str = ""
    closing: bytes = b""
    options: Callable[[LayerSummary], list[str]] = lambda layer: []
    is_database: bool = False
    holds_many: bool = False
    holds_styles: bool = False
    holds_tables: bool = True
    gives_geometries_back: bool = True
    degrees_only: bool = False
    decimals: str = ""
    times: Times = Times.TYPED
    has_flags: bool = True
    has_empty_text: bool = True
    longest_name: Optional[int] = None
    longest_text: Optional[int] = None
    most_bytes: Optional[int] = None
    naming: Optional[Naming] = None
    other_losses: Callable[[Sequence[LayerSummary]], Iterable[str]] = lambda layers: ()

    def main_file(self, path: Path, is_table: bool) -> Path:
        """The file that is there in any case, of a layer at the path."""
        return path.with_suffix(self.table_suffix) if is_table and self.table_suffix else path

    def source(self, path: Path, name: str) -> str:
        """What QGIS opens a layer of the file with."""
        return f"{path}|layername={name}" if self.holds_many else str(path)


def free_name(wanted: str, names: Sequence[str]) -> str:
    """The name, with underscores before it until none of the others is the same."""
    taken = {name.casefold() for name in names}
    while wanted in taken:
        wanted = f"_{wanted}"
    return wanted


def _own_columns(layer: LayerSummary) -> list[str]:
    return [f"FID={free_name('fid', layer.names)}", f"GEOMETRY_NAME={free_name('geom', layer.names)}"]


def _coordinates_as_text(layer: LayerSummary) -> list[str]:
    if layer.is_table:
        return []
    return ["GEOMETRY=AS_XY" if layer.geometry is ExportGeometry.POINT else "GEOMETRY=AS_WKT"]


def _losses_of_text(layers: Sequence[LayerSummary]) -> Iterator[str]:
    yield (
        "Values have no types, and no value is the same as empty text. A spreadsheet rounds ids: import their columns"
        " as text."
    )
    if not all(layer.is_table for layer in layers):
        yield "The file does not say which CRS its coordinates have."


GEOPACKAGE = Format(
    "GeoPackage",
    "GPKG",
    ".gpkg",
    (".gpkg",),
    options=_own_columns,
    is_database=True,
    holds_many=True,
    holds_styles=True,
    naming=Naming(
        ("gpkg", "sqlite_", "layer_styles", "rtree_"), "without | and not beginning with gpkg, sqlite or layer_styles"
    ),
)
SHAPEFILE = Format(
    "Shapefile",
    "ESRI Shapefile",
    ".shp",
    (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qpj", ".qmd", ".shp.xml"),
    table_suffix=".dbf",
    closing=b"\x1a",
    options=lambda layer: ["ENCODING=UTF-8"],
    times=Times.TEXT,
    has_flags=False,
    has_empty_text=False,
    longest_name=10,
    longest_text=254,
    most_bytes=2 * 2**30,
)
GEOJSON = Format(
    "GeoJSON",
    "GeoJSON",
    ".geojson",
    (".geojson",),
    closing=b"}\n",
    options=lambda layer: ["RFC7946=YES", "COORDINATE_PRECISION=7"],
    degrees_only=True,
    decimals="7 decimals (1 cm)",
    times=Times.TEXT_OF_GDAL,
)
FLATGEOBUF = Format("FlatGeobuf", "FlatGeobuf", ".fgb", (".fgb",), holds_tables=False)
CSV = Format(
    "CSV",
    "CSV",
    ".csv",
    (".csv",),
    closing=b"\n",
    options=_coordinates_as_text,
    gives_geometries_back=False,
    times=Times.TEXT,
    has_flags=False,
    other_losses=_losses_of_text,
)
KML = Format("KML", "KML", ".kml", (".kml",), closing=b"</kml>\n", degrees_only=True, times=Times.TEXT, has_flags=False)
FORMATS = (GEOPACKAGE, SHAPEFILE, GEOJSON, FLATGEOBUF, CSV, KML)


def names_in(target: Format, names: Iterable[str]) -> list[str]:
    """What columns are called in the format: short enough there, and different even where case does not count."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        limit = target.longest_name
        wanted = name if limit is None else SHORT_NAMES.get(name, name)
        chosen, number = _cut(wanted, limit), 1
        while chosen.casefold() in taken:
            ending = f"_{number}"
            chosen = _cut(wanted, None if limit is None else limit - len(ending)) + ending
            number += 1
        taken.add(chosen.casefold())
        found.append(chosen)
    return found


def file_part(name: str) -> str:
    """A layer's name as part of a file name on every system."""
    return re.sub(r"[^\w\-()]+", "_", name).strip("_") or "layer"


def _cut(name: str, limit: Optional[int]) -> str:
    return name if limit is None else name.encode()[:limit].decode(errors="ignore")
