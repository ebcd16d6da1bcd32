"""A picture as it came and as it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QSize
from qgis.PyQt.QtGui import QImage, QImageReader

from ...core.errors import DamagedPictureError
from ...core.jpeg import check_whole
from ...core.picture_metadata import picture_kind

_MOST_PIXELS = 64_000_000
"""Larger ones are read smaller: drawn, 256 MB is what this many take."""

_LARGEST_SIDE = 65_535


@dataclass(frozen=True)
class Picture:
    """`size` is the one that was asked for, `content` the file's bytes, `image` 32 bits a pixel."""

    size: str
    content: bytes = field(repr=False)
    image: QImage = field(repr=False)


def read_picture(size: str, content: bytes) -> Picture:
    """In any thread. Raises DamagedPictureError for what is no picture, or a cut off one."""
    if picture_kind(content) == "jpg":
        # Qt draws what there is of it.
        check_whole(content)
    data = QByteArray(content)
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    # Mapillary's pictures are upright whatever their tag says.
    reader.setAutoTransform(False)
    shape = reader.size()
    if not shape.isValid() or shape.isEmpty() or max(shape.width(), shape.height()) > _LARGEST_SIDE:
        raise DamagedPictureError
    pixels = shape.width() * shape.height()
    if pixels > _MOST_PIXELS:
        share = (_MOST_PIXELS / pixels) ** 0.5
        reader.setScaledSize(QSize(max(1, int(shape.width() * share)), max(1, int(shape.height() * share))))
    image = reader.read()
    if image.isNull():
        raise DamagedPictureError
    return Picture(size, content, image.convertToFormat(QImage.Format.Format_RGB32))
