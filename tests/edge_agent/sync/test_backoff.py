"""Waiting before trying again: random, growing, bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.backoff import RECONNECT_CAP_MS, again_after_ms, reconnect_delay_ms

_chance = st.floats(0, 1, exclude_max=True)
_tries = st.integers(0, 1_000)


@pytest.mark.must("P-029")
@given(chance=_chance, failures=_tries)
def test_a_reconnect_waits_anything_up_to_the_bound(chance: float, failures: int) -> None:
    bound = min(RECONNECT_CAP_MS, 1_000 * 2**failures)
    assert 0 <= reconnect_delay_ms(failures, lambda: chance) < bound
    assert reconnect_delay_ms(failures, lambda: 0.0) == 0
    assert reconnect_delay_ms(failures, lambda: 0.5) == bound // 2


@given(chance=_chance, tries=_tries)
def test_what_had_no_answer_goes_again_between_half_the_bound_and_the_bound(
    chance: float, tries: int
) -> None:
    bound = min(60_000, 2_000 * 2**tries)
    assert bound // 2 <= again_after_ms(2_000, 60_000, tries, lambda: chance) <= bound
    assert again_after_ms(2_000, 60_000, tries, lambda: 0.5) == bound * 3 // 4
