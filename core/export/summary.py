"""What of a layer decides how a format holds it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


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
class ExportColumn:
    """A column of a layer."""

    name: str
    type: ColumnType


class ExportGeometry(Enum):
    """The geometry of a layer, as far as formats differ over it."""

    NONE = 0
    POINT = 1
    OTHER = 2


@dataclass(frozen=True)
class LayerSummary:
    """A layer as formats see it; `count` is the number of features, -1 where unknown."""

    name: str
    columns: tuple[ExportColumn, ...]
    geometry: ExportGeometry
    count: int

    @property
    def is_table(self) -> bool:
        """Whether it has no geometry."""
        return self.geometry is ExportGeometry.NONE

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self.columns]
