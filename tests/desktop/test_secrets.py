"""A stored token in a real QGIS: there after a restart, encrypted, and in no file after a session full of errors."""

import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import ROOT
from tests.desktop.session import DesktopSession
from tests.desktop.test_desktop import ADD_BACKGROUND, SHOW_TOWN
from tests.emulator import Emulator, Town

PICTURES = ROOT / "build" / "screenshots"
MASTER_WORD = "correct horse"
CREDENTIAL_DIALOG = (
    "[w for w in QApplication.topLevelWidgets()"
    " if w.metaObject().className() == 'QgsCredentialDialog' and w.isVisible()]"
)

LOG_EVERYTHING = """
import http.client, logging, sys
from qgis.PyQt.QtWidgets import QApplication
http.client.HTTPConnection.debuglevel = 1
logging.basicConfig(filename={log!r}, level=logging.DEBUG)
told = open({told!r}, "a")
QgsApplication.messageLog().messageReceived.connect(lambda text, tag, level: told.write(f"{{tag}} {{text}}\\n"))
"""
BREAK_A_TASK = """
import mapillary_coverage.core.tasks.coverage_task as module
whole = module.engine_name
def broken():
    raise RuntimeError("a bug")
module.engine_name = broken
"""
PROCESSING = """
import processing
answer = sorted(processing.runAndLoadResults("mapillary:downloadcoverage", {{
    "EXTENT": "7.40,7.41,43.69,43.70 [EPSG:4326]", "IMAGES": {images!r}, "TILES": "TEMPORARY_OUTPUT"}}))
"""
SAVE_EVERYTHING = """
from qgis.core import QgsVectorFileWriter
project = QgsProject.instance()
project.write({folder!r} + "/project.qgz")
project.write({folder!r} + "/project.qgs")
for index, layer in enumerate(project.mapLayers().values()):
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.saveMetadata, options.layerMetadata = True, layer.metadata()
    QgsVectorFileWriter.writeAsVectorFormatV3(
        layer, f"{folder}/{{index}}.gpkg", project.transformContext(), options)
    layer.saveNamedStyle(f"{folder}/{{index}}.qml")
told.flush()
"""


@pytest.fixture(scope="module")
def server():
    with Emulator(Town(images_per_tile=200)) as emulator:
        yield emulator


def session_in(folder, server):
    return DesktopSession(
        folder,
        MAPILLARY_TILES_URL=server.tiles_url,
        MAPILLARY_GRAPH_URL=server.graph_url,
        MAPILLARY_ACCESS_TOKEN=None,
        MAPILLARY_CACHE_DIR=None,
    )


def files_with(secret, folder):
    """Every file that holds the secret as it is, percent-encoded, or in UTF-16, also inside a project's archive."""
    for archive in folder.rglob("*.qgz"):
        zipfile.ZipFile(archive).extractall(archive.with_suffix(".unpacked"))
    last = secret.split("|")[-1]
    forms = (secret.encode(), quote(secret).encode(), last.encode(), last.encode("utf-16-le"))
    files = filter(Path.is_file, folder.rglob("*"))
    return [path for path in files if any(form in path.read_bytes() for form in forms)]


def enter_master_word(desktop, times):
    desktop.wait_until(CREDENTIAL_DIALOG)
    for _ in range(times):
        desktop.type(MASTER_WORD)
        desktop.press("Tab" if times > 1 else "Return")
    if times > 1:
        desktop.press("Return")
    desktop.wait_until(f"not {CREDENTIAL_DIALOG}")


def show_town(desktop):
    desktop.run("from qgis.PyQt.QtWidgets import QApplication" + ADD_BACKGROUND)
    desktop.wait_until("not iface.mapCanvas().isDrawing()")
    desktop.run(SHOW_TOWN)


def download(desktop):
    desktop.run("QTimer.singleShot(0, panel.downloadButton.click)")


def wait_for_end(desktop):
    desktop.wait_until("not panel.cancelButton.isEnabled() and panel.resultLabel.text()")
    return desktop.run("answer = panel.resultLabel.text()")


def forget_tiles(desktop):
    desktop.run("from mapillary_coverage.core.tiles.cache_folder import clear\nclear(plugin._settings.cache().folder)")


def test_a_token_is_kept_encrypted_and_a_session_full_of_errors_leaks_nothing(server, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    begin = LOG_EVERYTHING.format(log=str(out / "python.log"), told=str(out / "qgis.log"))
    with session_in(tmp_path / "qgis", server) as desktop:
        desktop.run(begin)
        show_town(desktop)
        desktop.run("QTimer.singleShot(0, panel.tokenPanel.setAction.trigger)")
        desktop.wait_until("panel.tokenPanel._dialog is not None and panel.tokenPanel._dialog.isVisible()")
        desktop.click("panel.tokenPanel._dialog.tokenEdit")
        desktop.type(server.credential)
        desktop.press("Return")
        enter_master_word(desktop, times=2)
        desktop.wait_until("panel.tokenPanel.stateLabel.text() == 'Token stored, encrypted by QGIS.'")
        desktop.screenshot(PICTURES / "stored.png")
        download(desktop)
        assert "images and" in wait_for_end(desktop)
        run_into_errors(desktop, server)
        answer = desktop.run(PROCESSING.format(images=str(out / "processing.gpkg")))
        assert "IMAGES" in answer
        desktop.run(SAVE_EVERYTHING.format(folder=str(out)))
        desktop.quit()
    assert (out / "python.log").read_text().count("access_token=[token]") > 10, "urllib3 did log"
    assert "Traceback" in (out / "qgis.log").read_text(), "QGIS did show a traceback"
    assert files_with(server.credential, tmp_path) == []
    restart(server, tmp_path, out)
    assert files_with(server.credential, tmp_path) == []


def run_into_errors(desktop, server):
    for fault in ("html", "reset", "bad-token", "quoting", "login-redirect", "busy", "half-tile"):
        forget_tiles(desktop)
        server.fail(fault)
        desktop.run("panel.resultLabel.setText('')")
        download(desktop)
        desktop.wait_until("not panel.cancelButton.isEnabled() and panel.resultLabel.text()", 120)
        desktop.run("QTimer.singleShot(0, panel.tokenPanel.test)")
        desktop.wait_until("panel.tokenPanel.answerLabel.text() not in ('', 'Asking Mapillary…')", 120)
        server.faults.clear()
    forget_tiles(desktop)
    desktop.run(BREAK_A_TASK)
    download(desktop)
    desktop.wait_until("panel.resultLabel.text().startswith('Something went wrong that should not')")
    desktop.run("module.engine_name = whole")


def restart(server, tmp_path, out):
    with session_in(tmp_path / "qgis", server) as desktop:
        desktop.run(LOG_EVERYTHING.format(log=str(out / "python.log"), told=str(out / "qgis.log")))
        desktop.run(f"QgsProject.instance().read({str(out / 'project.qgz')!r})")
        desktop.wait_until("not iface.mapCanvas().isDrawing()")
        assert desktop.run("answer = panel.tokenPanel.stateLabel.text()") == "Token stored, encrypted by QGIS."
        desktop.run(f"answer = len({CREDENTIAL_DIALOG})")
        assert desktop.run(f"answer = len({CREDENTIAL_DIALOG})") == 0, "nobody is asked for the master password"
        assert not desktop.run("answer = QgsApplication.authManager().masterPasswordIsSet()")
        forget_tiles(desktop)
        desktop.run(SHOW_TOWN)
        download(desktop)
        enter_master_word(desktop, times=1)
        assert "images and" in wait_for_end(desktop)
        desktop.quit()


def test_a_master_password_that_is_not_given_is_said_and_nothing_is_lost(server, tmp_path):
    with session_in(tmp_path / "qgis", server) as desktop:
        show_town(desktop)
        desktop.run(
            f"QgsApplication.authManager().setMasterPassword({MASTER_WORD!r}, True)\n"
            f"plugin._settings.credentials.store({server.credential!r})"
        )
        desktop.quit()
    with session_in(tmp_path / "qgis", server) as desktop:
        show_town(desktop)
        for _ in range(2):
            download(desktop)
            desktop.wait_until(CREDENTIAL_DIALOG)
            desktop.press("Escape")
            desktop.wait_until("panel.resultLabel.text().startswith('The stored token is locked')")
            desktop.run("panel.resultLabel.setText('')")
        assert desktop.run("answer = panel.tokenPanel.stateLabel.text()") == "Token stored, encrypted by QGIS."
        download(desktop)
        enter_master_word(desktop, times=1)
        assert "images and" in wait_for_end(desktop)
