"""Vector tile layers that QGIS draws from our own file of tiles, and how they wait where there is none.

QGIS never sees the token or the server: it reads the file at each repaint. A layer that waits has a source that QGIS
takes for sound without asking anyone, so a project opens without the plugin, too, and then draws nothing for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Optional

from qgis.core import QgsDataSourceUri, QgsMapLayer, QgsVectorTileLayer

from ..about import TITLE
from ..layers.metadata import credited
from ..mapillary.schema import TILESETS

LIVE_PROPERTY = "mapillary_coverage/live"
"""The custom property that marks live layers; its value is the tileset."""

_NAMES = {tileset.name: tileset.title for tileset in TILESETS}
_NOWHERE = "file:///needs-the-plugin-mapillary-coverage"
_PROVIDER = "vectortile"


def make_live_layer(tileset: str, path: Optional[Path]) -> QgsVectorTileLayer:
    """A layer that draws a tileset from an MBTiles file, or waits where there is none; without a style of ours."""
    layer = QgsVectorTileLayer(_waiting_source(tileset), _NAMES[tileset])
    _mark(layer, tileset)
    show_from(layer, path)
    return layer


def live_tileset(layer: Optional[QgsMapLayer]) -> Optional[str]:
    """The tileset that a live layer draws; None of other layers, and of marks that a project of others brought."""
    if not isinstance(layer, QgsVectorTileLayer):
        return None
    tileset = layer.customProperty(LIVE_PROPERTY)
    return tileset if isinstance(tileset, str) and tileset in _NAMES else None


def show_from(layer: QgsVectorTileLayer, path: Optional[Path]) -> None:
    """Let a live layer draw from the MBTiles file at a path; it waits where QGIS cannot read that, and for None.

    Style, name and properties stay. The project counts as changed afterwards, as with any new source.
    """
    if path is not None and path.is_file():
        _set_source(layer, _file_source(path))
        if layer.isValid():
            return
    _set_source(layer, _waiting_source(layer.customProperty(LIVE_PROPERTY)))


def switch_tileset(layer: QgsVectorTileLayer, tileset: str, path: Optional[Path]) -> None:
    """Let a live layer draw another tileset, such as the computed positions. Its name follows unless a person changed
    it.
    """
    before = live_tileset(layer)
    if before == tileset:
        return
    _mark(layer, tileset)
    if before is not None and layer.name() == _NAMES[before]:
        layer.setName(_NAMES[tileset])
    show_from(layer, path)


def mark_copy(layer: QgsMapLayer, path_of: Callable[[str], Optional[Path]]) -> None:
    """Mark a layer that has the source of a live one: QGIS 3.22 duplicates neither properties nor metadata."""
    if isinstance(layer, QgsVectorTileLayer) and live_tileset(layer) is None:
        for tileset in _NAMES:
            path = path_of(tileset)
            if layer.source() in {_waiting_source(tileset), _file_source(path) if path is not None else ""}:
                _mark(layer, tileset)


def _waiting_source(tileset: str) -> str:
    """What is written into projects: valid for any QGIS, on any computer, and never asked for over a network. With one
    zoom, so that QGIS looks for a single tile in vain.
    """
    return f"type=xyz&url={_NOWHERE}/{tileset}/{{z}}/{{x}}/{{y}}.mvt&zmin=0&zmax=0"


def _file_source(path: Path) -> str:
    uri = QgsDataSourceUri()
    uri.setParam("type", "mbtiles")
    uri.setParam("url", path.absolute().as_posix())
    return bytes(uri.encodedUri()).decode()


def _set_source(layer: QgsVectorTileLayer, source: str) -> None:
    if layer.source() != source:
        layer.setDataSource(source, layer.name(), _PROVIDER)


def _mark(layer: QgsVectorTileLayer, tileset: str) -> None:
    abstract = (
        f"{_NAMES[tileset]} of Mapillary, as it is now. The QGIS plugin {TITLE} fetches what the map shows: without the"
        " plugin, and without an access token for Mapillary, this layer stays empty."
    )
    metadata = credited(_NAMES[tileset].lower(), abstract, [f"Tileset {tileset}"])
    metadata.setCrs(layer.crs())
    layer.setCustomProperty(LIVE_PROPERTY, tileset)
    layer.setMetadata(metadata)
