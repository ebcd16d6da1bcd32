"""What a run gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional

from ..area.area import Box
from ..area.tiling import TileAddress
from ..errors import MapillaryError, NoTileReadError
from ..mapillary.schema import IMAGES, MAP_FEATURES, SEQUENCES, SOURCE_LAYERS
from ..request.filters import Removed
from ..request.request import CoverageRequest
from .collector import Table, joined
from .ledger import EMPTY, FAILED, OK, SKIPPED, TileRecord, reasons


@dataclass
class LayerCounts:
    """What became of a source layer's features: of those `decoded`, the filter `removed` some; of the rest, some are
    `unplaced`, without a usable geometry.
    """

    decoded: int = 0
    unplaced: int = 0
    removed: Removed = field(default_factory=dict)

    def add(self, other: LayerCounts) -> None:
        """Count another tile's in."""
        self.decoded += other.decoded
        self.unplaced += other.unplaced
        for reason, number in other.removed.items():
            self.removed[reason] = self.removed.get(reason, 0) + number

    @property
    def passed(self) -> int:
        """Features that the filter let through and that have a place."""
        return self.decoded - self.unplaced - sum(self.removed.values())


@dataclass
class TileOutcome:
    """What one tile gave: its line in the ledger, and its kept features and counts by source layer."""

    record: TileRecord
    tables: dict[str, Table] = field(default_factory=dict)
    counts: dict[str, LayerCounts] = field(default_factory=dict)
    error: Optional[MapillaryError] = None


@dataclass(frozen=True)
class CoverageResult:
    """What a run gave. `tables` and `counts` have an entry for each source layer asked for, by its name; `stopped_by`
    says why tiles were skipped; `notes` are sentences about the cache. A partial result keeps the `outcomes` of its
    tiles, so that it can be completed. `extent` is the box of all features in degrees (EPSG:4326), or one on each side
    of the antimeridian; where there are no features, that of the area.
    """

    request: CoverageRequest
    tables: dict[str, Table]
    ledger: list[TileRecord]
    counts: dict[str, LayerCounts]
    stopped_by: Optional[MapillaryError] = None
    offline: bool = False
    notes: Sequence[str] = ()
    outcomes: Sequence[TileOutcome] = field(default=(), repr=False)
    extent: tuple[Box, ...] = ()

    @property
    def images(self) -> Table:
        """The images, none where they were not asked for."""
        return self.of_kind(IMAGES)

    @property
    def sequences(self) -> Table:
        """The sequences, none where they were not asked for."""
        return self.of_kind(SEQUENCES)

    def of_kind(self, kind: str) -> Table:
        """What goes to the layer of a kind: all of its source layers that were asked for."""
        layers = [layer for layer in SOURCE_LAYERS if layer.kind == kind]
        return joined(layers[0], [self.tables[layer.name] for layer in layers if layer.name in self.tables])

    @property
    def map_features(self) -> Table:
        """The map features that were asked for."""
        return self.of_kind(MAP_FEATURES)

    @property
    def is_partial(self) -> bool:
        """Whether tiles are missing."""
        return self.missing_count > 0

    @property
    def missing_count(self) -> int:
        """Tiles that were not read, whether asked for or not."""
        return sum(record.status in (FAILED, SKIPPED) for record in self.ledger)

    def read_outcomes(self) -> dict[TileAddress, TileOutcome]:
        """What a partial result has of the tiles that were read."""
        return {
            TileAddress(o.record.tileset, o.record.tile): o for o in self.outcomes if o.record.status in (OK, EMPTY)
        }

    @property
    def failure(self) -> Optional[MapillaryError]:
        """Why the run gave nothing at all; None where at least one tile was read, if only to find it empty."""
        if not self.ledger or any(record.status in (OK, EMPTY) for record in self.ledger):
            return None
        if self.stopped_by:
            return self.stopped_by
        return NoTileReadError(
            f"None of the {len(self.ledger):,} tiles could be read. {' '.join(reasons(self.ledger, FAILED))}"
            if len(self.ledger) > 1
            else f"The tile could not be read. {self.ledger[0].reason}"
        )

    @property
    def failed_count(self) -> int:
        """Tiles that were asked for and not read."""
        return sum(record.status == FAILED for record in self.ledger)
