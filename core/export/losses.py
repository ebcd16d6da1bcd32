"""What a format cannot hold of given layers, said before it is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..mapillary.licence import RIGHTS
from .formats import Format, Times, names_in
from .summary import ColumnType, LayerSummary

_BRIEF = {
    *("id", "sequence_id", "image_id", "creator_id", "organization_id"),
    *("tile", "tileset", "status", "source", "value", "label", "kind"),
}
"""Text fields of ours that are never long."""

_COLUMN_BYTES = 24


def losses(target: Format, layers: Sequence[LayerSummary]) -> list[str]:
    """Sentences; none where the format holds everything."""
    if not layers:
        return []
    return [
        *_of_layers(target, layers),
        *_of_lengths(target, layers),
        *_of_values(target, layers),
        *target.other_losses(layers),
        *_of_descriptions(target),
    ]


def _of_layers(target: Format, layers: Sequence[LayerSummary]) -> Iterator[str]:
    if len(layers) > 1 and not target.holds_many:
        yield "Each layer becomes a file of its own, named after it."
    tables = [layer.name for layer in layers if layer.is_table]
    if tables and not target.holds_tables:
        yield f"{target.label} cannot hold layers without geometry: {', '.join(tables)}."
    if tables and target.table_suffix:
        yield f"Without geometry, only a table ({target.table_suffix}) is written: {', '.join(tables)}."
    if target.degrees_only and len(tables) < len(layers):
        decimals = target.decimals and f", with {target.decimals}"
        yield f"Coordinates are longitude and latitude, EPSG:4326{decimals}."


def _of_lengths(target: Format, layers: Sequence[LayerSummary]) -> Iterator[str]:
    renamed: dict[str, str] = {}
    if target.longest_name is not None:
        for layer in layers:
            pairs = zip(layer.names, names_in(target, layer.names))
            renamed.update({old: new for old, new in pairs if old != new})
    if renamed:
        changes = ", ".join(f"{old} becomes {new}" for old, new in renamed.items())
        yield f"Field names have {target.longest_name} characters at most: {changes}."
    long_texts = [name for name in _columns(layers, ColumnType.TEXT) if name not in _BRIEF]
    if long_texts and target.longest_text is not None:
        yield f"Text is cut after {target.longest_text} bytes: {', '.join(long_texts)}."
    for layer in layers:
        if target.most_bytes is not None and layer.count * len(layer.columns) * _COLUMN_BYTES > target.most_bytes:
            most = f"{target.most_bytes / 2**30:.0f} GB"
            yield f"“{layer.name}” may need more than the {most} that a {target.label} can have."


def _of_values(target: Format, layers: Sequence[LayerSummary]) -> Iterator[str]:
    if _columns(layers, ColumnType.TIME) and target.times is not Times.TYPED:
        yield "Times become text, such as 2024-05-01T12:00:00.123Z."
    if _columns(layers, ColumnType.FLAG) and not target.has_flags:
        yield "True and false become 1 and 0."
    if _columns(layers, ColumnType.TEXT) and not target.has_empty_text:
        yield "Empty text becomes no value."


def _of_descriptions(target: Format) -> Iterator[str]:
    if not target.holds_styles:
        yield (
            f"{target.label} holds neither styles nor whose data it is: where you publish it, name “{RIGHTS}” yourself."
        )


def _columns(layers: Sequence[LayerSummary], wanted: ColumnType) -> list[str]:
    return list(dict.fromkeys(column.name for layer in layers for column in layer.columns if column.type is wanted))
