"""The formats that layers are exported to, and how columns are called in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Optional

from ..mapillary.schema import SHORT_NAMES


class ColumnType(Enum):
    """What the values of a column are."""

    TEXT = "text"
    WHOLE = "whole number"
    LARGE = "whole number of 64 bits"
    REAL = "number"
    FLAG = "true or false"
    TIME = "time"
    DATE = "day"


@dataclass(frozen=True)
class Column:
    """A column of a layer."""

    name: str
    type: ColumnType


class Shape(Enum):
    """The geometry of a layer, as far as formats differ over it."""

    NONE = 0
    POINT = 1
    OTHER = 2


@dataclass(frozen=True)
class Outline:
    """What of a layer decides what a format cannot hold; `count` is the number of features, -1 where unknown."""

    name: str
    columns: tuple[Column, ...]
    shape: Shape
    count: int


@dataclass(frozen=True)
class Format:
    """A format. `driver` is GDAL's; `files` are the endings of all files of one layer, and the one with `ending` must
    close with `closing`, or it is cut off.
    """

    label: str
    driver: str
    suffix: str
    files: tuple[str, ...]
    ending: str = ""
    closing: bytes = b""
    degrees_only: bool = False
    holds_many: bool = False
    holds_tables: bool = True
    times_as_text: bool = False
    has_flags: bool = True
    longest_name: Optional[int] = None


GEOPACKAGE = Format("GeoPackage", "GPKG", ".gpkg", (".gpkg",), holds_many=True)
SHAPEFILE = Format(
    "Shapefile",
    "ESRI Shapefile",
    ".shp",
    (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qpj", ".qmd", ".shp.xml"),
    ending=".dbf",
    closing=b"\x1a",
    times_as_text=True,
    has_flags=False,
    longest_name=10,
)
GEOJSON = Format("GeoJSON", "GeoJSON", ".geojson", (".geojson",), ".geojson", b"}\n", degrees_only=True)
FLATGEOBUF = Format("FlatGeobuf", "FlatGeobuf", ".fgb", (".fgb",), holds_tables=False)
CSV = Format("CSV", "CSV", ".csv", (".csv",), ".csv", b"\n", times_as_text=True, has_flags=False)
KML = Format(
    "KML", "KML", ".kml", (".kml",), ".kml", b"</kml>\n", degrees_only=True, times_as_text=True, has_flags=False
)
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


def free_name(wanted: str, names: Sequence[str]) -> str:
    """The name, with underscores before it until none of the others is the same."""
    taken = {name.casefold() for name in names}
    while wanted in taken:
        wanted = f"_{wanted}"
    return wanted


def file_part(name: str) -> str:
    """A layer's name as part of a file name on every system."""
    return re.sub(r"[^\w\-()]+", "_", name).strip("_") or "layer"


def _cut(name: str, limit: Optional[int]) -> str:
    return name if limit is None else name.encode()[:limit].decode(errors="ignore")
