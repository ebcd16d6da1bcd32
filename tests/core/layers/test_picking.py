"""What lies under a click, in every CRS and state of the layers."""

import math
import random
from dataclasses import replace

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureSource,
    QgsField,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

from mapillary_coverage.core.download.collector import Table
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.export.formats import CSV, FORMATS
from mapillary_coverage.core.export.plan import plan_export
from mapillary_coverage.core.export.run import run_export
from mapillary_coverage.core.layers.features import memory_layer
from mapillary_coverage.core.layers.kinds import kind_of_layer
from mapillary_coverage.core.layers.layer_changes import changes_between
from mapillary_coverage.core.layers.metadata import credited
from mapillary_coverage.core.layers.picking import lon_lat, metres_per_pixel, pick
from mapillary_coverage.core.mapillary.schema import IMAGES, MAP_FEATURES, SEQUENCES, TILES
from tests.conftest import GENUINE_TILE, access_to, request_for
from tests.ui.viewer.map.on_canvas import FIRST_ID, layer_of, look_at, on_map, pixel_of, point

pytestmark = pytest.mark.qgis

TOLERANCE = 10.0
VIEWS = [
    ("EPSG:4326", 7.4, 43.7),
    ("EPSG:3857", 7.4, 43.7),
    ("EPSG:32632", 7.4, 43.7),
    ("EPSG:3995", 25.0, 71.1),
    ("EPSG:3995", 180.0, 68.9),
    ("EPSG:3832", 180.0, -16.8),
    ("EPSG:32660", 180.0, -16.8),
    ("EPSG:3857", 179.9995, -16.8),
    ("EPSG:2056", 7.45, 46.95),
]


def picked(canvas, layers, place, tolerance=TOLERANCE):
    return pick(layers, place, canvas.mapSettings(), tolerance, QgsCoordinateTransformContext())


def picked_id(canvas, layers, lon, lat):
    found = picked(canvas, layers, on_map(canvas, lon, lat))
    return None if found is None else int(found.object_id) - FIRST_ID


def scattered(lon, lat, count, degrees, seed=7):
    """Places around one, also on the other side of the antimeridian."""
    dice = random.Random(seed)
    spread = degrees / math.cos(math.radians(lat))
    places = [(lon + dice.uniform(-spread, spread), lat + dice.uniform(-degrees, degrees)) for _ in range(count)]
    return [((x + 180) % 360 - 180, y) for x, y in places]


@pytest.mark.parametrize("rotation", [0, 37, 180])
@pytest.mark.parametrize(("crs", "lon", "lat"), VIEWS)
def test_the_nearest_on_the_screen_is_picked(canvas, crs, lon, lat, rotation):
    look_at(canvas, lon, lat, crs, rotation=rotation)
    places = scattered(lon, lat, 700, 0.003)
    images, features = layer_of(places[:400]), layer_of(places[400:], MAP_FEATURES, FIRST_ID + 400)
    images.dataProvider().createSpatialIndex()
    pixels = [pixel_of(canvas, *place) for place in places]
    to_map = canvas.getCoordinateTransform()
    dice = random.Random(11)
    hits = 0
    for _ in range(150):
        x, y = dice.randrange(canvas.width()), dice.randrange(canvas.height())
        distances = [math.hypot(pixel.x() - x, pixel.y() - y) for pixel in pixels]
        nearest = min(range(len(places)), key=distances.__getitem__)
        found = picked(canvas, [features, images], to_map.toMapCoordinates(x, y))
        if distances[nearest] > TOLERANCE:
            assert found is None
            continue
        hits += 1
        layer, kind = (images, "image") if nearest < 400 else (features, "map_feature")
        assert (found.object_id, found.entity, found.layer_id) == (str(FIRST_ID + nearest), kind, layer.id())
        assert (found.lon, found.lat) == pytest.approx(places[nearest], abs=1e-9)
    assert 15 < hits < 150


def test_a_view_of_the_whole_arctic_picks_over_the_pole_and_the_antimeridian(canvas):
    look_at(canvas, 0, 90, "EPSG:3995", metres=20_000)
    places = [(lon + 0.5, lat) for lon in range(-180, 180, 7) for lat in (70.0, 80.0, 85.0)]
    layer = layer_of(places)
    for number, place in enumerate(places):
        assert picked_id(canvas, [layer], *place) == number
    assert picked_id(canvas, [layer], 0, 90) is None
    assert picked(canvas, [layer], on_map(canvas, 0, 90), tolerance=30).lat == 85.0


def test_the_tolerance_is_in_pixels(canvas):
    look_at(canvas, 7.4, 43.7, rotation=20)
    layer = layer_of([(7.4, 43.7)])
    pixel = pixel_of(canvas, 7.4, 43.7)
    to_map = canvas.getCoordinateTransform()
    for dx in range(-12, 13):
        for dy in range(-12, 13):
            x, y = int(pixel.x()) + dx, int(pixel.y()) + dy
            distance = math.hypot(pixel.x() - x, pixel.y() - y)
            if abs(distance - TOLERANCE) > 1e-3:
                is_picked = picked(canvas, [layer], to_map.toMapCoordinates(x, y)) is not None
                assert is_picked == (distance < TOLERANCE)


def test_at_the_same_distance_the_image_and_then_the_upper_layer_wins(canvas):
    look_at(canvas, 7.4, 43.7)
    sign, upper, lower = layer_of([(7.4, 43.7)], MAP_FEATURES), layer_of([(7.4, 43.7)]), layer_of([(7.4, 43.7)])
    place = on_map(canvas, 7.4, 43.7)
    assert picked(canvas, [sign, upper, lower], place).layer_id == upper.id()
    assert picked(canvas, [lower, upper, sign], place).layer_id == lower.id()
    assert picked(canvas, [sign], place).entity == "map_feature"


def test_what_a_filter_hides_is_not_picked(canvas):
    look_at(canvas, 7.4, 43.7)
    layer = layer_of([(7.4, 43.7), (7.40002, 43.7)])
    layer.setSubsetString(f"id <> '{FIRST_ID}'")
    assert picked_id(canvas, [layer], 7.4, 43.7) == 1
    layer.setSubsetString("")
    assert picked_id(canvas, [layer], 7.4, 43.7) == 0


@pytest.mark.parametrize("is_indexed", [False, True])
def test_edits_that_are_not_saved_count(canvas, is_indexed):
    look_at(canvas, 7.4, 43.7)
    layer = layer_of([(7.4, 43.7), (7.401, 43.7), (7.402, 43.7)])
    if is_indexed:
        layer.dataProvider().createSpatialIndex()
    gone, moved, _ = sorted(layer.getFeatures(), key=lambda feature: feature["id"])
    layer.startEditing()
    layer.deleteFeature(gone.id())
    layer.changeGeometry(moved.id(), QgsGeometry.fromPointXY(QgsPointXY(7.401, 43.701)))
    layer.addFeature(point(layer, FIRST_ID + 9, 7.402, 43.701))
    assert picked_id(canvas, [layer], 7.4, 43.7) is None
    assert picked_id(canvas, [layer], 7.401, 43.7) is None
    assert picked_id(canvas, [layer], 7.401, 43.701) == 1
    assert picked_id(canvas, [layer], 7.402, 43.701) == 9
    layer.rollBack()
    assert picked_id(canvas, [layer], 7.4, 43.7) == 0
    assert picked_id(canvas, [layer], 7.402, 43.701) is None


@pytest.mark.parametrize("identifier", [None, "", "0", "abc", "12a", "-5", "9" * 40, "١٢٣"])
def test_features_without_an_id_or_a_place_are_passed_over(canvas, identifier):
    look_at(canvas, 7.4, 43.7)
    layer = layer_of([(7.40002, 43.7)])
    nowhere = QgsFeature(layer.fields())
    nowhere["id"] = str(FIRST_ID + 5)
    layer.dataProvider().addFeatures([point(layer, identifier, 7.4, 43.7), nowhere])
    assert picked_id(canvas, [layer], 7.4, 43.7) == 0


def test_a_layer_that_is_not_drawn_at_this_scale_is_passed_over(canvas):
    look_at(canvas, 7.4, 43.7)
    layer = layer_of([(7.4, 43.7)])
    layer.setScaleBasedVisibility(True)
    layer.setMinimumScale(canvas.scale() / 2)
    assert picked_id(canvas, [layer], 7.4, 43.7) is None
    layer.setMinimumScale(canvas.scale() * 2)
    assert picked_id(canvas, [layer], 7.4, 43.7) == 0


def test_other_layers_are_passed_over(canvas):
    look_at(canvas, 7.4, 43.7)
    stranger = QgsVectorLayer("Point?crs=EPSG:4326&field=id:string", "cities", "memory")
    stranger.dataProvider().addFeatures([point(stranger, FIRST_ID, 7.4, 43.7)])
    others = [stranger, layer_of([], SEQUENCES), layer_of([], TILES), QgsVectorLayer("nothing", "broken", "ogr")]
    assert [kind_of_layer(layer) for layer in others] == [None, SEQUENCES, TILES, None]
    assert picked_id(canvas, others, 7.4, 43.7) is None
    assert picked_id(canvas, [*others, layer_of([(7.4, 43.7)])], 7.4, 43.7) == 0


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32632"])
@pytest.mark.parametrize("target", FORMATS, ids=lambda target: target.label)
@pytest.mark.parametrize("kind", [IMAGES, MAP_FEATURES])
def test_reopened_files_are_picked_from(canvas, tmp_path, kind, target, crs):
    look_at(canvas, 7.4, 43.7, rotation=15)
    layer = layer_of(scattered(7.4, 43.7, 50, 0.001), kind)
    is_csv = target is CSV
    crs = "EPSG:4326" if is_csv or target.degrees_only else crs
    options = {"crs": QgsCoordinateReferenceSystem(crs)}
    plan = plan_export(QgsProject.instance(), [(layer, "again")], target, str(tmp_path / "again"), **options)
    (path,) = run_export(plan, lambda: False, lambda percent: None)
    source = f"file://{path}?type=csv&xField=X&yField=Y&crs={crs}" if is_csv else str(path)
    again = QgsVectorLayer(source, "again", "delimitedtext" if is_csv else "ogr")
    assert again.featureCount() == 50
    assert kind_of_layer(again) == kind
    for feature in layer.getFeatures():
        place = feature.geometry().asPoint()
        found = picked(canvas, [again], on_map(canvas, place.x(), place.y()))
        assert found.object_id == feature["id"]
        assert (found.lon, found.lat) == pytest.approx((place.x(), place.y()), abs=1e-6)


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["id", "make", "model"], IMAGES),
        (["id", "captured_at"], IMAGES),
        (["id", "object_value"], MAP_FEATURES),
        (["id", "first_seen"], MAP_FEATURES),
        (["id", "aligned_direction"], MAP_FEATURES),
        (["photo", "make"], None),
        (["id", "path"], None),
    ],
)
def test_layers_with_our_rights_and_ids_count(canvas, names, kind):
    """As `mapillary:metadata` makes them from layers that are not ours."""
    look_at(canvas, 7.4, 43.7)
    layer = QgsVectorLayer("MultiPoint?crs=EPSG:4326", "with metadata", "memory")
    layer.dataProvider().addAttributes([QgsField(name, QVariant.String) for name in names])
    layer.updateFields()
    assert kind_of_layer(layer) is None
    layer.setMetadata(credited("with metadata", "", [""]))
    assert kind_of_layer(layer) == kind
    if kind is None:
        return
    feature = QgsFeature(layer.fields())
    feature["id"] = str(FIRST_ID)
    feature.setGeometry(QgsGeometry.fromMultiPointXY([QgsPointXY(7.3, 43.7), QgsPointXY(7.4, 43.7)]))
    layer.dataProvider().addFeatures([feature])
    assert picked_id(canvas, [layer], 7.4, 43.7) == 0


def test_a_table_of_detections_is_nothing_to_click(qgis_app):
    layer = QgsVectorLayer("NoGeometry?field=id:string&field=image_id:string&field=value:string", "d", "memory")
    layer.setMetadata(credited("detections", "", [""]))
    assert kind_of_layer(layer) is None


@pytest.mark.parametrize("is_indexed", [False, True])
def test_of_very_many_in_one_pixel_one_is_picked(canvas, is_indexed):
    """Also where more are under the click than are looked at."""
    look_at(canvas, 7.4, 43.7, metres=50_000)
    layer = layer_of(scattered(7.4, 43.7, 12_000, 0.001))
    if is_indexed:
        layer.dataProvider().createSpatialIndex()
    assert 0 <= picked_id(canvas, [layer], 7.4, 43.7) < 12_000


def test_places_that_the_crs_does_not_have_pick_nothing(canvas):
    layer = layer_of([(7.4, 43.7)])
    look_at(canvas, 7.4, 43.7, "EPSG:3857")
    far = QgsPointXY(1e30, 1e30)
    assert picked(canvas, [layer], far) is None
    look_at(canvas, 7.4, 43.7, "EPSG:4326")
    assert lon_lat(canvas.mapSettings(), QgsPointXY(190, 0)) is None
    assert metres_per_pixel(canvas.mapSettings(), QgsPointXY(190, 0)) == 0
    # The far side of the Earth is not on an orthographic map, and its corners are no place on the Earth.
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem.fromProj("+proj=ortho +lat_0=43.7 +lon_0=7.4"))
    assert picked(canvas, [layer_of([(-172.6, -43.7)]), layer], QgsPointXY(0, 0)).layer_id == layer.id()
    corner = QgsPointXY(6_300_000, 6_300_000)
    assert picked(canvas, [layer], corner) is None
    assert lon_lat(canvas.mapSettings(), corner) is None
    assert metres_per_pixel(canvas.mapSettings(), corner) == 0


@pytest.mark.parametrize(("crs", "lon", "lat"), VIEWS)
def test_places_and_lengths_on_the_ground(canvas, crs, lon, lat):
    look_at(canvas, lon, lat, crs, metres=2, rotation=37)
    settings = canvas.mapSettings()
    found_lon, found_lat = lon_lat(settings, on_map(canvas, lon, lat))
    assert ((found_lon - lon + 180) % 360 - 180, found_lat) == pytest.approx((0, lat), abs=1e-7)
    shrinks = {"EPSG:3857": math.cos(math.radians(lat)), "EPSG:3832": math.cos(math.radians(lat))}
    length = metres_per_pixel(settings, on_map(canvas, lon, lat))
    assert length == pytest.approx(2 * shrinks.get(crs, 1), rel=0.03)


def test_downloaded_images_are_indexed_also_those_that_a_retry_adds(canvas, emulator):
    result = download_coverage(request_for(GENUINE_TILE), access_to(emulator()))
    images = result.images
    half = Table(images.layer, {name: column[::2] for name, column in images.columns.items()}, images.geometries[::2])
    partial = replace(result, tables={**result.tables, "image": half})
    layer = memory_layer(IMAGES, partial, lambda: False)
    for _ in changes_between(IMAGES, partial, result, lambda: False).apply(layer):
        pass
    assert layer.featureCount() == len(images) > 100
    assert layer.hasSpatialIndex() == QgsFeatureSource.SpatialIndexPresence.SpatialIndexPresent
    for lon, lat in images.geometries:
        look_at(canvas, lon, lat, metres=0.001)
        found = picked(canvas, [layer], on_map(canvas, lon, lat))
        assert (found.lon, found.lat) == pytest.approx((lon, lat), abs=1e-9)
