"""`mapillary:downloadmapfeatures`, feature for feature against GDAL and QGIS' ellipsoid."""

import re
import tempfile
from collections import Counter

import mercantile
import pytest
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsDistanceArea,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingException,
    QgsVectorLayer,
)

from mapillary_coverage.core.algorithms.download_map_features import DownloadMapFeaturesAlgorithm
from mapillary_coverage.core.settings import Settings
from tests.core.algorithms.test_download_coverage import Feedback
from tests.emulator import RecordedTiles, Town
from tests.reading import each_once, points_by_gdal

pytestmark = pytest.mark.qgis

MIAMI = (-80.13423442840576, 25.77376933762778, -80.1264238357544, 25.788608487732198)
MALMO = (13.01765352487564, 55.60817207168841)
POLES = ("object--support--utility-pole", "object--street-light")
KINDS = {"mly_map_feature_point": "point", "mly_map_feature_traffic_sign": "traffic_sign"}


@pytest.fixture
def run(emulator, monkeypatch, qgis_processing, own_cache):
    """Runs the algorithm on an emulator of a source; gives the outputs, with layers in place of their ids."""

    def go(source, feedback=None, **parameters):
        server = emulator(source)
        go.server = server
        monkeypatch.setenv("MAPILLARY_TILES_URL", server.tiles_url)
        monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", server.credential)
        monkeypatch.setenv("MAPILLARY_CACHE_DIR", tempfile.mkdtemp(dir=own_cache))
        context = QgsProcessingContext()
        algorithm = DownloadMapFeaturesAlgorithm(Settings()).create()
        given = {"MAP_FEATURES": "memory:", "TILES": "memory:", **parameters}
        ok, why = algorithm.checkParameterValues(given, context)
        if not ok:
            raise QgsProcessingException(why)
        outputs, ok = algorithm.run(given, context, feedback or Feedback(), {}, False)
        for name in ("MAP_FEATURES", "TILES"):
            if name in outputs:
                outputs[name] = context.temporaryLayerStore().takeMapLayer(
                    context.temporaryLayerStore().mapLayer(outputs[name])
                )
        return outputs

    return go


def town_at(lon, lat, **options):
    """A town of 3 x 3 tiles around a place."""
    tile = mercantile.tile(lon, lat, 14)
    return Town(west=tile.x - 1, north=tile.y - 1, size=3, **options)


def by_gdal(source, tiles, tilesets=tuple(KINDS)):
    """Every feature of the tiles, each id once."""
    found = []
    tiles = list(tiles)
    for tileset in tilesets:
        for tile in tiles:
            body = source.tile(tileset, 14, tile.x, tile.y)
            if body:
                found += points_by_gdal(body, 14, tile.x, tile.y, KINDS[tileset])
    return each_once(found)


def features(layer):
    return {feature["id"]: feature for feature in layer.getFeatures()}


def check(layer, expected):
    """The same ids, values, times and places."""
    found = features(layer)
    assert set(found) == set(expected)
    for feature_id, feature in found.items():
        seen = expected[feature_id]
        assert feature["value"] == seen.attributes["value"]
        for name in ("first_seen_at", "last_seen_at"):
            time = seen.attributes.get(name) or None
            assert (feature[name].toMSecsSinceEpoch() if feature[name] else None) == time
        point = feature.geometry().asPoint()
        assert (point.x(), point.y()) == (pytest.approx(seen.lon, abs=1e-9), pytest.approx(seen.lat, abs=1e-9))


def test_poles_and_street_lights_in_the_box_of_mapillarys_introduction(run):
    west, south, east, north = MIAMI
    town = town_at((west + east) / 2, (south + north) / 2, features_per_tile=900)
    outputs = run(
        town, EXTENT=f"{west!r},{east!r},{south!r},{north!r} [EPSG:4326]", KINDS=["points"], VALUES=",".join(POLES)
    )
    everything = by_gdal(town, mercantile.tiles(*MIAMI, 14), ["mly_map_feature_point"])
    expected = {
        feature_id: seen
        for feature_id, seen in everything.items()
        if seen.attributes["value"] in POLES and west <= seen.lon <= east and south <= seen.lat <= north
    }
    assert 0 < len(expected) < len(everything)
    check(outputs["MAP_FEATURES"], expected)
    assert outputs["FEATURE_COUNT"] == len(expected)
    assert {feature["value"] for feature in outputs["MAP_FEATURES"].getFeatures()} == set(POLES)
    assert {feature["label"] for feature in outputs["MAP_FEATURES"].getFeatures()} == {"Utility pole", "Street light"}
    assert {feature["kind"] for feature in outputs["MAP_FEATURES"].getFeatures()} == {"point"}


def test_poles_and_street_lights_within_200_metres(run):
    lon, lat = MALMO
    town = town_at(lon, lat, features_per_tile=3000)
    point = f"{lon!r},{lat!r} [EPSG:4326]"
    outputs = run(town, POINT=point, RADIUS=200, KINDS="points", VALUES=",".join(POLES))
    measure = QgsDistanceArea()
    measure.setSourceCrs(QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateTransformContext())
    measure.setEllipsoid("EPSG:7030")

    def is_near(seen):
        return measure.measureLine(QgsPointXY(lon, lat), QgsPointXY(seen.lon, seen.lat)) <= 200

    everything = by_gdal(town, mercantile.tiles(lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01, 14),
                         ["mly_map_feature_point"])  # fmt: skip
    expected = {key: seen for key, seen in everything.items() if seen.attributes["value"] in POLES and is_near(seen)}
    assert expected
    check(outputs["MAP_FEATURES"], expected)
    asked = {seen.path for seen in run.server.requests}
    assert len(asked) == outputs["TILE_COUNT"], "only tiles that the circle touches"


def test_the_longitude_and_latitude_of_a_point_are_not_swapped_silently(run):
    with pytest.raises(QgsProcessingException, match="written longitude,latitude"):
        run(Town(), POINT="25.77,-88.13 [EPSG:4326]", RADIUS=200)


def test_both_kinds_come_in_one_layer_with_labels_for_every_value(run):
    town = Town(features_per_tile=150)
    outputs = run(town, EXTENT="7.39,7.43,43.70,43.74 [EPSG:4326]")
    found = list(outputs["MAP_FEATURES"].getFeatures())
    assert {feature["kind"] for feature in found} == {"point", "traffic_sign"}
    assert all(feature["label"] for feature in found)
    labels = {feature["value"]: feature["label"] for feature in found}
    assert labels["object--street-furniture--robot"] == "Street furniture: robot"
    assert {row["tileset"] for row in outputs["TILES"].getFeatures()} == set(KINDS)
    assert outputs["TILE_COUNT"] == outputs["TILES"].featureCount() == len(run.server.requests)


def test_features_of_neighbouring_tiles_come_once(run):
    town = Town(features_per_tile=400)
    outputs = run(town, EXTENT="7.383,7.470,43.676,43.739 [EPSG:4326]")
    tiles = mercantile.tiles(7.383, 43.676, 7.470, 43.739, 14)
    everything = by_gdal(town, tiles)
    inside = {key: s for key, s in everything.items() if 7.383 <= s.lon <= 7.470 and 43.676 <= s.lat <= 43.739}
    check(outputs["MAP_FEATURES"], inside)


def test_a_layer_of_polygons_in_another_crs_clips_exactly(run):
    layer = QgsVectorLayer("Polygon?crs=EPSG:32632", "Zones", "memory")
    polygon = QgsGeometry.fromWkt("Polygon((371000 4841500, 375500 4842000, 372500 4844500, 371000 4841500))")
    feature = QgsFeature()
    feature.setGeometry(polygon)
    layer.dataProvider().addFeatures([feature])
    town = Town(features_per_tile=400)
    outputs = run(town, AREA=layer)
    to_utm = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), layer.crs(), QgsCoordinateTransformContext()
    )
    everything = by_gdal(town, mercantile.tiles(7.38, 43.66, 7.48, 43.76, 14))
    expected = {
        key: seen
        for key, seen in everything.items()
        if polygon.contains(QgsGeometry.fromPointXY(to_utm.transform(QgsPointXY(seen.lon, seen.lat))))
    }
    assert len(expected) > 100
    check(outputs["MAP_FEATURES"], expected)
    assert len(run.server.requests) == outputs["TILE_COUNT"] < 2 * 16


@pytest.mark.parametrize(
    ("parameters", "keeps"),
    [
        ({"VALUES": "regulatory--*"}, lambda row: row["value"].startswith("regulatory--")),
        (
            {"VALUES": "regulatory--maximum-speed-limit-?0--g1"},
            lambda row: re.fullmatch("regulatory--maximum-speed-limit-.0--g1", row["value"]),
        ),
        ({"FIRST_SEEN_AFTER": "2020-06-01"}, lambda row: (row.get("first_seen_at") or 0) >= 1_590_969_600_000),
        ({"LAST_SEEN_AFTER": "2021-06-01"}, lambda row: (row.get("last_seen_at") or 0) >= 1_622_505_600_000),
        ({"FILTER": "kind = 'traffic_sign' and right(id, 1) = '4'"}, lambda row: str(row["id"])[-1] == "4"),
    ],
    ids=["wildcard", "one letter", "first seen", "last seen", "expression"],
)  # fmt: skip
def test_each_filter_keeps_what_gdal_counts_and_the_log_says_what_it_left_out(run, parameters, keeps):
    town = Town(features_per_tile=200)
    feedback = Feedback()
    outputs = run(town, feedback, EXTENT="7.383,7.404,43.725,43.739 [EPSG:4326]", KINDS="traffic_signs", **parameters)
    tiles = list(mercantile.tiles(7.383, 43.725, 7.404, 43.739, 14))
    everything = by_gdal(town, tiles, ["mly_map_feature_traffic_sign"])
    inside = {k: s for k, s in everything.items() if 7.383 <= s.lon <= 7.404 and 43.725 <= s.lat <= 43.739}
    expected = {key: seen for key, seen in inside.items() if keeps(seen.attributes)}
    assert 0 < len(expected) < len(inside)
    check(outputs["MAP_FEATURES"], expected)
    assert any("in the tiles pass the filter: " in text for text in feedback.told)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "Give exactly one area: EXTENT, AREA, or POINT with RADIUS; none is given"),
        ({"EXTENT": "1,2,3,4", "POINT": "1,2", "RADIUS": 5}, "EXTENT and POINT are given"),
        ({"EXTENT": "1,2,3,4", "RADIUS": 5}, "RADIUS belongs to POINT"),
        ({"POINT": "1,2"}, "POINT needs a RADIUS"),
        ({"POINT": "1,2", "RADIUS": 0}, "radius has to be greater than 0"),
        ({"POINT": "Malmö", "RADIUS": 5}, "“Malmö” is not a point"),
        ({"POINT": "1,2 [EPSG:999999]", "RADIUS": 5}, "does not know the coordinate reference system"),
        ({"AREA": "/nowhere.gpkg"}, "AREA|Could not load"),
        ({"EXTENT": "1,1.01,3,3.01", "KINDS": "signs"}, "KINDS takes some of the words points, traffic_signs"),
        ({"EXTENT": "1,1.01,3,3.01", "VALUES": "object bench"}, "object bench"),
        ({"EXTENT": "1,1.01,3,3.01", "FIRST_SEEN_AFTER": "May"}, "“May” is not a date"),
        ({"EXTENT": "1,1.01,3,3.01", "FILTER": "kind ="}, "cannot be read"),
        ({"EXTENT": "1,1.01,3,3.01", "FILTER": "count(id) > 3"}, "uses count\\(\\), which reads other features"),
        ({"EXTENT": "1,1.01,3,3.01", "FILTER": "overlay_within('x')"}, "uses overlay_within"),
        ({"EXTENT": "1,1.01,3,3.01", "FILTER": "id = @layer_name"}, "uses @layer_name, which has no value here"),
        ({"POINT": "1,2", "RADIUS": "far"}, "RADIUS is a number, not “far”"),
        ({"EXTENT": "1,1.01,3,3.01", "FILTER": "captured_at > now()"}, "names “captured_at”, but the fields are id"),
        ({"EXTENT": "1,1.01,3,3.01", "MAP_FEATURES": "/nowhere/at/all.gpkg"}, "cannot be written to the folder"),
    ],
)
def test_bad_parameters_are_one_sentence_and_nothing_is_asked(run, parameters, words):
    with pytest.raises(QgsProcessingException, match=words):
        run(Town(), **parameters)
    assert run.server.requests == []


def test_an_expression_that_fails_on_a_feature_stops_the_run_and_says_so(run):
    with pytest.raises(QgsProcessingException, match="cannot be computed"):
        run(Town(), EXTENT="7.383,7.404,43.725,43.739 [EPSG:4326]", FILTER="to_int(value) > 3")


def test_a_retry_reads_only_the_tileset_that_failed(run):
    class Broken(Town):
        def tile(self, tileset, z, x, y):
            body = super().tile(tileset, z, x, y)
            return body[:-9] if tileset == "mly_map_feature_point" else body

    first = run(Broken(), EXTENT="7.383,7.404,43.725,43.739 [EPSG:4326]")
    assert first["FAILED_COUNT"] == 1
    assert {feature["kind"] for feature in first["MAP_FEATURES"].getFeatures()} == {"traffic_sign"}
    second = run(Town(), EXTENT="7.383,7.404,43.725,43.739 [EPSG:4326]", TILES_INPUT=first["TILES"])
    assert {feature["kind"] for feature in second["MAP_FEATURES"].getFeatures()} == {"point"}
    assert [seen.path.split("/")[3] for seen in run.server.requests] == ["mly_map_feature_point"]


def test_the_recorded_signs_of_bremen(run, recorded):
    """Four tiles with 1,430, 627, 96 and 2 signs; speed limits counted by GDAL."""
    source = RecordedTiles(recorded / "tiles")
    folder = recorded / "tiles" / "mly_map_feature_traffic_sign" / "14"
    tiles = [mercantile.Tile(int(path.parent.name), int(path.stem), 14) for path in sorted(folder.glob("*/*.mvt"))]
    counts = Counter()
    for tile in tiles:
        box = mercantile.bounds(tile)
        extent = f"{box.west!r},{box.east!r},{box.south!r},{box.north!r} [EPSG:4326]"
        outputs = run(source, EXTENT=extent, KINDS="traffic_signs")
        everything = by_gdal(source, [tile], ["mly_map_feature_traffic_sign"])
        check(outputs["MAP_FEATURES"], everything)
        counts[outputs["FEATURE_COUNT"]] += 1
        limits = run(source, EXTENT=extent, KINDS="traffic_signs", VALUES="regulatory--maximum-speed-limit-*")
        path = folder / str(tile.x) / f"{tile.y}.mvt"
        dataset = gdal.OpenEx(str(path), open_options=["CLIP=NO"])
        with_limits = dataset.ExecuteSQL(
            "SELECT DISTINCT id FROM traffic_sign WHERE value LIKE 'regulatory--maximum-speed-limit-%'"
        )
        assert limits["FEATURE_COUNT"] == with_limits.GetFeatureCount()
    assert sorted(counts.elements()) == [2, 96, 627, 1430]


def test_an_expression_is_true_as_qgis_tells_it(run):
    """Text is neither true nor false; NULL is not true; a comment at the end does no harm."""
    extent = "7.383,7.404,43.725,43.739 [EPSG:4326]"
    with pytest.raises(QgsProcessingException, match="to boolean"):
        run(Town(), EXTENT=extent, FILTER="value")
    assert run(Town(), EXTENT=extent, FILTER="NULL")["FEATURE_COUNT"] == 0
    assert run(Town(), EXTENT=extent, FILTER="1 -- all")["FEATURE_COUNT"] > 0


@pytest.mark.parametrize("nothing", [None, []])
def test_no_kinds_are_both(run, nothing):
    outputs = run(Town(), EXTENT="7.383,7.404,43.725,43.739 [EPSG:4326]", KINDS=nothing)
    assert {feature["kind"] for feature in outputs["MAP_FEATURES"].getFeatures()} == {"point", "traffic_sign"}


def test_a_retry_does_not_replace_what_is_there(run, tmp_path):
    first = run(Town(), EXTENT="7.383,7.404,43.725,43.739 [EPSG:4326]")
    path = tmp_path / "signs.gpkg"
    path.write_bytes(b"mine")
    with pytest.raises(QgsProcessingException, match=r"would replace signs\.gpkg by only what the tiles"):
        run(Town(), EXTENT="7.383,7.404,43.725,43.739", TILES_INPUT=first["TILES"], MAP_FEATURES=str(path))
    assert path.read_bytes() == b"mine"


def test_values_that_nobody_knows_are_said(run):
    feedback = Feedback()
    run(Town(), feedback, EXTENT="7.383,7.404,43.725,43.739 [EPSG:4326]", VALUES="bench,object--bench")
    assert "No value that is known matches “bench”." in feedback.told


def test_a_shapefile_has_the_names_of_the_contract(run, tmp_path):
    path = tmp_path / "signs.shp"
    run(Town(), EXTENT="7.383,7.404,43.725,43.739 [EPSG:4326]", MAP_FEATURES=str(path))
    dataset = gdal.OpenEx(str(path))
    definition = dataset.GetLayer(0).GetLayerDefn()
    names = [definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount())]
    assert names == ["id", "value", "label", "first_seen", "last_seen", "kind"]
