"""Tiles read by GDAL alone, to compare with."""

from __future__ import annotations

from collections.abc import Iterable
from math import atan, degrees, pi, sinh
from typing import NamedTuple

from osgeo import gdal, ogr

EARTH_METRES = 20_037_508.342789244


class Seen(NamedTuple):
    """A feature of a point layer: its attributes and its place in degrees."""

    attributes: dict[str, object]
    lon: float
    lat: float
    in_tile: bool


def points_by_gdal(body: bytes, z: int, x: int, y: int, layer_name: str) -> list[Seen]:
    """All points of a layer, buffer included, as GDAL's MVT driver sees them."""
    path = "/vsimem/reading.mvt"
    gdal.FileFromMemBuffer(path, body)
    options = [f"X={x}", f"Y={y}", f"Z={z}", "CLIP=NO", "METADATA_FILE="]
    dataset = gdal.OpenEx(path, gdal.OF_VECTOR, open_options=options)
    layer = dataset.GetLayerByName(layer_name)
    side = 2 * EARTH_METRES / 2**z
    west, north = x * side - EARTH_METRES, EARTH_METRES - y * side
    found = []
    for feature in layer or ():
        point = feature.GetGeometryRef()
        east, north_of = point.GetX(), point.GetY()
        # Half of the smallest step of a tile, since GDAL's places carry rounding.
        step = side / 4096 / 2
        in_tile = west - step <= east < west + side - step and north - side + step < north_of <= north + step
        lat = degrees(atan(sinh(north_of / EARTH_METRES * pi)))
        found.append(Seen(feature.items(), east / EARTH_METRES * 180, lat, in_tile))
    dataset = None
    gdal.Unlink(path)
    return found


def each_once(features: Iterable[Seen]) -> dict[str, Seen]:
    """By id, the copy inside its own tile before those in buffers."""
    chosen: dict[str, Seen] = {}
    for feature in features:
        key = str(feature.attributes["id"])
        if key not in chosen or (feature.in_tile and not chosen[key].in_tile):
            chosen[key] = feature
    return chosen


def rows_of(path: str) -> list[dict[str, object]]:
    """The features of a file's first layer with their place as `lon` and `lat`."""
    dataset = ogr.Open(path)
    rows = []
    for feature in dataset.GetLayer(0):
        geometry = feature.GetGeometryRef()
        rows.append({**feature.items(), "lon": geometry.GetX(), "lat": geometry.GetY()})
    return rows
