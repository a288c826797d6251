"""The rules of the PN532's host interface and radio, with the clock as an argument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.parts.cards.airframe import AirFrame, crc_a
from firmware_sim.parts.pn532.antenna import Antenna
from firmware_sim.parts.pn532.chip import COMMANDS, Pn532, rising_edges
from firmware_sim.parts.pn532.frames import ACK, ERROR, NACK, Body, FrameFinder, frame
from firmware_sim.parts.pn532.timing import NO_TIME, REAL_TIME, Timing
from tests.firmware_sim.parts.nfc_bench import TYPE4_UID, UID, example_tag, example_type4

WAKE = bytes.fromhex("5500")
FIRMWARE = frame(bytes.fromhex("d50332010607"))


class Host:
    """A host that talks to a chip without a line between them."""

    def __init__(self, timing: Timing = NO_TIME) -> None:
        self.antenna = Antenna()
        self.chip = Pn532(self.antenna, timing)
        self.now = 1.0

    def say(self, raw: bytes) -> list[bytes]:
        self.chip.receive(raw, self.now)
        return self.chip.send(self.now)

    def command(self, text: str) -> bytes:
        """The answer without its frame, identifier and code; the ACK is demanded."""
        first, *others = self.say(frame(b"\xd4" + bytes.fromhex(text)))
        assert first == ACK
        assert len(others) == 1
        (found,) = FrameFinder().feed(others[0])
        assert isinstance(found, Body)
        return found.content[2:]

    def wait(self) -> list[bytes]:
        """Let time pass to the chip's next due."""
        due_at = self.chip.due_at()
        assert due_at is not None
        self.now = due_at
        return self.chip.send(self.now)


@pytest.fixture
def host() -> Host:
    awake = Host()
    awake.say(WAKE)
    awake.command("320500 0002".replace(" ", ""))  # MaxRetries: two tries more, then no
    return awake


def test_edges_are_counted_as_the_line_rises() -> None:
    assert [rising_edges(byte) for byte in (0x00, 0x55, 0xFF, 0xAA)] == [1, 5, 1, 4]


@pytest.mark.parametrize("preamble", ["55", "0000000000", "5555000000"])
def test_the_fifth_rising_edge_wakes_the_chip(preamble: str) -> None:
    host = Host()
    assert host.say(bytes.fromhex(preamble) + frame(b"\xd4\x02")) == [ACK, FIRMWARE]


def test_four_edges_do_not_wake_the_chip_before_the_frame_itself_does() -> None:
    host = Host()
    assert host.say(bytes(4) + frame(b"\xd4\x02")) == [ACK, FIRMWARE]  # its preamble is the fifth
    host = Host()
    assert host.say(frame(b"\xd4\x02")) == []  # lost while waking


def test_nack_repeats_the_last_answer(host: Host) -> None:
    host.command("02")
    assert host.say(NACK) == [FIRMWARE]


def test_a_wrong_checksum_is_dropped_without_a_word(host: Host) -> None:
    good = frame(b"\xd4\x02")
    for place in (4, 7):  # LCS, DCS
        broken = bytearray(good)
        broken[place] ^= 0x10
        assert host.say(bytes(broken)) == []
    assert host.say(good) == [ACK, FIRMWARE]


@pytest.mark.parametrize("body", ["d4ff", "d43299", "d406", "d402aa", "d4", "d502", "d40600"])
def test_a_wrong_form_is_acknowledged_and_answered_by_the_error_frame(
    host: Host, body: str
) -> None:
    assert host.say(frame(bytes.fromhex(body))) == [ACK, ERROR]


def test_an_ack_of_the_host_aborts_what_is_running(host: Host) -> None:
    host.command("3205ffffff")
    assert host.say(frame(bytes.fromhex("d44a0100"))) == [ACK]
    assert host.chip.due_at() is not None
    assert host.say(ACK) == []
    assert host.chip.due_at() is None


def test_a_waiting_command_finds_a_card_that_is_laid_later(host: Host) -> None:
    host.command("3205ffffff")
    assert host.say(frame(bytes.fromhex("d44a0100"))) == [ACK]
    assert host.wait() == []
    host.antenna.lay(example_tag())
    assert UID in host.wait()[0]


def test_a_new_speed_counts_from_the_hosts_ack_on(host: Host) -> None:
    assert host.chip.tune(115200) == 115200
    host.command("1007")
    assert host.chip.tune(115200) == 115200
    assert host.say(ACK) == []
    assert host.chip.tune(115200) == 921600


def test_a_host_already_at_the_new_speed_counts_as_its_ack(host: Host) -> None:
    host.command("1007")
    assert host.chip.tune(921600) == 921600
    assert host.command("02") == bytes.fromhex("32010607")


def test_a_brown_out_leaves_the_chip_asleep_at_its_first_speed(host: Host) -> None:
    host.command("1007")
    host.say(ACK)
    host.chip.brown_out()
    assert host.chip.asleep
    assert host.chip.tune(921600) == 115200


def test_power_down_sleeps_after_its_answer_until_its_wake_source(host: Host) -> None:
    assert host.command("16b000") == b"\0"
    assert host.chip.asleep
    assert host.say(WAKE + frame(b"\xd4\x02")) == [ACK, FIRMWARE]
    assert host.command("1680") == b"\0"  # I2C alone
    assert host.say(WAKE * 9 + frame(b"\xd4\x02")) == []


def test_half_a_frame_is_forgotten_after_a_silence(host: Host) -> None:
    assert host.say(frame(b"\xd4\x02")[:6]) == []
    host.now += 1
    assert host.say(frame(b"\xd4\x02")) == [ACK, FIRMWARE]


def test_the_line_test_echoes_an_extended_frame(host: Host) -> None:
    content = bytes(range(256)) + b"tail"
    assert host.command("0000" + content.hex()) == b"\0" + content


def test_after_a_request_without_answer_the_fifo_holds_the_request(host: Host) -> None:
    assert host.command("4a0100") == b"\0"
    assert host.command("066339") == b"\x26"


def test_a_card_is_listed_with_its_uid(host: Host) -> None:
    host.antenna.lay(example_tag())
    assert host.command("4a0100") == bytes.fromhex("0101004400 07".replace(" ", "")) + UID


@pytest.mark.parametrize(("known", "count"), [(UID, 1), (UID[:-1] + b"\x81", 0)])
def test_a_given_uid_lists_only_that_card(host: Host, known: bytes, count: int) -> None:
    host.antenna.lay(example_tag())
    assert host.command("4a0100" + "88" + known.hex())[0] == count


def test_two_cards_are_listed_and_each_is_read_by_its_number(host: Host) -> None:
    host.antenna.lay(example_tag())
    host.antenna.lay(example_type4())
    listed = host.command("4a0200")
    assert listed[0] == 2
    assert UID in listed
    assert TYPE4_UID in listed
    number = 1 if listed.index(UID) < listed.index(TYPE4_UID) else 2
    assert host.command(f"400{number}3000")[:5] == b"\0" + UID[:3] + b"\x9f"
    select = "00a4040007d2760000850101"
    assert host.command(f"400{3 - number}{select}") == bytes.fromhex("009000")


def test_iso_dep_through_the_chip_chains_and_selects_by_itself(host: Host) -> None:
    host.antenna.lay(example_type4(address="example.com/" + "x" * 180))
    listed = host.command("4a0100")
    assert listed.endswith(bytes.fromhex("067777710280"))
    assert host.command("400100a4040007d2760000850101") == bytes.fromhex("009000")
    assert host.command("400100a4000c02e104") == bytes.fromhex("009000")
    assert host.command("400100b00002c0")[1:6] == bytes.fromhex("d101c15504")
    assert host.command("4401") == b"\0"
    assert host.command("5401") == b"\0"
    assert host.command("5200") == b"\0"
    assert host.command("400100b00002c0") == b"\x27"


def test_without_auto_rats_the_host_sees_no_answer_to_select(host: Host) -> None:
    host.antenna.lay(example_type4())
    host.command("1200")
    assert host.command("4a0100")[-7:] == TYPE4_UID


def test_the_crc_bits_say_who_appends_and_checks_it(host: Host) -> None:
    host.antenna.lay(example_tag())
    host.command("4a0100")
    host.command("0863020063 0300".replace(" ", ""))
    read = bytes.fromhex("3000")
    answer = host.command("42" + (read + crc_a(read)).hex())
    assert answer[0] == 0
    assert answer[-2:] == crc_a(answer[1:-2])
    assert host.command("42" + read.hex()) == b"\0\x01"  # NAK: no checksum came
    assert host.command("42" + read.hex()) == b"\x01"  # and the tag left the active state


def test_a_four_bit_nak_is_a_checksum_error_while_the_chip_checks(host: Host) -> None:
    host.antenna.lay(example_tag())
    host.command("4a0100")
    assert host.command("421a00") == b"\x02"


@pytest.mark.parametrize("off", ["320100", "08630480"])
def test_a_card_without_a_field_forgets_that_it_was_selected(host: Host, off: str) -> None:
    host.antenna.lay(example_tag())
    host.command("4a0100")
    assert host.command("423004")[0] == 0
    host.command(off)
    assert host.command("423004") == b"\x01"
    host.command("320101")
    assert host.command("423004") == b"\x01"
    assert host.command("4a0100")[0] == 1


def test_a_type_a_card_hears_nothing_of_other_modulations(host: Host) -> None:
    host.antenna.lay(example_tag())
    assert host.command("4a010300") == b"\0"
    assert host.command("4a010100ffff0100") == b"\0"
    assert host.command("4226") == b"\x01"


def test_the_unit_transceives_its_fifo_when_told_by_registers(host: Host) -> None:
    host.antenna.lay(example_tag())
    host.command("320101")
    host.command("086302 00 6303 00 6331 0c 633a 80 6339 26 633d 87".replace(" ", ""))
    assert host.command("06633a") == b"\x02"
    assert host.command("0663396339") == bytes.fromhex("4400")


def test_auto_poll_reports_a_card_that_is_laid_while_it_polls(host: Host) -> None:
    assert host.say(frame(bytes.fromhex("d460ff0110"))) == [ACK]
    host.antenna.lay(example_tag())
    assert UID in host.wait()[0]


@given(st.lists(st.binary(max_size=80), max_size=6))
def test_no_bytes_make_the_chip_fail_or_answer_anything_but_frames(soup: list[bytes]) -> None:
    host = Host()
    host.antenna.lay(example_tag())
    for chunk in (WAKE, *soup):
        for answer in host.say(chunk):
            assert answer in {ACK, ERROR} or len(list(FrameFinder().feed(answer))) == 1


@given(st.lists(st.tuples(st.sampled_from(sorted(COMMANDS)), st.binary(max_size=40)), max_size=8))
def test_no_parameters_make_a_command_fail(commands: list[tuple[int, bytes]]) -> None:
    host = Host()
    host.antenna.lay(example_tag())
    host.antenna.lay(example_type4())
    host.say(WAKE)
    for code, parameters in commands:
        host.chip.brown_out()
        host.say(WAKE)
        answers = host.say(frame(bytes([0xD4, code]) + parameters))
        assert answers[0] == ACK
        assert len(answers) <= 2


def test_in_real_time_a_sense_without_a_card_takes_field_and_silence() -> None:
    host = Host(REAL_TIME)
    host.say(WAKE)
    host.say(frame(bytes.fromhex("d43205010001")))
    answered = [chunk for _ in range(2) for chunk in host.wait()]
    assert answered[0] == ACK
    started = host.now
    host.say(frame(bytes.fromhex("d44a0100")))
    while not any(chunk[5:7] == b"\xd5\x4b" for chunk in host.wait()):
        assert host.now < started + 1
    expected = (
        REAL_TIME.acknowledge_s
        + REAL_TIME.field_on_s
        + 2 * (REAL_TIME.no_answer_s + REAL_TIME.air_byte_s)
        + REAL_TIME.command_s
    )
    assert host.now - started == pytest.approx(expected)


@pytest.mark.parametrize(("index", "timeout_s"), [(1, 100e-6), (10, 0.0512), (11, 0.1024)])
def test_a_silent_card_costs_the_configured_timeout(index: int, timeout_s: float) -> None:
    host = Host(REAL_TIME)
    host.say(WAKE)
    for body in (bytes([0xD4, 0x32, 2, 0, 11, index]), bytes.fromhex("d4423000")):
        started = host.now
        host.say(frame(body))
        while host.chip.due_at() is not None:
            host.wait()
    spent = host.now - started - REAL_TIME.acknowledge_s - REAL_TIME.command_s
    assert spent == pytest.approx(timeout_s + 4 * REAL_TIME.air_byte_s)


def test_an_antenna_without_field_says_nothing() -> None:
    antenna = Antenna()
    antenna.lay(example_tag())
    assert antenna.say(AirFrame(b"\x26", last_bits=7)) == []


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("0001", "00"),  # ROM test
        ("0002", "00"),  # RAM test
        ("000401", "ff"),  # polling test: every request failed
        ("0006", "01"),  # attention request: no target
        ("04", "00000080"),
        ("0c", "3f0600"),
        ("140201", ""),
        ("1600", "10"),  # no wake source
        ("4400", "00"),
        ("5401", "27"),
        ("40013000", "27"),
        ("5001ff", "01"),
        ("86", "27"),
        ("8a", "0000"),
    ],
)
def test_a_command_without_a_card_has_its_plain_answer(
    host: Host, command: str, answer: str
) -> None:
    assert host.command(command).hex() == answer


def test_port_bits_are_written_where_the_host_enables_it(host: Host) -> None:
    host.command("0ea001")
    assert host.command("0c") == bytes.fromhex("200600")


def test_interrupt_flags_are_set_and_cleared_bit_by_bit(host: Host) -> None:
    host.command("0863348363340163350c")
    assert host.command("06633463356336") == bytes.fromhex("160000")


def test_the_general_status_counts_targets_and_tells_the_last_error(host: Host) -> None:
    host.antenna.lay(example_tag())
    host.command("4a0100")
    host.command("421a00")
    assert host.command("04") == bytes.fromhex("0200010100001080")


@pytest.mark.parametrize("command", ["5801", "8c00" + "00" * 36])
def test_what_waits_without_end_is_ended_by_the_hosts_ack(host: Host, command: str) -> None:
    assert host.say(frame(b"\xd4" + bytes.fromhex(command))) == [ACK]
    assert host.wait() == []
    host.say(ACK)
    assert host.command("02") == bytes.fromhex("32010607")
