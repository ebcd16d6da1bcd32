"""Actions and map tips of our layers, as QGIS fills them in, for plain values and for hostile ones."""

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import pytest
import qgis.utils
from qgis.core import (
    NULL,
    QgsApplication,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsProject,
    QgsPythonRunner,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime, QObject, Qt, QUrl, QVariant, pyqtSlot
from qgis.PyQt.QtGui import QDesktopServices

from mapillary_coverage.core.export.formats import GEOPACKAGE
from mapillary_coverage.core.export.plan import plan_export
from mapillary_coverage.core.export.run import run_export
from mapillary_coverage.core.layers.kinds import fields_of
from mapillary_coverage.core.looks.layer_style import apply_style
from mapillary_coverage.core.mapillary.image_link import image_link
from mapillary_coverage.core.mapillary.schema import IMAGES, MAP_FEATURES, SEQUENCES, TILES

pytestmark = pytest.mark.qgis

KINDS = [IMAGES, SEQUENCES, MAP_FEATURES]
ID_FIELDS = {IMAGES: "id", SEQUENCES: "image_id", MAP_FEATURES: "id"}
NAMES = {
    IMAGES: ["Open image", "Open in Mapillary"],
    SEQUENCES: ["Open image", "Open in Mapillary"],
    MAP_FEATURES: ["Open map feature"],
}
METHODS = {IMAGES: "open_image", SEQUENCES: "open_image", MAP_FEATURES: "open_map_feature"}
GEOMETRIES = {IMAGES: "Point", SEQUENCES: "MultiLineString", MAP_FEATURES: "Point", TILES: "Polygon"}
ID = "26275324248758064"
PLAIN = {
    "id": ID,
    "image_id": ID,
    "sequence_id": "ypgosusr45qjyou0m7tcwy",
    "captured_at": QDateTime.fromMSecsSinceEpoch(1_711_852_200_123, Qt.TimeSpec.UTC),
    "compass_angle": 359.7,
    "is_pano": True,
    "creator_id": "104214208486349",
    "value": "object--street-light",
    "label": "Street light",
    "first_seen_at": QDateTime.fromMSecsSinceEpoch(1_625_140_805_678, Qt.TimeSpec.UTC),
    "last_seen_at": QDateTime.fromMSecsSinceEpoch(1_711_852_200_123, Qt.TimeSpec.UTC),
    "kind": "point",
}
HOSTILE = [
    "1'); import os; (",
    "1');\nimport os\n('",
    "123\nimport os",
    "'''",
    '"""',
    "\\",
    "1\\",
    "[% 1 + 1 %]",
    "%]",
    "[%",
    "' || 1 || '",
    "١٢٣",
    "１２３",
    "²",
    "1 2",
    "1&pKey=2",
    "1#2",
    "../1",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "<!--",
    "</b><a href='https://example.org'>x",
    "\x00<b>",
    "<" * 100_000,
    "9" * 30,
]


def layer_of(kind, /, **values):
    """A layer with our style and one feature; fields that are not named have plain values."""
    layer = QgsVectorLayer(f"{GEOMETRIES[kind]}?crs=EPSG:4326", kind, "memory")
    layer.dataProvider().addAttributes(list(fields_of(kind)))
    layer.updateFields()
    feature = QgsFeature(layer.fields())
    feature.setAttributes([{**PLAIN, **values}.get(field.name(), NULL) for field in layer.fields()])
    assert layer.dataProvider().addFeatures([feature])[0]
    apply_style(layer, kind)
    return layer


def context_of(layer):
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(next(layer.getFeatures()))
    return context


def filled_in(layer, text):
    return QgsExpression.replaceExpressionText(text, context_of(layer))


def actions_of(layer):
    return {action.name(): action for action in layer.actions().actions()}


def run_action(layer, name):
    """What QGIS does when the action is chosen for the feature."""
    layer.actions().doAction(actions_of(layer)[name].id(), next(layer.getFeatures()), context_of(layer))


class Runner(QgsPythonRunner):
    """QGIS' own runs commands in the console's namespace; this one in a new one."""

    def runCommand(self, command, message=""):
        exec(command, {})
        return True

    def evalCommand(self, command, result):
        return False


class Plugin:
    """Records what the public methods are called with."""

    def __init__(self):
        self.calls = []

    def open_image(self, image_id):
        self.calls.append(("open_image", image_id))

    def open_map_feature(self, map_feature_id):
        self.calls.append(("open_map_feature", map_feature_id))


class Browser(QObject):
    """Takes the place of the web browser."""

    def __init__(self):
        super().__init__()
        self.urls = []

    @pyqtSlot(QUrl)
    def show(self, url):
        self.urls.append(url.toString())


@pytest.fixture
def runs_python():
    runner = Runner()
    QgsPythonRunner.setInstance(runner)
    yield
    QgsPythonRunner.setInstance(None)


@pytest.fixture
def plugin(monkeypatch, runs_python):
    plugin = Plugin()
    monkeypatch.setitem(qgis.utils.plugins, "mapillary_coverage", plugin)
    return plugin


@pytest.fixture
def browser():
    browser = Browser()
    QDesktopServices.setUrlHandler("https", browser, "show")
    yield browser
    QDesktopServices.unsetUrlHandler("https")


@pytest.mark.parametrize("kind", KINDS)
def test_every_layer_of_objects_has_its_actions_where_people_look_for_them(kind):
    layer = layer_of(kind)
    assert [action.name() for action in layer.actions().actions()] == NAMES[kind]
    for scope in ("Canvas", "Feature", "Field"):
        assert [action.name() for action in layer.actions().actions(scope)] == NAMES[kind]
    assert layer.actions().actions("Layer") == []
    assert layer.actions().defaultAction("Canvas").name() == NAMES[kind][0]
    assert layer.actions().defaultAction("Feature").name() == NAMES[kind][0]
    known = {scope.id() for scope in QgsApplication.actionScopeRegistry().actionScopes()}
    for action in layer.actions().actions():
        assert action.isValid()
        assert action.actionScopes() <= known
        assert not action.isEnabledOnlyWhenEditable()


def test_tiles_have_no_actions():
    layer = layer_of(TILES)
    assert layer.actions().actions() == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_action_calls_the_plugin(kind, plugin):
    run_action(layer_of(kind), NAMES[kind][0])
    assert plugin.calls == [(METHODS[kind], ID)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [*HOSTILE, "", NULL], ids=lambda value: repr(value)[:20])
def test_no_value_becomes_code(kind, value, plugin):
    layer = layer_of(kind, **{ID_FIELDS[kind]: value})
    action = actions_of(layer)[NAMES[kind][0]]
    harmless = filled_in(layer_of(kind), action.command())
    assert filled_in(layer, action.command()) in (harmless.replace(ID, ""), harmless.replace(ID, "123"))
    run_action(layer, action.name())
    ((method, given),) = plugin.calls
    assert method == METHODS[kind]
    assert given in ("", "123")


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_without_the_field_calls_with_nothing(kind, plugin):
    layer = layer_of(kind)
    layer.dataProvider().deleteAttributes([layer.fields().indexOf(ID_FIELDS[kind])])
    layer.updateFields()
    run_action(layer, NAMES[kind][0])
    assert plugin.calls == [(METHODS[kind], "")]


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_plugin_the_message_bar_says_to_enable_it(kind, runs_python, qgis_iface, monkeypatch):
    monkeypatch.delitem(qgis.utils.plugins, "mapillary_coverage", raising=False)
    monkeypatch.setattr(qgis.utils, "iface", qgis_iface)
    said = []
    monkeypatch.setattr(qgis_iface.messageBar(), "pushWarning", lambda title, text: said.append(f"{title}: {text}"))
    run_action(layer_of(kind), NAMES[kind][0])
    (sentence,) = said
    assert sentence.startswith("Mapillary Coverage: The plugin Mapillary Coverage, which opens ")
    assert sentence.endswith("is not enabled. Enable it in Plugins > Manage and Install Plugins.")


@pytest.mark.parametrize("kind", [IMAGES, SEQUENCES])
def test_the_other_action_opens_the_image_on_mapillary(kind, browser):
    run_action(layer_of(kind), "Open in Mapillary")
    assert browser.urls == [image_link(ID)]


@pytest.mark.parametrize("kind", [IMAGES, SEQUENCES])
@pytest.mark.parametrize("value", [*HOSTILE, "", NULL], ids=lambda value: repr(value)[:20])
def test_no_value_changes_the_link(kind, value, browser):
    run_action(layer_of(kind, **{ID_FIELDS[kind]: value}), "Open in Mapillary")
    (url,) = browser.urls
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("https", "www.mapillary.com", "/app/", "")
    assert parse_qsl(parts.query, keep_blank_values=True) in (
        [("pKey", given), ("focus", "photo")] for given in ("", "123")
    )


class Tip(HTMLParser):
    """The elements and the lines of a map tip."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        assert not attrs
        if tag == "br":
            self.text += "\f"

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError(data)

    @property
    def lines(self):
        return [" ".join(line.split()) for line in self.text.split("\f") if line.strip()]


def tip_of(layer):
    return Tip(filled_in(layer, layer.mapTipTemplate()))


def test_tips_tell_what_an_image_a_sequence_and_a_map_feature_are(zone):
    assert tip_of(layer_of(IMAGES)).lines == [
        "Panorama",
        "2024-03-31 02:30 UTC",
        "Facing 0°",
        "By user 104214208486349",
        f"Image {ID}",
    ]
    assert tip_of(layer_of(IMAGES, is_pano=False, compass_angle=252.04)).lines[0:3:2] == ["Image", "Facing 252°"]
    assert tip_of(layer_of(SEQUENCES, id="ypgo_-7")).lines == [
        "Sequence of panoramas",
        "From 2024-03-31 02:30 UTC",
        "By user 104214208486349",
        "Sequence ypgo_-7",
    ]
    assert tip_of(layer_of(MAP_FEATURES)).lines == [
        "Street light",
        "object--street-light",
        "Seen from 2021-07-01 to 2024-03-31 (UTC)",
        f"Map feature {ID}",
    ]


def test_tips_leave_out_what_is_not_known():
    nothing = dict.fromkeys(PLAIN, NULL)
    assert tip_of(layer_of(IMAGES, **nothing)).lines == ["Image"]
    assert tip_of(layer_of(SEQUENCES, **nothing)).lines == ["Sequence"]
    assert tip_of(layer_of(MAP_FEATURES, **nothing)).lines == ["Map feature", "Seen from ? to ? (UTC)"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:20])
def test_no_value_becomes_markup(kind, value):
    texts = [field.name() for field in fields_of(kind) if field.type() == QVariant.String]
    tip = tip_of(layer_of(kind, **dict.fromkeys(texts, value)))
    assert set(tip.elements) == {"b", "br"}
    assert len(tip.text) < 500
    if kind == MAP_FEATURES and "\x00" not in value:
        assert tip.lines[0] == " ".join(value[:120].split())


def test_the_styles_that_travel_in_a_geopackage_have_both(tmp_path, zone, plugin):
    layers = [layer_of(kind) for kind in KINDS]
    plan = plan_export(
        QgsProject.instance(), [(layer, layer.name()) for layer in layers], GEOPACKAGE, str(tmp_path / "a.gpkg")
    )
    (path,) = run_export(plan, lambda: False, lambda percent: None)
    for kind, layer in zip(KINDS, layers):
        again = QgsVectorLayer(f"{path}|layername={kind}", "again", "ogr")
        assert [(action.name(), action.command()) for action in again.actions().actions()] == [
            (action.name(), action.command()) for action in layer.actions().actions()
        ]
        assert again.actions().defaultAction("Canvas").name() == NAMES[kind][0]
        assert tip_of(again).lines == tip_of(layer).lines
        run_action(again, NAMES[kind][0])
        assert plugin.calls.pop() == (METHODS[kind], ID)
