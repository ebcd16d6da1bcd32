"""How the file of symbols is made, and what happens where its package cannot be had."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest

from tests.conftest import ROOT
from tools.make_symbols import SYMBOLS, NoPackageError, check, pack

BENCH = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"/>'


def package(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, body in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    return packed.getvalue()


def checksum():
    return hashlib.sha256(SYMBOLS.read_bytes()).hexdigest() if SYMBOLS.exists() else None


def make(*arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "tools.make_symbols", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_zip_has_the_symbols_and_the_licence_and_nothing_else():
    """Signs get what they need to be drawn in any size."""
    sign = b'<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"><path d="M0 0"/></svg>'
    files = {
        "package/package_signs/warning--dip--g1.svg": sign,
        "package/package_objects/object--bench.svg": BENCH,
        "package/LICENSE": b"free",
        "package/package.json": b"{}",
        "package/package_ui/close.svg": BENCH,
        "package/package_signs/../../evil.svg": BENCH,
        "/package/package_signs/evil.svg": BENCH,
    }
    with zipfile.ZipFile(io.BytesIO(pack(package(files)))) as symbols:
        assert symbols.namelist() == ["LICENSE", "object--bench.svg", "warning--dip--g1.svg"]
        assert symbols.read("object--bench.svg") == BENCH
        assert symbols.read("warning--dip--g1.svg") == sign.replace(b"<svg", b'<svg viewBox="0 0 24 24"')
    reordered = dict(reversed(files.items()))
    assert pack(package(files)) == pack(package(reordered)), "the same symbols make the same file"


def test_another_package_is_refused():
    with pytest.raises(NoPackageError, match="The checksum is not that of"):
        check(package({"package/LICENSE": b"mine"}))


def test_a_package_that_is_not_the_one_changes_nothing(tmp_path):
    before = checksum()
    other = tmp_path / "other.tgz"
    other.write_bytes(package({"package/LICENSE": b"mine"}))
    done = make(other)
    assert (done.returncode, done.stderr) == (0, "")
    assert "All works without them" in done.stdout
    assert checksum() == before


def test_without_network_it_says_so_and_goes_on():
    before = checksum()
    done = make(https_proxy="http://127.0.0.1:9/", no_proxy="")
    assert (done.returncode, done.stderr) == (0, "")
    assert "could not be fetched" in done.stdout
    assert checksum() == before
