"""Exported files, read back by GDAL."""

import json
import sqlite3
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest
from osgeo import gdal, ogr, osr
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsLayerMetadata,
    QgsPointXY,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime, Qt

from mapillary_coverage.core.export import errors
from mapillary_coverage.core.export.formats import (
    CSV,
    FLATGEOBUF,
    FORMATS,
    GEOJSON,
    GEOPACKAGE,
    KML,
    SHAPEFILE,
    names_in,
)
from mapillary_coverage.core.export.losses import losses
from mapillary_coverage.core.export.plan import Existing, plan_export
from mapillary_coverage.core.export.run import run_export
from mapillary_coverage.core.export.snapshot import summary_of
from mapillary_coverage.core.export.summary import ColumnType, ExportColumn, ExportGeometry, LayerSummary
from mapillary_coverage.core.layers.kinds import fields_of, is_ours
from mapillary_coverage.core.looks.layer_style import apply_style
from mapillary_coverage.core.mapillary.licence import LICENCE_WITH_LINK, RIGHTS
from mapillary_coverage.core.mapillary.schema import IMAGES, SEQUENCES, TILES

pytestmark = pytest.mark.qgis

FIRST_ID = 2**53 + 1
FIRST_TIME = 1_711_852_200_123  # 2024-03-31T02:30:00.123Z, an hour that clocks in Berlin skip
SPOKEN = "zoë_müller · 東京"
GEOMETRIES = {
    IMAGES: ("Point", "Point({x} 43.7123456789)"),
    SEQUENCES: ("MultiLineString", "MultiLineString(({x} 43.7, 7.5 43.8), (7.6 43.7, 7.7 43.8))"),
    TILES: ("Polygon", "Polygon(({x} 43.7, {x} 43.8, 7.9 43.8, {x} 43.7))"),
}


@pytest.fixture(autouse=True, params=["UTC", "Europe/Berlin", "Asia/Kolkata"])
def zone(request, in_zone):
    """Every test in several time zones."""
    in_zone(request.param)


def moment(index):
    return QDateTime.fromMSecsSinceEpoch(FIRST_TIME + index * 1000, Qt.TimeSpec.UTC)


def value_of(field, index):
    if index == 2 and field != "id":
        return NULL
    return {
        "id": str(FIRST_ID + index),
        "sequence_id": SPOKEN,
        "captured_at": moment(index),
        "fetched_at": moment(index),
        "compass_angle": 359.123456789,
        "quality_score": 0.1,
        "is_pano": bool(index % 2),
        "on_foot": True,
        "features": 2_000_000_000,
        "kept": 0,
        "bytes": 1,
    }.get(field, SPOKEN)


def layer_of(kind=IMAGES, count=5, name=None):
    geometry, text = GEOMETRIES[kind]
    layer = QgsVectorLayer(f"{geometry}?crs=EPSG:4326", name or kind.capitalize(), "memory")
    layer.dataProvider().addAttributes(list(fields_of(kind)))
    layer.updateFields()
    features = []
    for index in range(count):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([value_of(field.name(), index) for field in layer.fields()])
        feature.setGeometry(QgsGeometry.fromWkt(text.format(x=7.4 + index / 1000)))
        features.append(feature)
    assert layer.dataProvider().addFeatures(features)[0]
    apply_style(layer, kind)
    metadata = QgsLayerMetadata()
    metadata.setRights([RIGHTS])
    metadata.setLicenses([LICENCE_WITH_LINK])
    metadata.setAbstract("images at original positions, 7.4 to 7.5")
    metadata.setHistory(["2024-05-01 made"])
    layer.setMetadata(metadata)
    return layer


def export(layers, target, path, project=None, **options):
    layers = layers if isinstance(layers, list) else [layers]
    chosen = [(layer, layer.name()) for layer in layers]
    plan = plan_export(project or QgsProject.instance(), chosen, target, str(path), **options)
    return run_export(plan, options.pop("is_cancelled", lambda: False), lambda percent: None)


def rows(path, name=None):
    """Each feature as a dict, with the geometry's WKT, by GDAL."""
    dataset = gdal.OpenEx(str(path), gdal.OF_VECTOR)
    layer = dataset.GetLayerByName(name) if name else dataset.GetLayer(0)
    found = []
    for feature in layer:
        row = {
            feature.GetFieldDefnRef(index).GetName(): feature.GetFieldAsString(index)
            if feature.IsFieldSetAndNotNull(index)
            else None
            for index in range(feature.GetFieldCount())
        }
        geometry = feature.GetGeometryRef()
        found.append({**row, "geometry": geometry.ExportToWkt() if geometry else None})
    return sorted(found, key=lambda row: row.get("id") or row.get("tile") or "")


def milliseconds(text):
    """GDAL's way of writing a time, or ISO."""
    text = text.replace("/", "-").replace(" ", "T").replace("Z", "+00:00")
    text += ":00" if text.endswith("+00") else ""
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None
    return round((found - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds() * 1000)


def files_in(folder):
    return {file.name: file.read_bytes() for file in Path(folder).iterdir() if file.is_file()}


@pytest.mark.parametrize("target", FORMATS, ids=lambda target: target.label)
def test_every_format_holds_the_values(target, tmp_path):
    (path,) = export(layer_of(), target, tmp_path / "images")
    assert path == tmp_path / f"images{target.suffix}"
    assert {file.name for file in tmp_path.iterdir()} == {
        "images.shp", "images.shx", "images.dbf", "images.prj", "images.cpg",
    } if target is SHAPEFILE else {path.name}  # fmt: skip
    found = rows(path)
    assert [row["id"] for row in found] == [str(FIRST_ID + index) for index in range(5)]
    names = ["captured", "seq_id", "compass", "org_id", "quality"]
    if target is not SHAPEFILE:
        names = ["captured_at", "sequence_id", "compass_angle", "organization_id", "quality_score"]
    captured, sequence, compass, organization, quality = names
    for index in (0, 1, 3, 4):
        row = found[index]
        assert milliseconds(row[captured]) == FIRST_TIME + index * 1000
        assert row[sequence] == row[organization] == SPOKEN
        assert float(row[compass]) == 359.123456789
        assert float(row[quality]) == 0.1
        assert int(row["is_pano"]) == index % 2
    assert all(found[2][name] in (None, "") for name in [*names, "is_pano", "on_foot"])


@pytest.mark.parametrize("target", [GEOPACKAGE, SHAPEFILE, GEOJSON, FLATGEOBUF, KML], ids=lambda target: target.label)
@pytest.mark.parametrize("kind", [IMAGES, SEQUENCES, TILES])
def test_geometries_come_whole(kind, target, tmp_path):
    layer = layer_of(kind)
    (path,) = export(layer, target, tmp_path / "a")
    expected = sorted((feature.geometry() for feature in layer.getFeatures()), key=QgsGeometry.asWkt)
    found = sorted((QgsGeometry.fromWkt(row["geometry"]) for row in rows(path)), key=QgsGeometry.asWkt)
    for one, other in zip(expected, found):
        assert one.hausdorffDistance(other) < 1e-7
    assert len(found) == 5


def test_csv_has_coordinates_or_wkt(tmp_path):
    (path,) = export(layer_of(), CSV, tmp_path / "images")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("X,Y,id,sequence_id,captured_at")
    assert lines[1].startswith(f'7.4,43.7123456789,"{FIRST_ID}",{SPOKEN},2024-03-31T02:30:00.123Z,')
    (path,) = export(layer_of(SEQUENCES), CSV, tmp_path / "sequences")
    assert '"MULTILINESTRING ((7.4 43.7' in path.read_text(encoding="utf-8")


def test_geojson_is_rfc_7946(tmp_path):
    layer = layer_of(TILES)
    (path,) = export(layer, GEOJSON, tmp_path / "a", crs=QgsCoordinateReferenceSystem("EPSG:3857"))
    assert "crs" not in json.loads(path.read_text())
    ring = json.loads(path.read_text())["features"][0]["geometry"]["coordinates"][0]
    assert sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in zip(ring, ring[1:])) < 0, "counterclockwise"
    (path,) = export(layer_of(), GEOJSON, tmp_path / "b")
    first = json.loads(path.read_text())["features"][0]
    assert first["properties"]["id"] == str(FIRST_ID)
    assert first["properties"]["captured_at"] == "2024-03-31T02:30:00.123Z"
    assert first["geometry"]["coordinates"] == [7.4, 43.7123457]


def test_a_shapefile_has_the_names_of_the_contract(tmp_path):
    export(layer_of(), SHAPEFILE, tmp_path / "images.shp")
    said = subprocess.run(
        ["ogrinfo", "-so", "-al", str(tmp_path / "images.shp")], capture_output=True, text=True, check=True
    ).stdout
    fields = [line.split(":")[0] for line in said.splitlines() if line.endswith(")") and ": " in line]
    assert fields[-9:] == [
        "id", "seq_id", "captured", "compass", "is_pano", "creator_id", "org_id", "on_foot", "quality",
    ]  # fmt: skip
    assert (tmp_path / "images.cpg").read_text() == "UTF-8"
    names = names_in(SHAPEFILE, ["first_seen_at", "last_seen_at", "thumb_1024_url", "thumb_1024_x", "größenänderung"])
    assert names == ["first_seen", "last_seen", "thumb_1024", "thumb_10_1", "größenä"]
    assert names_in(GEOPACKAGE, ["Id", "id"]) == ["Id", "id_1"]


@pytest.mark.parametrize("target", [GEOPACKAGE, SHAPEFILE, FLATGEOBUF], ids=lambda target: target.label)
def test_another_crs(target, tmp_path):
    (path,) = export(layer_of(), target, tmp_path / "a", crs=QgsCoordinateReferenceSystem("EPSG:3857"))
    source, mercator = osr.SpatialReference(), osr.SpatialReference()
    source.ImportFromEPSG(4326)
    mercator.ImportFromEPSG(3857)
    x, y, _ = osr.CoordinateTransformation(source, mercator).TransformPoint(43.7123456789, 7.4)
    place = QgsGeometry.fromWkt(rows(path)[0]["geometry"]).asPoint()
    assert (place.x(), place.y()) == (pytest.approx(x, abs=1e-6), pytest.approx(y, abs=1e-6))
    assert (
        gdal.OpenEx(str(path))
        .GetLayer(0)
        .GetSpatialRef()
        .IsSame(mercator, ["IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES", "CRITERION=EQUIVALENT"])
    )


def test_a_geopackage_keeps_layers_styles_credit_and_request(tmp_path):
    layers = [layer_of(kind) for kind in (IMAGES, SEQUENCES, TILES)]
    (path,) = export(layers, GEOPACKAGE, tmp_path / "coverage.gpkg")
    assert list(tmp_path.iterdir()) == [path]
    for layer in layers:
        again = QgsVectorLayer(f"{path}|layername={layer.name()}", "again", "ogr")
        assert again.featureCount() == 5
        assert again.crs().authid() == "EPSG:4326"
        assert again.renderer().dump() == layer.renderer().dump()
        assert again.metadata().rights() == [RIGHTS]
        assert again.metadata().licenses() == [LICENCE_WITH_LINK]
        assert again.metadata().abstract() == layer.metadata().abstract()
        assert again.metadata().history() == layer.metadata().history()
        assert [field.type() for field in again.fields()][1:] == [field.type() for field in layer.fields()]
        assert is_ours(again)


@pytest.mark.parametrize("target", [GEOPACKAGE, SHAPEFILE, GEOJSON], ids=lambda target: target.label)
def test_a_reopened_layer_is_exported_as_it_was(target, tmp_path):
    """QGIS 3.22 takes the UTC times of files for local ones, and cuts off part of a millisecond."""
    (first,) = export(layer_of(), GEOPACKAGE, tmp_path / "first")
    again = QgsVectorLayer(f"{first}|layername=Images", "Images", "ogr")
    (path,) = export(again, target, tmp_path / "second")
    (direct,) = export(layer_of(), target, tmp_path / "third")
    assert [without_time(row) for row in rows(path)] == [without_time(row) for row in rows(direct)]
    for row, expected in zip(rows(path), rows(direct)):
        time_field = "captured" if target is SHAPEFILE else "captured_at"
        if expected[time_field] is None:
            assert row[time_field] is None
        else:
            assert 0 <= milliseconds(expected[time_field]) - milliseconds(row[time_field]) <= 1


def without_time(row):
    return {name: value for name, value in row.items() if not name.startswith("captured")}


def test_layers_are_added_to_a_geopackage_that_keeps_its_own(tmp_path):
    (path,) = export(layer_of(SEQUENCES), GEOPACKAGE, tmp_path / "a.gpkg")
    before = rows(path, "Sequences")
    export(layer_of(), GEOPACKAGE, path, existing=Existing.ADD)
    assert rows(path, "Sequences") == before
    assert len(rows(path, "Images")) == 5
    for name in ("Images", "Sequences"):
        assert QgsVectorLayer(f"{path}|layername={name}", "", "ogr").metadata().rights() == [RIGHTS]
    with pytest.raises(errors.NameTakenError, match="already has a table called “images”"):
        export(layer_of(name="images"), GEOPACKAGE, path, existing=Existing.ADD)
    assert len(rows(path, "Images")) == 5


def test_layers_are_added_to_a_geopackage_that_the_project_shows(tmp_path):
    (path,) = export(layer_of(SEQUENCES), GEOPACKAGE, tmp_path / "a.gpkg")
    shown = QgsVectorLayer(f"{path}|layername=Sequences", "shown", "ogr")
    project = QgsProject()
    project.addMapLayer(shown)
    shown.startEditing()
    with pytest.raises(errors.TargetEditedError, match="“shown” is being edited"):
        export(layer_of(), GEOPACKAGE, path, project, existing=Existing.ADD)
    shown.changeAttributeValue(next(shown.getFeatures()).id(), 1, "changed")
    assert shown.commitChanges()
    reading = shown.getFeatures()
    next(reading)
    export(layer_of(), GEOPACKAGE, path, project, existing=Existing.ADD)
    assert len(list(reading)) == 4
    shown.reload()
    assert shown.featureCount() == 5
    del reading
    project.clear()
    assert [row["id"] for row in rows(path, "Sequences")].count("changed") == 1
    assert len(rows(path, "Images")) == 5
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_stands_in_the_journal_of_an_open_geopackage_is_not_lost(tmp_path):
    (path,) = export(layer_of(SEQUENCES), GEOPACKAGE, tmp_path / "a.gpkg")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("CREATE TABLE mine AS SELECT 1 AS one")
    assert Path(f"{path}-wal").stat().st_size > 0
    export(layer_of(), GEOPACKAGE, path, existing=Existing.ADD)
    assert other.execute("SELECT one FROM mine").fetchone() == (1,)
    assert other.execute("SELECT count(*) FROM Images").fetchone() == (5,)
    assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    other.close()
    assert len(rows(path, "Images")) == len(rows(path, "Sequences")) == 5


def test_selected_features_and_edits_that_are_not_saved(tmp_path):
    layer = layer_of()
    layer.startEditing()
    ids = [feature.id() for feature in layer.getFeatures()]
    layer.changeAttributeValue(ids[1], 1, "edited")
    layer.selectByIds(ids[1:3])
    (path,) = export(layer, GEOPACKAGE, tmp_path / "a", only_selected=True)
    assert [row["sequence_id"] for row in rows(path)] == ["edited", None]
    layer.removeSelection()
    with pytest.raises(errors.NothingToExportError, match="Nothing is selected in “Images”"):
        export(layer, GEOPACKAGE, tmp_path / "b", only_selected=True)


def test_a_filtered_layer_exports_what_it_shows(tmp_path):
    layer = layer_of()
    assert layer.setSubsetString('"is_pano" = true')
    assert {row["id"] for row in rows(export(layer, GEOJSON, tmp_path / "a")[0])} == {
        str(FIRST_ID + 1), str(FIRST_ID + 3),
    }  # fmt: skip


@pytest.mark.parametrize("target", FORMATS, ids=lambda target: target.label)
def test_a_layer_without_features_and_one_without_geometry(target, tmp_path):
    (path,) = export(layer_of(count=0), target, tmp_path / "empty")
    assert rows(path) == []
    table = QgsVectorLayer("None?field=id:string&field=value:string", "detections", "memory")
    feature = QgsFeature(table.fields())
    feature.setAttributes([str(FIRST_ID), SPOKEN])
    table.dataProvider().addFeatures([feature])
    if target is FLATGEOBUF:
        with pytest.raises(errors.NeedsGeometryError, match="“detections” has no geometry"):
            export(table, target, tmp_path / "table")
        return
    (path,) = export(table, target, tmp_path / "table")
    (row,) = rows(path)
    assert (row["id"], row["value"]) == (str(FIRST_ID), SPOKEN)


def test_a_layer_of_another_project_keeps_all_its_types(tmp_path):
    layer = QgsVectorLayer(
        "Point?crs=EPSG:25832&field=fid:string&field=n:int8&field=day:date&field=at:time&field=many:string[]",
        "Mine", "memory",
    )  # fmt: skip
    feature = QgsFeature(layer.fields())
    feature.setAttributes(["a", 2**60, moment(0).date(), moment(0).time(), ["x", "ü"]])
    feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(500_000, 5_000_000)))
    assert layer.dataProvider().addFeatures([feature])[0]
    assert not is_ours(layer)
    (path,) = export(layer, GEOPACKAGE, tmp_path / "a")
    (row,) = rows(path)
    assert row["n"] == str(2**60)
    assert row["day"] == "2024/03/31"
    assert row["at"].startswith("02:30:00")
    assert json.loads(row["many"]) == ["x", "ü"]
    assert row["fid"] == "a"


def test_losses_are_told_before():
    images = summary_of(layer_of())
    assert losses(GEOPACKAGE, [images]) == []
    told = " ".join(losses(SHAPEFILE, [images, summary_of(layer_of(TILES))]))
    for words in (
        "sequence_id becomes seq_id, captured_at becomes captured, compass_angle becomes compass",
        "Times become text", "True and false become 1 and 0", "Text is cut after 254 bytes: reason.",
        "Each layer becomes a file of its own", "© Mapillary, CC BY-SA 4.0",
    ):  # fmt: skip
        assert words in told
    assert "EPSG:4326, with 7 decimals" in " ".join(losses(GEOJSON, [images]))
    assert "rounds ids" in " ".join(losses(CSV, [images]))
    table = LayerSummary("detections", (ExportColumn("id", ColumnType.TEXT),), ExportGeometry.NONE, 1)
    assert "cannot hold layers without geometry: detections" in " ".join(losses(FLATGEOBUF, [table]))
    assert "only a table" in " ".join(losses(SHAPEFILE, [table]))
    assert ogr.GetDriverByName(KML.driver)
