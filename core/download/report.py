"""A run's result in plain sentences: the same for the panel, Processing and the layers' metadata."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from ..mapillary.map_feature_values import unknown_patterns
from ..mapillary.schema import KINDS, MAP_FEATURES, SEQUENCE, SourceLayer
from ..request.conditions import Flag
from ..request.filters import CONDITIONS, Removed
from ..wording import counted, joined
from .collector import Table
from .ledger import EMPTY, FAILED, reasons, verdict
from .result import CoverageResult, LayerCounts

_SHOWN_REASONS = 3


def result_line(result: CoverageResult) -> str:
    """What came of the run, such as `10,231 images and 222 sequences; 1 tile: 1 ok.`"""
    if not result.ledger:
        return "Nothing was read."
    found = [counted(len(result.tables[layer.name]), layer.noun) for layer in result.request.source_layers]
    return f"{joined(found)}; {verdict(result.ledger)}."


def remarks(result: CoverageResult) -> list[str]:
    """What else there is to know: why it is empty, what filters removed, what the data lacks."""
    sentences: list[str] = []
    for layer in result.request.source_layers:
        counts = result.counts[layer.name]
        table = result.tables[layer.name]
        sentences += _filtered(layer, counts, len(table), result)
        sentences += _lacking(layer, counts, table.columns["id"])
        sentences += _unknown(layer, table, result)
    unknown = unknown_patterns(result.request.filter.values)
    if unknown:
        sentences.append(f"No value that is known matches {', '.join(f'“{pattern}”' for pattern in unknown)}.")
    if not result.ledger:
        sentences.append("No tile had to be read: none of this area failed or was skipped.")
    elif all(record.status == EMPTY for record in result.ledger):
        sentences.append(
            f"Every tile was answered with 404: Mapillary has no {_what(result)} in this area, or the server address is"
            " wrong."
            if all(record.reason == "404" for record in result.ledger)
            else f"Mapillary has no {_what(result)} in this area."
        )
    sentences += _from_cache(result)
    if result.request.area.cut_at_poles:
        sentences.append("The part of the area beyond 85.0511 degrees of latitude was left out: there are no tiles.")
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


def _what(result: CoverageResult) -> str:
    kinds = {layer.kind for layer in result.request.source_layers}
    names = {kind: "map features" if kind == MAP_FEATURES else "coverage" for kind in KINDS if kind in kinds}
    return " or ".join(sorted(set(names.values())))


def _filtered(layer: SourceLayer, counts: LayerCounts, kept: int, result: CoverageResult) -> list[str]:
    sentences = []
    noun = "sequence part" if layer is SEQUENCE else layer.noun
    chosen = result.request.filter
    if counts.decoded and chosen.acts_on(layer):
        removed = _removed(counts.removed)
        sentences.append(
            f"{counts.passed:,} of {counted(counts.decoded, noun)} in the tiles"
            f" pass{'es' if counts.passed == 1 else ''} the filter{': ' + removed if removed else ''}."
        )
    if layer is SEQUENCE and chosen.names_sequences:
        sentences.append("The sequences are those of the images that are kept.")
    elif counts.passed and not kept:
        sentences.append(f"The tiles hold {counted(counts.passed, noun)}, but none in the area.")
    return sentences


def _removed(removed: Removed) -> str:
    return ", ".join(f"{number:,} {reason}" for reason, number in removed.items() if number)


def _unknown(layer: SourceLayer, table: Table, result: CoverageResult) -> list[str]:
    """`without` keeps what nothing is known of."""
    sentences = []
    chosen = result.request.filter
    for flag in (condition for condition in CONDITIONS if isinstance(condition, Flag)):
        is_without = flag.choice(chosen) == "without" and flag.field in table.columns
        unknown = table.columns[flag.field].count(None) if is_without else 0
        if unknown:
            sentences.append(f"{counted(unknown, layer.noun)} may {flag.may_be}: Mapillary does not say.")
    return sentences


def _lacking(layer: SourceLayer, counts: LayerCounts, ids: Sequence[object]) -> list[str]:
    sentences = []
    without_id = sum(value is None for value in ids)
    if without_id:
        sentences.append(
            f"{counted(without_id, layer.noun)} came without an id; each is kept, and duplicates among them cannot be"
            " recognised."
        )
    if counts.unplaced:
        sentences.append(f"{counted(counts.unplaced, layer.noun)} without a usable position: left out.")
    return sentences
