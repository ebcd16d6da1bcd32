"""A layer as text that two equal layers share byte for byte, whatever the order of their features."""

from __future__ import annotations

from collections.abc import Iterator

from osgeo import ogr


def canonical_dump(source: str) -> str:
    """Fields with types, then every feature: values, then the geometry as hexadecimal WKB, sorted."""
    dataset = ogr.Open(source)
    layer = dataset.GetLayer(0)
    definition = layer.GetLayerDefn()
    fields = [definition.GetFieldDefn(index) for index in range(definition.GetFieldCount())]
    header = [f"{field.GetName()}:{field.GetTypeName()}:{field.GetSubType()}" for field in fields]
    return "\n".join([" ".join(header), *sorted(_lines(layer))])


def _lines(layer: ogr.Layer) -> Iterator[str]:
    for feature in layer:
        values = [
            "NULL" if feature.IsFieldNull(index) else feature.GetFieldAsString(index)
            for index in range(feature.GetFieldCount())
        ]
        yield " | ".join([*values, feature.GetGeometryRef().ExportToWkb().hex()])
