"""Which comparison with the hub's clock is kept."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from edge_agent.cache import HubClock
from edge_agent.hub_clock import KEPT_MS_MAX, is_better

OLD = HubClock(
    hub_at=datetime(2026, 11, 23, tzinfo=UTC),
    offset_ms=0,
    uncertainty_ms=10,
    boot_id="boot-1",
    monotonic_ms=1_000,
)


@pytest.mark.parametrize(
    ("later_ms", "uncertainty_ms", "better"),
    [
        (0, 9, True),
        (0, 10, False),
        (0, 11, False),
        (60_000, 12, True),  # 50 ppm of a minute are 3 ms
        (60_000, 13, False),
        (KEPT_MS_MAX - 1, 500, False),
        (KEPT_MS_MAX, 500, True),
    ],
)
def test_the_closer_bound_by_now_is_kept_and_none_for_ever(
    later_ms: int, uncertainty_ms: int, *, better: bool
) -> None:
    new = replace(OLD, monotonic_ms=OLD.monotonic_ms + later_ms, uncertainty_ms=uncertainty_ms)
    assert is_better(new, OLD) is better


def test_a_comparison_of_another_boot_is_worth_nothing() -> None:
    assert is_better(replace(OLD, uncertainty_ms=9_999, boot_id="boot-2"), OLD)
    assert is_better(OLD, None)
