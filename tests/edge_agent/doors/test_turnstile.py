"""The rules of a turnstile, without hardware and without waiting."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.doors.barrier import (
    Barrier,
    Direction,
    Given,
    Happened,
    Lock,
    Lost,
    Observed,
    Released,
    Ticked,
    Unlock,
    Unlocked,
)
from edge_agent.doors.turnstile import Phase, Timings, Turnstile
from edge_agent.ports import Movement

A, B = Direction.A, Direction.B
HOME = Observed(home=True, fire=False)
TURNING = Observed(home=False, fire=False)
FIRE = Observed(home=True, fire=True)
PASSAGE_A = Observed(home=False, fire=False, passages_a=1)
PASSAGE_B = Observed(home=False, fire=False, passages_b=1)
SETTLED = {Movement.PASSED, Movement.NO_SHOW}
PASSAGES = {Movement.PASSED, Movement.TAILGATE, Movement.REVERSE, Movement.FORCED}


class Played:
    """A turnstile that is told things one after the other, and what came of it."""

    def __init__(self) -> None:
        self.turnstile: Barrier = Turnstile()
        self.actions: list[Unlock | Lock] = []
        self.happened: list[Happened] = []

    def at(self, now: float, *given: Given) -> "Played":
        for each in given:
            stepped = self.turnstile.step(each, now)
            self.turnstile = stepped.barrier
            self.actions += stepped.actions
            self.happened += stepped.happened
        return self

    @property
    def phase(self) -> Phase:
        assert isinstance(self.turnstile, Turnstile)
        return self.turnstile.phase

    @property
    def told(self) -> list[tuple[str, Direction | None, int | None]]:
        return [(each.movement.value, each.direction, each.grant) for each in self.happened]

    @property
    def unlocked(self) -> list[int]:
        return [each.grant for each in self.actions if isinstance(each, Unlock)]


def release(grant: int, direction: Direction = A) -> Released:
    return Released(direction=direction, grant=grant)


@pytest.fixture
def played() -> Played:
    return Played()


@pytest.mark.parametrize(("direction", "passage"), [(A, PASSAGE_A), (B, PASSAGE_B)])
def test_a_released_person_passes(played: Played, direction: Direction, passage: Observed) -> None:
    story: list[Given] = [HOME, release(1, direction), TURNING, passage, HOME]
    phases = []
    for now, each in enumerate(story):
        phases.append(played.at(float(now), each).phase)
    assert phases == [Phase.LOCKED, Phase.UNLOCKED, Phase.ROTATING, Phase.PASSED, Phase.LOCKED]
    assert played.told == [("passed", direction, 1)]
    assert played.actions == [
        Unlock(direction=direction, grant=1, for_s=5.0),
        Lock(direction=direction),
    ]


def test_a_passage_between_two_looks_counts(played: Played) -> None:
    played.at(0, release(1)).at(1, Observed(home=True, fire=False, passages_a=1))
    assert played.told == [("passed", A, 1)]
    assert played.phase is Phase.LOCKED


def test_nobody_comes(played: Played) -> None:
    played.at(0, release(1)).at(5.2, HOME)
    assert played.told == []
    played.at(5.3, HOME)
    assert played.told == [("no-show", A, 1)]
    assert played.actions[-1] == Lock(direction=A)


def test_somebody_who_turns_back_may_try_again(played: Played) -> None:
    played.at(0, release(1)).at(1, TURNING).at(2, HOME).at(3, TURNING).at(4, PASSAGE_A)
    assert played.told == [("passed", A, 1)]


def test_somebody_in_the_arm_when_time_is_up_is_waited_for(played: Played) -> None:
    played.at(0, release(1)).at(4.9, TURNING).at(6, TURNING).at(7, PASSAGE_A)
    assert played.told == [("passed", A, 1)]


def test_a_passage_nobody_released_is_forced(played: Played) -> None:
    played.at(0, PASSAGE_B)
    assert played.told == [("forced", B, None)]
    assert played.actions == []


def test_a_passage_against_the_released_direction_is_reverse(played: Played) -> None:
    played.at(0, release(1)).at(1, PASSAGE_B).at(2, HOME).at(3, PASSAGE_A)
    assert played.told == [("reverse", B, 1), ("passed", A, 1)]


def test_a_second_passage_in_one_release_is_a_tailgate(played: Played) -> None:
    played.at(0, release(1)).at(1, PASSAGE_A).at(2, HOME).at(2.4, PASSAGE_A)
    assert played.told == [("passed", A, 1), ("tailgate", A, 1)]


def test_a_passage_long_after_the_release_is_forced(played: Played) -> None:
    played.at(0, release(1)).at(1, PASSAGE_A).at(2, HOME).at(2.6, PASSAGE_A)
    assert played.told == [("passed", A, 1), ("forced", A, None)]


def test_a_second_release_waits_for_the_arm_and_a_third_is_refused(played: Played) -> None:
    played.at(0, release(1), release(2), release(3))
    assert played.told == [("no-show", A, 3)]
    assert played.unlocked == [1]
    played.at(1, PASSAGE_A)
    assert played.unlocked == [1]
    played.at(2, HOME)
    assert played.unlocked == [1, 2]
    played.at(3, PASSAGE_A)
    assert played.told[1:] == [("passed", A, 1), ("passed", A, 2)]


def test_a_release_for_the_other_direction_waits(played: Played) -> None:
    played.at(0, release(1), release(2, B), release(3, B))
    assert played.told == [("no-show", B, 3)]
    played.at(1, PASSAGE_A).at(2, HOME).at(3, PASSAGE_B)
    assert played.told[1:] == [("passed", A, 1), ("passed", B, 2)]


def test_a_released_person_who_follows_closely_is_no_tailgate(played: Played) -> None:
    played.at(0, release(1), release(2)).at(1, PASSAGE_A).at(1.1, PASSAGE_A)
    assert played.told == [("passed", A, 1), ("passed", A, 2)]


def test_a_release_that_waited_too_long_never_unlocks(played: Played) -> None:
    played.at(0, release(1)).at(0, release(2)).at(5.0, HOME).at(6, HOME).at(7, HOME)
    assert played.told == [("no-show", A, 2), ("no-show", A, 1)]
    assert played.unlocked == [1]


def test_a_rotation_that_does_not_end_is_a_jam_and_its_end_is_told(played: Played) -> None:
    played.at(0, release(1)).at(1, TURNING).at(5.0, TURNING)
    assert played.told == []
    played.at(5.1, TURNING, release(2))
    assert played.told == [("jam", A, 1), ("no-show", A, 2)]
    jammed = played.phase
    played.at(6, HOME)
    assert played.told[2:] == [("jam-cleared", None, None), ("no-show", A, 1)]
    assert (jammed, played.phase) == (Phase.JAMMED, Phase.LOCKED)


def test_who_gets_out_of_a_jam_forwards_has_passed(played: Played) -> None:
    played.at(0, release(1)).at(1, TURNING).at(5.1, TURNING).at(6, PASSAGE_A).at(7, HOME)
    assert played.told == [("jam", A, 1), ("passed", A, 1), ("jam-cleared", None, None)]


def test_a_jam_without_end_settles_the_release(played: Played) -> None:
    played.at(0, release(1)).at(1, TURNING).at(5.1, TURNING).at(10, TURNING)
    assert played.told == [("jam", A, 1), ("no-show", A, 1)]


def test_an_arm_held_open_without_a_release_is_a_jam(played: Played) -> None:
    played.at(0, TURNING).at(4.1, Ticked())
    assert played.told == [("jam", None, None)]


def test_fire_settles_everything_and_counts_heads(played: Played) -> None:
    played.at(0, release(1), release(2)).at(1, FIRE)
    assert played.told == [("fire", None, None), ("no-show", A, 1), ("no-show", A, 2)]
    played.at(2, release(3), Observed(home=False, fire=True, passages_a=2, passages_b=1))
    assert played.told[3:] == [("no-show", A, 3)] + [("passed", A, None)] * 2 + [
        ("passed", B, None)
    ]
    assert played.unlocked == [1]
    played.at(3, HOME)
    assert played.told[-1] == ("fire-ended", None, None)
    assert played.actions[-2:] == [Lock(direction=A), Lock(direction=B)]


def test_hardware_lost_before_it_acknowledged_settles_at_once(played: Played) -> None:
    played.at(0, release(1), release(2)).at(0.2, Lost(), release(3))
    assert sorted(played.told) == [("no-show", A, grant) for grant in (1, 2, 3)]
    played.at(0.5, HOME).at(20, HOME)
    assert played.unlocked == [1]


def test_hardware_lost_after_it_unlocked_may_still_tell_of_the_passage(played: Played) -> None:
    played.at(0, release(1), Unlocked(grant=1)).at(1, Lost()).at(9, Ticked())
    assert played.told == []
    played.at(12, PASSAGE_A)
    assert played.told == [("passed", A, 1)]


def test_hardware_found_again_is_locked_first_and_who_never_came_is_given_back(
    played: Played,
) -> None:
    played.at(0, release(1), Unlocked(grant=1)).at(1, Lost()).at(2, HOME)
    assert played.told == [("no-show", A, 1)]
    assert played.actions[1:] == [Lock(direction=A), Lock(direction=B)]


def test_hardware_found_again_does_not_cut_off_who_is_in_the_arm(played: Played) -> None:
    played.at(0, release(1), Unlocked(grant=1)).at(1, Lost()).at(2, TURNING).at(3, PASSAGE_A)
    assert played.told == [("passed", A, 1)]


def test_hardware_lost_for_long_settles_in_the_end(played: Played) -> None:
    played.at(0, release(1), Unlocked(grant=1)).at(1, Lost()).at(15.3, Ticked())
    assert played.told == [("no-show", A, 1)]


GIVEN = st.one_of(
    st.builds(Released, direction=st.sampled_from(Direction), grant=st.just(0)),
    st.builds(Unlocked, grant=st.integers(0, 30)),
    st.builds(
        Observed,
        home=st.booleans(),
        fire=st.sampled_from([False, False, False, True]),
        passages_a=st.integers(0, 2),
        passages_b=st.integers(0, 1),
    ),
    st.just(Lost()),
    st.just(Ticked()),
)


@given(st.lists(st.tuples(GIVEN, st.floats(0, 6)), max_size=30))
def test_whatever_happens_every_release_ends_once_and_every_passage_is_told_once(
    script: list[tuple[Given, float]],
) -> None:
    played, now, released, passages = Played(), 0.0, set(), 0
    for number, (each, after) in enumerate(script):
        now += after
        told = each
        if isinstance(each, Released):
            told = release(number, each.direction)
            released.add(number)
        if isinstance(each, Observed):
            passages += each.passages_a + each.passages_b
        unlocked_before = len(played.unlocked)
        played.at(now, told)
        settled = {each.grant for each in played.happened if each.movement in SETTLED}
        for grant in played.unlocked[unlocked_before:]:
            assert grant in released - settled
            assert isinstance(played.turnstile, Turnstile)
            assert played.turnstile.phase is not Phase.FIRE
            assert not played.turnstile.blind
    timings = Timings()
    played.at(now + timings.queue_s + 1, Ticked())
    played.at(now + timings.queue_s + timings.wait_s + timings.blind_s + 7, Ticked())
    ends = Counter(
        each.grant
        for each in played.happened
        if each.movement in SETTLED and each.grant is not None
    )
    assert ends == dict.fromkeys(released, 1)
    assert len(played.unlocked) == len(set(played.unlocked))
    assert passages == sum(each.movement in PASSAGES for each in played.happened)


@given(st.lists(st.tuples(GIVEN, st.floats(0, 6)), max_size=20))
def test_the_same_story_has_the_same_end(script: list[tuple[Given, float]]) -> None:
    ends = []
    for _ in range(2):
        played, now = Played(), 0.0
        for each, after in script:
            now += after
            played.at(now, each)
        ends.append((played.turnstile, played.actions, played.happened))
    assert ends[0] == ends[1]
