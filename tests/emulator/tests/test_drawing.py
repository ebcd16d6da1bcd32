"""The streets that the emulator draws: always the same, around a sphere without a seam, with an exact grid."""

import subprocess
import sys

import numpy as np
import pytest
from qgis.PyQt.QtGui import QImage

from tests.conftest import ROOT
from tests.emulator.drawing import GRID_DEGREES, draw

BY_THREADS = """
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from qgis.PyQt.QtCore import QCoreApplication
from tests.emulator.drawing import draw

wanted = [(str(image_id), width, width // 2) for image_id in (5, 6) for width in (256, 512, 1024)] * 4
with ThreadPoolExecutor(8) as threads:
    drawn = list(threads.map(lambda arguments: draw.__wrapped__(*arguments), wanted))
if QCoreApplication.instance() is not None:
    raise SystemExit("there is an application")
print(len(set(drawn)), sha256(b"".join(drawn)).hexdigest())
"""


def brightness(image_id, width, height):
    image = QImage.fromData(draw(image_id, width, height), "JPEG").convertToFormat(QImage.Format.Format_Grayscale8)
    dots = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
    return dots.reshape(height, image.bytesPerLine())[:, :width].astype(int)


def test_pictures_are_the_same_in_every_process_and_thread_without_an_application():
    runs = [
        subprocess.run([sys.executable, "-c", BY_THREADS], cwd=ROOT, capture_output=True, text=True, timeout=60)
        for _ in range(2)
    ]
    assert [run.stderr for run in runs] == ["", ""]
    assert runs[0].stdout == runs[1].stdout
    assert runs[0].stdout.split()[0] == "6"


@pytest.mark.parametrize("image_id", ["7", "1933525276802129", "42"])
def test_a_panorama_goes_on_across_its_edge(image_id):
    """Beside the line behind the camera, half of which is at either edge, left and right look alike."""
    dots = brightness(image_id, 2048, 1024)
    apart = np.abs(dots[:, 4] - dots[:, -5])
    assert apart[:512].mean() < 3, "sky, hills and the houses far away"
    assert apart[600:].max() < 12, "the road"


@pytest.mark.parametrize("width", [1024, 2048])
def test_the_lines_of_a_panorama_are_where_its_degrees_are(width):
    """Looked for where nothing but road or sky is behind them."""
    dots = brightness("7", width, width // 2)
    across, down = dots[-width // 26 :].mean(axis=0), dots[:, int(0.6 * width) : int(0.64 * width)].mean(axis=1)
    for profile, lines in [(across, range(1, 12)), (down, (1, 2, 4, 5))]:
        for line in lines:
            place = line * width * GRID_DEGREES / 360
            around = np.arange(round(place) - 8, round(place) + 8)
            weights = np.clip(profile[around] - np.median(profile[around]) - 3, 0, None)
            assert weights.max() > 8
            assert (weights * (around + 0.5)).sum() / weights.sum() == pytest.approx(place, abs=0.3)
    assert min(across[0], across[-1]) > across[5:-5].min() + 20


def test_an_ordinary_picture_has_a_road_below_and_sky_above():
    dots = brightness("7", 1024, 768)
    assert dots[-40:, 300:700].std() < 6
    assert dots[:300, 450:570].mean() > dots[-40:, 300:700].mean() + 40
