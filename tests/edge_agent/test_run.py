"""`vratar-edge run`: the real program on real bytes, with no network from power-on."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.entries import Opened, Passed, Punched, Tapped
from core.ids import AccessPointId
from edge_agent.app import main
from edge_agent.identity import Identity, store_identity
from edge_agent.journal import JournalReader, first_broken
from firmware_sim.parts.cards.ntag21x import Ntag21x
from firmware_sim.parts.pn532.antenna import Antenna
from firmware_sim.parts.pn532.chip import Pn532
from firmware_sim.parts.pn532.timing import NO_TIME
from firmware_sim.parts.relay_board import BoardSettings, RelayBoard
from firmware_sim.parts.serialport import SerialPort
from firmware_sim.parts.turnstile import Direction, Mechanics, Person, Turnstile
from firmware_sim.parts.wiring import WiredTurnstile, Wiring
from tests.edge_agent.cache_bench import fill, person_rows, site_rows
from tests.edge_agent.test_identity import identity
from tests.firmware_sim.parts.nfc_bench import example_tag
from wire.codec import decode_entry

ROOT = Path(__file__).parents[2]
DEADLINE_S = 20.0
MEMBER = bytes.fromhex("04A1B2C3D4E580")
STRANGER = bytes.fromhex("04FFB2C3D4E580")
GATE, TERMINAL = AccessPointId("entry"), AccessPointId("staff")
PROFILE = """
[readers.entry]
kind = "pn532"
path = "reader-entry"
[readers.staff]
kind = "pn532"
path = "reader-staff"
[doors.door-1]
kind = "turnstile"
[doors.door-1.access_points]
a = "entry"
[doors.door-1.line]
path = "board"
baud = 115200
[doors.door-1.board]
counters_address = 2
[doors.door-1.wires]
unlock_a = 0
passage_a = 0
home = 2
fire_loop = 3
"""
BRISK = Mechanics(pulse_s=0.05, pawl_s=0.03, return_speed=600.0, drive_speed=600.0)


@dataclass
class Place:
    """An edge's folder, the parts on its lines, and the program once it runs."""

    folder: Path
    antennas: dict[str, Antenna]
    wired: WiredTurnstile
    program: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Path:
        return self.folder / "edge.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def start(self) -> None:
        (self.state / "display.port").unlink(missing_ok=True)
        command = [sys.executable, "-m", "edge_agent.app", "run", "--config", str(self.config)]
        self.program = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        self.wait(lambda: self._told(GATE).get("out_of_order") is False)
        self.wait(lambda: self._told(TERMINAL).get("out_of_order") is False)

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.program is not None
        self.program.send_signal(number)
        code = self.program.wait(DEADLINE_S)
        self.program = None
        return code

    def tap(self, uid: bytes, at: AccessPointId = GATE) -> dict[str, object]:
        """Lay a card, look at the page until it speaks, take the card away."""
        before = self._told(at).get("shown_count", 0)
        card: Ntag21x = example_tag(uid=uid)
        self.antennas[at].lay(card)
        try:
            self.wait(lambda: self._told(at).get("shown_count", 0) != before)
        finally:
            self.antennas[at].remove(card)
        return self._told(at)

    def wait(self, true: Callable[[], bool]) -> None:
        end, look = time.monotonic() + DEADLINE_S, threading.Event()
        while not true():
            assert time.monotonic() < end
            look.wait(0.02)

    def bodies(self) -> list[object]:
        with contextlib.closing(JournalReader(self.state / "journal.db")) as reader:
            return [decode_entry(content).body for content in reader.newest(100)]

    def _told(self, point: str) -> dict[str, object]:
        with contextlib.suppress(OSError, ValueError):
            port = int((self.state / "display.port").read_text())
            address = f"http://127.0.0.1:{port}/{point}.json"
            with urllib.request.urlopen(address, timeout=5) as answer:
                told = json.load(answer)
                assert isinstance(told, dict)
                return told
        return {}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    devices = tmp_path / "dev"
    devices.mkdir()
    (tmp_path / "profile.toml").write_text(PROFILE)
    (tmp_path / "edge.toml").write_text(
        'environment = "test"\ndirectory = "state"\n[hardware]\nprofile = "profile.toml"\n'
        'devices = "dev"\n[display]\nport = 0\n'
    )
    enrolled = identity()
    store_identity(tmp_path / "state", enrolled)
    _fill(tmp_path / "state", enrolled)
    with _parts(devices) as (antennas, wired):
        place = Place(folder=tmp_path, antennas=antennas, wired=wired)
        try:
            yield place
        finally:
            if place.program is not None:
                place.stop(signal.SIGKILL)


def test_from_power_on_without_network_the_last_cache_is_served(place: Place) -> None:
    place.start()
    told = place.tap(MEMBER)
    assert (told["verdict"], told["reason"], told["units_left"]) == ("allow", "granted", 9)
    assert told["connected"] is False
    place.wired.approach(Person(direction=Direction.A, speed=600.0, waits_s=0.05, patience_s=2.0))
    place.wait(lambda: len(place.wired.passages()) == 1)
    place.wait(lambda: isinstance(place.bodies()[-1], Passed))
    assert place.tap(STRANGER)["reason"] == "unknown-credential"
    assert place.tap(MEMBER, TERMINAL)["reason"] == "punched-in"
    assert place.tap(STRANGER, TERMINAL)["reason"] == "punched-unassigned"
    assert place.stop() == 0
    kinds = [type(body) for body in place.bodies()]
    assert kinds == [Opened, Tapped, Passed, Tapped, Punched, Punched]
    passed = place.bodies()[2]
    assert isinstance(passed, Passed)
    assert (passed.movement, passed.holder) == ("passed", "h-1")
    assert first_broken(place.state / "journal.db") == (6, None)


def test_what_the_programs_write_is_for_their_own_user_only(place: Place) -> None:
    place.start()
    assert place.tap(MEMBER)["reason"] == "granted"
    ours = {"journal.db", "journal.db-wal", "display.port", "agent.lock", "run.lock"}
    modes = {name: (place.state / name).stat().st_mode & 0o777 for name in ours}
    assert set(modes.values()) == {0o600}, modes


def test_killed_as_a_whole_it_leaves_nothing_running_and_loses_nothing(place: Place) -> None:
    place.start()
    assert place.tap(MEMBER)["reason"] == "granted"
    assert place.program is not None
    children = _children(place.program.pid)
    assert len(children) == 3
    place.stop(signal.SIGKILL)
    place.start()
    place.wait(lambda: not any(_is_running(pid) for pid in children))
    given_back = place.bodies()[-1]
    assert isinstance(given_back, Passed)
    assert (given_back.movement, given_back.units) == ("no-show", 1)
    assert place.tap(MEMBER)["units_left"] == 9


def test_a_second_run_in_the_same_folder_is_refused(place: Place) -> None:
    place.start()
    command = [sys.executable, "-m", "edge_agent.app", "run", "--config", str(place.config)]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=DEADLINE_S, check=False)
    assert second.returncode == 1
    assert b"another vratar-edge runs in" in second.stderr
    assert place.tap(MEMBER)["reason"] == "granted"


def test_an_agent_that_dies_is_started_again(place: Place) -> None:
    place.start()
    assert place.program is not None
    for pid in _children(place.program.pid):
        if "agent" in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
            os.kill(pid, signal.SIGKILL)
    place.wait(lambda: sum(isinstance(body, Opened) for body in place.bodies()) == 2)
    assert place.tap(MEMBER)["reason"] == "granted"
    assert place.stop(signal.SIGINT) == 0


def test_the_journal_is_shown_and_verified(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ["--config", str(place.config)]
    assert main(["show-journal", *config]) == 1
    assert "no journal yet" in capsys.readouterr().err
    place.start()
    place.tap(STRANGER)
    place.stop()
    assert main(["show-journal", *config]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "tap      deny unknown-credential entry" in lines[1]
    assert main(["show-journal", *config, "--json", "--limit", "1"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["entry"]["kind"], shown["entry"]["seq"]) == ("tap", 2)
    assert main(["verify-journal", *config, "--language", "sl"]) == 0
    assert "Dnevnik je cel, preverjenih zapisov: 2." in capsys.readouterr().out
    assert main(["check-config", *config]) == 0
    assert "doors 1, readers 2, edge edge-1" in capsys.readouterr().out


def _fill(directory: Path, enrolled: Identity) -> None:
    rows = [
        *site_rows({GATE: "door-1"}, [TERMINAL]),
        *person_rows(1, MEMBER, enrolled.site_key),
    ]
    fill(directory, rows)


@contextlib.contextmanager
def _parts(devices: Path) -> Iterator[tuple[dict[str, Antenna], WiredTurnstile]]:
    """Two readers and a board with a turnstile behind it, alive on their lines."""
    now = time.monotonic()
    board = RelayBoard(BoardSettings(baud=115200))
    wiring = Wiring(unlock_a=0, passage_a=0, home=2, fire_loop=3)
    wired = WiredTurnstile(board, Turnstile(now, BRISK), wiring, at=now)
    antennas = {str(GATE): Antenna(), str(TERMINAL): Antenna()}
    stop = threading.Event()
    turning = threading.Thread(target=wired.run, args=(stop, time.monotonic))
    with contextlib.ExitStack() as ports:
        link = devices / "board"
        ports.enter_context(SerialPort(board, monotonic=time.monotonic, link=link))
        for name, antenna in antennas.items():
            chip, link = Pn532(antenna, NO_TIME), devices / f"reader-{name}"
            ports.enter_context(SerialPort(chip, monotonic=time.monotonic, link=link))
        turning.start()
        try:
            yield antennas, wired
        finally:
            stop.set()
            turning.join(DEADLINE_S)


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in tasks.split()]


def _is_running(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
