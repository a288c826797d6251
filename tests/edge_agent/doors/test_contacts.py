"""What levels and counters of a board mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.doors.barrier import Observed
from edge_agent.doors.contacts import Look, observed
from edge_agent.doors.hardware import Wires

WIRES = Wires(unlock_a=0, unlock_b=1, passage_a=0, passage_b=1, home=2, fire_loop=3)
REST = (False, False, True, True)


def counted(a: int, b: int) -> Look:
    return Look(levels=REST, counters=(a, b))


def test_an_open_fire_loop_or_a_cut_wire_is_fire() -> None:
    seen = observed(WIRES, None, Look(levels=(False, False, True, False)))
    assert seen == Observed(home=True, fire=True)


def test_terminals_that_are_not_wired_say_nothing() -> None:
    seen = observed(Wires(unlock_a=0), None, Look(levels=(False,) * 8))
    assert seen == Observed(home=True, fire=False)


def test_passages_before_the_first_look_are_nobodys() -> None:
    assert observed(WIRES, None, counted(7, 9)).passages_a == 0


@given(st.integers(0, 0xFFFF), st.integers(0, 200), st.integers(0, 200))
def test_a_counter_tells_every_passage_also_over_its_end(start: int, a: int, b: int) -> None:
    seen = observed(WIRES, counted(start, 5), counted((start + a) % 0x10000, 5 + b))
    assert (seen.passages_a, seen.passages_b) == (a, b)


def test_a_counter_that_began_again_tells_what_it_has_counted_since() -> None:
    assert observed(WIRES, counted(5000, 0), counted(2, 0)).passages_a == 2


@pytest.mark.parametrize(
    ("before", "after", "passages"), [(False, True, 1), (True, True, 0), (True, False, 0)]
)
def test_without_counters_a_rising_level_is_a_passage(
    before: bool,  # noqa: FBT001 - a table row
    after: bool,  # noqa: FBT001 - a table row
    passages: int,
) -> None:
    seen = observed(WIRES, Look(levels=(before, *REST[1:])), Look(levels=(after, *REST[1:])))
    assert seen.passages_a == passages
