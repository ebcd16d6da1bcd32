"""What the plugin site and QGIS read."""

import re
from configparser import ConfigParser
from xml.etree import ElementTree

from mapillary_coverage.core.about import TITLE, user_agent, version
from tests.conftest import ROOT

MANDATORY = {
    *("name", "description", "version", "qgisMinimumVersion", "qgisMaximumVersion", "author", "email"),
    *("about", "homepage", "tracker", "repository", "icon"),
}


def metadata():
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(ROOT / "metadata.txt", encoding="utf-8")
    return dict(parser["general"])


def test_the_site_has_what_it_asks_for():
    found = metadata()
    assert [key for key in MANDATORY if not found.get(key)] == []
    assert found["name"] == TITLE == "Mapillary Coverage"
    assert re.fullmatch(r"\d+\.\d+\.\d+", found["version"])
    assert found["hasProcessingProvider"] == "yes"
    assert "supportsQt6" not in found
    assert "/" not in found["author"]
    assert not any("<" in found[key] for key in ("description", "about", "changelog"))
    assert (ROOT / found["icon"]).read_bytes().startswith(b"\x89PNG")
    assert "token" in found["about"], "what an account is needed for"


def test_the_version_is_said_once_and_used():
    assert version() == metadata()["version"]
    assert version() in user_agent()
    assert f"## {version()}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_inventory_lists_the_resources_that_exist():
    listed = {node.text for node in ElementTree.parse(ROOT / "resources.qrc").iter("file")}
    existing = {
        str(path.relative_to(ROOT))
        for folder in ("icons", "styles", "values")
        for path in (ROOT / "resources" / folder).rglob("*.*")
    }
    assert listed == existing


def test_the_licence_is_the_gpl():
    assert "GNU GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text()[:200]
