"""`make qgis`: QGIS with the plugin in a profile of its own, on the emulator unless a token is set."""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack
from pathlib import Path

from tests.emulator import Emulator, Town
from tools.qgis_runtime import ROOT, desktop_command, environment, make_profile

PROFILE = ROOT / "build" / "profile"


def main() -> None:
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise SystemExit("There is no display. Start this in a desktop session, or as `xvfb-run make qgis`.")
    profile = make_profile(PROFILE)
    with ExitStack() as running:
        arguments: list[str] = []
        variables: dict[str, str | None] = {"QT_QPA_PLATFORM": None}
        if not os.environ.get("MAPILLARY_ACCESS_TOKEN"):
            emulator = running.enter_context(Emulator(Town(images_per_tile=1500)))
            variables |= {
                "MAPILLARY_TILES_URL": emulator.tiles_url,
                "MAPILLARY_ACCESS_TOKEN": emulator.credential,
            }
            print(f"No MAPILLARY_ACCESS_TOKEN is set, so an emulator serves a town at {emulator.address}.")
            print("The map canvas shows it: press Download in the Mapillary panel.")
            arguments = ["--code", str(Path(__file__).with_name("show_town.py"))]
        command = [desktop_command(), "--profiles-path", str(profile), "--profile", "default", *arguments]
        subprocess.run(command, env=environment(profile, variables), check=False)


if __name__ == "__main__":
    main()
