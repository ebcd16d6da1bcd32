"""What the tests in real QGIS share."""

import pytest
from qgis.core import QgsApplication, QgsSettings

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
