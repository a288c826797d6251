"""Hardware profiles: what may stand in them, and how a mistake is named."""

from pathlib import Path

import pytest

from edge_agent.doors.barrier import Direction
from edge_agent.doors.hardware import Board, DoorKind, Line, Wires
from edge_agent.doors.profile import load_profile, parse_profile
from edge_agent.doors.toml_table import ProfileError
from edge_agent.doors.turnstile import Timings

EXAMPLES = sorted((Path(__file__).parents[3] / "config/hardware").glob("*.toml"))
DOOR = """
[doors.gate]
kind = "turnstile"
[doors.gate.access_points]
a = "entry"
b = "exit"
[doors.gate.line]
path = "vratar-gate"
[doors.gate.board]
[doors.gate.wires]
unlock_a = 0
unlock_b = 1
passage_a = 0
passage_b = 1
[doors.gate.timings]
"""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_can_be_read(path: Path) -> None:
    profile = load_profile(path)
    assert profile.doors or profile.readers
    assert all(door.line.path.is_relative_to("/dev") for door in profile.doors)


def test_what_is_left_out_has_a_default() -> None:
    [door] = parse_profile(DOOR, devices=Path("/x")).doors
    assert door.kind is DoorKind.TURNSTILE
    assert door.line.path == Path("/x/vratar-gate")
    assert (door.line.baud, door.line.address) == (9600, 1)
    assert door.line.silence_s == pytest.approx(0.00365, abs=1e-5)
    assert door.board == Board()
    assert door.wires == Wires(unlock_a=0, unlock_b=1, passage_a=0, passage_b=1)
    assert door.access_points == {Direction.A: "entry", Direction.B: "exit"}
    assert door.timings == Timings()
    assert Line(path=Path("/x")).tries == 3


def test_milliseconds_become_seconds() -> None:
    text = DOOR + "wait_ms = 6500\njam_ms = 900\n"
    assert parse_profile(text).doors[0].timings == Timings(wait_s=6.5, jam_s=0.9)


def test_an_absolute_path_stays_as_it_is() -> None:
    text = DOOR.replace('"vratar-gate"', '"/dev/serial/by-id/usb-1"')
    assert parse_profile(text).doors[0].line.path == Path("/dev/serial/by-id/usb-1")


def test_a_plain_door_in_one_direction() -> None:
    text = """
[doors.office]
kind = "plain-door"
access_points.a = "office"
line.path = "board"
wires.unlock_a = 3
[readers.office]
kind = "pn532"
path = "reader"
"""
    profile = parse_profile(text)
    assert profile.doors[0].kind is DoorKind.PLAIN_DOOR
    assert profile.readers[0].path == Path("/dev/reader")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "turnstile"', "", r"doors\.gate\.kind = None: set one of turnstile, plain-door"),
        ('"turnstile"', '"gate"', r"doors\.gate\.kind = 'gate': use one of"),
        ('"vratar-gate"', "7", r"line\.path = 7: use a text"),
        ('path = "vratar-gate"', "", r"line\.path = None: set the serial device"),
        ("[doors.gate.board]", "baud = 1200\n[doors.gate.board]", r"baud = 1200: use one of"),
        ("[doors.gate.board]", "baud = true\n[doors.gate.board]", r"baud = True: use one of"),
        ("[doors.gate.board]", "speed = 1\n[doors.gate.board]", r"line\.speed = 1: remove it"),
        (
            "[doors.gate.board]",
            "address = 248\n[doors.gate.board]",
            r"248: use a whole .* 1 to 247",
        ),
        (
            "[doors.gate.board]",
            "answer_ms_max = 500\n[doors.gate.board]",
            r"tries = 3: tries times answer_ms_max is at most 1000",
        ),
        (
            "[doors.gate.board]",
            "silence_us = 1750\n[doors.gate.board]",
            r"silence_us = 1750: use a whole number from 3646",
        ),
        ("[doors.gate.wires]", "pulse_function = 7\n[doors.gate.wires]", r"use one of 5, 6"),
        (
            "[doors.gate.wires]",
            "inputs_function = 2\ncounters_address = 4\n[doors.gate.wires]",
            r"counters_address = 4: it needs inputs_function = 4",
        ),
        (
            "[doors.gate.wires]",
            "counters_address = 90\n[doors.gate.wires]",
            r"counters_address = 90: use a register 1 to 15 beyond",
        ),
        ("unlock_a = 0\n", "", r"wires\.unlock_a = None: set a whole number from 0 to 15"),
        ("unlock_b = 1", "unlock_b = 0", r"unlock_b = 0: unlock_a is wired there already"),
        ("passage_b = 1", "", r"passage_b = None: a turnstile with unlock_b needs it"),
        ("unlock_b = 1", "", r"unlock_b = None: direction b needs both"),
        ("passage_a = 0", "", r"passage_a = None: a turnstile needs it"),
        ("passage_a = 0", "passage_a = 16", r"passage_a = 16: use a whole number from 0 to 15"),
        ('b = "exit"', "", r"wires\.unlock_b = 1: direction b needs both"),
        ('a = "entry"\n', "", r"access_points\.a = None: name the access point"),
        ('"entry"', '"Entry!"', r"access_points\.a = 'Entry!': use a-z"),
        ('"exit"', '"entry"', r"'entry': an access point is one direction of a door"),
        ("[doors.gate.timings]", "[doors.gate.timings]\nwait_ms = 60000", r"from 300 to 10000"),
        ("[doors.gate.timings]", "[doors.gate.timings]\nwait_ms = 1.5", r"wait_ms = 1.5: use a"),
        ("[doors.gate.timings]", "[doors.gate.timer]", r"doors\.gate\.timer = .*remove it"),
        ("[doors.gate.timings]", "[readers.X]", r"readers = 'X': name a reader"),
        ("[doors.gate.timings]", "[readers.x]\nkind = 'usb'", r"readers\.x\.kind = 'usb': use one"),
        (
            "[doors.gate.timings]",
            "[readers.x]\nkind = 'pn532'\npath = 'vratar-gate'",
            r"give each door and reader a line of its own",
        ),
        ("[doors.gate]", "x = [\n[doors.gate]", r"correct its TOML"),
    ],
)
def test_a_mistake_is_named_with_key_value_and_remedy(old: str, new: str, message: str) -> None:
    assert old in DOOR
    with pytest.raises(ProfileError, match=message) as caught:
        parse_profile(DOOR.replace(old, new, 1))
    assert caught.value.diagnostics() == str(caught.value)


@pytest.mark.parametrize("text", ["doors = 1", "doors.gate = 1", "readers = []"])
def test_a_table_must_be_one(text: str) -> None:
    with pytest.raises(ProfileError, match="make it a table"):
        parse_profile(text)


def test_a_turnstile_of_one_direction_may_still_sense_the_other() -> None:
    text = DOOR.replace("unlock_b = 1", "").replace('b = "exit"', "")
    assert parse_profile(text).doors[0].wires.passage_b == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"absent\.toml"):
        load_profile(tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ProfileError, match=r"binary\.toml"):
        load_profile(tmp_path / "binary.toml")
