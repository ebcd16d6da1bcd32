"""A picture as it came and as it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, Qt
from qgis.PyQt.QtGui import QImage, QImageReader

from ..core.errors import DamagedPictureError, UnexpectedReplyError
from ..core.pictures.jpeg import check_whole, picture_kind

_MOST_DRAWN = 64_000_000
"""Pixels. Drawn they take 244 MiB, and Qt 6 reads no picture of more than 256."""

_MOST_READ = 2**27
"""Pixels of a JPEG, which can be halved while it is read: panoramas have up to 16,384 by 8,192."""


@dataclass(frozen=True)
class Picture:
    """`size` is the one that was asked for, `content` the file's bytes, `image` 32 bits a pixel."""

    size: str
    content: bytes = field(repr=False)
    image: QImage = field(repr=False)


def read_picture(size: str, content: bytes, widest: Optional[int] = None) -> Picture:
    """In any thread; what is wider than `widest` is drawn in that width.

    Raises DamagedPictureError for what is no picture, or a cut off one, and UnexpectedReplyError for one that would
    take too much memory.
    """
    is_jpeg = picture_kind(content) == "jpg"
    if is_jpeg:
        # Qt draws what there is of it.
        check_whole(content)
    data = QByteArray(content)
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    # Mapillary's pictures are upright whatever their tag says.
    reader.setAutoTransform(False)
    shape = reader.size()
    if not shape.isValid() or shape.isEmpty():
        raise DamagedPictureError
    if shape.width() * shape.height() > (_MOST_READ if is_jpeg else _MOST_DRAWN):
        raise UnexpectedReplyError(
            f"The picture is too large to be shown: {shape.width():,} by {shape.height():,} pixels."
        )
    while shape.width() * shape.height() > _MOST_DRAWN:
        shape /= 2
        reader.setScaledSize(shape)
    image = reader.read()
    if image.isNull():
        raise DamagedPictureError
    if widest is not None and image.width() > widest:
        image = image.scaledToWidth(widest, Qt.TransformationMode.SmoothTransformation)
    return Picture(size, content, image.convertToFormat(QImage.Format.Format_RGB32))
