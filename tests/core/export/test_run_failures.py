"""What a failing, refused or cancelled export leaves, and what it says."""

import resource
import sqlite3
from contextlib import contextmanager
from pathlib import Path

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
)

from mapillary_coverage.core.errors import CancelledError
from mapillary_coverage.core.export import errors
from mapillary_coverage.core.export.formats import FLATGEOBUF, FORMATS, GEOPACKAGE, SHAPEFILE
from mapillary_coverage.core.export.plan import Existing, plan_export
from mapillary_coverage.core.export.run import run_export
from mapillary_coverage.core.mapillary.schema import IMAGES, SEQUENCES
from tests.core.export.test_run import SPOKEN, export, files_in, layer_of, rows, zone  # noqa: F401

pytestmark = pytest.mark.qgis


@contextmanager
def disk_of(size):
    """No file may become larger, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_place_that_the_crs_lacks_is_a_sentence(tmp_path):
    layer = layer_of()
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(0, 95)))
    layer.dataProvider().addFeatures([feature])
    with pytest.raises(errors.UnusableCrsError, match="has no coordinates"):
        export(layer, GEOPACKAGE, tmp_path / "a", crs=QgsCoordinateReferenceSystem("EPSG:3857"))
    assert files_in(tmp_path) == {}


def test_a_geopackage_that_another_program_writes_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("mapillary_coverage.core.export.placing._LOCK_SECONDS", 0.2)
    (path,) = export(layer_of(SEQUENCES), GEOPACKAGE, tmp_path / "a.gpkg")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE mine (one)")
    with pytest.raises(errors.TargetInUseError, match="locked"):
        export(layer_of(), GEOPACKAGE, path, existing=Existing.REPLACE)
    other.execute("COMMIT")
    other.close()
    assert len(rows(path, "Sequences")) == 5


def test_what_is_no_geopackage_gets_no_layer(tmp_path):
    path = tmp_path / "a.gpkg"
    path.write_text("my notes")
    with pytest.raises(errors.NotAGeoPackageError):
        export(layer_of(), GEOPACKAGE, path, existing=Existing.ADD)
    assert path.read_text() == "my notes"


@pytest.mark.parametrize("target", FORMATS, ids=lambda target: target.label)
@pytest.mark.parametrize("size", [200, 60_000, 130_000])
def test_a_full_disk_leaves_the_old_file_as_it_was(target, size, tmp_path):
    export(layer_of(), target, tmp_path / "a")
    before = files_in(tmp_path)
    with disk_of(size), pytest.raises(errors.ExportError, match="could not be written completely"):
        export(layer_of(count=2000), target, tmp_path / "a", existing=Existing.REPLACE)
    assert files_in(tmp_path) == before
    assert not [file for file in tmp_path.iterdir() if file.is_dir()]


@pytest.mark.parametrize("target", FORMATS, ids=lambda target: target.label)
def test_no_file_is_cut_off_unnoticed(target, tmp_path):
    """The last bytes are written when the file is closed, and GDAL says nothing where that fails."""
    layer = layer_of(count=50)
    (path,) = export(layer, target, tmp_path / "whole")
    largest = max(len(content) for content in files_in(tmp_path).values())
    for missing in (1, 2, 40, 500):
        with disk_of(largest - missing), pytest.raises(errors.ExportError):
            export(layer, target, tmp_path / "a")
    assert not (tmp_path / path.name.replace("whole", "a")).exists()


@pytest.mark.parametrize("target", FORMATS, ids=lambda target: target.label)
def test_cancel_leaves_the_old_file_as_it_was(target, tmp_path):
    export(layer_of(), target, tmp_path / "a")
    before = files_in(tmp_path)
    layer = layer_of(count=2000)
    for after in (0, 2, 5):
        looks = iter(range(10_000))
        plan = plan_export(
            QgsProject.instance(), [(layer, "Images")], target, str(tmp_path / "a"), existing=Existing.REPLACE
        )
        with pytest.raises(CancelledError, match="nothing was changed"):
            run_export(plan, lambda looks=looks, after=after: next(looks) >= after, lambda percent: None)
        assert files_in(tmp_path) == before


def test_several_files_are_replaced_all_or_none(tmp_path, monkeypatch):
    layers = [layer_of(IMAGES), layer_of(SEQUENCES)]
    export(layers, SHAPEFILE, tmp_path / "a")
    (tmp_path / "a_Images.qix").write_text("the old index")
    before = files_in(tmp_path)
    replace, done = Path.replace, []

    def refuse_late(self, target):
        done.append(target)
        if len(done) == 14:
            raise PermissionError(13, "Permission denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse_late)
    with pytest.raises(errors.TargetInUseError, match="may be open in another program"):
        export(layers, SHAPEFILE, tmp_path / "a", existing=Existing.REPLACE)
    assert files_in(tmp_path) == before
    monkeypatch.undo()
    export(layers, SHAPEFILE, tmp_path / "a", existing=Existing.REPLACE)
    assert sorted(set(before) - set(files_in(tmp_path))) == ["a_Images.qix"]


def test_refusals_are_sentences(tmp_path):
    layer = layer_of()
    (tmp_path / "folder.gpkg").mkdir()
    (path,) = export(layer, GEOPACKAGE, tmp_path / "there")
    protected = tmp_path / "protected.gpkg"
    protected.touch(0o444)
    for target, error, words in (
        (tmp_path / "missing" / "a.gpkg", errors.UnusableFolderError, "does not exist"),
        (Path("/proc/a.gpkg"), errors.UnusableFolderError, "Nothing can be written"),
        (path / "a.gpkg", errors.UnusableFolderError, "does not exist"),
        (tmp_path / "folder.gpkg", errors.TargetIsFolderError, "is a folder"),
        (path, errors.TargetExistsError, "exists already"),
        (protected, errors.ProtectedTargetError, "read-only"),
        ("", errors.NoFileNamedError, "No file is named"),
    ):
        options = {"existing": Existing.REPLACE} if error is errors.ProtectedTargetError else {}
        with pytest.raises(error, match=words):
            export(layer, GEOPACKAGE, target, **options)
    for target in (GEOPACKAGE, SHAPEFILE):
        with pytest.raises(errors.SameNameError, match="“images”"):
            export([layer_of(name="Images"), layer_of(name="images")], target, tmp_path / "same")
    with pytest.raises(errors.NothingToExportError):
        export([], GEOPACKAGE, tmp_path / "none")


def test_an_ending_in_capitals_is_the_same_file(tmp_path):
    export(layer_of(), GEOPACKAGE, tmp_path / "a.gpkg")
    with pytest.raises(errors.TargetExistsError):
        export(layer_of(), GEOPACKAGE, tmp_path / "a.GPKG")
    (other,) = export(layer_of(), FLATGEOBUF, tmp_path / "b.FGB")
    assert other.is_file()
    assert len(rows(other)) == 5


@pytest.mark.parametrize("name", ["a|b", "layer_styles", "gpkg_x", "sqlite_y"])
def test_names_that_a_geopackage_cannot_have(tmp_path, name):
    with pytest.raises(errors.UnusableNameError, match="cannot be called"):
        export(layer_of(name=name), GEOPACKAGE, tmp_path / "a")
