"""What tests of files that cannot be written to share."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

_NOBODY = 65534


@pytest.fixture
def ordinary_user():
    """Permissions mean nothing to root."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(_NOBODY)
    yield
    if is_root:
        os.seteuid(0)


@pytest.fixture
def open_folder():
    """A folder that an ordinary user can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for entry in (folder, *folder.rglob("*")):
        if entry.is_dir():
            entry.chmod(0o755)
    shutil.rmtree(folder)
