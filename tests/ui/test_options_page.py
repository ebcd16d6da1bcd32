"""The page in Settings > Options."""

import pytest
from qgis.core import QgsSettings

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.settings import Settings
from mapillary_coverage.ui.options_page import OptionsFactory, OptionsPage
from tests.conftest import request_for
from tests.emulator import Town

pytestmark = pytest.mark.qgis


@pytest.fixture
def settings():
    return Settings()


@pytest.fixture
def page(settings, qgis_parent, database, monkeypatch):
    monkeypatch.delenv("MAPILLARY_CACHE_DIR")
    page = OptionsPage(settings, qgis_parent)
    yield page
    page.deleteLater()


def test_what_is_set_holds_for_the_next_run(page, settings, tmp_path):
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


def test_who_goes_on_with_the_settings_hears_of_changes(settings, qgis_parent, database, qtbot):
    page = OptionsFactory(settings).createWidget(qgis_parent)
    for act in (page.apply, page.page.clearButton.click):
        with qtbot.waitSignal(settings.changed):
            act()
    page.deleteLater()


def test_an_unsafe_address_is_said_and_not_kept(page, settings):
    page.page.tilesEdit.setText("http://mirror.example/tiles")
    assert "the token may only be sent to an https address" in page.page.addressNote.text()
    page.apply()
    assert settings.tiles_url() == "https://tiles.mapillary.com/maps/vtp"


def test_what_the_environment_overrides_is_shown_and_left_alone(settings, qgis_parent, database, monkeypatch, tmp_path):
    for key, value in (("cache_folder", "/mine"), ("tiles_url", "https://my.tiles"), ("graph_url", "https://my.graph")):
        QgsSettings().setValue(f"mapillary_coverage/{key}", value)
    with monkeypatch.context() as environment:
        environment.setenv("MAPILLARY_CACHE_DIR", str(tmp_path))
        environment.setenv("MAPILLARY_TILES_URL", "https://other.tiles")
        environment.setenv("MAPILLARY_GRAPH_URL", "https://other.graph")
        page = OptionsPage(settings, qgis_parent)
        form = page.page
        edits = (form.folderWidget.lineEdit(), form.tilesEdit, form.graphEdit)
        assert [edit.text() for edit in edits] == [str(tmp_path), "https://other.tiles", "https://other.graph"]
        assert not any(widget.isEnabled() for widget in (*edits, form.folderWidget))
        assert form.folderNote.text() == (
            "MAPILLARY_CACHE_DIR is set in the environment, and it wins. To choose here, start QGIS without it."
        )
        assert form.folderNote.isVisibleTo(page)
        assert [line.split()[0] for line in form.addressNote.text().splitlines()] == [
            "MAPILLARY_TILES_URL",
            "MAPILLARY_GRAPH_URL",
        ]
        page.apply()
        page.deleteLater()
    monkeypatch.delenv("MAPILLARY_CACHE_DIR")
    assert (str(settings.cache().folder), settings.tiles_url()) == ("/mine", "https://my.tiles")
    assert settings.graph_url() == "https://my.graph"


def test_without_the_environment_all_can_be_chosen(page):
    form = page.page
    widgets = (form.folderWidget, form.folderWidget.lineEdit(), form.tilesEdit, form.graphEdit)
    assert all(widget.isEnabled() for widget in widgets)
    assert not form.folderNote.isVisibleTo(page)
    assert form.addressNote.text() == ""


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
