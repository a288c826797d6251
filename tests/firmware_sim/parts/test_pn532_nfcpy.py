"""Unmodified nfcpy against the simulated PN532."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nfc.clf
import nfc.tag
import pytest
from nfc.clf import RemoteTarget, pn532, transport

from firmware_sim.parts.cards.ntag21x import NTAG213, NTAG215, NTAG216, NtagModel
from tests.firmware_sim.parts.nfc_bench import (
    ADDRESS,
    TYPE4_UID,
    UID,
    Bench,
    bench,
    example_tag,
    example_type4,
    opened,
    read_tag,
    sensed,
)

GOLDEN = Path(__file__).parents[2] / "fixtures" / "pn532" / "golden_nfcpy.json"
ACK = "0000ff00ff00"


@pytest.fixture
def reader() -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.mark.parametrize("model", [NTAG213, NTAG215, NTAG216], ids=["213", "215", "216"])
def test_nfcpy_reads_uid_and_message_of_each_ntag(reader: Bench, model: NtagModel) -> None:
    reader.antenna.lay(example_tag(model))
    with opened(reader.port.path) as frontend:
        assert read_tag(frontend) == (UID, f"https://{ADDRESS}")


def test_nfcpy_reads_the_message_of_an_iso_dep_card(reader: Bench) -> None:
    reader.antenna.lay(example_type4())
    with opened(reader.port.path) as frontend:
        assert read_tag(frontend) == (TYPE4_UID, f"https://{ADDRESS}")


def test_nfcpy_reads_a_message_that_the_card_sends_in_several_blocks(reader: Bench) -> None:
    address = "example.com/" + "long" * 50
    reader.antenna.lay(example_type4(address=address))
    with opened(reader.port.path) as frontend:
        assert read_tag(frontend) == (TYPE4_UID, f"https://{address}")


def test_nothing_is_sensed_without_a_card_of_any_kind(reader: Bench) -> None:
    with opened(reader.port.path) as frontend:
        kinds = [RemoteTarget(kind) for kind in ("106A", "106B", "212F", "424F")]
        assert frontend.sense(*kinds) is None


def test_a_card_is_sensed_after_it_is_laid_and_not_after_it_is_removed(reader: Bench) -> None:
    tag = example_tag()
    with opened(reader.port.path) as frontend:
        assert sensed(frontend) is None
        reader.antenna.lay(tag)
        assert sensed(frontend) == UID
        reader.antenna.remove(tag)
        assert sensed(frontend) is None


def test_of_two_cards_anticollision_finds_one_whole_uid(reader: Bench) -> None:
    other = example_tag(uid=bytes.fromhex("04A1B2C3D4E581"))
    reader.antenna.lay(example_tag())
    reader.antenna.lay(other)
    with opened(reader.port.path) as frontend:
        assert sensed(frontend) == other.uid
        reader.antenna.remove(other)
        assert sensed(frontend) == UID


def test_a_tag_pulled_away_in_mid_read_times_out(reader: Bench) -> None:
    tag = example_tag()
    reader.antenna.lay(tag)
    with opened(reader.port.path) as frontend:
        read = nfc.tag.activate(frontend, frontend.sense(RemoteTarget("106A")))
        assert read.read(4)[:2] == b"\x03\x13"
        reader.antenna.remove(tag)
        with pytest.raises(nfc.tag.tt2.Type2TagCommandError):
            read.read(8)


def test_the_golden_transcript_matches_byte_for_byte(reader: Bench) -> None:
    recorded = dict(_golden_steps(reader))
    golden = json.loads(GOLDEN.read_text(encoding="ascii"))
    assert {step: _comparable(lines) for step, lines in golden.items()} == recorded


def test_a_chip_at_another_speed_is_not_found() -> None:
    """Control: the same chip is found once its supply was interrupted."""
    with bench() as reader:
        reader.antenna.lay(example_tag())
        device = pn532.init(transport.TTY(reader.port.path))
        device.chipset.transport.tty.close()  # a killed host: the chip stays at 921600
        with pytest.raises(OSError, match=r"No such device|timed out"):
            _open_and_shut(reader.port.path)
        reader.chip.brown_out()
        with opened(reader.port.path) as frontend:
            assert sensed(frontend) == UID


def test_a_sleeping_chip_does_not_hear_an_open_session(reader: Bench) -> None:
    reader.antenna.lay(example_tag())
    with opened(reader.port.path) as frontend:
        assert sensed(frontend) == UID
        frontend.device.chipset.power_down(wakeup_enable=("I2C",))
        assert reader.chip.asleep
        with pytest.raises(OSError, match="Input/output error"):
            sensed(frontend)


def test_without_a_field_an_activated_tag_does_not_answer(reader: Bench) -> None:
    reader.antenna.lay(example_tag())
    with opened(reader.port.path) as frontend:
        target = frontend.sense(RemoteTarget("106A"))
        tag = nfc.tag.activate(frontend, target)
        frontend.device.mute()
        with pytest.raises(nfc.tag.tt2.Type2TagCommandError):
            tag.read(4)


def _open_and_shut(path: str) -> None:
    with opened(path):
        pass


def _golden_steps(reader: Bench) -> Iterator[tuple[str, list[str]]]:
    """Each step of the golden transcript with what passed on the line meanwhile."""
    lines: list[str] = []

    def from_host(chunk: bytes) -> bytes:
        lines.append(f">>> {chunk.hex()}")
        return chunk

    def to_host(chunk: bytes) -> bytes:
        lines.append(f"<<< {chunk.hex()}")
        return chunk

    def passed() -> list[str]:
        taken = _comparable(lines)
        lines.clear()
        return taken

    reader.port.to_part, reader.port.to_host = from_host, to_host
    tag, type4 = example_tag(), example_type4()
    with opened(reader.port.path) as frontend:
        yield "open", passed()
        sensed(frontend)
        yield "sense_none", passed()
        reader.antenna.lay(tag)
        sensed(frontend)
        yield "sense_ntag215", passed()
        activated = nfc.tag.activate(frontend, frontend.sense(RemoteTarget("106A")))
        yield "activate_ntag215", passed()
        activated.read(4)
        yield "read_page4", passed()
        reader.antenna.remove(tag)
        reader.antenna.lay(type4)
        target = frontend.sense(RemoteTarget("106A"))
        yield "sense_type4", passed()
        activated = nfc.tag.activate(frontend, target)
        yield "rats", passed()
        activated.send_apdu(0, 0xA4, 4, 0, bytes.fromhex("D2760000850101"))
        yield "select_aid", passed()
    _wait_for(lambda: reader.chip.asleep)
    yield "close", passed()


def _comparable(lines: list[str]) -> list[str]:
    """Lines without the host's lone ACKs, which nfcpy's flush may drop, and without remarks."""
    stripped = (line.removesuffix(" (asleep)").replace(f">>> {ACK}", ">>> ") for line in lines)
    return [line for line in stripped if line != ">>> "]


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "waited five seconds in vain"
        threading.Event().wait(0.001)
