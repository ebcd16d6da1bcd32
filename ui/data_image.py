"""Images as addresses that hold them, which texts can show without asking anybody."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, Qt
from qgis.PyQt.QtGui import QImage, QPainter
from qgis.PyQt.QtSvg import QSvgRenderer

_TYPES = {"JPG": "image/jpeg", "PNG": "image/png"}


def data_address(image: QImage, kind: str) -> str:
    """A `data:` address of kind `JPG` or `PNG`. In any thread."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, kind)
    return f"data:{_TYPES[kind]};base64,{bytes(buffer.data().toBase64()).decode('ascii')}"


def drawn_svg(svg: bytes, pixels: int) -> Optional[QImage]:
    """A square image of that size on each side, None for what Qt cannot draw. In any thread."""
    renderer = QSvgRenderer(QByteArray(svg))
    if not renderer.isValid():
        return None
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    return image
