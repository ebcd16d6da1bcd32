"""Map tips with pictures and symbols: what they show, and when Mapillary is asked for it."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from qgis.core import QgsApplication, QgsExpression, QgsExpressionContext, QgsExpressionContextUtils, QgsPointXY
from qgis.gui import QgsMapTip
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtGui import QColor, QImage
from qgis.PyQt.QtWidgets import QTextBrowser, QWidget

from mapillary_coverage.core.looks.layer_style import apply_style
from mapillary_coverage.core.mapillary.schema import IMAGES, MAP_FEATURES
from mapillary_coverage.core.settings import Settings
from mapillary_coverage.ui.layers.picture_tips import MOST_KEPT, PictureTips, placeholder
from tests.conftest import MASTER_WORD
from tests.emulator.town_index import id_of
from tests.ui.viewer.image_panel import TILE, TOWN
from tests.ui.viewer.map.on_canvas import layer_of, look_at

pytestmark = pytest.mark.qgis

PLACE = 7.39, 43.72
PICTURE = re.compile(r'<img src="data:image/(jpeg|png);base64,([A-Za-z0-9+/=]+)">')


@pytest.fixture
def tips(map_canvas, server, qgis_parent):
    made = PictureTips(map_canvas, Settings(), qgis_parent)
    yield made
    made.close_down()


@pytest.fixture
def ids():
    return [id_of(image) for image in TOWN.images(*TILE[1:])]


def image_layer(image_id):
    layer = layer_of([PLACE], IMAGES)
    layer.dataProvider().changeAttributeValues({1: {0: image_id}})
    apply_style(layer, IMAGES)
    return layer


def tip_of(image_id):
    """The map tip of an image, as QGIS fills it in."""
    layer = image_layer(image_id)
    return filled_in(layer, layer.mapTipTemplate())


def filled_in(layer, text):
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(next(layer.getFeatures()))
    return QgsExpression.replaceExpressionText(text, context)


def picture_in(html):
    """The picture in a tip; None for a tip without one, and for the placeholder."""
    found = PICTURE.search(html)
    if found is None or placeholder(256) in html:
        return None
    image = QImage.fromData(base64.b64decode(found[2]))
    assert not image.isNull()
    return image


def wait_for_tip(qtbot, image_id):
    qtbot.waitUntil(lambda: picture_in(tip_of(image_id)) is not None, timeout=20_000)


def asked(server):
    """The ids of the images that the graph was asked for."""
    return [seen.path.strip("/") for seen in server.requests if re.fullmatch(r"/[0-9]+", seen.path)]


def test_a_tip_begins_with_a_placeholder_and_then_has_the_picture(qtbot, tips, server, ids):
    first = tip_of(ids[0])
    assert placeholder(256) in first
    assert server.requests == []
    wait_for_tip(qtbot, ids[0])
    assert picture_in(tip_of(ids[0])).width() == 256
    assert f"Image {ids[0]}" in tip_of(ids[0])
    assert asked(server) == [ids[0]]
    assert server.credential not in tip_of(ids[0])


def test_only_the_image_where_the_mouse_came_to_rest_is_asked_for(qtbot, tips, server, ids):
    for image_id in ids[:30]:
        assert placeholder(256) in tip_of(image_id)
    wait_for_tip(qtbot, ids[29])
    assert asked(server) == [ids[29]]


def test_calculating_with_the_function_asks_for_nothing(qtbot, tips, server, ids):
    layer = layer_of([PLACE] * 2000, IMAGES, int(ids[0]))
    calculated = QgsExpression('mapillary_picture("id")')
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    assert calculated.prepare(context)
    for feature in layer.getFeatures():
        context.setFeature(feature)
        assert calculated.evaluate(context) is None
        assert not calculated.hasEvalError()
    qtbot.wait(600)
    assert server.requests == []


def test_other_threads_get_what_is_there_and_ask_for_nothing(qtbot, tips, server, ids):
    tip_of(ids[0])
    wait_for_tip(qtbot, ids[0])
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(tips.picture, [ids[0], ids[1]] * 500, [True] * 1000))
    assert all(address.startswith("data:image/jpeg") for address in found[::2])
    assert set(found[1::2]) == {None}
    qtbot.wait(600)
    assert asked(server) == [ids[0]]


def test_so_many_pictures_are_kept_and_no_more(qtbot, tips, server, ids):
    tips._timer.setInterval(0)
    for image_id in ids[: MOST_KEPT + 2]:
        tip_of(image_id)
        wait_for_tip(qtbot, image_id)
    kept = [image_id for image_id in ids if tips.picture(image_id, False) is not None]
    assert kept == ids[2 : MOST_KEPT + 2]


def test_an_image_that_cannot_be_had_leaves_the_text(qtbot, tips, server, ids):
    gone = "999"
    assert placeholder(256) in tip_of(gone)
    qtbot.waitUntil(lambda: "<img" not in tip_of(gone), timeout=20_000)
    assert "Image 999" in tip_of(gone)
    qtbot.wait(600)
    assert asked(server) == [gone]
    tip_of(ids[0])
    wait_for_tip(qtbot, ids[0])
    assert placeholder(256) in tip_of(gone)


def test_without_a_token_or_a_network_there_is_the_text_alone(qtbot, map_canvas, qgis_parent, ids, server, monkeypatch):
    monkeypatch.delenv("MAPILLARY_ACCESS_TOKEN")
    tips = PictureTips(map_canvas, Settings(), qgis_parent)
    assert "<img" not in tip_of(ids[0])
    monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", server.credential)
    Settings().set_offline(True)
    assert "<img" not in tip_of(ids[0])
    tips.close_down()
    qtbot.wait(600)
    assert server.requests == []


def test_a_locked_database_is_not_opened_for_a_tip(qtbot, map_canvas, qgis_parent, ids, server, monkeypatch, database):
    monkeypatch.delenv("MAPILLARY_ACCESS_TOKEN")
    Settings().credentials.store(server.credential)
    database.clearMasterPassword()
    tips = PictureTips(map_canvas, Settings(), qgis_parent)
    assert "<img" not in tip_of(ids[0])
    assert not database.masterPasswordIsSet()
    assert database.setMasterPassword(MASTER_WORD, True)
    assert placeholder(256) in tip_of(ids[0])
    wait_for_tip(qtbot, ids[0])
    tips.close_down()


def test_without_the_plugin_there_is_the_text_alone(map_canvas, qgis_parent, server, ids):
    PictureTips(map_canvas, Settings(), qgis_parent).close_down()
    assert not QgsExpression.isFunctionName("mapillary_picture")
    assert not QgsExpression.isFunctionName("mapillary_symbol")
    assert "<img" not in tip_of(ids[0])
    assert f"Image {ids[0]}" in tip_of(ids[0])


@pytest.mark.parametrize("value", ["", "0", "1'); (", "abc", "<img src=x>", '"><script>', "9" * 30, "-1", "1.5"])
def test_what_is_no_id_is_not_asked_for(qtbot, tips, server, value):
    assert "<img" not in tip_of(value)
    qtbot.wait(400)
    assert server.requests == []


def test_signs_and_objects_have_their_symbols_in_tips(tips):
    layer = layer_of([PLACE], MAP_FEATURES)
    apply_style(layer, MAP_FEATURES)
    shown = {}
    for value in ("regulatory--stop--g1", "object--bench", "regulatory--never-heard-of--g1", "object--never-heard-of"):
        layer.dataProvider().changeAttributeValues({1: {layer.fields().lookupField("value"): value}})
        html = filled_in(layer, layer.mapTipTemplate())
        found = re.search(r'<img width="48" height="48" src="data:image/png;base64,([A-Za-z0-9+/=]+)">', html)
        image = QImage.fromData(base64.b64decode(found[1]))
        assert (image.width(), image.height()) == (96, 96)
        shown[value] = found[1]
    assert shown["regulatory--never-heard-of--g1"] != shown["object--never-heard-of"]
    layer.dataProvider().changeAttributeValues({1: {layer.fields().lookupField("value"): None}})
    assert "<img" not in filled_in(layer, layer.mapTipTemplate())


def test_qgis_shows_the_picture_in_its_tip(qtbot, tips, map_canvas, ids):
    """Whichever kind of browser this QGIS has for its tips: the small one shows all without scroll bars."""
    layer = image_layer(ids[0])
    map_canvas.setLayers([layer])
    look_at(map_canvas, *PLACE, "EPSG:4326")
    tip = QgsMapTip()
    tip.showMapTip(layer, QgsPointXY(*PLACE), QPoint(10, 10), map_canvas)
    qtbot.waitUntil(lambda: tips.picture(ids[0], False) is not None, timeout=20_000)
    tip.showMapTip(layer, QgsPointXY(*PLACE), QPoint(10, 10), map_canvas)
    picture = picture_in(tip_of(ids[0]))
    qtbot.waitUntil(lambda: any(_shows(child, picture) for child in _children(map_canvas)), timeout=10_000)
    browsers = map_canvas.findChildren(QTextBrowser)
    assert picture.width() == (128 if browsers else 256)
    for browser in browsers:
        assert not browser.horizontalScrollBar().isVisible()
        assert not browser.verticalScrollBar().isVisible()
    tip.clear(map_canvas)


def _children(canvas):
    return [child for child in canvas.findChildren(QWidget) if child.isVisible() and child is not canvas.viewport()]


def _shows(widget, picture):
    """Whether the picture is somewhere in what the widget shows."""
    shown = widget.grab().toImage()
    across, down = picture.width() // 10, picture.height() // 10
    places = [(across * x, down * y) for x, y in ((5, 1), (1, 5), (9, 5), (5, 6))]
    wanted = [picture.pixelColor(x, y) for x, y in places]
    for left in range(0, 20):
        for top in range(0, 20):
            found = [shown.pixelColor(left + x, top + y) for x, y in places]
            if all(_is_near(a, b) for a, b in zip(wanted, found)):
                return True
    return False


def _is_near(one: QColor, other: QColor):
    return max(abs(a - b) for a, b in zip(one.getRgb()[:3], other.getRgb()[:3])) < 30


def test_the_tip_is_shown_anew_where_the_mouse_still_rests(qtbot, tips, map_canvas, ids):
    moves = []
    map_canvas.xyCoordinates.connect(moves.append)
    map_canvas.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)
    tip_of(ids[0])
    wait_for_tip(qtbot, ids[0])
    assert len(moves) == 1
    map_canvas.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    tip_of(ids[1])
    wait_for_tip(qtbot, ids[1])
    assert len(moves) == 1
    QgsApplication.sendPostedEvents()
