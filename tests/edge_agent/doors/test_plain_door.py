"""The rules of a door that cannot tell who went through."""

from edge_agent.doors.barrier import (
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
from edge_agent.doors.plain_door import PlainDoor
from edge_agent.ports import Movement

A = Direction.A


def play(*given: Given) -> tuple[list[Unlock | Lock], list[tuple[Movement, int | None]]]:
    door, actions, happened = PlainDoor(unlock_s=3.0), list[Unlock | Lock](), list[Happened]()
    for each in given:
        stepped = door.step(each, 0.0)
        assert isinstance(stepped.barrier, PlainDoor)
        door = stepped.barrier
        actions += stepped.actions
        happened += stepped.happened
    return actions, [(each.movement, each.grant) for each in happened]


def released(grant: int) -> Released:
    return Released(direction=A, grant=grant)


def test_a_release_is_spent_when_the_door_has_unlocked() -> None:
    actions, happened = play(released(1))
    assert actions == [Unlock(direction=A, grant=1, for_s=3.0)]
    assert happened == []
    assert play(released(1), Unlocked(grant=1), Ticked())[1] == [(Movement.PASSED, 1)]


def test_two_releases_in_a_row_are_each_spent() -> None:
    _, happened = play(released(1), released(2), Unlocked(grant=1), Unlocked(grant=2))
    assert happened == [(Movement.PASSED, 1), (Movement.PASSED, 2)]


def test_a_release_that_lost_hardware_never_acknowledged_is_given_back() -> None:
    _, happened = play(released(1), Lost(), released(2), Unlocked(grant=1))
    assert happened == [(Movement.NO_SHOW, 1), (Movement.NO_SHOW, 2)]


def test_hardware_found_again_is_locked_first() -> None:
    actions, _ = play(Lost(), Observed(home=True, fire=False), Observed(home=True, fire=False))
    assert actions == [Lock(direction=direction) for direction in Direction]


def test_fire_spends_nothing_and_its_end_locks() -> None:
    fire, over = Observed(home=True, fire=True), Observed(home=True, fire=False)
    actions, happened = play(released(1), fire, released(2), over)
    assert happened == [
        (Movement.FIRE, None),
        (Movement.NO_SHOW, 1),
        (Movement.NO_SHOW, 2),
        (Movement.FIRE_ENDED, None),
    ]
    assert actions[1:] == [Lock(direction=direction) for direction in Direction]
