"""Memory layers, against an independent reader where there is recorded data."""

from collections import Counter
from dataclasses import replace

import pytest
from osgeo import gdal, ogr, osr
from qgis.core import NULL, QgsWkbTypes
from qgis.PyQt.QtCore import QDateTime, Qt, QVariant

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.download.report import remarks, result_line
from mapillary_coverage.core.layers.features import memory_layer
from mapillary_coverage.core.looks.layer_style import apply_style
from mapillary_coverage.core.mapillary.schema import IMAGES, SEQUENCES, TILES
from mapillary_coverage.core.request.filters import CoverageFilter
from tests.conftest import GENUINE_TILE, access_to, request_for
from tests.emulator import RecordedTiles

pytestmark = pytest.mark.qgis

IMAGE_FIELDS = [
    ("id", QVariant.String),
    ("sequence_id", QVariant.String),
    ("captured_at", QVariant.DateTime),
    ("compass_angle", QVariant.Double),
    ("is_pano", QVariant.Bool),
    ("creator_id", QVariant.String),
    ("organization_id", QVariant.String),
    ("on_foot", QVariant.Bool),
    ("quality_score", QVariant.Double),
]


def layers_of(result):
    return {kind: memory_layer(kind, result, lambda: False) for kind in (IMAGES, SEQUENCES, TILES)}


def by_gdal(path, layer, tile):
    """What GDAL's MVT driver reads, with positions in EPSG:4326."""
    options = [f"X={tile.x}", f"Y={tile.y}", f"Z={tile.z}", "CLIP=NO"]
    dataset = gdal.OpenEx(str(path), gdal.OF_VECTOR, allowed_drivers=["MVT"], open_options=options)
    web_mercator, degrees = osr.SpatialReference(), osr.SpatialReference()
    web_mercator.ImportFromEPSG(3857)
    degrees.ImportFromEPSG(4326)
    for crs in (web_mercator, degrees):
        crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    transform = osr.CoordinateTransformation(web_mercator, degrees)
    for feature in dataset.GetLayerByName(layer):
        geometry = feature.GetGeometryRef().Clone()
        geometry.Transform(transform)
        yield feature, geometry


@pytest.fixture
def genuine(genuine_tiles, emulator):
    """The run over the genuine tile, its layers by kind."""
    result = download_coverage(request_for(GENUINE_TILE), access_to(emulator(genuine_tiles)))
    return result, layers_of(result)


def test_the_genuine_tile_comes_whole(genuine):
    result, layers = genuine
    assert result_line(result) == "10,231 images and 222 sequences; 1 tile: 1 ok."
    assert remarks(result) == []
    assert [layer.featureCount() for layer in layers.values()] == [10231, 222, 1]
    (ledger,) = layers[TILES].getFeatures()
    assert ledger["tile"] == "14/8529/5975"
    assert (ledger["status"], ledger["features"], ledger["kept"]) == ("ok", 10453, 10453)
    assert ledger["source"] == "network"
    assert ledger["bytes"] == 693746


def test_ids_are_the_text_and_positions_the_places_that_gdal_reads(genuine, recorded):
    _, layers = genuine
    path = recorded / "tiles" / "unplaced" / "coverage_10231_images.mvt"
    expected = {
        str(feature.GetFieldAsInteger64("id")): geometry.GetPoint_2D()
        for feature, geometry in by_gdal(path, "image", GENUINE_TILE)
    }
    found = {feature["id"]: feature.geometry().asPoint() for feature in layers[IMAGES].getFeatures()}
    assert set(found) == set(expected)
    assert len(found) == 10231
    for image, place in found.items():
        assert place.x() == pytest.approx(expected[image][0], abs=1e-9)
        assert place.y() == pytest.approx(expected[image][1], abs=1e-9)


def test_sequences_are_the_lines_that_gdal_reads(genuine, recorded):
    _, layers = genuine
    path = recorded / "tiles" / "unplaced" / "coverage_10231_images.mvt"
    expected = {
        feature.GetField("id"): [part.GetPoints() for part in _parts(geometry)]
        for feature, geometry in by_gdal(path, "sequence", GENUINE_TILE)
    }
    for feature in layers[SEQUENCES].getFeatures():
        found = feature.geometry().asMultiPolyline()
        assert [len(part) for part in found] == [len(part) for part in expected[feature["id"]]]
        for part, other in zip(found, expected[feature["id"]]):
            for place, (lon, lat, *_) in zip(part, other):
                assert (place.x(), place.y()) == (pytest.approx(lon, abs=1e-9), pytest.approx(lat, abs=1e-9))


def _parts(geometry):
    if geometry.GetGeometryType() == ogr.wkbLineString:
        return [geometry]
    return [geometry.GetGeometryRef(index) for index in range(geometry.GetGeometryCount())]


def test_values_are_those_of_the_tile_and_null_where_it_has_none(genuine, recorded):
    _, layers = genuine
    path = recorded / "tiles" / "unplaced" / "coverage_10231_images.mvt"
    expected = {str(f.GetFieldAsInteger64("id")): f for f, _ in by_gdal(path, "image", GENUINE_TILE)}
    nulls = Counter()
    for feature in layers[IMAGES].getFeatures():
        source = expected[feature["id"]]
        nulls.update(field.name() for field in feature.fields() if feature[field.name()] == NULL)
        captured = source.GetFieldAsInteger64("captured_at")
        if captured:
            assert feature["captured_at"].toMSecsSinceEpoch() == captured
            assert feature["captured_at"].timeSpec() == Qt.TimeSpec.UTC
        assert feature["compass_angle"] == source.GetFieldAsDouble("compass_angle")
        assert feature["is_pano"] is bool(source.GetFieldAsInteger("is_pano"))
        assert feature["sequence_id"] == source.GetFieldAsString("sequence_id")
        assert feature["creator_id"] == str(source.GetFieldAsInteger64("creator_id"))
        organization = str(source.GetFieldAsInteger64("organization_id"))
        assert feature["organization_id"] == (organization if source.IsFieldSetAndNotNull("organization_id") else NULL)
    assert nulls == {"captured_at": 4, "organization_id": 7821, "on_foot": 10231, "quality_score": 10231}


def test_the_block_with_blanked_values_comes_whole_and_merged(recorded, emulator, engine):
    server = emulator(RecordedTiles(recorded / "tiles"))
    request = request_for(TileId(14, 3251, 6257), TileId(14, 3252, 6258))
    result = download_coverage(request, access_to(server))
    layers = layers_of(result)
    assert layers[IMAGES].featureCount() == 52734
    assert layers[SEQUENCES].featureCount() == 488
    assert result.counts["sequence"].decoded == 586
    assert remarks(result) == [
        "52,734 images came without an id; each is kept, and duplicates among them cannot be recognised."
    ]
    without = download_coverage(replace(request, filter=CoverageFilter(panorama="without")), access_to(server))
    assert len(without.images) == 52734
    assert "52,734 images may be panoramas: Mapillary does not say." in remarks(without)
    nothing = {"id", "captured_at", "compass_angle", "is_pano", "organization_id"}
    feature = next(layers[IMAGES].getFeatures())
    assert all(feature[name] == NULL for name in nothing)
    assert feature["sequence_id"]
    assert len({feature["id"] for feature in layers[SEQUENCES].getFeatures()}) == 488


def test_the_fields_are_those_of_the_contract(emulator):
    layers = layers_of(download_coverage(request_for(TileId(14, 8529, 5975)), access_to(emulator())))
    assert [(f.name(), f.type()) for f in layers[IMAGES].fields()] == IMAGE_FIELDS
    assert [f.name() for f in layers[SEQUENCES].fields()] == [
        "id", "image_id", "captured_at", "is_pano", "creator_id", "organization_id", "on_foot", "quality_score",
    ]  # fmt: skip
    assert [f.name() for f in layers[TILES].fields()] == [
        "tile", "tileset", "status", "reason", "features", "kept", "bytes", "source", "fetched_at",
    ]  # fmt: skip
    types = [layers[kind].wkbType() for kind in (IMAGES, SEQUENCES, TILES)]
    assert types == [QgsWkbTypes.Type.Point, QgsWkbTypes.Type.MultiLineString, QgsWkbTypes.Type.Polygon]
    assert {layer.crs().authid() for layer in layers.values()} == {"EPSG:4326"}
    ledger = next(layers[TILES].getFeatures())
    assert abs(ledger["fetched_at"].secsTo(QDateTime.currentDateTimeUtc())) < 3600


def test_a_layer_says_whose_data_it_is_and_what_was_asked_for(emulator):
    server = emulator()
    layers = layers_of(download_coverage(request_for(TileId(14, 8529, 5975)), access_to(server)))
    metadata = layers[IMAGES].metadata()
    assert metadata.rights() == ["© Mapillary, CC BY-SA 4.0"]
    assert "CC BY-SA 4.0" in metadata.licenses()[0]
    assert metadata.links()[0].url == "https://www.mapillary.com"
    assert "images and sequences at original positions, no filter" in metadata.abstract()
    assert "1 tile: 1 ok" in metadata.abstract()
    assert server.credential.split("|")[2] not in metadata.abstract() + "".join(metadata.history())


@pytest.mark.parametrize("kind", [IMAGES, SEQUENCES, TILES])
def test_the_styles_load(kind, emulator):
    layer = layers_of(download_coverage(request_for(TileId(14, 8529, 5975)), access_to(emulator())))[kind]
    before = layer.renderer().dump()
    apply_style(layer, kind)
    assert layer.renderer().dump() != before
