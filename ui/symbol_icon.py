"""Symbols of map features and traffic signs as icons, drawn when they are first shown."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtGui import QGuiApplication, QIcon, QPixmap, QPixmapCache

from ..core.about import PLUGIN_FOLDER
from ..core.mapillary.map_feature_values import group_of
from ..core.mapillary.symbols import symbol_svg
from .data_image import drawn_svg

_GROUPS = PLUGIN_FOLDER / "resources" / "icons" / "groups"


def symbol_icon(value: str, size: int) -> QIcon:
    """The symbol of a value, `size` pixels high and wide; that of its group where it has none, and no icon for an
    object that is not known. On the main thread only.
    """
    symbol = symbol_pixmap(value, size)
    if symbol is not None:
        return QIcon(symbol)
    group = group_of(value)
    return QIcon() if group is None else group_icon(group)


def symbol_pixmap(value: str, size: int) -> Optional[QPixmap]:
    """As `symbol_icon`, but None for a value without a symbol of its own."""
    ratio = QGuiApplication.instance().devicePixelRatio()
    key = f"mapillary_coverage {value} {size} {ratio}"
    pixmap = QPixmapCache.find(key)
    if pixmap is None or pixmap.isNull():
        svg = symbol_svg(value)
        image = None if svg is None else drawn_svg(svg, round(size * ratio))
        if image is None:
            return None
        image.setDevicePixelRatio(ratio)
        pixmap = QPixmap.fromImage(image)
        QPixmapCache.insert(key, pixmap)
    return pixmap


def group_icon(group: str) -> QIcon:
    """The symbol of a group of values."""
    return QIcon(str(_GROUPS / f"{group.lower().replace(' ', '-')}.svg"))
