"""Each movement on its whole way: person, arm, contact, board, bytes, driver, rules, inbox."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.ids import AccessPointId
from edge_agent.doors.hardware import Board, DoorKind
from firmware_sim.parts.turnstile import Direction, Mechanics, Person
from tests.edge_agent.doors.rig import (
    BRISK,
    ENTRY,
    EXIT,
    SPEED,
    Rig,
    profile_in,
    rig_of,
    running,
)

A, B = Direction.A, Direction.B


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with running(rig_of(profile_in(tmp_path))) as rig:
        yield rig


@pytest.mark.parametrize(("point", "direction"), [(ENTRY, A), (EXIT, B)])
def test_a_released_person_passes_and_the_gate_locks(
    rig: Rig, point: AccessPointId, direction: Direction
) -> None:
    rig.door.release(point, 1)
    rig.push(direction)
    rig.inbox.wait_for(("passed", point, 1))
    rig.wait_until(lambda: rig.relays() == (False, False))
    rig.wait_until(lambda: rig.wired.is_idle)
    assert [passage.direction for passage in rig.wired.passages()] == [direction]


def test_only_the_released_direction_is_unlocked(rig: Rig) -> None:
    rig.door.release(EXIT, 1)
    rig.wait_until(lambda: rig.relays() == (False, True))
    rig.inbox.wait_for(("no-show", EXIT, 1))


def test_nobody_comes_and_the_gate_locks(rig: Rig) -> None:
    rig.door.release(ENTRY, 1)
    rig.wait_until(lambda: rig.relays() == (True, False))
    rig.inbox.wait_for(("no-show", ENTRY, 1))
    assert rig.relays() == (False, False)


def test_a_torn_arm_is_forced(rig: Rig) -> None:
    rig.push(person=Person(direction=A, speed=SPEED, waits_s=0.0, forces=True))
    rig.inbox.wait_for(("forced", ENTRY, None))


def test_somebody_against_the_released_direction_is_reverse(rig: Rig) -> None:
    rig.door.release(ENTRY, 1)
    rig.push(person=Person(direction=B, speed=SPEED, forces=True, waits_s=0.0))
    rig.inbox.wait_for(("reverse", EXIT, 1), ("no-show", ENTRY, 1))


def test_somebody_close_behind_is_a_tailgate(rig: Rig) -> None:
    rig.door.release(ENTRY, 1)
    rig.push()
    rig.push(person=Person(direction=A, speed=SPEED, waits_s=0.0))
    rig.inbox.wait_for(("passed", ENTRY, 1), ("tailgate", ENTRY, 1))


def test_somebody_who_stops_in_the_arm_is_a_jam(rig: Rig) -> None:
    rig.door.release(ENTRY, 1)
    slow = Person(direction=A, speed=SPEED, waits_s=0.05, stops_at=40.0, stops_s=0.8)
    rig.push(person=slow)
    rig.inbox.wait_for(("jam", ENTRY, 1), ("passed", ENTRY, 1), ("jam-cleared", None, None))


def test_two_releases_in_a_row_each_let_one_through(rig: Rig) -> None:
    rig.door.release(ENTRY, 1)
    rig.door.release(ENTRY, 2)
    rig.push()
    rig.push()
    rig.inbox.wait_for(("passed", ENTRY, 1), ("passed", ENTRY, 2))


def test_a_release_for_each_direction_is_done_in_turn(rig: Rig) -> None:
    rig.door.release(ENTRY, 1)
    rig.door.release(EXIT, 2)
    rig.push(A)
    rig.push(B)
    rig.inbox.wait_for(("passed", ENTRY, 1), ("passed", EXIT, 2))


def test_fire_opens_without_software_and_software_follows(rig: Rig) -> None:
    rig.wired.set_fire_loop(closed=False)
    rig.push(B)
    rig.inbox.wait_for(("fire", None, None), ("passed", EXIT, None))
    rig.door.release(ENTRY, 1)
    rig.inbox.wait(lambda: len(rig.inbox.moved) == 3)
    rig.wired.set_fire_loop(closed=True)
    rig.inbox.wait(lambda: len(rig.inbox.moved) == 4)
    assert rig.inbox.told[2:] == [("no-show", ENTRY, 1), ("fire-ended", None, None)]


def test_a_release_for_another_door_is_refused_at_once(rig: Rig) -> None:
    with pytest.raises(ValueError, match="no access point of main-turnstile"):
        rig.door.release(AccessPointId("elsewhere"), 1)


def test_a_pulse_shorter_than_a_poll_is_never_missed(tmp_path: Path) -> None:
    rig = rig_of(profile_in(tmp_path), mechanics=replace(BRISK, pulse_s=0.004))
    with running(rig):
        for grant in range(1, 4):
            rig.door.release(ENTRY, grant)
            rig.push()
            rig.inbox.wait(lambda grant=grant: len(rig.inbox.moved) == grant)  # type: ignore[misc] # the loop's value, bound now
        assert rig.inbox.told == [("passed", ENTRY, grant) for grant in range(1, 4)]


def test_the_release_is_the_next_frame_on_the_wire(rig: Rig) -> None:
    asked_at = time.monotonic()
    rig.door.release(ENTRY, 1)
    rig.inbox.wait_for(("no-show", ENTRY, 1))
    after = [frame for frame, at in rig.written if at >= asked_at]
    # At most the look that was under way comes first.
    assert any(frame[1] == 6 and frame[5] == 5 for frame in after[:2])


def test_a_board_driven_by_coil_times_and_discrete_inputs(tmp_path: Path) -> None:
    board = Board(pulse_function=5, pulse_address=0x0200, inputs_function=2)
    rig = rig_of(replace(profile_in(tmp_path), board=board), mechanics=Mechanics())
    with running(rig):
        rig.door.release(EXIT, 1)
        rig.push(B)
        rig.inbox.wait_for(("passed", EXIT, 1))


def test_a_slow_line_with_real_byte_times(tmp_path: Path) -> None:
    profile = profile_in(tmp_path)
    line = replace(profile.line, baud=9600, silence_s=0.004, poll_s=0.05)
    rig = rig_of(replace(profile, line=line), line_time=True)
    with running(rig):
        rig.door.release(ENTRY, 1)
        rig.push()
        rig.inbox.wait_for(("passed", ENTRY, 1))


def test_a_door_without_passage_sensor_is_spent_when_it_unlocks(tmp_path: Path) -> None:
    profile = profile_in(tmp_path)
    rig = rig_of(profile)
    wires = replace(profile.wires, passage_a=None, passage_b=None, home=None)
    plain = replace(profile, kind=DoorKind.PLAIN_DOOR, wires=wires)
    rig.door = type(rig.door)(plain, monotonic=time.monotonic)
    with running(rig):
        rig.door.release(ENTRY, 1)
        rig.inbox.wait_for(("passed", ENTRY, 1))
        assert rig.relays() == (True, False)
        rig.wait_until(lambda: rig.relays() == (False, False))
