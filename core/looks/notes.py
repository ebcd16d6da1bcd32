"""What the legend of a live layer says of its filter, in plain words."""

from __future__ import annotations

from ..filters import CoverageFilter
from ..schema import COVERAGE_TILESETS, MAP_FEATURE_TILESETS, OVERVIEW
from .colour_by import ColourBy
from .filter_expression import tile_filter

_COVERAGE = {"overview": "Dots of sequences (far out)", "sequence": "Sequences", "image": "Images"}
"""What people call the source layers, from far to near."""


def filter_notes(tileset: str, chosen: CoverageFilter, colour_by: ColourBy) -> list[str]:
    """The filter in one line, and a line for each source layer whose tiles do not tell all that is asked of them."""
    names = _COVERAGE if tileset in COVERAGE_TILESETS.values() else {MAP_FEATURE_TILESETS[tileset].name: "Map features"}
    filters = {name: tile_filter(chosen, name) for name in names}
    is_asked = any(each.expression or each.unanswered for each in filters.values())
    notes = [f"Filter: {chosen}"] * is_asked
    for name, each in filters.items():
        if each.unanswered:
            notes.append(f"{names[name]}: not filtered by {_listed(each.unanswered)}")
    if "overview" in names and not colour_by.is_told_by(OVERVIEW.fields):
        notes.append(f"{_COVERAGE['overview']}: in one colour, {colour_by.title.lower()} is not known")
    return notes


def _listed(names: tuple[str, ...]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
