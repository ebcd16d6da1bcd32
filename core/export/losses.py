"""What a format cannot hold of given layers, said before it is lost.

Checked against GDAL's drivers: https://gdal.org/drivers/vector/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..mapillary.licence import RIGHTS
from .formats import CSV, FLATGEOBUF, GEOJSON, GEOPACKAGE, SHAPEFILE, ColumnType, Format, Outline, Shape, names_in

_BRIEF = {
    *("id", "sequence_id", "image_id", "creator_id", "organization_id"),
    *("tile", "tileset", "status", "source", "value", "label", "kind"),
}
"""Text fields of ours that are never long."""

_SHAPEFILE_BYTES = 2 * 2**30
_COLUMN_BYTES = 24


def losses(target: Format, layers: Sequence[Outline]) -> list[str]:
    """Sentences; none where the format holds everything."""
    if target is GEOPACKAGE or not layers:
        return []
    return [
        *_shared(target, layers),
        *(_of_shapefile(layers) if target is SHAPEFILE else ()),
        *_of_values(target, layers),
        f"{target.label} holds neither styles nor whose data it is: where you publish it, name “{RIGHTS}” yourself.",
    ]


def _shared(target: Format, layers: Sequence[Outline]) -> Iterator[str]:
    if len(layers) > 1 and not target.holds_many:
        yield "Each layer becomes a file of its own, named after it."
    tables = [layer.name for layer in layers if layer.shape is Shape.NONE]
    if tables and target is FLATGEOBUF:
        yield f"FlatGeobuf cannot hold layers without geometry: {', '.join(tables)}."
    if tables and target is SHAPEFILE:
        yield f"Without geometry, only a table (.dbf) is written: {', '.join(tables)}."
    if target.degrees_only and len(tables) < len(layers):
        decimals = ", with 7 decimals (1 cm)" if target is GEOJSON else ""
        yield f"Coordinates are longitude and latitude, EPSG:4326{decimals}."


def _of_shapefile(layers: Sequence[Outline]) -> Iterator[str]:
    renamed: dict[str, str] = {}
    for layer in layers:
        names = [column.name for column in layer.columns]
        renamed.update({old: new for old, new in zip(names, names_in(SHAPEFILE, names)) if old != new})
    if renamed:
        changes = ", ".join(f"{old} becomes {new}" for old, new in renamed.items())
        yield f"Field names have 10 characters at most: {changes}."
    long_texts = _columns(layers, ColumnType.TEXT)
    long_texts = [name for name in long_texts if name not in _BRIEF]
    if long_texts:
        yield f"Text is cut after 254 bytes: {', '.join(long_texts)}."
    for layer in layers:
        if layer.count * len(layer.columns) * _COLUMN_BYTES > _SHAPEFILE_BYTES:
            yield f"“{layer.name}” may need more than the 2 GB that a Shapefile can have."


def _of_values(target: Format, layers: Sequence[Outline]) -> Iterator[str]:
    if _columns(layers, ColumnType.TIME) and (target.times_as_text or target is GEOJSON):
        yield "Times become text, such as 2024-05-01T12:00:00.123Z."
    if _columns(layers, ColumnType.FLAG) and not target.has_flags:
        yield "True and false become 1 and 0."
    if target is SHAPEFILE and _columns(layers, ColumnType.TEXT):
        yield "Empty text becomes no value."
    if target is CSV:
        yield (
            "Values have no types, and no value is the same as empty text. A spreadsheet rounds ids: import their"
            " columns as text."
        )
        if any(layer.shape is not Shape.NONE for layer in layers):
            yield "The file does not say which CRS its coordinates have."


def _columns(layers: Sequence[Outline], wanted: ColumnType) -> list[str]:
    return list(dict.fromkeys(column.name for layer in layers for column in layer.columns if column.type is wanted))
