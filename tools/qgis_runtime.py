"""How QGIS is started here, with the plugin of this checkout: profiles, commands and environments."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Optional

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "mapillary_coverage"

_INI = f"""[PythonPlugins]
{PACKAGE}=true

[app]
plugin_installer\\checkOnStart=false
askToSaveMemoryLayers=false

[core]
NewsFeed\\httpsfeedqgisorg\\disabled=true

[qgis]
checkVersion=false
askToSaveProjectChanges=false
projOpenAtLaunch=0

[locale]
overrideFlag=true
userLocale=en_US
globalLocale=en_US
"""


def make_profile(folder: Path) -> Path:
    """A QGIS configuration folder whose default profile has only this plugin; an existing one stays as it is."""
    profile = folder / "profiles" / "default"
    plugins = profile / "python" / "plugins"
    settings = profile / "QGIS" / "QGIS3.ini"
    plugins.mkdir(parents=True, exist_ok=True)
    settings.parent.mkdir(exist_ok=True)
    if not settings.exists():
        settings.write_text(_INI)
    link = plugins / PACKAGE
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT)
    return folder


def process_command() -> str:
    """qgis_process; Debian's wrapper passes an option that QGIS 3.22 does not know, so it is passed over."""
    return _first_existing("/usr/bin/qgis_process.bin", "/usr/bin/qgis_process")


def desktop_command() -> str:
    """The QGIS desktop."""
    return _first_existing("/usr/bin/qgis.bin", "/usr/bin/qgis")


def environment(
    profile: Path, variables: Mapping[str, Optional[str]], decoder_installed: bool = True
) -> dict[str, str]:
    """The environment for either command; without `decoder_installed` it is that of a stock QGIS.

    A variable that is None is left out, whatever this process has.
    """
    runtime = profile / "runtime"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = {name: value for name, value in os.environ.items() if not name.startswith(("QGIS_", "PYTHONPATH"))}
    found.update(QGIS_CUSTOM_CONFIG_PATH=str(profile), XDG_RUNTIME_DIR=str(runtime), PYTHONDONTWRITEBYTECODE="1")
    if decoder_installed:
        found["PYTHONPATH"] = sysconfig.get_path("purelib")
    for name, value in variables.items():
        found.pop(name, None)
        if value is not None:
            found[name] = value
    return found


def _first_existing(*paths: str) -> str:
    for path in paths:
        if Path(path).exists():
            return path
    raise SystemExit(f"{paths[-1]} is missing; run `make setup`.")
