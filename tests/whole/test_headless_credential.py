"""A stored token through qgis_process, which has no window to ask for the master password."""

import subprocess
import sys

import pytest

from mapillary_coverage.core.area.tiling import tile_box
from tests.conftest import GENUINE_TILE
from tools.qgis_runtime import environment, make_profile, process_command

pytestmark = pytest.mark.qgis

BOX = tile_box(GENUINE_TILE)
EXTENT = f"EXTENT={BOX.west!r},{BOX.east!r},{BOX.south!r},{BOX.north!r} [EPSG:4326]"
STORE = """
import sys
from qgis.core import QgsApplication, QgsAuthMethodConfig
application = QgsApplication([], False)
application.initQgis()
auth = QgsApplication.authManager()
word, token = sys.stdin.read().split()
assert auth.setMasterPassword(word, True)
config = QgsAuthMethodConfig("Basic")
config.setName("mapillary")
config.setConfig("password", token)
config.setId("mapilla")
assert auth.storeAuthenticationConfig(config)[0]
application.exitQgis()
"""
MASTER_WORD = "horse-battery"


@pytest.fixture
def server(emulator):
    return emulator()


@pytest.fixture
def run(server, tmp_path):
    """Runs the algorithm in a profile whose database holds the configuration `mapilla`."""
    profile = make_profile(tmp_path / "qgis")
    variables = {"MAPILLARY_TILES_URL": server.tiles_url, "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run(
        [sys.executable, "-c", STORE],
        input=f"{MASTER_WORD} {server.credential}",
        env=environment(profile, variables),
        check=True,
        capture_output=True,
        text=True,
    )

    def go(*parameters, **more):
        done = subprocess.run(
            [process_command(), "run", "mapillary:downloadcoverage", "--", EXTENT, *parameters],
            env=environment(profile, {**variables, **more}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert server.credential.split("|")[2] not in done.stdout + done.stderr
        return done

    return go


@pytest.fixture
def password_file(tmp_path):
    path = tmp_path / "word"
    path.write_text(MASTER_WORD)
    return str(path)


def test_a_stored_configuration_is_used(run, server, password_file):
    done = run("AUTH_CONFIG=mapilla", QGIS_AUTH_PASSWORD_FILE=password_file)
    assert done.returncode == 0, done.stderr
    assert "1 tile: 1 ok." in done.stdout
    assert len(server.requests) == 1


def test_a_locked_database_is_said_and_nobody_waits(run, server):
    done = run("AUTH_CONFIG=mapilla")
    assert done.returncode != 0
    assert "because the database is locked" in done.stderr
    assert "QGIS_AUTH_PASSWORD_FILE" in done.stderr
    assert server.requests == []


def test_a_configuration_that_is_not_there_is_said(run, server, password_file):
    done = run("AUTH_CONFIG=another", QGIS_AUTH_PASSWORD_FILE=password_file)
    assert done.returncode != 0
    assert "has no authentication configuration “another”" in done.stderr
    assert server.requests == []


def test_a_named_configuration_wins_over_the_environment(run, server, password_file):
    done = run("AUTH_CONFIG=mapilla", QGIS_AUTH_PASSWORD_FILE=password_file, MAPILLARY_ACCESS_TOKEN="wrong-one")
    assert done.returncode == 0, done.stderr
