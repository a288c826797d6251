"""Which tests keep pace with simulated hardware, and so must not share the processors."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
REALTIME = (
    TESTS / "edge_agent" / "doors",
    TESTS / "edge_agent" / "readers",
    TESTS / "firmware_sim",
    TESTS / "e2e",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in REALTIME):
            item.add_marker(pytest.mark.realtime)
