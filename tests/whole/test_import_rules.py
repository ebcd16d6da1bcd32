"""Imports go up the tree in docs/ARCHITECTURE.md, most of core needs no qgis, and QGIS' start loads nothing heavy."""

import ast
import re
import subprocess
import sys
from typing import NamedTuple

import pytest

from tests.conftest import ROOT

PACKAGE = "mapillary_coverage"
SOURCES = [ROOT / "plugin.py", ROOT / "__init__.py", *ROOT.glob("core/**/*.py"), *ROOT.glob("ui/**/*.py")]
NAMED = re.compile(r"(?:core|ui)(?:\.[a-z_]+)+")


class Floor(NamedTuple):
    """A line of the tree. Where a folder has two lines, `modules` says which of its modules are on this one."""

    number: int
    has_qgis: bool
    modules: dict


def tree(text):
    """The floors of each folder, from the first block of code of ARCHITECTURE."""
    floors = {}
    for number, line in enumerate(text.split("```")[1].strip().splitlines()):
        folder, mark, said = re.fullmatch(r"(\S+)( \(Q\))? +(\S.*)", line).groups()
        named = re.findall(r"([a-z_]+)(\(Q\))?", said.rpartition(":")[2])
        modules = {name: bool(own_mark) for name, own_mark in named}
        floors.setdefault(folder.rstrip("/"), []).append(Floor(number, bool(mark), modules))
    return floors


FLOORS = tree((ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8"))


def floor_of(path, root=ROOT):
    found = FLOORS[str(path.relative_to(root).parent)]
    return next((floor for floor in found if len(found) > 1 and path.stem in floor.modules), found[0])


def may_import_qgis(path):
    floor = floor_of(path)
    return floor.has_qgis or floor.modules.get(path.stem, False)


def imports(path):
    """Absolute module names that a file imports, relative ones resolved under mapillary_coverage."""
    package = [PACKAGE, *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def named_in_strings(path):
    """Modules of ours that stand in a string, such as one that something else imports later."""
    tree_of_file = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {node.value for node in ast.walk(tree_of_file) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree_of_file):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documentation:
            yield from (f"{PACKAGE}.{name}" for name in NAMED.findall(node.value))


def file_of(module):
    """The file of a module, or of the module that a name is imported from; None for what is not ours."""
    parts = module.split(".")
    for known in (parts, parts[:-1]):
        if known[:1] == [PACKAGE] and known[1:2] != ["extlibs"]:
            place = ROOT.joinpath(*known[1:])
            for path in (place.with_suffix(".py"), place / "__init__.py"):
                if path.exists() and len(known) > 1:
                    return path
    return None


def climbs(path, modules):
    """What a file names that does not stand above it."""
    here = floor_of(path).number
    return sorted({module for module in modules if (found := file_of(module)) and floor_of(found).number > here})


def test_the_tree_has_every_folder_and_no_other():
    folders = {str(path.relative_to(ROOT).parent) for path in SOURCES}
    assert folders == set(FLOORS)
    named = {
        f"{folder}/{name}.py" for folder, floors in FLOORS.items() if len(floors) > 1 for name in floors[-1].modules
    }
    assert {"ui/coverage_dock.py", "ui/options_page.py"} <= named


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_up_the_tree(path):
    found = set(imports(path))
    assert climbs(path, {*found, *named_in_strings(path)}) == []
    top = {name.split(".")[1] for name in found if name.startswith(f"{PACKAGE}.")}
    assert not top & {"tests", "tools"}
    assert not any(name.split(".")[0] in {"PyQt5", "PyQt6", "sip"} for name in found), "Qt comes through qgis.PyQt"
    if path.is_relative_to(ROOT / "core"):
        assert not any(name.startswith(("qgis.gui", "qgis.PyQt.QtWidgets", "qgis.utils")) for name in found)
        if not may_import_qgis(path):
            assert not any(name.split(".")[0] == "qgis" for name in found), "this part of core runs without qgis"


def test_what_climbs_is_found():
    """An import, and a module that is only named in a string."""
    path = ROOT / "core" / "mvt" / "columns.py"
    assert climbs(path, {f"{PACKAGE}.core.errors", f"{PACKAGE}.core.area.tiling.TileId"}) == [
        f"{PACKAGE}.core.area.tiling.TileId"
    ]
    assert climbs(path, {f"{PACKAGE}.ui.messages.Messages", "requests"}) == [f"{PACKAGE}.ui.messages.Messages"]
    assert f"{PACKAGE}.ui.values.values_parameter" in set(named_in_strings(ROOT / "plugin.py"))


@pytest.mark.parametrize(
    ("modules", "only_in"),
    [
        (
            {"requests", "urllib3", "socket", "http", "http.client", "ssl"},
            {"core/network/session.py", "core/network/sockets.py"},
        ),
        ({"mercantile", "mapillary_coverage.extlibs.mercantile"}, {"core/area/tiling.py"}),
        ({"mapbox_vector_tile", "google.protobuf.message"}, {"core/mvt/protobuf_engine.py"}),
        ({"osgeo", "osgeo.gdal"}, {"core/mvt/gdal_engine.py", "core/export/writer.py", "core/export/values.py"}),
        ({"qgis.core.QgsSettings"}, {"core/settings/preferences.py", "core/settings/qgis_network.py"}),
        ({"os"}, {"core/settings/preferences.py"}),
        ({"qgis.core.QgsAuthMethodConfig"}, {"core/settings/authentication.py"}),
        ({"qgis.gui.QgsMessageBar"}, {"ui/messages.py"}),
        ({"qgis.core.QgsMessageLog"}, {"core/log.py"}),
        ({"qgis.core.QgsTask"}, {"core/tasks/task.py"}),
    ],
    ids=lambda value: "/".join(sorted(value)) if len(value) < 2 else None,
)
def test_each_of_these_is_used_in_one_place(modules, only_in):
    users = {str(path.relative_to(ROOT)) for path in SOURCES if modules & set(imports(path))}
    assert users == only_in


def names(path):
    """What a file calls or imports, by its last word."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    used |= {node.id for node in nodes if isinstance(node, ast.Name)}
    return used | {module.rpartition(".")[2] for module in imports(path)}


def test_the_main_thread_is_never_blocked():
    forbidden = {"processEvents", "QEventLoop", "exec_", "waitForFinished"}
    for path in SOURCES:
        assert not names(path) & forbidden, path


def test_threads_are_made_in_one_place():
    """Where what goes wrong in them ends."""
    makers = {"Thread", "Timer", "ThreadPool", "ThreadPoolExecutor", "ProcessPoolExecutor", "start_new_thread"}
    makers |= {"QThreadPool", "QRunnable"}
    assert {str(path.relative_to(ROOT)) for path in SOURCES if names(path) & makers} == {"core/threads.py"}


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
from mapillary_coverage.core.area.area import area_of_box
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.download.report import result_line
from mapillary_coverage.core.network.access import Access
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.request.request import CoverageRequest
from mapillary_coverage.core.request.request_json import request_from_json, request_to_json
request = request_from_json(request_to_json(CoverageRequest(area_of_box(7.383, 43.725, 7.404, 43.739))))
url, text = sys.stdin.read().split()
print(result_line(download_coverage(request, Access(Server(url, Credential(text))))))
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
