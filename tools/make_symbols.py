"""Makes resources/symbols.zip: Mapillary's symbols of signs and objects, with their licence, from a package of npm.

Where the package cannot be had it says so and leaves things as they are: the plugin works without. A package that was
fetched by other means can be named:

    python -m tools.make_symbols [PACKAGE.tgz]
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import re
import sys
import tarfile
import urllib.request
import zipfile
from pathlib import Path
from typing import Optional

from tools.qgis_runtime import ROOT

SYMBOLS = ROOT / "resources" / "symbols.zip"
PACKAGE = "@rapideditor/mapillary_sprite_source 1.8.0"
ADDRESS = "https://registry.npmjs.org/@rapideditor/mapillary_sprite_source/-/mapillary_sprite_source-1.8.0.tgz"
SHA512 = "Fro7ycy8SENT5wFHvZPYVoYbgQA1eFP4EBdoAXKu++TD+ZB7I8KRPSkHwg47C5wGnQDg8kYDq+6lbGYXltXPGA=="

_WANTED = re.compile(r"package/(?:package_(?:objects|signs)/)?((?<=/)[\w-]+\.svg|LICENSE)")
_NO_VIEW_BOX = re.compile(rb'<svg (?![^>]*viewBox)([^>]*width="24" height="24")')
_SECONDS = 60
_MOST_BYTES = 2**24
_FIRST_DAY_OF_ZIP = (1980, 1, 1, 0, 0, 0)


class NoPackageError(Exception):
    """The package cannot be had, or is not the one that is meant."""


def fetch() -> bytes:
    """The package from npm's registry. Raises NoPackageError."""
    try:
        with urllib.request.urlopen(ADDRESS, timeout=_SECONDS) as reply:
            return bytes(reply.read(_MOST_BYTES))
    except (OSError, http.client.HTTPException) as error:
        raise NoPackageError(f"{PACKAGE} could not be fetched ({error}).") from error


def check(package: bytes) -> None:
    """Raise NoPackageError for any other than the package that is meant."""
    if base64.b64encode(hashlib.sha512(package).digest()).decode() != SHA512:
        raise NoPackageError(f"The checksum is not that of {PACKAGE}.")


def pack(package: bytes) -> bytes:
    """The zip, equal for equal packages: each SVG as `VALUE.svg`, and the licence."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(package)) as tar, zipfile.ZipFile(packed, "w") as symbols:
        files = {found[1]: member for member in tar if (found := _WANTED.fullmatch(member.name))}
        for name in sorted(files):
            file = tar.extractfile(files[name])
            if file is not None:
                entry = zipfile.ZipInfo(name, _FIRST_DAY_OF_ZIP)
                symbols.writestr(entry, _with_view_box(file.read()), zipfile.ZIP_DEFLATED, compresslevel=9)
    return packed.getvalue()


def _with_view_box(svg: bytes) -> bytes:
    """The signs name only their size: web pages, such as map tips, would cut them off where they are drawn smaller."""
    return _NO_VIEW_BOX.sub(rb'<svg viewBox="0 0 24 24" \1', svg, count=1)


def main(tarball: Optional[str] = None) -> None:
    try:
        package = Path(tarball).read_bytes() if tarball else fetch()
        check(package)
    except NoPackageError as error:
        print(f"No symbols of signs and objects: {error} All works without them; `make symbols` tries again.")
        return
    symbols = pack(package)
    unfinished = SYMBOLS.with_suffix(".part")
    unfinished.write_bytes(symbols)
    unfinished.replace(SYMBOLS)
    print(f"{SYMBOLS}: {len(symbols) / 2**20:.1f} MB, from {PACKAGE}.")


if __name__ == "__main__":
    main(*sys.argv[1:])
