"""The page in Settings > Options."""

import pytest

from mapillary_coverage.core.download import download_coverage
from mapillary_coverage.core.settings import Settings
from mapillary_coverage.core.tiling import TileId
from mapillary_coverage.ui.options_page import OptionsFactory, OptionsPage
from tests.conftest import request_for
from tests.emulator import Town


@pytest.fixture
def settings():
    return Settings()


@pytest.fixture
def page(settings, qgis_parent, database):
    page = OptionsPage(settings, qgis_parent)
    yield page
    page.deleteLater()


def test_what_is_set_holds_for_the_next_run(page, settings, monkeypatch, tmp_path):
    monkeypatch.delenv("MAPILLARY_CACHE_DIR")
    form = page.page
    form.freshSpin.setValue(5)
    form.sizeSpin.setValue(100)
    form.questionSpin.setValue(50)
    form.burstSpin.setValue(10)
    form.rateSpin.setValue(0.5)
    form.portSpin.setValue(9000)
    form.folderWidget.setFilePath(str(tmp_path))
    form.tilesEdit.setText("https://mirror.example/tiles/")
    assert settings.question_tiles() == 500, "kept with OK only"
    page.apply()
    assert settings.cache().fresh_seconds == 5 * 3600
    assert settings.cache().max_bytes == 100 * 2**20
    assert settings.cache().folder == tmp_path
    assert settings.question_tiles() == 50
    assert (settings.traffic().usage.pace.burst, settings.traffic().usage.pace.per_second) == (10, 0.5)
    assert settings.callback_url() == "http://localhost:9000/"
    assert settings.tiles_url() == "https://mirror.example/tiles/"


def test_an_unsafe_address_is_said_and_not_kept(page, settings):
    page.page.tilesEdit.setText("http://mirror.example/tiles")
    assert "the token may only be sent to an https address" in page.page.addressNote.text()
    page.apply()
    assert settings.tiles_url() == "https://tiles.mapillary.com/maps/vtp"


def test_it_shows_and_empties_the_cache_and_shows_the_quota(settings, qgis_parent, database, emulator, monkeypatch):
    server = emulator(Town(images_per_tile=2000))
    monkeypatch.setenv("MAPILLARY_TILES_URL", server.tiles_url)
    settings.credentials.enter(server.credential)
    download_coverage(request_for(TileId(14, 8528, 5974), TileId(14, 8531, 5977)), settings.tile_access())
    page = OptionsPage(settings, qgis_parent)
    assert page.page.quotaLabel.text().startswith(
        "Asked for today (UTC) through your application: 16 tiles of the 50,000"
    )
    assert page.page.usedLabel.text() != "In use: 0.0 MB"
    page.page.clearButton.click()
    assert page.page.usedLabel.text() == "In use: 0.0 MB"
    page.deleteLater()


def test_qgis_makes_the_page(settings, qgis_parent, database):
    factory = OptionsFactory(settings)
    assert factory.title() == "Mapillary"
    assert not factory.icon().isNull()
    factory.createWidget(qgis_parent).deleteLater()
