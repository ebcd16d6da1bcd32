"""Where to load: the map canvas, an extent, polygons of a layer, or a circle around a click."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsMapLayerProxyModel,
    QgsPointXY,
    QgsProject,
    QgsVectorLayer,
)
from qgis.gui import QgsExtentWidget, QgsMapCanvas, QgsMapTool, QgsMapToolEmitPoint
from qgis.PyQt import sip, uic
from qgis.PyQt.QtCore import QSignalBlocker, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from ...core.area.area import Area
from ...core.area.circle_area import area_of_circle
from ...core.area.extent import DEGREES, area_of_extent, corners_of
from ...core.area.polygon_area import area_of_polygons
from ...core.errors import InvalidRequestError

CANVAS, OTHER_EXTENT, POLYGONS, CIRCLE = "canvas", "extent", "polygons", "circle"

_LABELS = {
    CANVAS: "Map canvas",
    OTHER_EXTENT: "Extent, drawn or of a layer",
    POLYGONS: "Polygons of a layer",
    CIRCLE: "Circle around a point",
}
_SUBJECTS = {
    CANVAS: "The map canvas covers",
    OTHER_EXTENT: "The extent covers",
    POLYGONS: "The polygons touch",
    CIRCLE: "The circle touches",
}
_MOST_VERTICES = 100_000
"""More would hold QGIS up while they are read."""

_EMPTY_MAP = (
    "The map is empty. Add a base map, such as XYZ Tiles > OpenStreetMap in the Browser panel, and zoom to a town."
)


class AreaPanel(QWidget):
    """`area()` reads the widgets; `changed` fires when it would give something else."""

    changed = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(Path(__file__).with_suffix(".ui")), self)
        self._canvas = canvas
        self._polygons: Optional[tuple[object, Area]] = None
        self._watched: Optional[QgsVectorLayer] = None
        self._tool_before: Optional[QgsMapTool] = None
        for word, label in _LABELS.items():
            self.areaCombo.addItem(label, word)
        self.areaCombo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.layerCombo.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
        self.layerCombo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.extentWidget.setMapCanvas(canvas)
        self.extentWidget.setOutputCrs(QgsCoordinateReferenceSystem(DEGREES))
        self.clickButton.setIcon(QgsApplication.getThemeIcon("/mActionCapturePoint.svg"))
        self._tool = QgsMapToolEmitPoint(canvas)
        self._tool.canvasClicked.connect(self._on_clicked)
        self._tool.deactivated.connect(self._on_tool_left)
        self.areaCombo.currentIndexChanged.connect(self._show_page)
        self.extentWidget.extentChanged.connect(self.changed)
        self.layerCombo.layerChanged.connect(self._watch)
        self.selectedCheck.toggled.connect(self.changed)
        self.centreEdit.textChanged.connect(self.changed)
        self.radiusSpin.valueChanged.connect(self.changed)
        self.clickButton.toggled.connect(self._on_tool_wanted)
        self._watch(self.layerCombo.currentLayer())
        self._show_page()

    def subject(self) -> str:
        """How a sentence about the area's tiles begins."""
        return _SUBJECTS[self.areaCombo.currentData()]

    def area(self) -> Area:
        """What is chosen. Raises InvalidRequestError."""
        read = {
            CANVAS: self._canvas_area,
            OTHER_EXTENT: self._extent,
            POLYGONS: self._polygon_area,
            CIRCLE: self._circle,
        }
        return read[self.areaCombo.currentData()]()

    def close_down(self) -> None:
        """Before the panel is deleted."""
        self._watch(None)
        self._canvas.unsetMapTool(self._tool)

    def _show_page(self) -> None:
        word = self.areaCombo.currentData()
        for page, owner in ((self.extentPage, OTHER_EXTENT), (self.polygonsPage, POLYGONS), (self.circlePage, CIRCLE)):
            page.setVisible(owner == word)
        if word != CIRCLE:
            self.clickButton.setChecked(False)
        self.changed.emit()

    def _canvas_area(self) -> Area:
        if self._canvas.extent().isEmpty():
            raise InvalidRequestError(_EMPTY_MAP)
        view = self._canvas.mapSettings()
        context = QgsProject.instance().transformContext()
        return area_of_extent(corners_of(view.visibleExtent()), view.destinationCrs(), context)

    def _extent(self) -> Area:
        widget: QgsExtentWidget = self.extentWidget
        if not widget.isValid() or widget.outputExtent().isEmpty():
            raise InvalidRequestError("Draw an extent on the map, take that of a layer, or type it.")
        context = QgsProject.instance().transformContext()
        return area_of_extent(corners_of(widget.outputExtent()), widget.outputCrs(), context)

    def _polygon_area(self) -> Area:
        layer = self.layerCombo.currentLayer()
        if layer is None:
            raise InvalidRequestError("Add a layer with polygons to the project, or choose another kind of area.")
        only_selected = self.selectedCheck.isChecked()
        if only_selected and not layer.selectedFeatureCount():
            raise InvalidRequestError(
                f"No polygon of {layer.name()} is selected. Select some, or untick “Only selected polygons”."
            )
        chosen = tuple(sorted(layer.selectedFeatureIds())) if only_selected else None
        key = (layer.id(), chosen)
        if self._polygons is None or self._polygons[0] != key:
            self._polygons = (key, self._read_polygons(layer, only_selected))
        return self._polygons[1]

    @staticmethod
    def _read_polygons(layer: QgsVectorLayer, only_selected: bool) -> Area:
        request = QgsFeatureRequest().setSubsetOfAttributes([])
        features = layer.getSelectedFeatures(request) if only_selected else layer.getFeatures(request)
        geometries, vertices = [], 0
        for feature in features:
            geometries.append(feature.geometry())
            vertices += feature.geometry().constGet().nCoordinates() if feature.hasGeometry() else 0
            if vertices > _MOST_VERTICES:
                raise InvalidRequestError(
                    f"The polygons of {layer.name()} have more than {_MOST_VERTICES:,} vertices. Select fewer, simplify"
                    " them, or use the algorithm in the Processing toolbox, which reads them in the background."
                )
        name = f"{'selected' if only_selected else 'the'} polygons of {layer.name()}"
        return area_of_polygons(geometries, layer.crs(), QgsProject.instance().transformContext(), name)

    def _circle(self) -> Area:
        text = self.centreEdit.text().strip()
        if not text:
            raise InvalidRequestError("Click on the map, or type longitude and latitude, to set the circle's centre.")
        try:
            lon, lat = (float(number) for number in text.replace(";", ",").split(","))
        except ValueError:
            raise InvalidRequestError(f"“{text}” is not a place. Write it as longitude, latitude.") from None
        return area_of_circle(lon, lat, self.radiusSpin.value())

    def _watch(self, layer: Optional[QgsVectorLayer]) -> None:
        """Follow the selection and the edits of the layer."""
        if self._watched is not None:
            for signal in self._signals_of(self._watched):
                signal.disconnect(self._on_polygons_changed)
            self._watched.willBeDeleted.disconnect(self._on_layer_gone)
        self._watched = layer
        if layer is not None:
            for signal in self._signals_of(layer):
                signal.connect(self._on_polygons_changed)
            layer.willBeDeleted.connect(self._on_layer_gone)
        self._on_polygons_changed()

    @staticmethod
    def _signals_of(layer: QgsVectorLayer) -> tuple[Any, ...]:
        changed = (layer.selectionChanged, layer.layerModified, layer.subsetStringChanged)
        return (*changed, layer.crsChanged, layer.dataChanged)

    def _on_layer_gone(self) -> None:
        self._watched = None
        self._on_polygons_changed()

    def _on_polygons_changed(self) -> None:
        self._polygons = None
        count = self._watched.selectedFeatureCount() if self._watched is not None else 0
        self.selectedCheck.setText(f"Only selected polygons ({count:,})")
        if self.areaCombo.currentData() == POLYGONS:
            self.changed.emit()

    def _on_tool_wanted(self, is_wanted: bool) -> None:
        if is_wanted:
            self._tool_before = self._canvas.mapTool()
            self._canvas.setMapTool(self._tool)
            return
        before, self._tool_before = self._tool_before, None
        if before is not None and not sip.isdeleted(before):
            self._canvas.setMapTool(before)
        else:
            self._canvas.unsetMapTool(self._tool)

    def _on_tool_left(self) -> None:
        """Another tool was taken, which stays."""
        self._tool_before = None
        blocker = QSignalBlocker(self.clickButton)
        self.clickButton.setChecked(False)
        blocker.unblock()

    def _on_clicked(self, point: QgsPointXY) -> None:
        crs = self._canvas.mapSettings().destinationCrs()
        project = QgsProject.instance()
        try:
            place = QgsCoordinateTransform(crs, QgsCoordinateReferenceSystem(DEGREES), project).transform(point)
        except QgsCsException:
            self.centreEdit.clear()
            return
        self.centreEdit.setText(f"{place.x():.6f}, {place.y():.6f}")
        self.clickButton.setChecked(False)
