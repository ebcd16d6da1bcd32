"""What the tests in real QGIS share."""

import pytest
from qgis.core import QgsApplication, QgsSettings
from qgis.gui import QgsMapCanvas
from qgis.PyQt import sip

MASTER_WORD = "of the test profile"


@pytest.fixture(autouse=True)
def own_settings():
    """No test finds the plugin's settings of another."""
    QgsSettings().remove("mapillary_coverage")
    yield
    QgsSettings().remove("mapillary_coverage")


@pytest.fixture
def database():
    """QGIS' authentication database, open and empty."""
    auth = QgsApplication.authManager()
    assert auth.setMasterPassword(MASTER_WORD, True)
    auth.removeAllAuthenticationConfigs()
    yield auth
    auth.removeAllAuthenticationConfigs()
    auth.clearMasterPassword()


@pytest.fixture
def canvas(qgis_app, qgis_new_project):
    """A canvas of 600 by 400 pixels that is shown, and nobody else's."""
    made = QgsMapCanvas()
    made.setFrameStyle(0)
    made.resize(600, 400)
    made.show()
    yield made
    if not sip.isdeleted(made):
        made.stopRendering()
        sip.delete(made)
