"""What plugins.qgis.org scans an upload for, run on the files that would be in the zip; any finding fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tools.qgis_runtime import ROOT


def shipped_files() -> list[Path]:
    """What git knows, or would add, and .gitattributes does not keep out of the archive."""
    listed = _git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    attributes = _git("check-attr", "export-ignore", "--", *_with_parents(listed)).splitlines()
    ignored = {line.split(": ")[0] for line in attributes if line.endswith(": set")}
    return [ROOT / name for name in listed if not ignored & set(_with_parents([name])) and (ROOT / name).is_file()]


def _with_parents(names: list[str]) -> list[str]:
    parents = {str(parent) for name in names for parent in Path(name).parents} - {"."}
    return [*names, *sorted(parents)]


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def _bandit(files: list[Path]) -> list[str]:
    python = [str(path) for path in files if path.suffix == ".py"]
    done = subprocess.run(
        [sys.executable, "-m", "bandit", "-q", "-f", "json", *python], capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout)
    if report["errors"]:
        raise SystemExit(f"bandit could not read: {report['errors']}")
    return [f"{r['filename']}:{r['line_number']} {r['test_id']} {r['issue_text']}" for r in report["results"]]


def _secrets(files: list[Path]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "detect_secrets", "scan", *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    results = json.loads(done.stdout)["results"]
    return [
        f"{name}:{hit['line_number']} {hit['type']}"
        for name, hits in results.items()
        for hit in hits
        if name != "metadata.txt"
    ]


def main() -> None:
    files = shipped_files()
    if not any(path.name == "metadata.txt" for path in files):
        raise SystemExit("metadata.txt is not among the files to ship")
    found = [*_bandit(files), *_secrets(files)]
    found += [f"{path} is executable" for path in files if path.suffix == ".py" and path.stat().st_mode & 0o111]
    found += [f"{path} must not be shipped" for path in files if path.suffix in {".pyc", ".so", ".dll", ".exe", ".sh"}]
    print("\n".join(found) or f"Upload scan: {len(files)} files, nothing found.")
    if found:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
