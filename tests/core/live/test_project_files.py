"""Projects with live layers open with the plugin, without it and elsewhere, and hold neither token nor cache."""

import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from qgis.core import (
    QgsLayerDefinition,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsPrintLayout,
    QgsProject,
    QgsVectorTileLayer,
)

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.live.live_layers import LIVE_PROPERTY, live_tileset, make_live_layer
from mapillary_coverage.core.live.project_files import ProjectFiles
from tests.core.live.live_files import colour_by_number, write_tiles

pytestmark = pytest.mark.qgis

TILESETS = ("mly1_public", "mly_map_feature_point", "mly_map_feature_traffic_sign")


@pytest.fixture
def paths(tmp_path):
    """The file of each tileset, in a folder whose name no project may hold."""
    folder = tmp_path / "kept_tiles"
    folder.mkdir()
    return {tileset: write_tiles(folder / f"{tileset}.mbtiles", [TileId(0, 0, 0)]) for tileset in TILESETS}


@pytest.fixture
def files(qgis_new_project, paths):
    made = ProjectFiles(paths.get)
    yield made
    with suppress(TypeError):
        made.close_down()


@pytest.fixture
def project(files, paths):
    """With a live layer of each kind."""
    made = QgsProject.instance()
    for tileset in TILESETS:
        layer = make_live_layer(tileset, paths[tileset])
        colour_by_number(layer)
        made.addMapLayer(layer)
    return made


def live_layers(project=None):
    return [layer for layer in (project or QgsProject.instance()).mapLayers().values() if live_tileset(layer)]


def is_drawing(layer):
    return layer.isValid() and layer.source().startswith("type=mbtiles")


def saved_text(path):
    """All that a project file holds, and its backup."""
    texts = []
    for written in (path, Path(f"{path}~")):
        if zipfile.is_zipfile(written):
            with zipfile.ZipFile(written) as archive:
                texts += [archive.read(name) for name in archive.namelist()]
        elif written.exists():
            texts.append(written.read_bytes())
    return b"\n".join(texts).decode("utf-8", "replace")


@pytest.mark.parametrize("name", ["town.qgs", "town.qgz"])
def test_a_saved_project_holds_no_path_and_no_token_and_goes_on_drawing(project, tmp_path, monkeypatch, name):
    monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", "MLY|1|of-the-saved-project")
    for _ in range(2):
        assert project.write(str(tmp_path / name))
        assert not project.isDirty()
        assert all(map(is_drawing, live_layers()))
    text = saved_text(tmp_path / name)
    assert "needs-the-plugin" in text
    for forbidden in ("kept_tiles", "of-the-saved-project", "access_token", ".mbtiles", "mbtilesvectortiles"):
        assert forbidden not in text, forbidden


def test_layouts_hold_no_path_either(project, tmp_path):
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.setName("A4")
    locked, legend = QgsLayoutItemMap(layout), QgsLayoutItemLegend(layout)
    locked.setLayers(live_layers())
    locked.setKeepLayerSet(True)
    layout.addLayoutItem(locked)
    legend.setAutoUpdateModel(False)
    layout.addLayoutItem(legend)
    project.layoutManager().addLayout(layout)
    assert project.write(str(tmp_path / "town.qgs"))
    assert "kept_tiles" not in saved_text(tmp_path / "town.qgs")
    assert len(locked.layers()) == len(TILESETS)
    project.clear()
    assert project.read(str(tmp_path / "town.qgs"))
    opened = project.layoutManager().layoutByName("A4")
    (again,) = [item for item in opened.items() if isinstance(item, QgsLayoutItemMap)]
    assert sorted(map(live_tileset, again.layers())) == sorted(TILESETS)


@pytest.mark.parametrize("name", ["town.qgs", "town.qgz"])
def test_an_opened_project_draws_and_is_as_saved(project, tmp_path, name):
    before = {live_tileset(layer): layer for layer in live_layers()}
    before["mly1_public"].setName("My town")
    assert project.write(str(tmp_path / name))
    project.clear()
    assert project.read(str(tmp_path / name))
    after = {live_tileset(layer): layer for layer in live_layers()}
    assert set(after) == set(TILESETS)
    assert all(map(is_drawing, after.values()))
    assert after["mly1_public"].name() == "My town"
    assert len(after["mly1_public"].renderer().styles()) == 1
    assert after["mly1_public"].metadata().rights()
    assert not project.isDirty()


def test_elsewhere_it_draws_from_the_files_there(project, paths, tmp_path):
    assert project.write(str(tmp_path / "town.qgz"))
    project.clear()
    (tmp_path / "elsewhere").mkdir()
    for tileset, path in paths.items():
        path.unlink()
        paths[tileset] = write_tiles(tmp_path / "elsewhere" / path.name, [TileId(0, 0, 0)])
    assert project.read(str(tmp_path / "town.qgz"))
    assert len(live_layers()) == len(TILESETS)
    assert all(is_drawing(layer) and "elsewhere" in layer.source() for layer in live_layers())


def test_without_tiles_the_layers_wait_and_draw_once_there_are_some(project, paths, files, tmp_path):
    assert project.write(str(tmp_path / "town.qgz"))
    project.clear()
    kept = dict(paths)
    paths.clear()
    assert project.read(str(tmp_path / "town.qgz"))
    assert all(layer.isValid() and not is_drawing(layer) for layer in live_layers())
    paths.update(kept)
    files.show_all()
    assert all(map(is_drawing, live_layers()))
    assert not project.isDirty()


@pytest.mark.parametrize("name", ["town.qgs", "town.qgz"])
def test_without_the_plugin_every_layer_is_valid(project, tmp_path, name):
    assert project.write(str(tmp_path / name))
    code = f"""
from qgis.core import QgsApplication, QgsProject, QgsProjectBadLayerHandler
class Handler(QgsProjectBadLayerHandler):
    def handleBadLayers(self, layers):
        print("bad", len(layers))
app = QgsApplication([], True)
app.initQgis()
handler = Handler()
QgsProject.instance().setBadLayerHandler(handler)
print(QgsProject.instance().read({str(tmp_path / name)!r}))
for layer in QgsProject.instance().mapLayers().values():
    print(layer.isValid(), layer.customProperty({LIVE_PROPERTY!r}), "©" in "".join(layer.metadata().rights()))
assert QgsProject.instance().write({str(tmp_path / "again.qgs")!r})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/", timeout=120)
    lines = done.stdout.split("\n")
    assert lines[0] == "True", done.stdout + done.stderr
    assert sorted(lines[1:4]) == [f"True {tileset} True" for tileset in sorted(TILESETS)], done.stdout + done.stderr
    project.clear()
    assert project.read(str(tmp_path / "again.qgs")), "and what such a QGIS saves opens with the plugin"
    assert len(live_layers()) == len(TILESETS)
    assert all(map(is_drawing, live_layers()))


def test_nothing_is_asked_of_any_server(project, emulator, tmp_path):
    server = emulator()
    assert project.write(str(tmp_path / "town.qgz"))
    project.clear()
    assert project.read(str(tmp_path / "town.qgz"))
    assert server.requests == []


def test_copies_and_layer_files_draw_too(project, paths, tmp_path):
    copy = live_layers()[0].clone()
    tileset = live_tileset(live_layers()[0])
    project.addMapLayer(copy)
    assert is_drawing(copy)
    assert (live_tileset(copy), copy.metadata().rights()) == (tileset, live_layers()[0].metadata().rights())
    assert project.write(str(tmp_path / "town.qgs"))
    assert "kept_tiles" not in saved_text(tmp_path / "town.qgs")
    nodes = project.layerTreeRoot().findLayers()
    assert QgsLayerDefinition.exportLayerDefinition(str(tmp_path / "live.qlr"), nodes)[0]
    paths["mly1_public"] = write_tiles(tmp_path / "moved.mbtiles", [TileId(0, 0, 0)])
    project.clear()
    assert QgsLayerDefinition.loadLayerDefinition(str(tmp_path / "live.qlr"), project, project.layerTreeRoot())[0]
    coverage = [layer for layer in live_layers() if live_tileset(layer) == "mly1_public"]
    assert coverage
    assert all("moved" in layer.source() and layer.isValid() for layer in coverage)


def test_a_project_that_cannot_be_written_leaves_the_layers_drawing(project, qtbot, tmp_path):
    assert not project.write(str(tmp_path / "no_folder" / "town.qgs"))
    qtbot.waitUntil(lambda: all(map(is_drawing, live_layers())))


def test_nobody_hears_of_the_saving(project, tmp_path):
    heard = []
    for layer in live_layers():
        layer.dataSourceChanged.connect(lambda: heard.append("source"))
        layer.repaintRequested.connect(lambda: heard.append("repaint"))
    assert project.write(str(tmp_path / "town.qgs"))
    assert heard == []


def test_without_the_plugin_from_now_on_the_layers_wait(project, files, paths, tmp_path):
    assert project.write(str(tmp_path / "town.qgs"))
    files.close_down()
    assert not project.isDirty()
    assert not any(map(is_drawing, live_layers()))
    assert project.write(str(tmp_path / "town.qgs"))
    assert "kept_tiles" not in saved_text(tmp_path / "town.qgs")
    again = ProjectFiles(paths.get)
    assert all(map(is_drawing, live_layers()))
    assert not project.isDirty()
    again.close_down()


def test_layers_of_others_are_left_alone(files, tmp_path):
    path = write_tiles(tmp_path / "theirs.mbtiles", [TileId(0, 0, 0)])
    theirs = QgsVectorTileLayer(f"type=mbtiles&url={path}", "theirs")
    QgsProject.instance().addMapLayer(theirs)
    assert QgsProject.instance().write(str(tmp_path / "town.qgs"))
    assert is_drawing(theirs)
    assert "theirs.mbtiles" in saved_text(tmp_path / "town.qgs")
