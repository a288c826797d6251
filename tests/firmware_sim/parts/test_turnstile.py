"""The turnstile's mechanics, stepped through time by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.parts.relay_board import BoardSettings, RelayBoard
from firmware_sim.parts.turnstile import Direction, Mechanics, Outcome, Person, Turnstile
from firmware_sim.parts.wiring import WiredTurnstile, Wiring

A, B = Direction.A, Direction.B


@pytest.fixture
def turnstile() -> Turnstile:
    return Turnstile(at=0.0)


def passed(turnstile: Turnstile) -> tuple[int, int]:
    return turnstile.passages_in(A), turnstile.passages_in(B)


@pytest.mark.parametrize(("direction", "expected"), [(A, (1, 0)), (B, (0, 1))])
def test_an_unlocked_direction_lets_one_person_through(
    turnstile: Turnstile, direction: Direction, expected: tuple[int, int]
) -> None:
    turnstile.energise(a=direction is A, b=direction is B)
    attempt = turnstile.approach(Person(direction=direction))
    turnstile.advance(3.0)
    assert attempt.outcome is Outcome.WENT_THROUGH
    assert passed(turnstile) == expected
    assert turnstile.is_idle


def test_a_locked_arm_gives_a_little_play_and_no_passage(turnstile: Turnstile) -> None:
    attempt = turnstile.approach(Person(direction=A, patience_s=2.0))
    turnstile.advance(2.0)
    assert turnstile.angle == 3.0
    assert turnstile.signals().home
    turnstile.advance(3.0)
    assert attempt.outcome is Outcome.GAVE_UP
    assert turnstile.is_idle
    assert passed(turnstile) == (0, 0)


def test_unlocking_one_direction_leaves_the_other_locked(turnstile: Turnstile) -> None:
    turnstile.energise(a=True, b=False)
    attempt = turnstile.approach(Person(direction=B))
    turnstile.advance(5.0)
    assert attempt.outcome is Outcome.GAVE_UP


def test_somebody_who_waits_is_let_through_when_it_unlocks(turnstile: Turnstile) -> None:
    attempt = turnstile.approach(Person(direction=A, patience_s=3.0))
    turnstile.advance(2.0)
    turnstile.energise(a=True, b=False)
    turnstile.advance(4.0)
    assert attempt.outcome is Outcome.WENT_THROUGH


def test_contacts_follow_the_angle(turnstile: Turnstile) -> None:
    turnstile.energise(a=True, b=False)
    turnstile.approach(Person(direction=A, speed=100.0, waits_s=0.0))
    turnstile.advance(0.05)
    assert turnstile.signals().home
    turnstile.advance(0.2)
    assert not turnstile.signals().home
    assert not turnstile.signals().passage_a
    turnstile.advance(0.65)
    assert turnstile.signals().passage_a
    assert not turnstile.signals().passage_b
    turnstile.advance(0.84)
    assert turnstile.signals().passage_a
    turnstile.advance(0.87)
    assert not turnstile.signals().passage_a
    turnstile.advance(1.3)
    assert turnstile.signals().home


def test_turning_back_before_the_middle_is_no_passage(turnstile: Turnstile) -> None:
    turnstile.energise(a=True, b=False)
    attempt = turnstile.approach(Person(direction=A, turns_back_at=40.0))
    turnstile.advance(3.0)
    assert attempt.outcome is Outcome.TURNED_BACK
    assert turnstile.is_idle
    assert passed(turnstile) == (0, 0)


def test_beyond_the_middle_the_drive_ends_what_was_begun(turnstile: Turnstile) -> None:
    turnstile.energise(a=True, b=False)
    turnstile.approach(Person(direction=A, turns_back_at=70.0))
    turnstile.advance(3.0)
    assert passed(turnstile) == (1, 0)


def test_beyond_the_middle_nobody_pushes_it_back(turnstile: Turnstile) -> None:
    turnstile.energise(a=True, b=True)
    turnstile.angle = 70.0
    turnstile.approach(Person(direction=B, waits_s=0.0, speed=500.0))
    turnstile.advance(0.2)
    assert turnstile.angle == 70.0


def test_a_rotation_begun_ends_though_it_locks_meanwhile(turnstile: Turnstile) -> None:
    turnstile.energise(a=True, b=False)
    turnstile.approach(Person(direction=A, speed=60.0, waits_s=0.0))
    turnstile.advance(0.5)
    turnstile.energise(a=False, b=False)
    turnstile.advance(5.0)
    assert passed(turnstile) == (1, 0)


def test_somebody_strong_tears_the_arm_past_its_lock(turnstile: Turnstile) -> None:
    turnstile.approach(Person(direction=B, forces=True))
    turnstile.advance(3.0)
    assert passed(turnstile) == (0, 1)


def test_a_follower_so_close_that_the_pawl_cannot_fall_gets_through(
    turnstile: Turnstile,
) -> None:
    turnstile.energise(a=True, b=False)
    turnstile.approach(Person(direction=A))
    turnstile.approach(Person(direction=A, waits_s=0.0))
    turnstile.advance(0.6)
    turnstile.energise(a=False, b=False)
    turnstile.advance(10.0)
    assert passed(turnstile) == (2, 0)


def test_a_follower_with_a_step_between_meets_the_pawl(turnstile: Turnstile) -> None:
    turnstile.energise(a=True, b=False)
    turnstile.approach(Person(direction=A))
    follower = turnstile.approach(Person(direction=A, waits_s=0.3))
    turnstile.advance(0.6)
    turnstile.energise(a=False, b=False)
    turnstile.advance(10.0)
    assert follower.outcome is Outcome.GAVE_UP
    assert passed(turnstile) == (1, 0)


def test_somebody_who_stops_in_the_middle_holds_the_arm(turnstile: Turnstile) -> None:
    turnstile.energise(a=True, b=False)
    turnstile.approach(Person(direction=A, stops_at=40.0, stops_s=6.0))
    turnstile.advance(6.0)
    assert turnstile.angle == pytest.approx(40.0, abs=1.0)
    turnstile.advance(9.0)
    assert passed(turnstile) == (1, 0)


def test_the_fire_loop_frees_both_directions_without_any_solenoid(turnstile: Turnstile) -> None:
    turnstile.fire_loop_closed = False
    turnstile.approach(Person(direction=A))
    turnstile.approach(Person(direction=B))
    turnstile.advance(6.0)
    assert passed(turnstile) == (1, 1)
    assert not turnstile.signals().fire_loop


def test_passages_carry_their_instant(turnstile: Turnstile) -> None:
    turnstile.energise(a=True, b=False)
    turnstile.approach(Person(direction=A, speed=120.0, waits_s=0.5))
    turnstile.advance(5.0)
    [passage] = turnstile.passages
    assert passage.at == pytest.approx(1.5, abs=0.02)


@given(
    st.lists(
        st.builds(
            Person,
            direction=st.sampled_from(Direction),
            speed=st.floats(30, 400),
            waits_s=st.floats(0, 1),
            patience_s=st.floats(0, 1),
            forces=st.booleans(),
            turns_back_at=st.none() | st.floats(0, 59),
            stops_at=st.none() | st.floats(0, 119),
            stops_s=st.floats(0, 2),
        ),
        max_size=4,
    ),
    st.sets(st.sampled_from(Direction)),
)
def test_whoever_comes_the_arm_ends_at_home_and_each_passage_gave_one_pulse(
    people: list[Person], unlocked: set[Direction]
) -> None:
    turnstile = Turnstile(at=0.0)
    turnstile.energise(a=A in unlocked, b=B in unlocked)
    attempts = [turnstile.approach(person) for person in people]
    pulses = {A: 0, B: 0}
    before = turnstile.signals()
    for tick in range(1, 4000):
        turnstile.advance(tick * 0.01)
        signals = turnstile.signals()
        pulses[A] += signals.passage_a and not before.passage_a
        pulses[B] += signals.passage_b and not before.passage_b
        before = signals
        if turnstile.is_idle:
            break
    assert turnstile.is_idle
    assert all(attempt.outcome for attempt in attempts)
    assert (pulses[A], pulses[B]) == passed(turnstile)


def test_a_stalled_thread_swallows_no_pulse() -> None:
    board = RelayBoard(BoardSettings())
    mechanics = Mechanics(pulse_s=0.02)
    wired = WiredTurnstile(board, Turnstile(0.0, mechanics), Wiring(), at=0.0)
    wired.approach(Person(direction=A, forces=True))
    wired.approach(Person(direction=B, forces=True))
    wired.advance(10.0)
    assert board._map.edges[:3] == [1, 1, 3]
    assert len(wired.passages()) == 2


def test_a_relay_unlocks_its_direction_for_as_long_as_its_pulse() -> None:
    board = RelayBoard(BoardSettings())
    board._map.pulse(1, 10, 0.0)
    wired = WiredTurnstile(board, Turnstile(0.0), Wiring(), at=0.0)
    first = wired.approach(Person(direction=B, waits_s=0.2))
    late = wired.approach(Person(direction=B, waits_s=1.0))
    wired.advance(8.0)
    assert (first.outcome, late.outcome) == (Outcome.WENT_THROUGH, Outcome.GAVE_UP)


def test_an_open_fire_loop_opens_its_input() -> None:
    board = RelayBoard(BoardSettings())
    wired = WiredTurnstile(board, Turnstile(0.0), Wiring(), at=0.0)
    assert board._map.inputs[3]
    wired.set_fire_loop(closed=False)
    wired.advance(0.1)
    assert not board._map.inputs[3]


@pytest.mark.parametrize("wiring", [{"unlock_b": 0}, {"home": 8}, {"fire_loop": 0}])
def test_two_wires_on_one_terminal_or_none_are_refused(wiring: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="each once"):
        Wiring(**wiring)
