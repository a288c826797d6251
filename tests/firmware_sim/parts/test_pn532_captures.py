"""Three foreign drivers and the simulated PN532: live from Debian, and replayed from captures."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_sim.parts.pn532.antenna import Antenna
from firmware_sim.parts.pn532.chip import COMMANDS, Pn532
from firmware_sim.parts.pn532.frames import Body, FrameFinder
from firmware_sim.parts.pn532.radio import ITEMS
from firmware_sim.parts.serialport import SerialPort
from tests.firmware_sim.parts.nfc_bench import UID, example_tag
from tests.fixtures.pn532.capture import CAPTURES, HERE, run_program

RF_CONFIGURATION = 0x32
NTAG215_BYTES = 135 * 4


def captured(name: str) -> list[str]:
    return (HERE / f"{name}.txt").read_text(encoding="ascii").splitlines()


def turns(name: str) -> Iterator[tuple[int, bytes, list[str]]]:
    """Host's speed, what the host sent, and the chip's frames that followed."""
    speed, said, heard = 0, b"", list[str]()
    for line in captured(name):
        mark, content = line.split(" ", 1)
        if mark == "<<<":
            heard.append(content)
            continue
        if said:
            yield speed, said, heard
        said, heard = b"", []
        if mark == "===":
            speed = int(content)
        else:
            said = bytes.fromhex(content)
    yield speed, said, heard


@pytest.mark.parametrize("name", CAPTURES)
def test_the_chip_answers_a_captured_driver_byte_for_byte(name: str) -> None:
    antenna = Antenna()
    antenna.lay(example_tag())
    chip = Pn532(antenna)
    for at, (speed, said, heard) in enumerate(turns(name)):
        assert chip.tune(speed) == speed
        chip.receive(said, at / 100)
        assert [chunk.hex() for chunk in chip.send(at / 100)] == heard


@pytest.mark.parametrize("name", CAPTURES)
def test_every_captured_command_and_item_is_in_the_chips_tables(name: str) -> None:
    finder = FrameFinder()
    bodies = [
        found.content
        for _, said, _ in turns(name)
        for found in finder.feed(said)
        if isinstance(found, Body)
    ]
    assert bodies
    assert {body[1] for body in bodies} <= COMMANDS.keys()
    assert {body[2] for body in bodies if body[1] == RF_CONFIGURATION} <= ITEMS.keys()


@pytest.fixture
def port() -> Iterator[SerialPort]:
    antenna = Antenna()
    antenna.lay(example_tag())
    with SerialPort(Pn532(antenna), monotonic=time.monotonic) as port:
        yield port


def debian_program(name: str) -> str:
    """The path of a program of libnfc-bin; its absence fails in CI and skips elsewhere."""
    found = shutil.which(name)
    if found is None:
        missing = f"{name} is missing: apt-get install libnfc-bin"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@pytest.mark.system
def test_nfc_list_of_debian_reads_the_uid(port: SerialPort) -> None:
    listed = run_program(port.path, debian_program("nfc-list")).stdout
    assert "1 ISO14443A passive target(s) found" in listed
    assert "UID (NFCID1): " + "  ".join(f"{byte:02x}" for byte in UID) in listed


@pytest.mark.system
def test_nfc_mfultralight_of_debian_dumps_all_pages(port: SerialPort, tmp_path: Path) -> None:
    dump = tmp_path / "dump.mfd"
    printed = run_program(port.path, debian_program("nfc-mfultralight"), "r", str(dump)).stdout
    assert "135 of 135 pages read (0 pages failed)" in printed
    assert dump.read_bytes()[:NTAG215_BYTES] == as_read(example_tag().memory)


def as_read(memory: bytearray) -> bytes:
    """The memory with the password and its acknowledgement hidden."""
    return bytes(memory[:-8]) + bytes(8)
