"""What the tests of the network share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mapillary_coverage.core.network.usage import Pace, Usage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the count of tiles is; not even its folder is there yet."""
    return tmp_path / "folder" / "usage.sqlite"


@pytest.fixture
def usage(path: Path) -> Iterator[Usage]:
    """The count, which holds nobody up."""
    opened = Usage(path, Pace(burst=10_000))
    yield opened
    opened.close()
