"""The serial port behind which simulated parts listen."""

import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.parts.serialport import SerialPort, UnpluggedError, garbled


class Echo:
    """A part that answers each chunk with itself, at 9600 bits per second."""

    def __init__(self) -> None:
        self.speed = 9600
        self.received: list[bytes] = []
        self._answers: list[bytes] = []

    def tune(self, host_speed: int) -> int:  # noqa: ARG002 - the port's interface
        return self.speed

    def receive(self, received: bytes, at: float) -> None:  # noqa: ARG002 - the same
        self.received.append(received)
        self._answers.append(received)

    def send(self, at: float) -> list[bytes]:  # noqa: ARG002 - the same
        answers, self._answers = self._answers, []
        return answers

    def due_at(self) -> float | None:
        return None


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def port(echo: Echo, tmp_path: Path) -> Iterator[SerialPort]:
    with SerialPort(echo, monotonic=time.monotonic, link=tmp_path / "ttyEcho") as port:
        yield port


def test_bytes_go_there_and_back_at_the_right_speed(port: SerialPort) -> None:
    with serial.Serial(port.path, 9600, timeout=2) as host:
        host.write(b"hello")
        assert host.read(5) == b"hello"
        assert port.host_speed == 9600


def test_a_host_at_the_wrong_speed_is_garbage_both_ways(port: SerialPort, echo: Echo) -> None:
    with serial.Serial(port.path, 19200, timeout=0.2) as host:
        host.write(b"hello")
        answer = host.read(5)
    assert b"".join(echo.received) != b"hello"
    assert answer != b"hello"


def test_a_chunk_lost_on_the_line_is_not_received(port: SerialPort, echo: Echo) -> None:
    port.to_part = lambda _: None
    with serial.Serial(port.path, 9600, timeout=0.1) as host:
        host.write(b"hello")
        assert host.read(1) == b""
    assert echo.received == []


def test_an_answer_is_corrupted_by_a_fault_towards_the_host(port: SerialPort) -> None:
    port.to_host = bytes.upper
    with serial.Serial(port.path, 9600, timeout=2) as host:
        host.write(b"hello")
        assert host.read(5) == b"HELLO"


def test_a_pulled_plug_fails_the_host_and_the_same_path_works_again(port: SerialPort) -> None:
    path = port.path
    with serial.Serial(path, 9600, timeout=2) as host:
        port.unplug()
        with pytest.raises((OSError, termios.error)):
            host.reset_input_buffer()
    assert not Path(path).exists()
    port.plug()
    assert port.path == path
    with serial.Serial(path, 9600, timeout=2) as host:
        host.write(b"again")
        assert host.read(5) == b"again"


def test_an_unplugged_port_names_no_speed(port: SerialPort) -> None:
    port.unplug()
    with pytest.raises(UnpluggedError):
        _ = port.host_speed


def test_a_port_is_plugged_in_once(port: SerialPort) -> None:
    with pytest.raises(ValueError, match="already plugged"):
        port.plug()


def test_unplugging_closes_every_descriptor(echo: Echo) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with SerialPort(echo, monotonic=time.monotonic):
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_timed_line_takes_ten_bits_per_byte_each_way(echo: Echo) -> None:
    with (
        SerialPort(echo, monotonic=time.monotonic, line_time=True) as port,
        serial.Serial(port.path, 9600, timeout=2) as host,
    ):
        start = time.monotonic()
        host.write(b"x" * 48)
        assert host.read(48) == b"x" * 48
        assert time.monotonic() - start >= 2 * 48 * 10 / 9600


@given(st.binary(min_size=1, max_size=40))
def test_bytes_at_equal_speeds_arrive_whole(chunk: bytes) -> None:
    assert garbled(chunk, sent_at=115200, heard_at=115200) == chunk


@given(st.binary(min_size=4, max_size=40), st.sampled_from([(921600, 115200), (115200, 9600)]))
def test_a_slow_receiver_hears_fewer_bytes_than_were_sent(
    chunk: bytes, speeds: tuple[int, int]
) -> None:
    sent_at, heard_at = speeds
    assert len(garbled(chunk, sent_at=sent_at, heard_at=heard_at)) < len(chunk)


def test_a_twice_too_fast_receiver_sees_each_bit_twice() -> None:
    # The long start bit fills the receiver's start bit and its first data bit.
    assert garbled(b"\xff", sent_at=9600, heard_at=19200) == b"\xfe"
