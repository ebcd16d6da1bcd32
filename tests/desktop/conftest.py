"""What the tests in real windows share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulator import Emulator


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """The emulator with the TOWN of the file."""
    with Emulator(request.module.TOWN) as emulator:
        yield emulator
