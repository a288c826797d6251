"""The NFC reader on a simulated PN532: taps, faults of line and chip, loss and return."""

import logging
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from nfc.clf import pn532, transport

from core.credential import CredentialKind
from core.ids import AccessPointId
from edge_agent.ports import Health, Presented
from edge_agent.readers.pn532 import Pn532Reader
from edge_agent.readers.pn532_link import PathError, Pn532Link
from edge_agent.readers.presence import Sensed
from firmware_sim.parts.cards.type_a import TypeACard
from firmware_sim.parts.pn532.frames import ACK, frame
from firmware_sim.parts.serialport import no_fault
from tests.edge_agent.readers.reader_bench import AWAY_S, GATE, WAIT_S_MAX, Running, running
from tests.firmware_sim.parts.nfc_bench import TYPE4_UID, UID, bench, example_tag, example_type4

OTHER_UID = bytes.fromhex("04112233445566")
LISTED = b"\xd5\x4b"
OK, LOST = Health.OK, Health.LOST


def is_well(reader: Running) -> None:
    reader.inbox.wait_for(lambda: reader.inbox.healths == [OK])


def gives(reader: Running, uids: list[bytes]) -> None:
    reader.inbox.wait_for(lambda: len(reader.inbox.uids) >= len(uids))
    assert reader.inbox.uids == uids


def polls(reader: Running, count: int) -> None:
    """Wait until the chip was asked for cards `count` times more."""
    asked, enough = [0], threading.Event()

    def counting(chunk: bytes) -> bytes:
        asked[0] += chunk.count(b"\xd4\x4a")
        if asked[0] >= count:
            enough.set()
        return chunk

    reader.bench.port.to_part = counting
    assert enough.wait(WAIT_S_MAX)


def test_a_laid_card_is_presented_once(tmp_path: Path) -> None:
    with running(tmp_path) as reader:
        is_well(reader)
        reader.bench.antenna.lay(example_tag())
        gives(reader, [UID])
        polls(reader, 20)
        assert reader.inbox.uids == [UID]
        (tap,) = [item for item in reader.inbox.items if isinstance(item, Presented)]
        assert tap.access_point == GATE
        assert tap.credential.kind is CredentialKind.NFC_UID
        assert tap.at_monotonic <= time.monotonic()


def test_a_card_laid_again_after_a_while_is_presented_again(tmp_path: Path) -> None:
    tag = example_tag()
    with running(tmp_path) as reader:
        reader.bench.antenna.lay(tag)
        gives(reader, [UID])
        reader.bench.antenna.remove(tag)
        gone_at = time.monotonic()
        while time.monotonic() < gone_at + 2 * AWAY_S:
            polls(reader, 1)
        reader.bench.antenna.lay(tag)
        gives(reader, [UID, UID])


def test_a_different_card_is_presented_at_once(tmp_path: Path) -> None:
    tag = example_tag()
    with running(tmp_path) as reader:
        reader.bench.antenna.lay(tag)
        gives(reader, [UID])
        reader.bench.antenna.remove(tag)
        reader.bench.antenna.lay(example_tag(uid=OTHER_UID))
        gives(reader, [UID, OTHER_UID])


@pytest.mark.parametrize("ats", ["01", "0205", "032581", "0278", "04658102"])
def test_a_card_with_a_short_or_malformed_answer_to_select_is_presented(
    tmp_path: Path, ats: str
) -> None:
    with running(tmp_path) as reader:
        reader.bench.antenna.lay(example_type4(ats=bytes.fromhex(ats)))
        gives(reader, [TYPE4_UID])
        polls(reader, 5)
        assert reader.inbox.healths == [OK]


@pytest.mark.parametrize("uid", ["01020304", "0102030405060708090a"])
def test_uids_of_four_and_ten_bytes_are_presented(tmp_path: Path, uid: str) -> None:
    content = bytes.fromhex(uid)
    sens_res = {4: "0004", 10: "0084"}[len(content)]
    with running(tmp_path) as reader:
        card = TypeACard(uid=content, sens_res=bytes.fromhex(sens_res), sel_res=0x08)
        reader.bench.antenna.lay(card)
        gives(reader, [content])


@pytest.mark.parametrize(
    "answer",
    [
        "01010044000504a1b2c3d4",  # five bytes of UID
        "010100440000",  # none
        "0101004400",  # cut off before the length
        "0101",
        "01",
    ],
)
def test_an_impossible_answer_of_the_chip_presents_nothing(tmp_path: Path, answer: str) -> None:
    forged = frame(LISTED + bytes.fromhex(answer))
    with running(tmp_path) as reader:
        is_well(reader)
        reader.bench.port.to_host = lambda chunk: forged if LISTED in chunk else chunk
        reader.inbox.wait_for(lambda: LOST in reader.inbox.healths or bool(reader.inbox.uids))
        assert reader.inbox.uids == []
        reader.bench.port.to_host = no_fault
        reader.bench.antenna.lay(example_tag())
        gives(reader, [UID])


def _drop_acks(chunk: bytes) -> bytes | None:
    return None if chunk == ACK else chunk


def _drop_answers(chunk: bytes) -> bytes | None:
    return chunk if chunk == ACK else None


def _corrupt_checksum(chunk: bytes) -> bytes:
    return chunk if chunk == ACK else chunk[:-2] + bytes([chunk[-2] ^ 1]) + chunk[-1:]


def _truncate(chunk: bytes) -> bytes:
    return chunk if chunk == ACK else chunk[:-3]


def _noise(chunk: bytes) -> bytes:
    return b"\x5a" + chunk


def _late_ack(chunk: bytes) -> bytes:
    threading.Event().wait(0.15)
    return chunk


def _nothing(_: bytes) -> None:
    return None


@pytest.mark.parametrize(
    ("fault", "loses"),
    [
        (_drop_acks, False),  # nfcpy takes the answer for the ACK and goes on
        (_drop_answers, True),
        (_corrupt_checksum, True),
        (_truncate, True),
        (_noise, True),
        (_late_ack, True),
        (_nothing, True),
    ],
)
def test_a_faulty_line_loses_the_reader_once_and_it_returns_once(
    tmp_path: Path, fault: Callable[[bytes], bytes | None], *, loses: bool
) -> None:
    with running(tmp_path) as reader:
        is_well(reader)
        reader.bench.port.to_host = fault
        if loses:
            reader.inbox.wait_for(lambda: LOST in reader.inbox.healths)
        reader.bench.port.to_host = no_fault
        reader.bench.antenna.lay(example_tag())
        gives(reader, [UID])
        assert reader.inbox.healths == ([OK, LOST, OK] if loses else [OK])


def _only_once(fault: Callable[[bytes], bytes | None]) -> Callable[[bytes], bytes | None]:
    """The fault on the first list of cards alone."""
    left = [1]

    def once(chunk: bytes) -> bytes | None:
        if left[0] and LISTED in chunk:
            left[0] -= 1
            return fault(chunk)
        return chunk

    return once


@pytest.mark.parametrize("fault", [_drop_answers, _corrupt_checksum, _truncate, _noise])
def test_one_faulty_frame_does_not_lose_the_reader(
    tmp_path: Path, fault: Callable[[bytes], bytes | None]
) -> None:
    with running(tmp_path) as reader:
        is_well(reader)
        reader.bench.antenna.lay(example_tag())
        reader.bench.port.to_host = _only_once(fault)
        gives(reader, [UID])
        assert reader.inbox.healths == [OK]


def test_a_late_answer_spoils_two_polls_and_no_uid(tmp_path: Path) -> None:
    with running(tmp_path) as reader:
        is_well(reader)
        reader.bench.antenna.lay(example_tag())
        reader.bench.port.to_host = _only_once(_late_ack)
        gives(reader, [UID])
        polls(reader, 10)
        assert reader.inbox.uids == [UID]
        assert reader.inbox.healths[-1] is OK


def test_an_unplugged_reader_returns_at_the_same_path(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with running(tmp_path) as reader:
        is_well(reader)
        reader.bench.port.unplug()
        reader.bench.chip.brown_out()
        reader.inbox.wait_for(lambda: reader.inbox.healths == [OK, LOST])
        reader.bench.port.plug()
        reader.bench.antenna.lay(example_tag())
        gives(reader, [UID])
        assert reader.inbox.healths == [OK, LOST, OK]
    said = [record.message.split(" on ")[0].split(",")[0] for record in caplog.records]
    assert said == ["reader gate-in answers", "reader gate-in lost", "reader gate-in answers"]


def test_a_chip_whose_supply_dipped_is_set_up_again(tmp_path: Path) -> None:
    with running(tmp_path) as reader:
        is_well(reader)
        reader.bench.chip.brown_out()
        reader.inbox.wait_for(lambda: reader.inbox.healths == [OK, LOST, OK])
        reader.bench.antenna.lay(example_tag())
        gives(reader, [UID])


def test_a_chip_left_at_a_higher_speed_by_a_killed_agent_is_found(tmp_path: Path) -> None:
    with bench(link=tmp_path / "nfc") as chip:
        killed = pn532.init(transport.TTY(chip.port.path))
        killed.chipset.transport.tty.close()
        link = Pn532Link.open(chip.port.path, None)
        chip.antenna.lay(example_tag())
        assert link.sense() == Sensed(uid=UID, certain=True)
        link.close()


def test_a_reader_that_is_missing_at_the_start_is_told_once_and_found_later(
    tmp_path: Path,
) -> None:
    with running(tmp_path, to_host=_nothing) as reader:
        reader.inbox.wait_for(lambda: reader.inbox.healths == [LOST])
        reader.bench.port.unplug()
        reader.bench.port.to_host = no_fault
        reader.bench.port.plug()
        reader.inbox.wait_for(lambda: OK in reader.inbox.healths)
        assert reader.inbox.healths == [LOST, OK]


def test_a_tag_pulled_away_at_any_moment_presents_its_uid_or_nothing(tmp_path: Path) -> None:
    with running(tmp_path, poll_period_s=0.001) as reader:
        is_well(reader)
        for _ in range(30):
            tag = example_tag()
            reader.bench.antenna.lay(tag)
            reader.bench.antenna.remove(tag)
            polls(reader, 1)
        assert set(reader.inbox.uids) <= {UID}
        assert reader.inbox.healths == [OK]


def test_a_reader_can_be_held_at_the_first_speed(tmp_path: Path) -> None:
    with running(tmp_path, speed=115200) as reader:
        is_well(reader)
        assert reader.bench.port.host_speed == 115200
        reader.bench.antenna.lay(example_tag())
        gives(reader, [UID])


def test_stopping_puts_the_chip_to_sleep(tmp_path: Path) -> None:
    with running(tmp_path) as reader:
        is_well(reader)
        chip = reader.bench.chip
    assert chip.asleep


def test_whatever_the_chip_answers_the_reader_lives_and_recovers(tmp_path: Path) -> None:
    chance = random.Random(5)  # noqa: S311 - a repeatable run

    def forge(chunk: bytes) -> bytes:
        if chunk == ACK or chance.random() > 0.1:
            return chunk
        code = chunk[6:7] if chance.random() < 0.8 else b"\xff"
        return frame(b"\xd5" + code + chance.randbytes(chance.randrange(12)))

    with running(tmp_path, to_host=forge) as reader:
        polls(reader, 100)
        assert reader.thread.is_alive()
        reader.bench.port.to_host = no_fault
        reader.bench.antenna.lay(example_tag())
        reader.inbox.wait_for(lambda: reader.inbox.uids[-1:] == [UID])


def test_waits_between_openings_double_and_are_bounded() -> None:
    waits = [made()._reopen_wait_s(attempt) for attempt in (1, 2, 3, 7, 1000)]
    assert waits == [0.05, 0.1, 0.2, 2.5, 2.5]


@pytest.mark.parametrize("path", ["nfc0", "/dev/pts/1; reboot", "/dev/$(id)", ""])
def test_a_path_that_a_shell_would_read_differently_is_refused(path: str) -> None:
    with pytest.raises(PathError, match="absolute"):
        made(path=path)


def test_a_speed_the_chip_does_not_offer_is_refused() -> None:
    with pytest.raises(ValueError, match="115200, 230400"):
        made(speed=12345)


def made(*, path: str = "/dev/ttyS0", speed: int | None = None) -> Pn532Reader:
    return Pn532Reader(
        path=path,
        access_point=AccessPointId("gate-in"),
        monotonic=time.monotonic,
        jitter=lambda: 0.0,
        speed=speed,
    )
