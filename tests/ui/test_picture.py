"""Bytes from a server become a picture, or a sentence that says why not; never more memory than a picture takes."""

import struct
import zlib
from resource import RUSAGE_SELF, getrusage

import pytest
from qgis.PyQt.QtCore import QBuffer, QIODevice
from qgis.PyQt.QtGui import QImageWriter

from mapillary_coverage.core.errors import DamagedPictureError, UnexpectedReplyError
from mapillary_coverage.ui.picture import read_picture
from tests.ui.viewer.viewing import plain

pytestmark = [pytest.mark.qgis, pytest.mark.usefixtures("qgis_app")]


def written(kind, width=64, height=32, is_progressive=False):
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, kind)
    writer.setProgressiveScanWrite(is_progressive)
    if not writer.write(plain(width, height)):
        pytest.skip(f"this Qt writes no {kind.decode()}")
    return bytes(buffer.data())


def claiming(jpeg, width, height):
    """The file with another size in its frame's header."""
    at = next(at for at in range(len(jpeg)) if jpeg[at : at + 2] in (b"\xff\xc0", b"\xff\xc2"))
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def black_png(width, height):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", [b"jpeg", b"png", b"webp"])
def test_whole_pictures_are_read_and_cut_off_ones_are_not(kind):
    content = written(kind)
    assert (read_picture("256", content).image.width(), read_picture("256", content).content) == (64, content)
    for length in (len(content) // 2, len(content) - 20, 12):
        with pytest.raises(DamagedPictureError):
            read_picture("256", content[:length])


@pytest.mark.parametrize(("size", "drawn"), [((1, 1), (1, 1)), ((12_000, 6_000), (6_000, 3_000))])
def test_large_pictures_are_drawn_smaller(size, drawn):
    image = read_picture("original", written(b"jpeg", *size)).image
    assert (image.width(), image.height()) == drawn


@pytest.mark.parametrize(
    "content",
    [
        lambda: claiming(written(b"jpeg"), 65_000, 65_000),
        lambda: claiming(written(b"jpeg", is_progressive=True), 30_000, 15_000),
        lambda: black_png(16_000, 8_000),
    ],
)
def test_what_only_claims_to_be_a_picture_takes_no_memory(content):
    before = getrusage(RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnexpectedReplyError, match="too large"):
        read_picture("original", content())
    assert getrusage(RUSAGE_SELF).ru_maxrss - before < 200_000
