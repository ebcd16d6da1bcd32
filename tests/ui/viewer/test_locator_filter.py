"""`mly` and an image in QGIS' locator bar."""

import gc

import pytest
from qgis.core import QgsLocator, QgsLocatorContext, QgsLocatorResult
from qgis.gui import QgsLocatorWidget
from qgis.PyQt.QtCore import QCoreApplication, QEvent, Qt, QThread
from qgis.PyQt.QtWidgets import QApplication, QLineEdit

from mapillary_coverage.ui.viewer.locator_filter import MapillaryLocatorFilter

pytestmark = pytest.mark.qgis

LINK = "https://www.mapillary.com/app/?pKey=26275324248758064&focus=photo"
OLD_KEY = "krhJqVmxA1cb" + "T9-_abcdEF"


@pytest.fixture
def opened():
    """The ids of the images that were opened."""
    return []


@pytest.fixture
def offers(opened):
    """What QGIS' locator finds for a text, with our filter registered."""
    locator = QgsLocator()
    locator.registerFilter(MapillaryLocatorFilter(opened.append))
    found = []
    locator.foundResult.connect(lambda result: found.append(QgsLocatorResult(result)))

    def search(text):
        found.clear()
        gc.collect()
        locator.fetchResults(text, QgsLocatorContext())
        return list(found)

    yield search
    locator.deregisterFilter(locator.filters()[0])
    assert locator.filters() == []


@pytest.mark.parametrize("text", ["mly 26275324248758064", f"mly {LINK}", f"MLY  {LINK} ", "mly 26275324248758064;5"])
def test_an_image_is_offered_and_opened_when_chosen(offers, opened, text):
    (result,) = offers(text)
    assert result.displayString == "Open Mapillary image 26275324248758064"
    assert result.description == ""
    assert not result.icon.pixmap(16, 16).isNull()
    assert opened == []
    result.filter.triggerResult(result)
    assert opened == ["26275324248758064"]


@pytest.mark.parametrize(
    "text", ["mly ", "mly", "mly street", "mly 0", "mly https://example.org/app/?pKey=5", "5", LINK]
)
def test_nothing_is_offered_for_what_is_no_image_nor_without_the_prefix(offers, text):
    assert offers(text) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (OLD_KEY, "old API"),
        (f"https://www.mapillary.com/map/im/{OLD_KEY}", "old API"),
        ("https://www.mapillary.com/app/user/somebody", "of a sequence, a user or a place"),
    ],
)
def test_what_is_mapillary_s_but_no_image_is_explained(offers, opened, text, reason):
    (result,) = offers(f"mly {text}")
    assert result.displayString == "No image"
    assert reason in result.description
    result.filter.triggerResult(result)
    assert opened == []


def test_the_prefix_is_one_that_plugins_may_have(offers):
    locator = QgsLocator()
    ours = MapillaryLocatorFilter(print)
    locator.registerFilter(ours)
    assert list(locator.prefixedFilters()) == ["mly"]
    assert ours.activePrefix() == "mly"
    assert not ours.useWithoutPrefix()
    assert (ours.name(), ours.displayName()) == ("mapillary_images", "Mapillary images")


def test_many_searches_leave_no_clone_behind(offers):
    def alive():
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        return sum(isinstance(thing, MapillaryLocatorFilter) for thing in gc.get_objects())

    offers("mly 1")
    before = alive()
    for number in range(1, 50):
        assert len(offers(f"mly {number}")) == 1
    offers("mly 1")
    assert alive() == before


def test_a_person_types_an_image_into_the_locator_bar(qtbot, opened):
    threads = []

    def open_image(image_id):
        opened.append(image_id)
        threads.append(QThread.currentThread())

    widget = QgsLocatorWidget()
    qtbot.addWidget(widget)
    ours = MapillaryLocatorFilter(open_image)
    widget.locator().registerFilter(ours)
    widget.show()
    line = widget.findChild(QLineEdit)
    line.setFocus()
    qtbot.keyClicks(line, f"mly {LINK}")
    (view,) = [view for view in QApplication.allWidgets() if view.metaObject().className() == "QgsLocatorResultsView"]

    def texts():
        model = view.model()
        return [model.index(row, 0).data() for row in range(model.rowCount())]

    qtbot.waitUntil(
        lambda: any("Open Mapillary image 26275324248758064" in str(text) for text in texts()), timeout=10_000
    )
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened == ["26275324248758064"], timeout=10_000)
    assert threads == [QCoreApplication.instance().thread()]
    widget.locator().deregisterFilter(ours)
