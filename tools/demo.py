"""`make demo`: the main job through qgis_process, on the bundled emulator; a GeoPackage and a map are left behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import mercantile
from osgeo import ogr

from tests.emulator import Emulator, RecordedTiles, Town
from tests.emulator.tiles import TileSource
from tools.qgis_runtime import ROOT, environment, make_profile, process_command

FOLDER = ROOT / "build" / "demo"
GENUINE = ROOT.parent / "shared" / "data" / "tiles" / "unplaced" / "coverage_10231_images.mvt"
GENUINE_PLACE = mercantile.Tile(8529, 5975, 14)
LAYERS = ("images", "sequences", "tiles")


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    town = Town(images_per_tile=1500)
    last = mercantile.Tile(town.west + town.size - 1, town.north + town.size - 1, 14)
    package = FOLDER / "coverage.gpkg"
    _download("the generated town", town, mercantile.Tile(town.west, town.north, 14), last, package)
    if GENUINE.exists():
        served = FOLDER / "recorded"
        place = served / "mly1_public" / "14" / str(GENUINE_PLACE.x) / f"{GENUINE_PLACE.y}.mvt"
        place.parent.mkdir(parents=True)
        shutil.copyfile(GENUINE, place)
        genuine = FOLDER / "genuine.gpkg"
        _download("a genuine tile", RecordedTiles(served), GENUINE_PLACE, GENUINE_PLACE, genuine)
    else:
        print(f"No genuine tile: there is no {GENUINE}")
    subprocess.run(
        [sys.executable, "-m", "tools.render_map", str(package), str(FOLDER / "map.png")],
        env=environment(FOLDER / "profile", {"QT_QPA_PLATFORM": "offscreen"}),
        cwd=ROOT,
        check=True,
    )
    print(f"{package.relative_to(ROOT)} and {(FOLDER / 'map.png').relative_to(ROOT)} are ready to look at.")


def _download(what: str, source: TileSource, first: mercantile.Tile, last: mercantile.Tile, package: Path) -> None:
    upper, lower = mercantile.bounds(first), mercantile.bounds(last)
    extent = f"{upper.west!r},{lower.east!r},{lower.south!r},{upper.north!r} [EPSG:4326]"
    with Emulator(source) as emulator:
        variables = {
            "MAPILLARY_TILES_URL": emulator.tiles_url,
            "MAPILLARY_ACCESS_TOKEN": emulator.credential,
            "QT_QPA_PLATFORM": "offscreen",
        }
        sinks = [f"{name.upper()}=ogr:dbname='{package}' table=\"{name}\" (geom)" for name in LAYERS]
        started = time.monotonic()
        done = subprocess.run(
            [process_command(), "run", "mapillary:downloadcoverage", "--", f"EXTENT={extent}", *sinks],
            env=environment(make_profile(FOLDER / "profile"), variables),
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - started
    if done.returncode:
        raise SystemExit(f"qgis_process failed on {what}:\n{done.stdout}\n{done.stderr}")
    print(f"\n{what[0].upper()}{what[1:]}, through qgis_process in {seconds:.1f} s:")
    told = done.stdout.split("- done.", 1)[-1].split("----------------", 1)[0]
    print("\n".join(f"  {line}" for line in told.splitlines() if line))
    _print_package(package)


def _print_package(package: Path) -> None:
    """What an independent reader finds in the file."""
    dataset = ogr.Open(str(package))
    for name in LAYERS:
        layer = dataset.GetLayerByName(name)
        if layer is None:
            raise SystemExit(f"{package} has no layer {name}")
        kind = ogr.GeometryTypeToName(layer.GetGeomType())
        print(f"  {package.name}: layer {name}, {kind}, {layer.GetFeatureCount():,} features")


if __name__ == "__main__":
    main()
