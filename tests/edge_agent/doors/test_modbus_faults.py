"""What a bad line, a dead board, a pulled plug or a killed agent do to the gate."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.doors.modbus import RELEASES_MAX, ModbusDoor
from firmware_sim.parts.serialport import Fault, no_fault
from firmware_sim.parts.turnstile import Direction
from tests.edge_agent.doors.rig import (
    ENTRY,
    Inbox,
    Rig,
    profile_in,
    rig_of,
    running,
)

A = Direction.A
UNLOCK = b"\x01\x06\x00\x00"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with running(rig_of(profile_in(tmp_path))) as rig:
        yield rig


def once(fault: Fault) -> Fault:
    """The fault for one chunk, then none."""
    left = [fault]
    return lambda chunk: left.pop()(chunk) if left else chunk


def lost(_: bytes) -> bytes | None:
    return None


def flipped(chunk: bytes) -> bytes | None:
    return bytes([*chunk[:-1], chunk[-1] ^ 0x10])


def late(chunk: bytes) -> bytes | None:
    threading.Event().wait(0.15)
    return chunk


def unlocks(rig: Rig) -> list[bytes]:
    """Frames that would pull the entry's relay."""
    return [frame for frame, _ in rig.written if frame[:4] == UNLOCK and any(frame[4:6])]


@pytest.mark.parametrize("fault", [lost, flipped, lambda chunk: chunk[:3], lambda _: b"\x00\xff"])
@pytest.mark.parametrize("way", ["to_part", "to_host"])
def test_one_bad_frame_costs_nobody_anything(rig: Rig, fault: Fault, way: str) -> None:
    setattr(rig.port, way, once(fault))
    rig.door.release(ENTRY, 1)
    rig.push()
    rig.inbox.wait_for(("passed", ENTRY, 1))
    assert rig.inbox.states == ["ok"]


def test_an_answer_that_comes_too_late_is_no_answer_to_the_next_question(rig: Rig) -> None:
    rig.port.to_host = once(late)
    rig.door.release(ENTRY, 1)
    rig.push()
    rig.inbox.wait_for(("passed", ENTRY, 1))
    assert rig.inbox.states == ["ok"]


def test_a_dead_board_is_told_once_and_its_return_once(rig: Rig) -> None:
    rig.port.to_part = lost
    rig.inbox.wait(lambda: rig.inbox.states == ["ok", "lost"])
    assert "no answer" in rig.inbox.health[1].detail
    asked = len(rig.written)
    rig.wait_until(lambda: len(rig.written) > asked + 1)
    rig.port.to_part = no_fault
    rig.inbox.wait(lambda: rig.inbox.states == ["ok", "lost", "ok"])
    rig.door.release(ENTRY, 1)
    rig.push()
    rig.inbox.wait_for(("passed", ENTRY, 1))


@pytest.mark.parametrize("noticed", [True, False])
def test_a_release_to_a_dead_board_is_answered_soon_and_never_done_late(
    rig: Rig, *, noticed: bool
) -> None:
    rig.port.to_part = lost
    if noticed:
        rig.inbox.wait(lambda: rig.inbox.states == ["ok", "lost"])
    asked_at = time.monotonic()
    rig.door.release(ENTRY, 1)
    rig.inbox.wait_for(("no-show", ENTRY, 1))
    assert time.monotonic() - asked_at < 1.0
    before = len(unlocks(rig))
    rig.port.to_part = no_fault
    rig.inbox.wait(lambda: rig.inbox.states == ["ok", "lost", "ok"])
    assert len(unlocks(rig)) == before
    assert rig.relays() == (False, False)


def test_a_pulled_plug_is_told_once_and_works_again_when_plugged_in(rig: Rig) -> None:
    rig.port.unplug()
    rig.inbox.wait(lambda: rig.inbox.states == ["ok", "lost"])
    rig.door.release(ENTRY, 1)
    rig.inbox.wait_for(("no-show", ENTRY, 1))
    rig.port.plug()
    rig.inbox.wait(lambda: rig.inbox.states == ["ok", "lost", "ok"])
    assert unlocks(rig) == []
    rig.door.release(ENTRY, 2)
    rig.push()
    rig.inbox.wait(lambda: len(rig.inbox.moved) == 2)
    assert rig.inbox.told[1] == ("passed", ENTRY, 2)


def test_a_passage_while_the_plug_is_out_is_told_when_it_is_back(rig: Rig) -> None:
    rig.door.release(ENTRY, 1)
    rig.wait_until(lambda: rig.relays()[0])
    rig.port.unplug()
    rig.push()
    rig.wait_until(lambda: len(rig.wired.passages()) == 1)
    rig.port.plug()
    rig.inbox.wait_for(("passed", ENTRY, 1))


def test_a_plug_back_after_a_release_that_nobody_used_finds_the_gate_locked(rig: Rig) -> None:
    rig.door.release(ENTRY, 1)
    rig.wait_until(lambda: rig.relays()[0])
    rig.port.unplug()
    rig.port.plug()
    rig.inbox.wait(lambda: rig.inbox.states == ["ok", "lost", "ok"])
    assert rig.inbox.told == [("no-show", ENTRY, 1)]
    assert rig.relays() == (False, False)


def test_a_board_at_another_speed_is_lost_and_unlocks_nothing(tmp_path: Path) -> None:
    with running(rig_of(profile_in(tmp_path), board_baud=9600), connected=False) as rig:
        rig.inbox.wait(lambda: rig.inbox.states == ["lost"])
        assert "check power, speed and address" in rig.inbox.health[0].detail
        rig.door.release(ENTRY, 1)
        rig.inbox.wait_for(("no-show", ENTRY, 1))
        assert rig.relays() == (False, False)


def test_a_board_that_refuses_is_lost_with_its_reason(tmp_path: Path) -> None:
    profile = profile_in(tmp_path)
    wrong = replace(profile, board=replace(profile.board, inputs_address=9, counters_address=10))
    with running(rig_of(wrong), connected=False) as rig:
        rig.inbox.wait(lambda: rig.inbox.states == ["lost"])
        assert "exception 2" in rig.inbox.health[0].detail


def test_a_device_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    rig = rig_of(profile_in(tmp_path))
    stop, inbox = threading.Event(), Inbox()
    thread = threading.Thread(target=rig.door.run, args=(inbox.put, stop))
    thread.start()
    try:
        inbox.wait(lambda: inbox.states == ["lost"])
        assert "cannot be opened" in inbox.health[0].detail
        with rig.port:
            inbox.wait(lambda: inbox.states == ["lost", "ok"])
    finally:
        stop.set()
        thread.join(5)


def test_a_second_master_on_the_line_is_refused(rig: Rig) -> None:
    stop, inbox = threading.Event(), Inbox()
    second = ModbusDoor(rig.profile, monotonic=time.monotonic)
    thread = threading.Thread(target=second.run, args=(inbox.put, stop))
    thread.start()
    try:
        inbox.wait(lambda: inbox.states == ["lost"])
    finally:
        stop.set()
        thread.join(5)
    assert rig.inbox.states == ["ok"]


def test_stopping_is_quick_also_while_lost(tmp_path: Path) -> None:
    rig = rig_of(profile_in(tmp_path))
    stop, inbox = threading.Event(), Inbox()
    thread = threading.Thread(target=rig.door.run, args=(inbox.put, stop))
    thread.start()
    inbox.wait(lambda: inbox.states == ["lost"])
    stop.set()
    thread.join(0.5)
    assert not thread.is_alive()


def test_stopping_locks_what_is_open(tmp_path: Path) -> None:
    rig = rig_of(profile_in(tmp_path))
    with running(rig):
        rig.door.release(ENTRY, 1)
        rig.wait_until(lambda: rig.relays()[0])
        stopped_at = time.monotonic()
    assert rig.board.relays(stopped_at + 0.2)[:2] == (False, False)


def test_more_releases_than_anybody_can_wait_for_are_refused_at_once(tmp_path: Path) -> None:
    door, inbox = rig_of(profile_in(tmp_path)).door, Inbox()
    door._inbox = inbox.put
    for grant in range(RELEASES_MAX + 2):
        door.release(ENTRY, grant)
    assert inbox.told == [("no-show", ENTRY, RELEASES_MAX + n) for n in range(2)]


AGENT = """
import sys, threading, time
from pathlib import Path
from dataclasses import replace
from edge_agent.doors.modbus import RELEASES_MAX, ModbusDoor
from edge_agent.doors.profile import load_profile
from edge_agent.doors.turnstile import Timings
[profile] = load_profile(Path(sys.argv[1]), devices=Path(sys.argv[2])).doors
door = ModbusDoor(replace(profile, timings=Timings(wait_s=1.0)), monotonic=time.monotonic)
def told(item):
    if getattr(item, "health", None) == "ok":
        door.release("main-entry", 1)
door.run(told, threading.Event())
"""


def test_a_killed_agent_leaves_the_gate_locked(tmp_path: Path) -> None:
    rig = rig_of(profile_in(tmp_path))
    profile = Path(__file__).parents[3] / "config/hardware/turnstile-modbus-8.toml"
    with rig.port:
        agent = subprocess.Popen([sys.executable, "-c", AGENT, str(profile), str(tmp_path)])
        try:
            rig.wait_until(lambda: rig.relays()[0], within_s=20)
        finally:
            os.kill(agent.pid, signal.SIGKILL)
            agent.wait(10)
        assert rig.relays() == (True, False)
        rig.wait_until(lambda: rig.relays() == (False, False), within_s=1.5)


def test_a_new_agent_locks_what_the_old_one_left_open(tmp_path: Path) -> None:
    rig = rig_of(profile_in(tmp_path))
    rig.board._map.pulse(0, 100, time.monotonic())
    rig.board._map.pulse(1, 100, time.monotonic())
    assert rig.relays() == (True, True)
    with running(rig):
        assert rig.relays() == (False, False)
