"""Dependencies point one way, most of core needs no qgis, and QGIS' start loads nothing heavy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WITH_QGIS = {
    "area_geometry",
    "circle_area",
    "expression",
    "extent",
    "layers",
    "layer_changes",
    "layer_content",
    "layer_kinds",
    "ledger_layer",
    "picking",
    "polygon_area",
    "remembered_request",
    "request_json",
    "coverage_task",
    "request_task",
    "task",
    "caught",
    "callback",
    "settings",
    "log",
    "algorithms",
    "export",
}
SOURCES = [ROOT / "plugin.py", ROOT / "__init__.py", *ROOT.glob("core/**/*.py"), *ROOT.glob("ui/**/*.py")]


def imports(path):
    """Absolute module names that a file imports, relative ones resolved under mapillary_coverage."""
    package = ["mapillary_coverage", *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_dependencies_point_one_way(path):
    found = set(imports(path))
    where = path.relative_to(ROOT).parts
    top = {name.split(".")[1] for name in found if name.startswith("mapillary_coverage.") and "." in name}
    assert not top & {"tests", "tools"}
    assert not any(name.split(".")[0] in {"PyQt5", "PyQt6", "sip"} for name in found), "Qt comes through qgis.PyQt"
    if where[0] in {"core", "ui"}:
        assert "plugin" not in top
    if where[0] == "core":
        assert "ui" not in top
        assert not any(name.startswith(("qgis.gui", "qgis.PyQt.QtWidgets", "qgis.utils")) for name in found)
        module = where[1].removesuffix(".py")
        if module != "algorithms":
            assert not any(name.startswith("mapillary_coverage.core.algorithms") for name in found)
        if module not in WITH_QGIS:
            assert not any(name.split(".")[0] == "qgis" for name in found), "this part of core runs without qgis"


@pytest.mark.parametrize(
    ("modules", "only_in"),
    [
        (
            {"requests", "urllib3", "socket", "http", "http.client", "ssl"},
            {"core/network/session.py", "core/network/sockets.py"},
        ),
        ({"mercantile", "mapillary_coverage.extlibs.mercantile"}, {"core/tiling.py"}),
        ({"mapbox_vector_tile", "google.protobuf.message"}, {"core/mvt/protobuf_engine.py"}),
        ({"osgeo", "osgeo.gdal"}, {"core/mvt/gdal_engine.py", "core/export/writer.py", "core/export/values.py"}),
        ({"qgis.core.QgsSettings"}, {"core/settings/preferences.py", "core/settings/qgis_network.py"}),
        ({"os"}, {"core/settings/preferences.py"}),
        ({"qgis.core.QgsAuthMethodConfig"}, {"core/settings/authentication.py"}),
        ({"qgis.gui.QgsMessageBar"}, {"ui/messages.py"}),
        ({"qgis.core.QgsMessageLog"}, {"core/log.py"}),
    ],
    ids=lambda value: "/".join(sorted(value)) if len(value) < 2 else None,
)
def test_each_of_these_is_used_in_one_place(modules, only_in):
    users = {str(path.relative_to(ROOT)) for path in SOURCES if modules & set(imports(path))}
    assert users == only_in


def test_the_main_thread_is_never_blocked():
    forbidden = {"processEvents", "QEventLoop", "exec_", "waitForFinished"}
    for path in SOURCES:
        names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        names |= {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        assert not names & forbidden, path


def test_a_download_runs_without_qgis(emulator):
    server = emulator()
    code = f"""
import sys
class NoQgis:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("qgis", "PyQt5"):
            raise ImportError(name)
sys.meta_path.insert(0, NoQgis())
sys.path.insert(0, {str(ROOT)!r})
import conftest
from mapillary_coverage.core.area import area_of_box
from mapillary_coverage.core.download import download_coverage
from mapillary_coverage.core.credential import Credential
from mapillary_coverage.core.endpoint import Server
from mapillary_coverage.core.report import result_line
from mapillary_coverage.core.request import CoverageRequest
from mapillary_coverage.core.tile_access import TileAccess
request = CoverageRequest(area_of_box(7.383, 43.725, 7.404, 43.739))
url, text = sys.stdin.read().split()
print(result_line(download_coverage(request, TileAccess(Server(url, Credential(text))))))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=f"{server.tiles_url} {server.credential}",
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert "1 tile: 1 ok." in done.stdout, done.stderr


def test_importing_the_plugin_loads_nothing_heavy():
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import conftest, qgis.core, qgis.gui
from qgis.PyQt import uic
before = set(sys.modules)
import mapillary_coverage.plugin, mapillary_coverage.ui.coverage_dock
heavy = {{"requests", "urllib3", "numpy", "google", "mapbox_vector_tile", "osgeo", "http"}}
print(sorted(heavy & (set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
