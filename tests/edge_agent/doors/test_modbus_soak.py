"""Two hundred people on a line that spoils one frame in a hundred: nobody is lost or doubled."""

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

from core.ids import AccessPointId
from edge_agent.doors.turnstile import Timings
from firmware_sim.parts.serialport import Fault
from firmware_sim.parts.turnstile import Direction, Mechanics, Person
from tests.edge_agent.doors.rig import ENTRY, EXIT, Rig, profile_in, rig_of, running

SEED = 20_260_101
PEOPLE = 200
SPOILED = 0.01
PASSAGES = {"passed", "forced", "tailgate", "reverse"}
SETTLED = {"passed", "no-show"}
# A hundred times as quick as people: a passage takes 10 ms, its pulse 4 ms.
SPEED = 12_000.0
HASTY = Mechanics(pulse_s=0.004, pawl_s=0.006, return_speed=SPEED, drive_speed=SPEED)
TIMINGS = Timings(wait_s=0.1, queue_s=1.0, jam_s=1.0, tailgate_s=0.2, blind_s=1.0)
POINTS = {Direction.A: ENTRY, Direction.B: EXIT}


def spoiling(chance: random.Random) -> Fault:
    """One chunk in a hundred is lost, cut, flipped or led in by noise."""

    def spoil(chunk: bytes) -> bytes | None:
        if chance.random() >= SPOILED:
            return chunk
        place = chance.randrange(len(chunk))
        flipped = bytes([*chunk[:place], chunk[place] ^ 1 << chance.randrange(8)])
        return chance.choice([None, chunk[:place], flipped + chunk[place + 1 :], b"\xff" + chunk])

    return spoil


def one_person(rig: Rig, chance: random.Random, grant: int) -> None:
    """One of the ways of using a turnstile, to its end."""
    direction = chance.choice(list(Direction))
    kind = chance.choices(
        ["pass", "tailgate", "force", "reverse", "no-show"], weights=[84, 8, 5, 2, 1]
    )[0]
    person = Person(direction=direction, speed=SPEED, waits_s=0.0, patience_s=1.0)
    other = Direction.B if direction is Direction.A else Direction.A
    before = len(rig.inbox.moved)
    if kind != "force":
        rig.door.release(POINTS[direction], grant)
    match kind:
        case "pass":
            rig.wired.approach(person)
        case "tailgate":
            rig.wired.approach(person)
            rig.wired.approach(replace(person, forces=True))
        case "force":
            rig.wired.approach(replace(person, forces=True))
        case "reverse":
            rig.wired.approach(replace(person, direction=other, forces=True))
    expected = {"tailgate": 2, "reverse": 2}.get(kind, 1)
    rig.inbox.wait(lambda: len(rig.inbox.moved) >= before + expected)
    rig.wait_until(lambda: rig.wired.is_idle and rig.relays() == (False, False))


def test_nobody_is_lost_or_doubled(tmp_path: Path) -> None:
    profile = profile_in(tmp_path, TIMINGS)
    line = replace(profile.line, poll_s=0.005, poll_idle_s=0.005, answer_s_max=0.02, tries=5)
    rig = rig_of(replace(profile, line=line), mechanics=HASTY)
    chance, to_part, to_host = (random.Random(SEED + n) for n in range(3))  # noqa: S311 - a seeded test
    with running(rig):
        rig.port.to_part = spoiling(to_part)
        rig.port.to_host = spoiling(to_host)
        for grant in range(PEOPLE):
            one_person(rig, chance, grant)
        told, truth = rig.inbox.told, rig.wired.passages()
        assert rig.inbox.states == ["ok"]
    counted = Counter(point for kind, point, _ in told if kind in PASSAGES)
    walked: Counter[AccessPointId | None] = Counter(POINTS[each.direction] for each in truth)
    assert counted == walked
    assert len(truth) >= PEOPLE
    settled = Counter(grant for kind, _, grant in told if kind in SETTLED)
    assert set(settled.values()) == {1}
    assert {kind for kind, _, _ in told} == PASSAGES | SETTLED
