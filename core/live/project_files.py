"""Keeps our files of tiles out of projects that are saved, and has their live layers draw when they are opened.

A project holds the path of no file of the cache: on another computer it would be missing, and QGIS would ask for it in
a dialog. What it holds is the source of a layer that waits; the mark in the layer says the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Optional

from qgis.core import QgsLayoutItemMap, QgsMapLayer, QgsProject, QgsVectorTileLayer
from qgis.PyQt.QtCore import QObject, QTimer
from qgis.PyQt.QtXml import QDomDocument

from .live_layers import live_tileset, mark_copy, show_from


class ProjectFiles(QObject):
    """Watches the project that is open in QGIS; `path_of` gives the file that a tileset is drawn from, if there is one.

    Live layers that are there already, or come later, from a file, by copying or by pasting, draw from it.
    """

    def __init__(self, path_of: Callable[[str], Optional[Path]], parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._path_of = path_of
        self._project = QgsProject.instance()
        self._project.layersAdded.connect(self._show)
        self._project.writeProject.connect(self._write)
        self._project.projectSaved.connect(self._go_on)
        self.show_all()

    def show_all(self) -> None:
        """Let all live layers draw from the files that `path_of` gives now, such as after a change of the server."""
        with self._unchanged():
            self._show(self._project.mapLayers().values())

    def close_down(self) -> None:
        """Let the live layers wait: from now on nobody takes care of what is saved."""
        self._project.layersAdded.disconnect(self._show)
        self._project.writeProject.disconnect(self._write)
        self._project.projectSaved.disconnect(self._go_on)
        with self._unchanged():
            for layer in self._live_layers():
                show_from(layer, None)

    def _show(self, layers: Iterable[QgsMapLayer]) -> None:
        for layer in layers:
            mark_copy(layer, self._path_of)
            tileset = live_tileset(layer)
            if tileset is not None:
                show_from(layer, self._path_of(tileset))

    def _write(self, document: QDomDocument) -> None:
        """QGIS is about to write layers and layouts; the layer tree is in the document already."""
        layers = {layer.id(): layer for layer in self._live_layers()}
        if not layers:
            return
        for layer in layers.values():
            with _silent(layer):
                show_from(layer, None)
        tree = document.elementsByTagName("layer-tree-layer")
        for element in (tree.at(i).toElement() for i in range(tree.count())):
            layer = layers.get(element.attribute("id"))
            if layer is not None:
                element.setAttribute("source", layer.source())
                element.setAttribute("providerKey", layer.providerType())
        self._renew_locked_maps()
        # Where the file cannot be written, no signal says so.
        QTimer.singleShot(0, self._go_on)

    def _renew_locked_maps(self) -> None:
        """Maps of layouts with locked layers remember the sources that these had when they were locked."""
        for layout in self._project.layoutManager().printLayouts():
            for item in layout.items():
                if isinstance(item, QgsLayoutItemMap) and any(map(live_tileset, item.layers())):
                    with _silent(item):
                        item.setLayers(item.layers())

    def _go_on(self) -> None:
        for layer in self._live_layers():
            with _silent(layer):
                self._show([layer])

    def _live_layers(self) -> list[QgsVectorTileLayer]:
        return [layer for layer in self._project.mapLayers().values() if live_tileset(layer) is not None]

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Where a layer draws from is nothing to save."""
        was_dirty = self._project.isDirty()
        yield
        self._project.setDirty(was_dirty)


@contextmanager
def _silent(item: QObject) -> Iterator[None]:
    """Nobody hears of a source that holds only while a project is written."""
    was_silent = item.blockSignals(True)
    try:
        yield
    finally:
        item.blockSignals(was_silent)
