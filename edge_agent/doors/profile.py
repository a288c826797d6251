"""Reading a hardware profile from TOML: every key typed, bounded and checked against the others."""

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path

from core.ids import AccessPointId, DoorId, is_id
from edge_agent.doors.barrier import Direction
from edge_agent.doors.hardware import (
    Board,
    DoorKind,
    DoorProfile,
    HardwareProfile,
    Line,
    ReaderProfile,
    Wires,
)
from edge_agent.doors.toml_table import ProfileError, TomlTable
from edge_agent.doors.turnstile import Timings

BAUDS = frozenset({4800, 9600, 19_200, 38_400, 57_600, 115_200})
READER_KINDS = ("pn532",)
UNLOCK_MS_MAX = 10_000
"""The longest pulse: for so long a gate may stay open after its agent was killed."""
TRIES_MS_MAX = 1_000
"""An unlocking that has not succeeded by then is never tried again."""
STANDARD_SILENCE_US_MIN = 1750
"""Modbus over serial line recommends it above 19,200 baud; many boards need only 3.5 characters."""
_TERMINAL_MAX = 15
_WORD_MAX = 0xFFFF
_DEVICES = Path("/dev")


def load_profile(path: Path, *, devices: Path = _DEVICES) -> HardwareProfile:
    """The profile in a file; relative device paths are below `devices`. Raises ProfileError."""
    try:
        return parse_profile(path.read_text(encoding="utf-8"), devices=devices)
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError("profile", str(path), f"give a readable file ({error})") from error


def parse_profile(text: str, *, devices: Path = _DEVICES) -> HardwareProfile:
    """The same from its text."""
    try:
        root = TomlTable(tomllib.loads(text), "")
    except tomllib.TOMLDecodeError as error:
        raise ProfileError("profile", "text", f"correct its TOML: {error}") from error
    doors = tuple(
        _door(name, table, devices) for name, table in root.table("doors").tables().items()
    )
    readers = tuple(
        _reader(name, table, devices) for name, table in root.table("readers").tables().items()
    )
    root.end()
    _check_shared(doors, readers)
    return HardwareProfile(doors=doors, readers=readers)


def _door(name: str, table: TomlTable, devices: Path) -> DoorProfile:
    if not is_id(name):
        raise ProfileError("doors", name, "name a door with a-z, 0-9 and hyphens")
    kind = _kind(table)
    door = DoorProfile(
        door=DoorId(name),
        kind=kind,
        line=_line(table.table("line"), devices),
        board=_board(table.table("board")),
        wires=_wires(table.table("wires"), kind),
        access_points=_access_points(table.table("access_points")),
        timings=_timings(table.table("timings")),
    )
    if (Direction.B in door.access_points) != (door.wires.unlock_b is not None):
        remedy = "direction b needs both this wire and an access point, or neither"
        raise ProfileError(f"doors.{name}.wires.unlock_b", door.wires.unlock_b, remedy)
    table.end()
    return door


def _kind(table: TomlTable) -> DoorKind:
    kinds = [kind.value for kind in DoorKind]
    found = table.text("kind", f"set one of {', '.join(kinds)}")
    if found not in kinds:
        raise table.error("kind", found, f"use one of {', '.join(kinds)}")
    return DoorKind(found)


def _line(table: TomlTable, devices: Path) -> Line:
    default = Line(path=devices)
    baud = table.one_of("baud", BAUDS, default.baud)
    line = Line(
        path=devices / table.text("path", "set the serial device, such as vratar-gate-1"),
        baud=baud,
        address=table.whole("address", 1, 247, default.address),
        answer_s_max=_seconds(table, "answer_ms_max", 10, 500, default.answer_s_max),
        silence_s=_silence_s(table, baud),
        poll_s=_seconds(table, "poll_ms", 10, 50, default.poll_s),
        poll_idle_s=_seconds(table, "poll_idle_ms", 10, 100, default.poll_idle_s),
        tries=table.whole("tries", 1, 10, default.tries),
    )
    table.end()
    if line.tries * line.answer_s_max * 1000 > TRIES_MS_MAX:
        remedy = f"tries times answer_ms_max is at most {TRIES_MS_MAX}: a late unlock is none"
        raise table.error("tries", line.tries, remedy)
    return line


def _silence_s(table: TomlTable, baud: int) -> float:
    """The board's own where its maker states it, else the standard's."""
    three_and_a_half_us = math.ceil(35_000_000 / baud)
    standard_us = max(three_and_a_half_us, STANDARD_SILENCE_US_MIN)
    return table.whole("silence_us", three_and_a_half_us, 20_000, standard_us) / 1_000_000


def _board(table: TomlTable) -> Board:
    default = Board()
    board = Board(
        pulse_function=table.one_of("pulse_function", {5, 6}, default.pulse_function),
        pulse_address=table.whole("pulse_address", 0, _WORD_MAX, default.pulse_address),
        pulse_unit_s=_seconds(table, "pulse_unit_ms", 1, 1000, default.pulse_unit_s),
        inputs_function=table.one_of("inputs_function", {2, 4}, default.inputs_function),
        inputs_address=table.whole("inputs_address", 0, _WORD_MAX, default.inputs_address),
        counters_address=table.optional_whole("counters_address", 1, _WORD_MAX),
    )
    table.end()
    _check_counters(table, board)
    return board


def _check_counters(table: TomlTable, board: Board) -> None:
    """Levels and counters come in one answer, or a pulse could fall between two."""
    first = board.counters_address
    if first is None:
        return
    if board.inputs_function != 4:  # noqa: PLR2004 - a Modbus function code
        raise table.error("counters_address", first, "it needs inputs_function = 4")
    if not board.inputs_address < first <= board.inputs_address + _TERMINAL_MAX:
        remedy = f"use a register 1 to {_TERMINAL_MAX} beyond inputs_address"
        raise table.error("counters_address", first, remedy)


def _wires(table: TomlTable, kind: DoorKind) -> Wires:
    def terminal(key: str) -> int | None:
        return table.optional_whole(key, 0, _TERMINAL_MAX)

    wires = Wires(
        unlock_a=table.whole("unlock_a", 0, _TERMINAL_MAX),
        unlock_b=terminal("unlock_b"),
        passage_a=terminal("passage_a"),
        passage_b=terminal("passage_b"),
        home=terminal("home"),
        fire_loop=terminal("fire_loop"),
    )
    table.end()
    _check_wires(table, wires, kind)
    return wires


def _check_wires(table: TomlTable, wires: Wires, kind: DoorKind) -> None:
    relays = {"unlock_a": wires.unlock_a, "unlock_b": wires.unlock_b}
    inputs = {
        "passage_a": wires.passage_a,
        "passage_b": wires.passage_b,
        "home": wires.home,
        "fire_loop": wires.fire_loop,
    }
    for terminals in (relays, inputs):
        _check_once(table, terminals)
    senses = wires.passage_a is not None
    if senses != (kind is DoorKind.TURNSTILE):
        remedy = "a turnstile needs it, a plain-door has none"
        raise table.error("passage_a", wires.passage_a, remedy)
    if not senses and wires.passage_b is not None:
        raise table.error("passage_b", wires.passage_b, "a plain-door has none")
    # One direction alone may be unlocked and both be sensed: that shows who goes against it.
    if senses and wires.unlock_b is not None and wires.passage_b is None:
        raise table.error("passage_b", wires.passage_b, "a turnstile with unlock_b needs it")


def _check_once(table: TomlTable, terminals: Mapping[str, int | None]) -> None:
    taken: dict[int, str] = {}
    for key, terminal in terminals.items():
        if terminal is None:
            continue
        if terminal in taken:
            raise table.error(key, terminal, f"{taken[terminal]} is wired there already")
        taken[terminal] = key


def _access_points(table: TomlTable) -> dict[Direction, AccessPointId]:
    found = {Direction.A: table.text("a", "name the access point that direction a is")}
    other = table.optional_text("b")
    if other:
        found[Direction.B] = other
    table.end()
    for direction, name in found.items():
        if not is_id(name):
            raise table.error(direction, name, "use a-z, 0-9 and hyphens")
    return {direction: AccessPointId(name) for direction, name in found.items()}


def _timings(table: TomlTable) -> Timings:
    default = Timings()
    timings = Timings(
        wait_s=_seconds(table, "wait_ms", 300, UNLOCK_MS_MAX, default.wait_s),
        queue_s=_seconds(table, "queue_ms", 0, UNLOCK_MS_MAX, default.queue_s),
        jam_s=_seconds(table, "jam_ms", 300, 30_000, default.jam_s),
        tailgate_s=_seconds(table, "tailgate_ms", 0, 5_000, default.tailgate_s),
        blind_s=_seconds(table, "blind_ms", 0, 60_000, default.blind_s),
    )
    table.end()
    return timings


def _reader(name: str, table: TomlTable, devices: Path) -> ReaderProfile:
    if not is_id(name):
        raise ProfileError("readers", name, "name a reader after its access point: a-z, 0-9, -")
    kind = table.text("kind", f"set one of {', '.join(READER_KINDS)}")
    if kind not in READER_KINDS:
        raise table.error("kind", kind, f"use one of {', '.join(READER_KINDS)}")
    path = devices / table.text("path", "set the serial device, such as vratar-reader-1")
    table.end()
    return ReaderProfile(access_point=AccessPointId(name), kind=kind, path=path)


def _check_shared(doors: tuple[DoorProfile, ...], readers: tuple[ReaderProfile, ...]) -> None:
    """A device serves one part, an access point one door."""
    devices: set[Path] = set()
    for path in [door.line.path for door in doors] + [reader.path for reader in readers]:
        if path in devices:
            raise ProfileError("path", str(path), "give each door and reader a line of its own")
        devices.add(path)
    points: set[AccessPointId] = set()
    for point in [point for door in doors for point in door.access_points.values()]:
        if point in points:
            raise ProfileError("access_points", point, "an access point is one direction of a door")
        points.add(point)


def _seconds(table: TomlTable, key: str, low_ms: int, high_ms: int, default_s: float) -> float:
    return table.whole(key, low_ms, high_ms, round(default_s * 1000)) / 1000
