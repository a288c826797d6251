"""A virtual site in real time: the hardware of its profiles on ptys, from chips to turnstiles."""

import contextlib
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from edge_agent.doors.hardware import DoorProfile, HardwareProfile, ReaderProfile
from firmware_sim.parts.cards.airframe import AirFrame
from firmware_sim.parts.cards.ntag21x import NTAG215, Ntag21x
from firmware_sim.parts.cards.type_a import State
from firmware_sim.parts.pn532.antenna import Antenna
from firmware_sim.parts.pn532.chip import Pn532
from firmware_sim.parts.pn532.timing import REAL_TIME
from firmware_sim.parts.relay_board import BoardSettings, RelayBoard
from firmware_sim.parts.serialport import SerialPort
from firmware_sim.parts.turnstile import Attempt, Direction, Passage, Person, Turnstile
from firmware_sim.parts.wiring import WiredTurnstile, Wiring

Monotonic = Callable[[], float]
_JOIN_S_MAX = 5.0


class LaidCard(Ntag21x):
    """A card that notices when a reader has selected it, as a person sees by the reader's light."""

    def __init__(self, uid: bytes) -> None:
        super().__init__(NTAG215, uid=uid)
        self.was_read = threading.Event()

    def hear(self, frame: AirFrame) -> AirFrame | None:
        answer = super().hear(frame)
        if self.state is State.ACTIVE:
            self.was_read.set()
        return answer


class LiveReader:
    """A PN532 on its serial line, at the speed of the real one."""

    def __init__(self, profile: ReaderProfile, monotonic: Monotonic) -> None:
        self.access_point = str(profile.access_point)
        self.antenna = Antenna()
        self.port = SerialPort(
            Pn532(self.antenna, REAL_TIME), monotonic=monotonic, link=profile.path, line_time=True
        )


class LiveGate:
    """A turnstile on its relay board; `access_points` by the direction each one is."""

    def __init__(self, profile: DoorProfile, monotonic: Monotonic) -> None:
        now = monotonic()
        self.door = str(profile.door)
        self.access_points = {
            Direction(way): str(point) for way, point in profile.access_points.items()
        }
        self._monotonic = monotonic
        self._wiring = _wiring(profile)
        self._board = RelayBoard(
            BoardSettings(address=profile.line.address, baud=profile.line.baud)
        )
        self._turnstile = WiredTurnstile(self._board, Turnstile(now), self._wiring, at=now)
        self.port = SerialPort(
            self._board, monotonic=monotonic, link=profile.line.path, line_time=True
        )

    @property
    def angle(self) -> float:
        """Degrees the arm is turned; 0 is home, 120 is home again."""
        return self._turnstile.angle

    @property
    def is_idle(self) -> bool:
        """Nobody there and the arm at rest."""
        return self._turnstile.is_idle

    def is_green(self, direction: Direction) -> bool:
        """Whether the solenoid frees this direction now: what the arrow at the gate shows."""
        terminal = {Direction.A: self._wiring.unlock_a, Direction.B: self._wiring.unlock_b}
        place = terminal[direction]
        return place is not None and self._board.relays(self._monotonic())[place]

    def approach(self, person: Person) -> Attempt:
        return self._turnstile.approach(person)

    def passages(self) -> list[Passage]:
        """Everybody who really went through so far; `at` is monotonic."""
        return self._turnstile.passages()

    def run(self, stop: threading.Event) -> None:
        self._turnstile.run(stop, self._monotonic)


class LiveSite:
    """All readers and gates of some profiles, living while the block lasts."""

    def __init__(self, profiles: Iterable[HardwareProfile], monotonic: Monotonic) -> None:
        known = tuple(profiles)
        readers = [LiveReader(each, monotonic) for profile in known for each in profile.readers]
        self.readers = {reader.access_point: reader for reader in readers}
        self.gates = [LiveGate(each, monotonic) for profile in known for each in profile.doors]
        self._ways = {
            point: (gate, direction)
            for gate in self.gates
            for direction, point in gate.access_points.items()
        }
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=gate.run, args=(self._stop,), name=gate.door, daemon=True)
            for gate in self.gates
        ]
        self._plugs = contextlib.ExitStack()

    def way(self, access_point: str) -> tuple[LiveGate, Direction] | None:
        """The gate and direction of an access point; None where no barrier stands."""
        return self._ways.get(access_point)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as plugs:
            for port in self._ports():
                plugs.enter_context(port)
            self._plugs = plugs.pop_all()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(_JOIN_S_MAX)
        self._plugs.close()

    def _ports(self) -> list[SerialPort]:
        return [reader.port for reader in self.readers.values()] + [
            gate.port for gate in self.gates
        ]


def make_device_directory(directory: Path) -> Path:
    """A directory that stands for /dev."""
    devices = directory / "dev"
    devices.mkdir(mode=0o700, exist_ok=True)
    return devices


def _wiring(profile: DoorProfile) -> Wiring:
    wires = profile.wires
    assert wires.passage_a is not None, "only turnstiles are simulated"
    return Wiring(
        unlock_a=wires.unlock_a,
        unlock_b=wires.unlock_b,
        passage_a=wires.passage_a,
        passage_b=wires.passage_b,
        home=wires.home,
        fire_loop=wires.fire_loop,
    )
