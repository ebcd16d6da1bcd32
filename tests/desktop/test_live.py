"""Live coverage in a real QGIS window: at every scale, in every colour, on light and dark ground; and what is saved."""

import zipfile
from pathlib import Path

import pytest

from tests.desktop.session import DesktopSession
from tests.desktop.test_desktop import PICTURES
from tests.emulator import Town

TOWN = Town(size=24, west=8518, north=5964, images_per_tile=400, features_per_tile=40)
SHOWN = next(image for image in TOWN.images(8530, 5975) if not image.properties["is_pano"])
MIDDLE = TOWN.lon_lat(SHOWN.x, SHOWN.y)
ZOOMS = (3, 8, 12, 14, 17, 19)
GROUNDS = {"light": "#ffffff", "dark": "#1f2226"}

LISTEN = """
told = []
QgsApplication.messageLog().messageReceived.connect(lambda text, tag, level: told.append(f"{tag} {text}"))
"""
GO_TO = """
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsPointXY
degrees, metres = (QgsCoordinateReferenceSystem(f"EPSG:{{code}}") for code in (4326, 3857))
QgsProject.instance().setCrs(metres)
canvas = iface.mapCanvas()
canvas.setCenter(QgsCoordinateTransform(degrees, metres, QgsProject.instance()).transform(QgsPointXY(*{place})))
canvas.zoomScale({scale})
"""
SETTLED = (
    "not (dock.live.fetch._looking.isActive() or dock.live.fetch._repainting.isActive() or"
    " dock.live._styling.isActive() or dock.live.fetch.state().waiting or iface.mapCanvas().isDrawing())"
)
GROUND = """
from qgis.PyQt.QtGui import QColor
QgsProject.instance().setBackgroundColor(QColor({colour!r}))
iface.mapCanvas().setCanvasColor(QColor({colour!r}))
iface.mapCanvas().refresh()
"""


@pytest.fixture(scope="module")
def desktop(server, tmp_path_factory):
    with DesktopSession.on(server, tmp_path_factory.mktemp("desktop")) as session:
        session.run(LISTEN)
        go_to(session, 14)
        session.run("panel.signsCheck.setChecked(True)\npanel.pointsCheck.setChecked(True)")
        session.run("panel.liveCheck.click()")
        session.wait_until("len(iface.mapCanvas().layers()) == 3")
        settle(session)
        yield session


def go_to(session, zoom, place=MIDDLE):
    session.run(GO_TO.format(place=place, scale=559_082_264 / 2 ** (zoom + 1)))


def settle(session):
    """What is shown is whole, several times in a row."""
    for _ in range(4):
        session.wait_until(SETTLED)


COUNT_DRAWN = """
image = iface.mapCanvas().grab().toImage()
ground = iface.mapCanvas().canvasColor().rgb()
places = [(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height() - 40, 2)]
answer = sum(image.pixel(x, y) != ground for x, y in places)
"""


def colour(session, index):
    session.run(f"panel.colourCombo.setCurrentIndex({index})")
    settle(session)


@pytest.mark.parametrize("ground", GROUNDS)
def test_pictures_at_every_scale(desktop, ground):
    desktop.run(GROUND.format(colour=GROUNDS[ground]))
    for zoom in ZOOMS:
        go_to(desktop, zoom)
        settle(desktop)
        desktop.screenshot(PICTURES / f"live_{ground}_{zoom}.png")
        assert desktop.run("answer = panel.liveLabel.text()") == ""
        assert desktop.run(COUNT_DRAWN) > 20, zoom


@pytest.mark.parametrize("ground", GROUNDS)
def test_pictures_in_every_colour(desktop, ground):
    desktop.run(GROUND.format(colour=GROUNDS[ground]))
    go_to(desktop, 15)
    for index in range(6):
        colour(desktop, index)
        desktop.screenshot(PICTURES / f"colour_{ground}_{index}.png")
        assert desktop.run(COUNT_DRAWN) > 20
    colour(desktop, 0)


@pytest.mark.parametrize(
    ("name", "ground", "by", "zoom"),
    [("live", "light", "AGE", 13), ("live_close", "light", "NOTHING", 16.6), ("live_dark", "dark", "CREATOR", 14)],
)
def test_pictures_of_the_readme(desktop, name, ground, by, zoom):
    desktop.run(GROUND.format(colour=GROUNDS[ground]))
    go_to(desktop, zoom)
    desktop.run(f"panel.colourCombo.setCurrentText(next(c.title for c in type(panel.colour_by()) if c.name == {by!r}))")
    settle(desktop)
    desktop.screenshot(PICTURES / f"{name}.png")
    assert desktop.run(COUNT_DRAWN) > 20


def test_what_is_saved_holds_no_token(desktop, server, tmp_path):
    desktop.run(f"QgsProject.instance().write({str(tmp_path / 'town.qgz')!r})")
    desktop.run(f"QgsProject.instance().write({str(tmp_path / 'town.qgs')!r})")
    desktop.run(f"QgsProject.instance().write({str(tmp_path / 'town.qgs')!r})")
    saved = [path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".qgz"]
    with zipfile.ZipFile(tmp_path / "town.qgz") as packed:
        saved += [packed.read(name) for name in packed.namelist()]
    profile = Path(desktop.run("answer = QgsApplication.qgisSettingsDirPath()"))
    saved += [path.read_bytes() for path in profile.rglob("*") if path.is_file()]
    saved += [desktop.log.read_bytes(), *(text.encode() for text in desktop.run("answer = told"))]
    secret = server.credential.encode()
    assert len(saved) > 5
    assert not any(form in data for data in saved for form in (secret, secret.replace(b"|", b"%7C"), secret[-32:]))
    sources = desktop.run("answer = [layer.source() for layer in QgsProject.instance().mapLayers().values()]")
    assert not any(server.credential in source for source in sources)
    assert all("/maps/vtp/" in seen.path for seen in server.requests if seen.has_token)
    assert len(server.requests) == len({seen.path for seen in server.requests})
