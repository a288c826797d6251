"""Equal histories through the edge's and the hub's real stores give byte-equal facts."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.stores.histories import HubStore, bytes_of, compared

HISTORIES = 1_000
PARTS = 10


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubStore]:
    with closing(HubStore(tmp_path_factory.mktemp("hub"))) as store:
        yield store


@pytest.mark.parametrize("part", range(PARTS))
def test_edge_and_hub_see_the_same_facts(hub: HubStore, part: int) -> None:
    seen = {"units": 0, "presence": 0, "pending": 0}
    for seed in range(part * HISTORIES // PARTS, (part + 1) * HISTORIES // PARTS):
        for at_edge, at_hub in compared(hub, seed):
            assert at_hub is not None, f"seed {seed}"
            assert bytes_of(at_edge) == bytes_of(at_hub), f"seed {seed}"
            seen["presence"] += at_edge.presence is not None
            seen["pending"] += at_edge.passage_pending
            seen["units"] += any(
                each.units_left is not None and each.units_left != each.entitlement.units
                for each in at_edge.holdings
            )
    # Histories in which nothing happens would agree too.
    assert all(count >= HISTORIES // PARTS // 2 for count in seen.values()), seen
