"""The master's end of the line, against a peer that may say anything."""

import os
import pty
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.doors.hardware import Board, Line, Wires
from edge_agent.doors.modbus_line import LineGoneError, ModbusLine, NoAnswerError
from firmware_sim.parts.modbus_rtu import sealed

WIRES = Wires(unlock_a=0, passage_a=0, passage_b=1, home=2, fire_loop=3)
BOARD = Board(counters_address=2)


class Peer:
    """The far end of a pty and the line that is opened on it."""

    def __init__(self, board: Board = BOARD) -> None:
        self.master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        path = Path(os.ttyname(self._slave))
        settings_ = Line(path=path, baud=115_200, answer_s_max=0.02, silence_s=0.0004)
        self.line = ModbusLine(settings_, board, WIRES, monotonic=time.monotonic)
        self.line.open()

    def say(self, frame: bytes) -> None:
        """Speak without being asked."""
        os.write(self.master, frame)

    def close(self) -> None:
        self.line.close()
        os.close(self.master)
        os.close(self._slave)


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


def whole(peer: Peer, received: str, request: str) -> bytes | None:
    return peer.line._whole(bytes.fromhex(received), bytes.fromhex(request))


def test_one_read_covers_every_wired_input() -> None:
    cases = [
        (BOARD, "04 0000 0004"),
        (Board(), "04 0000 0001"),
        (Board(inputs_function=2), "02 0000 0004"),
        (Board(inputs_address=0x10, counters_address=0x18), "04 0010 000a"),
    ]
    for board, request in cases:
        peer = Peer(board)
        assert peer.line._look_request == bytes.fromhex(request)
        peer.close()


def test_only_the_whole_answer_to_this_request_counts(peer: Peer) -> None:
    request = "04 0000 0001"
    answer = sealed(bytes.fromhex("01 04 02 0005")).hex()
    assert whole(peer, answer, request) == bytes.fromhex("04 02 0005")
    assert whole(peer, answer[:-2], request) is None
    assert whole(peer, sealed(bytes.fromhex("02 04 02 0005")).hex(), request) is None
    assert whole(peer, sealed(bytes.fromhex("01 03 02 0005")).hex(), request) is None
    assert whole(peer, sealed(bytes.fromhex("01 04 04 0005 0006")).hex(), request) is None
    assert whole(peer, answer[:-2] + "00", request) is None


def test_a_refusal_is_told_with_its_exception(peer: Peer) -> None:
    with pytest.raises(NoAnswerError, match="refuses function 4 with exception 2"):
        whole(peer, sealed(bytes.fromhex("01 84 02")).hex(), "04 0000 0001")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80))
def test_any_noise_is_no_answer(peer: Peer, noise: bytes) -> None:
    request = bytes.fromhex("04 0000 0004")
    try:
        answer = peer.line._whole(noise, request)
    except NoAnswerError:
        return
    assert answer is None


def test_what_lies_there_from_before_is_thrown_away(peer: Peer) -> None:
    peer.say(sealed(bytes.fromhex("01 04 08 0001 0000 0000 0000")))
    with pytest.raises(NoAnswerError, match="no answer"):
        peer.line.look()


def test_a_line_that_is_never_silent_is_named(peer: Peer) -> None:
    noise = bytes(512)
    for _ in range(7):
        peer.say(noise)
    with pytest.raises(NoAnswerError):
        peer.line.look()


def test_a_closed_line_says_so(peer: Peer) -> None:
    peer.line.close()
    with pytest.raises(LineGoneError, match="is not open"):
        peer.line.pulse(0, 1.0)
    peer.line.close()


def test_a_speed_or_path_that_is_none_is_named() -> None:
    line = ModbusLine(Line(path=Path("/dev/null")), BOARD, WIRES, monotonic=time.monotonic)
    with pytest.raises(LineGoneError, match="/dev/null cannot be opened"):
        line.open()
    assert not line.is_open


@pytest.mark.parametrize(
    ("for_s", "units"), [(0.0, 0), (0.3, 3), (0.31, 4), (5.0, 50), (0.05, 1), (10.0, 100)]
)
def test_a_pulse_is_rounded_up_to_the_boards_unit(peer: Peer, for_s: float, units: int) -> None:
    with pytest.raises(NoAnswerError):
        peer.line.pulse(1, for_s)
    assert os.read(peer.master, 8) == sealed(bytes([1, 6, 0, 1, 0, units]))
