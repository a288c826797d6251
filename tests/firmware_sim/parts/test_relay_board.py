"""The relay board, asked by hand and by two drivers that know nothing of it."""

import time
from collections.abc import Iterator
from pathlib import Path

import minimalmodbus
import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusIOException

from firmware_sim.parts.modbus_rtu import sealed, unsealed
from firmware_sim.parts.relay_board import BoardSettings, RelayBoard
from firmware_sim.parts.serialport import SerialPort


def ask(board: RelayBoard, request: str, *, address: int = 1, at: float = 0.0) -> str | None:
    """Hex in, hex out, without address and checksum; None for silence."""
    board.receive(sealed(bytes([address]) + bytes.fromhex(request)), at)
    answers = board.send(at + 1.0)
    if not answers:
        return None
    body = unsealed(answers[0])
    assert body is not None
    assert body[0] == address
    return body[1:].hex(" ")


@pytest.fixture
def board() -> RelayBoard:
    return RelayBoard(BoardSettings())


@pytest.fixture
def port(board: RelayBoard, tmp_path: Path) -> Iterator[SerialPort]:
    with SerialPort(board, monotonic=time.monotonic, link=tmp_path / "gate") as port:
        yield port


@pytest.fixture
def pymodbus_client(port: SerialPort) -> Iterator[ModbusSerialClient]:
    client = ModbusSerialClient(port.path, baudrate=9600, timeout=0.3, retries=0)
    assert client.connect()
    yield client
    client.close()  # type: ignore[no-untyped-call] # pymodbus leaves it untyped


@pytest.fixture
def minimal(port: SerialPort) -> Iterator[minimalmodbus.Instrument]:
    instrument = minimalmodbus.Instrument(port.path, 1)
    instrument.serial.baudrate = 9600
    instrument.serial.timeout = 0.5
    yield instrument
    instrument.serial.close()


def test_pymodbus_switches_and_reads_relays(
    pymodbus_client: ModbusSerialClient, board: RelayBoard
) -> None:
    assert not pymodbus_client.write_coil(2, value=True, device_id=1).isError()
    assert not pymodbus_client.write_coils(6, [True, True], device_id=1).isError()
    assert board.relays(time.monotonic()) == (False, False, True, *[False] * 3, True, True)
    assert pymodbus_client.read_coils(0, count=8, device_id=1).bits == [
        bit in {2, 6, 7} for bit in range(8)
    ]


def test_pymodbus_reads_levels_and_counters_of_inputs(
    pymodbus_client: ModbusSerialClient, board: RelayBoard
) -> None:
    for level in (True, False, True):
        board.set_inputs((level, *[False] * 7))
    assert pymodbus_client.read_discrete_inputs(0, count=8, device_id=1).bits[0]
    assert pymodbus_client.read_input_registers(0, count=4, device_id=1).registers == [1, 0, 2, 0]


def test_pymodbus_starts_pulses_by_register(
    pymodbus_client: ModbusSerialClient, board: RelayBoard
) -> None:
    assert not pymodbus_client.write_registers(0, [50, 0], device_id=1).isError()
    assert not pymodbus_client.write_register(3, 20, device_id=1).isError()
    left = pymodbus_client.read_holding_registers(0, count=4, device_id=1).registers
    assert 45 <= left[0] <= 50
    assert left[1:3] == [0, 0]
    assert 15 <= left[3] <= 20
    assert board.relays(time.monotonic())[0]
    assert not board.relays(time.monotonic() + 5.1)[0]


def test_pymodbus_is_told_of_an_address_that_does_not_exist(
    pymodbus_client: ModbusSerialClient,
) -> None:
    assert pymodbus_client.read_coils(8, count=1, device_id=1).exception_code == 2


def test_pymodbus_hears_nothing_from_another_address(
    pymodbus_client: ModbusSerialClient,
) -> None:
    with pytest.raises(ModbusIOException):
        pymodbus_client.read_coils(0, count=1, device_id=9)


def test_minimalmodbus_switches_reads_and_pulses(
    minimal: minimalmodbus.Instrument, board: RelayBoard
) -> None:
    minimal.write_bit(4, 1)
    assert minimal.read_bits(0, 8, functioncode=1) == [0, 0, 0, 0, 1, 0, 0, 0]
    board.set_inputs((False, True, *[False] * 6))
    assert minimal.read_bits(0, 3) == [0, 1, 0]
    assert minimal.read_registers(0, 5, functioncode=4) == [2, 16, 0, 1, 0]
    minimal.write_register(5, 30, functioncode=6)
    minimal.write_registers(6, [40, 50])
    assert board.relays(time.monotonic()) == (False,) * 4 + (True,) * 4
    minimal.write_bits(4, [0, 0, 0, 0])
    assert not any(board.relays(time.monotonic()))


def test_minimalmodbus_is_told_of_a_value_that_may_not_be(
    minimal: minimalmodbus.Instrument,
) -> None:
    with pytest.raises(minimalmodbus.IllegalRequestError):
        minimal.read_register(0x0100)


def test_a_driver_at_the_wrong_speed_gets_no_answer(port: SerialPort, board: RelayBoard) -> None:
    instrument = minimalmodbus.Instrument(port.path, 1)
    instrument.serial.baudrate = 115_200
    instrument.serial.timeout = 0.2
    try:
        with pytest.raises((minimalmodbus.NoResponseError, minimalmodbus.InvalidResponseError)):
            instrument.write_bit(0, 1)
    finally:
        instrument.serial.close()
    assert not any(board.relays(time.monotonic()))


def test_a_frame_cut_by_silence_is_no_frame(port: SerialPort, board: RelayBoard) -> None:
    frame = sealed(bytes.fromhex("01 05 0000 FF00"))
    with serial.Serial(port.path, 9600, timeout=0.1) as host:
        host.write(frame[:4])
        assert host.read(1) == b""
        host.write(frame[4:])
        assert host.read(1) == b""
        host.write(frame)
        assert host.read(8) == frame
    assert board.relays(time.monotonic())[0]


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("01 0000 0008", "01 01 00"),
        ("02 0000 0003", "02 01 00"),
        ("04 0000 0002", "04 04 00 00 00 00"),
        ("05 0000 ff00", "05 00 00 ff 00"),
        ("05 0207 0032", "05 02 07 00 32"),
        ("06 0000 0032", "06 00 00 00 32"),
        ("0f 0000 0008 01 ff", "0f 00 00 00 08"),
        ("10 0000 0001 02 0032", "10 00 00 00 01"),
        ("03 4000 0001", "03 02 00 01"),
        ("03 2000 0001", "03 02 00 01"),
        ("03 8000 0001", "03 02 00 64"),
        ("07", "87 01"),
        ("2b 0e 01 00", "ab 01"),
        ("01 0000 0009", "81 02"),
        ("01 0007 0002", "81 02"),
        ("04 000a 0001", "84 02"),
        ("05 0008 ff00", "85 02"),
        ("05 0208 0001", "85 02"),
        ("06 0008 0001", "86 02"),
        ("06 8000 0001", "86 02"),
        ("0f 0007 0002 01 03", "8f 02"),
        ("10 0007 0002 04 0001 0001", "90 02"),
        ("01 0000 0000", "81 03"),
        ("01 0000 07d1", "81 03"),
        ("01 0000", "81 03"),
        ("05 0000 0001", "85 03"),
        ("06 4000 00f8", "86 03"),
        ("06 2000 0006", "86 03"),
        ("0f 0000 0008 02 ff", "8f 03"),
        ("10 0000 0001 01 32", "90 03"),
    ],
)
def test_each_request_has_its_answer(board: RelayBoard, request_: str, answer: str) -> None:
    assert ask(board, request_) == answer


def test_a_refused_request_changes_nothing(board: RelayBoard) -> None:
    ask(board, "10 0007 0002 04 0032 0032")
    assert not any(board.relays(0.5))


def test_a_broadcast_is_done_by_everybody_and_answered_by_nobody(board: RelayBoard) -> None:
    assert ask(board, "0f 0000 0008 01 03", address=0) is None
    assert board.relays(2.0) == (True, True, *[False] * 6)
    assert ask(board, "01 0000 0008", address=0) is None


def test_others_and_broken_frames_are_left_alone(board: RelayBoard) -> None:
    assert ask(board, "05 0000 ff00", address=2) is None
    board.receive(sealed(bytes.fromhex("01 05 0000 FF00"))[:-1] + b"\x00", 0.0)
    assert board.send(1.0) == []
    assert not any(board.relays(1.0))


def test_a_pulse_ends_by_itself_and_a_switched_relay_does_not(board: RelayBoard) -> None:
    ask(board, "05 0200 0032", at=10.0)
    ask(board, "05 0001 ff00", at=10.0)
    assert board.relays(15.9)[:2] == (True, True)
    assert board.relays(16.1)[:2] == (False, True)
    assert board.relays(1e6)[:2] == (False, True)


def test_a_pulse_of_nothing_opens_the_relay_again(board: RelayBoard) -> None:
    ask(board, "06 0000 0064", at=0.0)
    ask(board, "06 0000 0000", at=2.0)
    assert not board.relays(3.0)[0]


def test_address_and_speed_count_from_the_next_power_up(board: RelayBoard) -> None:
    assert ask(board, "06 4000 0007") is not None
    assert ask(board, "06 2000 0005") is not None
    assert (ask(board, "01 0000 0001"), board.tune(0)) == ("01 01 00", 9600)
    board.power_up()
    assert ask(board, "01 0000 0001") is None
    assert (ask(board, "01 0000 0001", address=7), board.tune(0)) == ("01 01 00", 115_200)


def test_power_up_drops_relays_and_counters(board: RelayBoard) -> None:
    ask(board, "05 0000 ff00")
    board.set_inputs((True,) * 8)
    board.power_up()
    assert not any(board.relays(2.0))
    assert ask(board, "04 0000 0003") == "04 06 00 ff 00 00 00 00"


def test_a_counter_begins_again_after_65535(board: RelayBoard) -> None:
    for _ in range(65_537):
        board.set_inputs((True, *[False] * 7))
        board.set_inputs((False,) * 8)
    assert ask(board, "04 0002 0001") == "04 02 00 01"


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(noise: bytes) -> None:
    board = RelayBoard(BoardSettings())
    board.receive(noise, 0.0)
    board.send(1.0)
    assert ask(board, "03 4000 0001", at=2.0) is not None


@given(st.binary(min_size=1, max_size=250))
def test_any_request_with_a_good_checksum_is_answered_or_refused(request_: bytes) -> None:
    board = RelayBoard(BoardSettings())
    board.receive(sealed(b"\x01" + request_), 0.0)
    [answer] = board.send(1.0)
    body = unsealed(answer)
    assert body is not None
    assert body[1] & 0x7F == request_[0] & 0x7F
