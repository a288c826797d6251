"""A world with a filled hub and an epoch of one entry."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge_agent.sync.scripted_hub import fill
from tests.edge_agent.sync.sync_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(directory=tmp_path)
    world.journal.open(1)
    fill(world.hub)
    yield world
    world.cache.close()
