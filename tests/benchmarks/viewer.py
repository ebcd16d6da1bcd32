"""The image panel: from the click to the picture, to the next picture, and turning in a panorama."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

import requests
from qgis.gui import QgsMapCanvas, QgsMessageBar
from qgis.PyQt.QtGui import QImage

from mapillary_coverage.core.settings import Settings
from mapillary_coverage.core.viewing.street_image import ALL_FIELDS
from mapillary_coverage.ui.messages import Messages
from mapillary_coverage.ui.viewer.image_dock import ImageDock
from mapillary_coverage.ui.viewer.panel.panorama_view import PanoramaView
from tests.benchmarks.measure import Measurement, timed, until
from tests.emulator import Emulator, Town
from tests.emulator.drawing import draw
from tests.emulator.town_index import TownIndex, id_of

LATENCY = 0.1
OVERHEAD = 0.05
FRAME = 1 / 60
PANORAMA_FRAME = 1 / 25
TOWN = Town(images_per_tile=100)


def measure_viewer() -> Iterator[Measurement]:
    """Each in turn."""
    index = TownIndex.of(TOWN)
    flat = [images for images in index.sequences.values() if not images[0].properties["is_pano"]]
    with Emulator(TOWN, delay=LATENCY) as server:
        os.environ["MAPILLARY_GRAPH_URL"] = server.graph_url
        os.environ["MAPILLARY_TILES_URL"] = server.tiles_url
        os.environ["MAPILLARY_ACCESS_TOKEN"] = server.credential
        canvas, bar = QgsMapCanvas(), QgsMessageBar()
        dock = ImageDock(canvas, Settings(), Messages(bar))
        dock.resize(900, 900)
        dock.show()
        yield _opening(dock, server, [id_of(images[0]) for images in flat])
        server.delay = 0
        yield _next(dock, [id_of(image) for image in max(flat, key=len)])
        dock.close_down()
    yield from _panorama()


def _opening(dock: ImageDock, server: Emulator, ids: list[str]) -> Measurement:
    """Another image each time; compared with the two bare requests, one after the other, on open connections."""
    bare, following = requests.Session(), (ids[number % len(ids)] for number in count())
    headers = {"Authorization": f"OAuth {server.credential}"}

    def ask_barely() -> None:
        fields = ",".join(ALL_FIELDS)
        found = bare.get(
            f"{server.graph_url}/{next(following)}", params={"fields": fields}, headers=headers, timeout=30
        )
        bare.get(found.json()["thumb_256_url"], timeout=30)

    def open_one() -> None:
        image_id = next(following)
        dock.open_image(image_id)
        until(lambda: _shows(dock, image_id))

    for warm_up in (ask_barely, open_one):
        warm_up()
    compared = timed(ask_barely)
    return Measurement(
        f"click to picture, {1000 * LATENCY:.0f} ms latency; two bare requests",
        timed(open_one),
        compared,
        compared + OVERHEAD,
    )


def _next(dock: ImageDock, ids: list[str]) -> Measurement:
    """One step along a sequence, whose image was loaded ahead, painted; compared with a frame of 60 a second."""
    dock.open_image(ids[0])
    until(lambda: _shows(dock, ids[0]))
    taken = []
    for image_id in ids[1:12]:
        until(lambda: _is_ahead(dock, image_id))  # noqa: B023

        def step() -> None:
            dock.panel.nextAction.trigger()
            dock.panel.flatView.repaint()

        taken.append(timed(step, 1))
        if not _shows(dock, image_id):
            raise RuntimeError("the next image is not shown")
    return Measurement(
        "next picture, loaded ahead; a frame of 60 a second", sorted(taken)[len(taken) // 2], FRAME, FRAME
    )


def _panorama() -> Iterator[Measurement]:
    """A turn by a degree, painted, at 900 by 600; compared with painting the same picture flat."""
    flat = QImage.fromData(draw("7", 2048, 1024)).convertToFormat(QImage.Format.Format_RGB32)
    view = PanoramaView()
    view.resize(900, 600)
    view.set_picture(flat, 0.0)
    target = QImage(900, 600, QImage.Format.Format_RGB32)
    headings = count()

    def turn() -> None:
        view.look_at(next(headings) % 360)
        view.render(target)

    turn()
    compared = timed(lambda: flat.scaled(900, 600))
    yield Measurement("a frame while turning in a panorama, 900 x 600; flat", timed(turn), compared, PANORAMA_FRAME)


def _shows(dock: ImageDock, image_id: str) -> bool:
    load = dock.viewer._opening.shown
    return bool(load and load.image and load.image.image_id == image_id and load.picture and dock.panel.has_picture())


def _is_ahead(dock: ImageDock, image_id: str) -> bool:
    load = dock.viewer._walking._walk._ahead.get(image_id)
    return load is not None and load.picture is not None
