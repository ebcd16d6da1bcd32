"""Symbols of signs and objects where a person sees them: in the lists, the panel of a feature and the picker."""

import zipfile

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QByteArray, QSize, Qt, QtMsgType, qInstallMessageHandler
from qgis.PyQt.QtGui import QColor, QImage, QPainter, QPixmapCache
from qgis.PyQt.QtSvg import QSvgRenderer

from mapillary_coverage.core.mapillary import symbols
from mapillary_coverage.core.mapillary.symbols import SYMBOLS_FILE, Symbols
from mapillary_coverage.core.viewing.detection import Detection, colour
from mapillary_coverage.core.viewing.map_feature import MapFeature
from mapillary_coverage.ui.symbol_icon import symbol_icon, symbol_pixmap
from mapillary_coverage.ui.values.value_list import ValueList
from mapillary_coverage.ui.values.value_picker import ValuePicker
from mapillary_coverage.ui.viewer.panel.detections_list import DetectionsList
from mapillary_coverage.ui.viewer.panel.feature_panel import FeaturePanel

pytestmark = pytest.mark.qgis

BENCH, STOP, BROKEN, SKY = "object--bench", "regulatory--stop--g1", "object--banner", "nature--sky"
COLOURS = {"object--bench": "#12345f", "regulatory--stop--g1": "#c80a0a", "object--mailbox": "#0ac80a"}
RING = [(0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.1)]


class Asked(Symbols):
    """Remembers the values that symbols were drawn for."""

    def __init__(self, path):
        super().__init__(path)
        self.values_drawn = set()

    def svg(self, value):
        self.values_drawn.add(value)
        return super().svg(value)


@pytest.fixture
def use(monkeypatch):
    """Makes these the symbols of the plugin."""

    def change(path):
        asked = Asked(path)
        QPixmapCache.clear()
        monkeypatch.setattr(symbols, "_symbols", lambda: asked)
        return asked

    yield change
    QPixmapCache.clear()


@pytest.fixture
def squares(use, tmp_path):
    """Symbols that are squares of one colour, and one that is no picture."""
    path = tmp_path / "symbols.zip"
    with zipfile.ZipFile(path, "w") as file:
        for value, fill in COLOURS.items():
            shape = f'<rect width="24" height="24" fill="{fill}"/>'
            file.writestr(f"{value}.svg", f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{shape}</svg>')
        file.writestr(f"{BROKEN}.svg", '<svg xmlns="http://www.w3.org/2000/svg"><path d="')
    return use(path)


def colours_of(image):
    return {QColor(image.pixel(x, y)).name() for x in range(image.width()) for y in range(image.height())}


def colour_of(icon, size=16):
    """That of an icon of one colour."""
    (found,) = colours_of(icon.pixmap(size, size).toImage())
    return found


@pytest.mark.parametrize("size", [1, 16, 24, 48])
def test_an_icon_is_the_symbol_in_its_size(qgis_app, squares, size):
    assert colour_of(symbol_icon(BENCH, size), size) == COLOURS[BENCH]
    assert symbol_icon(BENCH, size).availableSizes() == [QSize(size, size)]


@pytest.mark.parametrize("value", [BROKEN, "object--sign--back", "warning--never-heard-of--g1", "regulatory--*"])
def test_without_a_symbol_the_icon_is_that_of_the_group(qgis_app, squares, value):
    assert symbol_pixmap(value, 16) is None
    assert len(colours_of(symbol_icon(value, 16).pixmap(16, 16).toImage())) > 1


@pytest.mark.parametrize("value", ["", SKY, "object--never-heard-of", "../x"])
def test_what_nobody_knows_has_no_icon(qgis_app, squares, value):
    assert symbol_icon(value, 16).isNull()


def test_without_the_file_all_is_shown_with_icons_of_groups(qtbot, use, tmp_path):
    use(tmp_path / "missing.zip")
    values, panel = ValueList(), FeaturePanel()
    for widget in (values, panel):
        qtbot.addWidget(widget)
        widget.show()
    panel.show_feature(MapFeature("77", BENCH))
    assert panel.symbolLabel.isVisible()
    values.searchEdit.setText("bench")
    values.tree.expandAll()
    group = values.tree.model().index(0, 0)
    bench = values.tree.model().index(0, 0, group).data(Qt.ItemDataRole.DecorationRole)
    assert bench.pixmap(16).toImage() == group.data(Qt.ItemDataRole.DecorationRole).pixmap(16).toImage()


def test_the_list_draws_the_symbols_that_come_into_view(qtbot, squares):
    values = ValueList()
    qtbot.addWidget(values)
    values.resize(400, 500)
    values.show()
    values.tree.expandAll()
    values.grab()
    assert 0 < len(squares.values_drawn) < 50, "of 950"
    values.searchEdit.setText("mailbox")
    values.tree.expandAll()
    assert COLOURS["object--mailbox"] in colours_of(values.grab().toImage())


def test_detections_show_symbol_and_colour_of_their_class(qtbot, squares):
    found = DetectionsList()
    qtbot.addWidget(found)
    found.resize(300, 300)
    found.show()
    found.show_detections([Detection(str(number), value, [[RING]]) for number, value in enumerate((BENCH, STOP, SKY))])
    icons = {row.text(0): row.icon(1) for row in map(found.tree.topLevelItem, range(3))}
    assert {text: not icon.isNull() for text, icon in icons.items()} == {"Bench": True, "Stop": True, "Sky": False}
    shown = colours_of(found.grab().toImage())
    assert {COLOURS[BENCH], COLOURS[STOP]} <= shown
    assert {QColor(*colour(value)).name() for value in (BENCH, STOP, SKY)} <= shown


def test_the_panel_shows_the_symbol_of_the_feature(qtbot, squares):
    panel = FeaturePanel()
    qtbot.addWidget(panel)
    panel.resize(300, 400)
    panel.show()
    panel.show_feature(MapFeature("77", STOP))
    assert colours_of(panel.symbolLabel.pixmap().toImage()) == {COLOURS[STOP]}
    panel.show_feature(MapFeature("78", "object--never-heard-of"))
    assert not panel.symbolLabel.isVisible()


def test_the_picker_shows_the_symbol_of_the_only_value(qtbot, squares):
    picker = ValuePicker()
    qtbot.addWidget(picker)
    picker.resize(300, 30)
    picker.show()
    assert picker.button.icon().isNull()
    picker.set_patterns([BENCH])
    assert colour_of(picker.button.icon()) == COLOURS[BENCH]
    picker.set_patterns([BENCH, STOP])
    assert picker.button.icon().isNull()
    picker.set_patterns(["*--*"])
    assert picker.button.icon().isNull()


@pytest.fixture
def complaints():
    """What Qt warns of."""
    said = []
    before = qInstallMessageHandler(
        lambda kind, context, text: said.append(text) if kind != QtMsgType.QtDebugMsg else None
    )
    yield said
    qInstallMessageHandler(before)


def test_qt_and_qgis_draw_every_symbol_and_draw_it_alike(qgis_app, complaints):
    """Qt's Svg leaves things out rather than fail, so that a symbol is compared with nothing at all."""
    if not SYMBOLS_FILE.is_file():
        pytest.skip("there are no symbols, because their package could not be fetched")
    made, size = Symbols(SYMBOLS_FILE), 24
    for value in made.values():
        svg = made.svg(value)
        image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        painter = QPainter(image)
        QSvgRenderer(QByteArray(svg)).render(painter)
        painter.end()
        opaque = bytes(image.constBits().asarray(image.sizeInBytes()))[3::4]
        assert sum(alpha > 128 for alpha in opaque) > size, value
        path = "base64:" + bytes(QByteArray(svg).toBase64()).decode()
        drawn, _ = QgsApplication.svgCache().svgAsImage(path, size, QColor(), QColor(), 0, 1.0)
        assert drawn.convertToFormat(image.format()) == image, value
    assert complaints == []
