"""A door as the agent has it, a turnstile as a person has it, and a pty between the two."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.ids import AccessPointId
from edge_agent.doors.hardware import DoorProfile
from edge_agent.doors.modbus import ModbusDoor
from edge_agent.doors.profile import load_profile
from edge_agent.doors.turnstile import Timings
from edge_agent.ports import Moved, PartHealth, Presented
from firmware_sim.parts.relay_board import BoardSettings, RelayBoard
from firmware_sim.parts.serialport import SerialPort
from firmware_sim.parts.turnstile import Direction, Mechanics, Person, Turnstile
from firmware_sim.parts.wiring import WiredTurnstile, Wiring

PROFILE = Path(__file__).parents[3] / "config/hardware/turnstile-modbus-8.toml"
ENTRY = AccessPointId("main-entry")
EXIT = AccessPointId("main-exit")
DEADLINE_S = 5.0
QUICK = Timings(wait_s=0.5, queue_s=1.5, jam_s=0.4, tailgate_s=0.5, blind_s=1.0)
# Five times as quick as people, so that a test does not wait for them.
BRISK = Mechanics(pulse_s=0.05, pawl_s=0.03, return_speed=600.0, drive_speed=600.0)
SPEED = 600.0

Told = tuple[str, str | None, int | None]


@dataclass
class Inbox:
    """Collects what the door tells; waits for more of it."""

    moved: list[Moved] = field(default_factory=list)
    health: list[PartHealth] = field(default_factory=list)
    _more: threading.Condition = field(default_factory=threading.Condition)

    def put(self, item: Presented | PartHealth | Moved) -> None:
        with self._more:
            if isinstance(item, Moved):
                self.moved.append(item)
            elif isinstance(item, PartHealth):
                self.health.append(item)
            self._more.notify_all()

    @property
    def told(self) -> list[Told]:
        return [(item.movement.value, item.access_point, item.grant) for item in self.moved]

    @property
    def states(self) -> list[str]:
        return [item.health.value for item in self.health]

    def wait(self, enough: Callable[[], bool]) -> None:
        with self._more:
            assert self._more.wait_for(enough, DEADLINE_S), (self.told, self.states)

    def wait_for(self, *expected: Told) -> None:
        """Wait for so many movements, which must be these."""
        self.wait(lambda: len(self.moved) >= len(expected))
        assert self.told == list(expected), self.told


@dataclass
class Rig:
    """Everything of one turnstile; threads run while `running`."""

    profile: DoorProfile
    board: RelayBoard
    port: SerialPort
    wired: WiredTurnstile
    door: ModbusDoor
    inbox: Inbox = field(default_factory=Inbox)
    written: list[tuple[bytes, float]] = field(default_factory=list)

    def push(self, direction: Direction = Direction.A, person: Person | None = None) -> None:
        """Somebody comes who pushes at once and gives up late."""
        default = Person(direction=direction, speed=SPEED, waits_s=0.05, patience_s=2.0)
        self.wired.approach(person or default)

    def relays(self) -> tuple[bool, ...]:
        return self.board.relays(time.monotonic())[:2]

    def wait_until(self, true: Callable[[], bool], within_s: float = DEADLINE_S) -> None:
        """Look every few milliseconds; raises AssertionError when it never comes true."""
        end, look = time.monotonic() + within_s, threading.Event()
        while not true():
            assert time.monotonic() < end, (self.inbox.told, self.inbox.states)
            look.wait(0.005)


def profile_in(devices: Path, timings: Timings = QUICK) -> DoorProfile:
    [door] = load_profile(PROFILE, devices=devices).doors
    return replace(door, timings=timings)


def wiring_of(profile: DoorProfile) -> Wiring:
    wires = profile.wires
    assert wires.passage_a is not None
    return Wiring(
        unlock_a=wires.unlock_a,
        unlock_b=wires.unlock_b,
        passage_a=wires.passage_a,
        passage_b=wires.passage_b,
        home=wires.home,
        fire_loop=wires.fire_loop,
    )


def rig_of(
    profile: DoorProfile,
    *,
    board_baud: int | None = None,
    mechanics: Mechanics = BRISK,
    line_time: bool = False,
) -> Rig:
    board = RelayBoard(
        BoardSettings(
            address=profile.line.address,
            baud=board_baud or profile.line.baud,
            silence_s=profile.line.silence_s,
        )
    )
    now = time.monotonic()
    wired = WiredTurnstile(board, Turnstile(now, mechanics), wiring_of(profile), at=now)
    port = SerialPort(board, monotonic=time.monotonic, link=profile.line.path, line_time=line_time)
    written: list[tuple[bytes, float]] = []
    door = ModbusDoor(
        profile,
        monotonic=time.monotonic,
        wrote=lambda frame, at: written.append((frame, at)),
    )
    return Rig(profile=profile, board=board, port=port, wired=wired, door=door, written=written)


@contextlib.contextmanager
def running(rig: Rig, *, connected: bool = True) -> Iterator[Rig]:
    """Turnstile, board and door live until the end of the block."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=rig.wired.run, args=(stop, time.monotonic), name="turnstile"),
        threading.Thread(target=rig.door.run, args=(rig.inbox.put, stop), name="door"),
    ]
    with rig.port:
        for thread in threads:
            thread.start()
        try:
            if connected:
                rig.inbox.wait(lambda: rig.inbox.states == ["ok"])
            yield rig
        finally:
            stop.set()
            for thread in threads:
                thread.join(DEADLINE_S)
                assert not thread.is_alive()
