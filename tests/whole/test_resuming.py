"""`TILES_INPUT` and `AUTH_CONFIG` of `mapillary:downloadcoverage`."""

import pytest
from qgis.core import QgsProcessingException, QgsProject, QgsVectorFileWriter, QgsVectorLayer

from mapillary_coverage.core.algorithms.download_coverage import DownloadCoverageAlgorithm
from mapillary_coverage.core.area.tiling import TileId, tile_box
from mapillary_coverage.core.settings import Settings
from tests.core.algorithms.test_download_coverage import EXTENT, Feedback, ids, run  # noqa: F401
from tests.core.settings.test_credentials import store_config
from tests.emulator.server import made_up_token

pytestmark = pytest.mark.qgis

UPPER, LOWER = tile_box(TileId(14, 8528, 5974)), tile_box(TileId(14, 8531, 5977))
TOWN = f"{UPPER.west!r},{LOWER.east!r},{LOWER.south!r},{UPPER.north!r} [EPSG:4326]"


def partial_run(run):  # noqa: F811
    """The ledger of a run in which a column of tiles failed, and the ids of the images that it lacks."""
    whole = run(EXTENT=TOWN)
    server = run.running["server"]
    for y in range(5974, 5978):
        server.fail("half-tile", tile=f"14/8529/{y}")
    partial = run(EXTENT=TOWN)
    server.faults.clear()
    server.requests.clear()
    return partial["TILES"], ids(partial["IMAGES"]), ids(whole["IMAGES"])


def test_a_ledger_handed_in_reads_only_what_failed(run):  # noqa: F811
    ledger, had, wanted = partial_run(run)
    outputs = run(EXTENT=TOWN, TILES_INPUT=ledger)
    assert {seen.path.split("/")[-2] for seen in run.running["server"].requests} == {"8529"}
    assert outputs["TILE_COUNT"] == 4
    assert outputs["FAILED_COUNT"] == 0
    assert had | ids(outputs["IMAGES"]) == wanted
    assert ids(outputs["IMAGES"])


def test_a_ledger_in_a_file_of_yesterday_goes_on(run, tmp_path):  # noqa: F811
    ledger, had, wanted = partial_run(run)
    path = tmp_path / "tiles.gpkg"
    options = QgsVectorFileWriter.SaveVectorOptions()
    QgsVectorFileWriter.writeAsVectorFormatV2(ledger, str(path), QgsProject.instance().transformContext(), options)
    outputs = run(EXTENT=TOWN, TILES_INPUT=str(path))
    assert had | ids(outputs["IMAGES"]) == wanted


def test_a_complete_ledger_leaves_nothing_to_do_and_is_no_failure(run):  # noqa: F811
    feedback = Feedback()
    ledger = run(EXTENT=TOWN)["TILES"]
    run.running["server"].requests.clear()
    outputs = run(feedback, EXTENT=TOWN, TILES_INPUT=ledger)
    assert outputs["TILE_COUNT"] == outputs["IMAGE_COUNT"] == 0
    assert run.running["server"].requests == []
    assert any("No tile had to be read" in told for told in feedback.told)


def test_a_layer_that_is_no_ledger_is_refused(run):  # noqa: F811
    images = run(EXTENT=EXTENT)["IMAGES"]
    with pytest.raises(QgsProcessingException, match="TILES_INPUT is no ledger: it has no field “tile”"):
        run(EXTENT=EXTENT, TILES_INPUT=images)


def test_the_ledger_of_another_tileset_is_refused(run):  # noqa: F811
    ledger, _, _ = partial_run(run)
    with pytest.raises(QgsProcessingException, match="is the ledger of the tileset mly1_public"):
        run(EXTENT=TOWN, TILES_INPUT=ledger, POSITION="computed")


@pytest.mark.parametrize("address", ["14/x/1", "", "14/1", "NULL"])
def test_a_damaged_ledger_is_refused(run, address):  # noqa: F811
    ledger = QgsVectorLayer("Polygon?field=tile:string&field=tileset:string&field=status:string", "x", "memory")
    ledger.startEditing()
    from qgis.core import QgsFeature

    feature = QgsFeature(ledger.fields())
    feature.setAttributes([address, "mly1_public", "failed"])
    ledger.addFeature(feature)
    ledger.commitChanges()
    with pytest.raises(QgsProcessingException, match="is not a tile, which is written z/x/y"):
        run(EXTENT=TOWN, TILES_INPUT=ledger)


def test_the_ledger_that_is_read_is_not_overwritten(run, tmp_path):  # noqa: F811
    path = tmp_path / "tiles.gpkg"
    run(EXTENT=EXTENT, TILES=str(path))
    with pytest.raises(QgsProcessingException, match="TILES would overwrite TILES_INPUT, the layer that is read"):
        run(EXTENT=EXTENT, TILES_INPUT=str(path), TILES=str(path))


def test_a_stored_configuration_can_be_named(run, database, monkeypatch):  # noqa: F811
    run(EXTENT=EXTENT)
    server = run.running["server"]
    named = store_config(password=server.credential)
    server.credential, wrong = made_up_token(5), server.credential
    with pytest.raises(QgsProcessingException, match="Mapillary refused the token"):
        run(EXTENT=EXTENT, AUTH_CONFIG=named)
    named = store_config(name="right", password=made_up_token(5))
    monkeypatch.setattr(server, "credential", wrong)
    assert run(EXTENT=EXTENT, AUTH_CONFIG=store_config(name="old", password=wrong))["IMAGE_COUNT"] > 0


def test_a_configuration_that_is_not_there_is_said_before_anything_else(run, database):  # noqa: F811
    run(EXTENT=EXTENT)
    run.running["server"].requests.clear()
    with pytest.raises(QgsProcessingException, match="has no authentication configuration “nothere”"):
        run(EXTENT=EXTENT, AUTH_CONFIG="nothere")
    assert run.running["server"].requests == []


def test_the_token_is_no_parameter():
    algorithm = DownloadCoverageAlgorithm(Settings()).create()
    names = {parameter.name() for parameter in algorithm.parameterDefinitions()}
    assert {"TILES_INPUT", "AUTH_CONFIG"} <= names
    assert not any("TOKEN" in name for name in names)
