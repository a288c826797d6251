"""What a hardware profile says: readers, doors, boards, wires; plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.ids import AccessPointId, DoorId
from edge_agent.doors.barrier import Direction
from edge_agent.doors.turnstile import Timings


class DoorKind(StrEnum):
    """Which rules a barrier follows."""

    TURNSTILE = "turnstile"
    PLAIN_DOOR = "plain-door"  # no passage sensor: a release is spent when it unlocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The serial line of one board and how patient its master is; seconds."""

    path: Path
    baud: int = 9600
    address: int = 1
    answer_s_max: float = 0.1
    silence_s: float = 0.00365  # between frames: at least 3.5 characters
    poll_s: float = 0.025
    poll_idle_s: float = 0.1
    tries: int = 3  # unanswered in a row: the board is lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Where a board keeps what; numbers as in its maker's table, counted from 0."""

    pulse_function: int = 6  # 6: holding register; 5: coil address whose value is a time
    pulse_address: int = 0
    pulse_unit_s: float = 0.1
    inputs_function: int = 4  # 4: input register with a bit per input; 2: discrete inputs
    inputs_address: int = 0
    counters_address: int | None = None  # input register of the first input's rising edges


@dataclass(frozen=True, slots=True, kw_only=True)
class Wires:
    """Terminals, counted from 0; None is not wired."""

    unlock_a: int
    unlock_b: int | None = None
    passage_a: int | None = None
    passage_b: int | None = None
    home: int | None = None
    fire_loop: int | None = None  # normally closed: an open one, or a cut wire, is fire


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorProfile:
    """One door: its rules, its board, its wires, and which access point each direction is."""

    door: DoorId
    kind: DoorKind
    line: Line
    board: Board
    wires: Wires
    access_points: Mapping[Direction, AccessPointId]
    timings: Timings


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderProfile:
    """One reader; it may stand at a door or, as a terminal, at none."""

    access_point: AccessPointId
    kind: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareProfile:
    """Everything that hangs on one edge."""

    doors: tuple[DoorProfile, ...]
    readers: tuple[ReaderProfile, ...]
