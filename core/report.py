"""A run's result in plain sentences: the same for the panel, Processing and the layers' metadata."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from .collector import Table
from .filters import Removed
from .ledger import EMPTY, FAILED, reasons, verdict
from .result import CoverageResult, LayerCounts
from .schema import IMAGE, SEQUENCE, SourceLayer

_SHOWN_REASONS = 3
_NOUN_IN_TILES = {IMAGE.name: "image", SEQUENCE.name: "sequence part"}


def result_line(result: CoverageResult) -> str:
    """What came of the run, such as `10,231 images and 222 sequences; 1 tile: 1 ok.`"""
    found = " and ".join(counted(len(_table(result, layer)), layer.name) for layer in result.request.source_layers)
    return f"{found}; {verdict(result.ledger)}."


def remarks(result: CoverageResult) -> list[str]:
    """What else there is to know: why it is empty, what filters removed, what the data lacks."""
    sentences: list[str] = []
    for layer in result.request.source_layers:
        counts = result.counts[layer.name]
        table = _table(result, layer)
        sentences += _filtered(layer, counts, len(table), result.request.filter.is_active)
        sentences += _lacking(layer, counts, table.columns["id"])
        unknown = table.columns["is_pano"].count(None) if result.request.filter.panorama == "without" else 0
        if unknown:
            sentences.append(f"{counted(unknown, layer.name)} may be panoramas: Mapillary does not say.")
    if not result.ledger:
        sentences.append("No tile had to be read: none of this extent failed or was skipped.")
    elif all(record.status == EMPTY for record in result.ledger):
        sentences.append(
            "Every tile was answered with 404: there is no coverage in this extent, or the server address is wrong."
            if all(record.reason == "404" for record in result.ledger)
            else "Mapillary has no coverage in this extent."
        )
    sentences += _from_cache(result)
    if result.request.area.cut_at_poles:
        sentences.append("The part of the extent beyond 85.0511 degrees of latitude was left out: there are no tiles.")
    return sentences


def warnings(result: CoverageResult) -> list[str]:
    """What is missing from the result because tiles are."""
    sentences: list[str] = []
    if result.stopped_by:
        sentences.append(f"The run was stopped, so the result is partial. {result.stopped_by}")
    elif result.failed_count:
        sentences.append(f"The result is partial: {counted(result.failed_count, 'tile')} could not be read.")
        sentences += reasons(result.ledger, FAILED)[:_SHOWN_REASONS]
    return [*sentences, *result.notes]


def _from_cache(result: CoverageResult) -> list[str]:
    times = [record.fetched_at for record in result.ledger if record.source == "cache" and record.fetched_at]
    if not times:
        return []
    oldest = datetime.fromtimestamp(min(times) / 1000, timezone.utc)
    how = "Working offline: " if result.offline else ""
    return [
        f"{how}{len(times):,} of {counted(len(result.ledger), 'tile')} came from the tile cache, the oldest fetched on"
        f" {oldest:%Y-%m-%d at %H:%M} UTC."
    ]


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 image`, `10,231 images`."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def _table(result: CoverageResult, layer: SourceLayer) -> Table:
    return result.images if layer is IMAGE else result.sequences


def _filtered(layer: SourceLayer, counts: LayerCounts, kept: int, filter_is_active: bool) -> list[str]:
    sentences = []
    passed = counts.decoded - counts.removed.total - counts.unplaced
    noun = _NOUN_IN_TILES[layer.name]
    if filter_is_active and counts.decoded:
        removed = _removed(counts.removed)
        sentences.append(
            f"{passed:,} of {counted(counts.decoded, noun)} in the tiles"
            f" pass{'es' if passed == 1 else ''} the filter{': ' + removed if removed else ''}."
        )
    if passed and not kept:
        sentences.append(f"The tiles hold {counted(passed, noun)}, but none in the extent.")
    return sentences


def _removed(removed: Removed) -> str:
    parts = []
    if removed.by_date:
        parts.append(f"{removed.by_date:,} have another date")
    if removed.undated:
        parts.append(f"{removed.undated:,} have no date")
    if removed.by_panorama:
        parts.append(f"{removed.by_panorama:,} removed by the panorama choice")
    return ", ".join(parts)


def _lacking(layer: SourceLayer, counts: LayerCounts, ids: Sequence[object]) -> list[str]:
    sentences = []
    without_id = sum(value is None for value in ids)
    if without_id:
        sentences.append(
            f"{counted(without_id, layer.name)} came without an id; each is kept, and duplicates among them cannot be"
            " recognised."
        )
    if counts.unplaced:
        sentences.append(f"{counted(counts.unplaced, layer.name)} without a usable position: left out.")
    return sentences
