"""`mapillary:downloadcoverage` inside QGIS."""

import tempfile

import pytest
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsWkbTypes,
)

from mapillary_coverage.core.algorithms.download_coverage import DownloadCoverageAlgorithm
from mapillary_coverage.core.algorithms.provider import MapillaryProvider
from mapillary_coverage.core.area.tiling import TileId, tile_box
from mapillary_coverage.core.settings import Settings
from tests.emulator import Town

pytestmark = pytest.mark.qgis

BOX = tile_box(TileId(14, 8529, 5975))
EXTENT = f"{BOX.west!r},{BOX.east!r},{BOX.south!r},{BOX.north!r} [EPSG:4326]"


class Feedback(QgsProcessingFeedback):
    """Keeps what it is told."""

    def __init__(self):
        super().__init__(False)
        self.told = []
        self.cancel_at = None

    def pushInfo(self, text):
        self.told.append(text)

    def pushWarning(self, text):
        self.told.append(f"WARNING {text}")

    def reportError(self, text, is_fatal=False):
        self.told.append(f"ERROR {text}")

    def setProgress(self, percent):
        if self.cancel_at is not None and percent >= self.cancel_at:
            self.cancel()


@pytest.fixture
def run(emulator, monkeypatch, qgis_processing, own_cache):
    """Runs the algorithm on an emulator; the answer has the layers in place of their ids."""
    running = {}

    def go(feedback=None, town=None, project=None, **parameters):
        if "server" not in running or town:
            running["server"] = emulator(town or Town(images_per_tile=80))
        server = running["server"]
        monkeypatch.setenv("MAPILLARY_TILES_URL", server.tiles_url)
        monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", server.credential)
        monkeypatch.setenv("MAPILLARY_CACHE_DIR", tempfile.mkdtemp(dir=own_cache))
        context = QgsProcessingContext()
        if project:
            context.setProject(project)
        algorithm = DownloadCoverageAlgorithm(Settings()).create()
        sinks = {"IMAGES": "memory:", "SEQUENCES": "memory:", "TILES": "memory:"}
        given = {**sinks, "EXTENT": EXTENT, **parameters}
        ok, why = algorithm.checkParameterValues(given, context)
        if not ok:
            raise QgsProcessingException(why)
        outputs, ok = algorithm.run(given, context, feedback or Feedback(), {}, False)
        for name in sinks:
            if name in outputs:
                outputs[name] = context.temporaryLayerStore().mapLayer(outputs[name])
                context.temporaryLayerStore().takeMapLayer(outputs[name])
        return outputs

    go.running = running
    return go


def ids(layer):
    return {feature["id"] for feature in layer.getFeatures()}


def test_all_outputs_and_counts(run):
    feedback = Feedback()
    outputs = run(feedback)
    assert outputs["TILE_COUNT"] == 1
    assert outputs["FAILED_COUNT"] == 0
    assert outputs["IMAGE_COUNT"] == outputs["IMAGES"].featureCount() == len(ids(outputs["IMAGES"])) > 70
    assert outputs["SEQUENCE_COUNT"] == outputs["SEQUENCES"].featureCount() == 8
    assert outputs["TILES"].featureCount() == 1
    assert any("1 tile: 1 ok" in text for text in feedback.told)
    assert any("Decoding with" in text for text in feedback.told)


def test_outputs_that_are_not_asked_for_are_not_made(run):
    outputs = run(IMAGES=None, SEQUENCES=None)
    assert "IMAGES" not in outputs
    assert outputs["IMAGE_COUNT"] > 0


def test_without_an_output_for_images_they_are_not_even_read(run):
    outputs = run(IMAGES=None)
    assert outputs["IMAGE_COUNT"] == 0
    assert next(outputs["TILES"].getFeatures())["features"] == 8


@pytest.mark.parametrize(
    "extent",
    [
        QgsReferencedRectangle(
            QgsRectangle(BOX.west, BOX.south, BOX.east, BOX.north), QgsCoordinateReferenceSystem("EPSG:4326")
        ),
        EXTENT.partition(" ")[0],
    ],
    ids=["referenced rectangle", "text without a CRS outside a project"],
)
def test_an_extent_may_come_in_other_forms(run, extent):
    assert ids(run(EXTENT=extent)["IMAGES"]) == ids(run()["IMAGES"])


def test_an_extent_may_be_a_layer(run):
    layer = run()["TILES"]
    project = QgsProject()
    project.addMapLayer(layer.clone())
    extent = next(iter(project.mapLayers()))
    assert ids(run(EXTENT=extent, project=project)["IMAGES"]) == ids(run()["IMAGES"])


def test_an_extent_may_be_a_file(run, tmp_path):
    path = tmp_path / "tiles.gpkg"
    run(TILES=str(path))
    assert ids(run(EXTENT=str(path))["IMAGES"]) == ids(run()["IMAGES"])


def test_a_bad_second_output_leaves_the_first_as_it_was(run, tmp_path):
    kept = tmp_path / "images.gpkg"
    kept.write_bytes(b"of yesterday")
    with pytest.raises(QgsProcessingException, match="TILES cannot be written"):
        run(IMAGES=str(kept), TILES="/nowhere/tiles.gpkg")
    assert kept.read_bytes() == b"of yesterday"


def test_text_without_a_crs_is_in_the_crs_of_the_project(run):
    project = QgsProject()
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    outputs = run(EXTENT="824000,824100,5420000,5420100", project=project)
    assert next(outputs["TILES"].getFeatures())["tile"] == "14/8528/5976"


def test_an_extent_across_the_antimeridian_is_written_west_before_east(run):
    town = Town(images_per_tile=20, west=2**14 - 2, north=8190)
    outputs = run(town=town, EXTENT="179.9999,-179.9999,0.001,0.002 [EPSG:4326]")
    assert {f["tile"] for f in outputs["TILES"].getFeatures()} == {"14/16383/8191", "14/0/8191"}


def test_dates_as_text_and_as_dates_are_the_same(run):
    everything = run()["IMAGES"]
    dated = sorted(f["captured_at"] for f in everything.getFeatures() if f["captured_at"])
    day = dated[len(dated) // 2].date()
    by_text = run(START_DATE=day.toString("yyyy-MM-dd"), END_DATE=day.toString("yyyy-MM-dd"))["IMAGES"]
    by_date = run(START_DATE=day, END_DATE=day)["IMAGES"]
    expected = {f["id"] for f in everything.getFeatures() if f["captured_at"] and f["captured_at"].date() == day}
    assert ids(by_text) == ids(by_date) == expected
    assert expected


def test_an_unset_date_of_the_dialog_is_no_filter(run):
    assert ids(run(START_DATE=None, END_DATE="")["IMAGES"]) == ids(run()["IMAGES"])


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"EXTENT": "5,5,1,2 [EPSG:4326]"}, "no area"),
        ({"EXTENT": "1,2,86,87 [EPSG:4326]"}, "beyond 85.0511"),
        ({"EXTENT": "1,2,3,4 [EPSG:999999]"}, "does not know the coordinate reference system “EPSG:999999”"),
        ({"EXTENT": None}, "Give exactly one area: EXTENT, AREA, or POINT with RADIUS; none is given"),
        ({"PANORAMA": "2"}, "PANORAMA is one of the words all, only, without, not “2”"),
        ({"POSITION": "gps"}, "POSITION is one of the words original, computed"),
        ({"IMAGES": "/nowhere/at/all/images.gpkg"}, "IMAGES cannot be written to the folder /nowhere/at/all"),
        ({"IMAGES": "one.gpkg", "TILES": "one.gpkg"}, "TILES would overwrite IMAGES"),
        ({"EXTENT": "somewhere"}, "is not an extent"),
        ({"EXTENT": "-10,10,-10,10 [EPSG:4326]"}, "more than the 50,000"),
        ({"START_DATE": "2024-02-30"}, "“2024-02-30” is not a date"),
        ({"END_DATE": "2024-05-01 or so"}, "Write END_DATE as 2024-05-31"),
        ({"START_DATE": "2024-02-02", "END_DATE": "2024-02-01"}, "is after the end date"),
    ],
)
def test_bad_parameters_are_one_clear_sentence_before_anything_is_asked(run, parameters, words):
    with pytest.raises(QgsProcessingException, match=words):
        run(**parameters)
    assert run.running["server"].requests == []


def test_failed_tiles_are_a_warning(run):
    run()
    run.running["server"].fail("html", tile="14/8530/5975")
    feedback = Feedback()
    right = tile_box(TileId(14, 8530, 5975))
    outputs = run(feedback, EXTENT=f"{BOX.west!r},{right.east!r},{BOX.south!r},{BOX.north!r} [EPSG:4326]")
    assert outputs["FAILED_COUNT"] == 1
    assert any(text.startswith("WARNING The result is partial: 1 tile") for text in feedback.told)
    statuses = {f["tile"]: (f["status"], f["reason"]) for f in outputs["TILES"].getFeatures()}
    assert statuses["14/8529/5975"][0] == "ok"
    assert statuses["14/8530/5975"] == ("failed", "The server sent a web page or text instead of a vector tile.")


def test_a_failing_run_does_not_touch_the_file_that_is_there(run, tmp_path):
    run()
    run.running["server"].fail("bad-token")
    kept = tmp_path / "images.gpkg"
    kept.write_bytes(b"of yesterday")
    with pytest.raises(QgsProcessingException, match="Mapillary refused the token"):
        run(IMAGES=str(kept), SEQUENCES=str(tmp_path / "new.gpkg"))
    assert kept.read_bytes() == b"of yesterday"
    assert [path.name for path in tmp_path.iterdir()] == ["images.gpkg"]


def test_cancel_leaves_no_output(run, tmp_path):
    feedback = Feedback()
    feedback.cancel_at = 1
    last = tile_box(TileId(14, 8531, 5977))
    extent = f"{BOX.west!r},{last.east!r},{last.south!r},{BOX.north!r} [EPSG:4326]"
    run(town=Town(images_per_tile=10, size=6))
    run.running["server"].delay = 0.1
    assert run(feedback, EXTENT=extent, IMAGES=str(tmp_path / "images.gpkg")) == {}
    assert list(tmp_path.iterdir()) == []


def test_layers_that_qgis_loads_are_styled_and_credited(run, qgis_new_project, monkeypatch):
    import processing

    monkeypatch.setattr("processing.gui.Postprocessing.iface", None, raising=False)

    run()
    provider = MapillaryProvider(Settings())
    QgsApplication.processingRegistry().addProvider(provider)
    try:
        sinks = {"IMAGES": "TEMPORARY_OUTPUT", "SEQUENCES": "TEMPORARY_OUTPUT", "TILES": "TEMPORARY_OUTPUT"}
        processing.runAndLoadResults("mapillary:downloadcoverage", {"EXTENT": EXTENT, **sinks})
    finally:
        QgsApplication.processingRegistry().removeProvider(provider)
    layers = {layer.wkbType(): layer for layer in QgsProject.instance().mapLayers().values()}
    assert len(layers) == 3
    for layer in layers.values():
        assert layer.metadata().rights() == ["© Mapillary, CC BY-SA 4.0"]
    assert layers[QgsWkbTypes.Type.Point].renderer().type() == "singleSymbol"
    assert layers[QgsWkbTypes.Type.Point].attributeAlias(2) == "Captured at (UTC)"
    assert layers[QgsWkbTypes.Type.Polygon].renderer().classAttribute() == "status"
