"""A tenant's database with a site and an enrolled edge, and the hub's half around it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.taps.hub_half import HubHalf


@pytest.fixture
def half(tmp_path: Path) -> Iterator[HubHalf]:
    made = HubHalf(tmp_path / "tenant.db")
    yield made
    made.close()
