"""The plugin's tab of QGIS' log."""

import logging

import pytest
from qgis.core import Qgis, QgsApplication

from mapillary_coverage.core.about import TITLE
from mapillary_coverage.core.log import BugLog
from mapillary_coverage.core.threads import LOGGER, Caught
from tests.emulator.tokens import made_up_token

pytestmark = pytest.mark.qgis


@pytest.fixture
def told(qgis_app):
    lines = []

    def keep(text, tag, level):
        lines.append((tag, level, text))

    QgsApplication.messageLog().messageReceived.connect(keep)
    yield lines
    QgsApplication.messageLog().messageReceived.disconnect(keep)


def bug():
    with Caught():
        raise ZeroDivisionError(f"access_token={made_up_token()}")


def test_a_bug_is_critical_and_holds_no_token(told):
    bugs = BugLog()
    bugs.open()
    try:
        bug()
        logging.getLogger(f"{LOGGER}.core").warning("what is no bug")
    finally:
        bugs.close()
    ((tag, level, text),) = told
    assert (tag, level) == (TITLE, Qgis.MessageLevel.Critical)
    assert "ZeroDivisionError: access_token=[token]" in text
    assert "in bug" in text


@pytest.mark.parametrize("start", ["initGui", "initProcessing"])
def test_bugs_are_told_while_the_plugin_is_there(plugin, told, start):
    """In qgis_process, too, which makes no window."""
    getattr(plugin, start)()
    told.clear()
    bug()
    assert len(told) == 1
    plugin.unload()
    told.clear()
    bug()
    assert told == []
