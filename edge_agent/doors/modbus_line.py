"""One Modbus-RTU board on a serial line: pulses out, contacts in, one exchange at a time."""

import contextlib
import os
import select
import struct
import termios
from collections.abc import Callable

import serial
from pymodbus.exceptions import ModbusException
from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu.decoders import DecodePDU

from edge_agent.doors.contacts import Look
from edge_agent.doors.hardware import Board, Line, Wires
from edge_agent.errors import EdgeError

Monotonic = Callable[[], float]
Wrote = Callable[[bytes, float], None]
"""Told each frame and the instant at which its first byte was given to the port."""

_READ_BYTES_MAX = 512
_FRAME_BYTES_MAX = 256
_DRAINS_MAX = 50
_DISCRETE_INPUTS = 2
_EXCEPTION = 0x80
_GONE = (OSError, termios.error, ValueError)  # serial.SerialException is an OSError


class LineError(EdgeError):
    """The board could not be asked."""


class NoAnswerError(LineError):
    """Nothing, or nothing whole, came back in time; asking again may help."""


class LineGoneError(LineError):
    """The serial device cannot be opened or has gone; it must be opened anew."""


class ModbusLine:
    """The master's end of the line; for one thread."""

    def __init__(
        self,
        line: Line,
        board: Board,
        wires: Wires,
        *,
        monotonic: Monotonic,
        wrote: Wrote | None = None,
    ) -> None:
        self._line = line
        self._board = board
        self._monotonic = monotonic
        self._wrote = wrote
        self._framer = FramerRTU(DecodePDU(is_server=False))
        self._port: serial.Serial | None = None
        self._quiet_until = 0.0
        self._look_request = _look_request(board, wires)

    @property
    def is_open(self) -> bool:
        return self._port is not None

    def open(self) -> None:
        """Open the device for ourselves alone; raises LineGoneError."""
        try:
            self._port = serial.Serial(
                str(self._line.path), self._line.baud, timeout=0, exclusive=True
            )
        except _GONE as error:
            raise LineGoneError(f"{self._line.path} cannot be opened: {error}") from error
        # A USB adapter otherwise keeps bytes for 16 ms; ports that cannot (a pty) refuse.
        with contextlib.suppress(*_GONE, NotImplementedError):
            self._port.set_low_latency_mode(True)
        self._quiet_until = self._monotonic() + self._line.silence_s

    def close(self) -> None:
        """Let the device go; harmless where it has gone already."""
        port, self._port = self._port, None
        if port:
            with contextlib.suppress(*_GONE):
                port.close()

    def pulse(self, relay: int, for_s: float) -> None:
        """Pull a relay for `for_s`, rounded up to the board's unit; 0 lets it go now."""
        # Rounded first: 0.3 / 0.1 is a little more than 3.
        units = -int(-round(for_s / self._board.pulse_unit_s, 6) // 1)
        request = struct.pack(
            ">BHH", self._board.pulse_function, self._board.pulse_address + relay, units
        )
        if self._exchange(request) != request:
            raise NoAnswerError(f"the board at {self._line.path} acknowledged another request")

    def look(self) -> Look:
        """Levels and counters of this moment."""
        answer = self._exchange(self._look_request)
        if self._board.inputs_function == _DISCRETE_INPUTS:
            return Look(levels=_bits(int.from_bytes(answer[2:], "little")))
        words = struct.unpack(f">{len(answer[2:]) // 2}H", answer[2:])
        first = self._board.counters_address
        counters = words[first - self._board.inputs_address :] if first is not None else None
        return Look(levels=_bits(words[0]), counters=counters)

    def _exchange(self, request: bytes) -> bytes:
        """One request and its whole answer, without address and checksum; raises LineError."""
        if self._port is None:
            raise LineGoneError(f"{self._line.path} is not open")
        try:
            descriptor = self._port.fileno()
            self._await_silence(descriptor)
            self._write(descriptor, self._framer.encode(request, self._line.address, 0))
            return self._read_answer(descriptor, request)
        except _GONE as error:
            raise LineGoneError(f"{self._line.path} has gone: {error}") from error

    def _await_silence(self, descriptor: int) -> None:
        """Keep the standard's gap, and throw away whatever comes too late to be an answer."""
        for _ in range(_DRAINS_MAX):
            left_s = max(0.0, self._quiet_until - self._monotonic())
            if not select.select([descriptor], [], [], left_s)[0]:
                return
            self._receive(descriptor)
        raise NoAnswerError(f"{self._line.path} is never silent: check speed and wiring")

    def _write(self, descriptor: int, frame: bytes) -> None:
        if self._wrote:
            self._wrote(frame, self._monotonic())
        # A frame is smaller than any port's buffer; what finds no room is a port that is stuck.
        if os.write(descriptor, frame) < len(frame):
            raise NoAnswerError(f"{self._line.path} takes no bytes: check flow control and wiring")

    def _read_answer(self, descriptor: int, request: bytes) -> bytes:
        deadline = self._monotonic() + self._line.answer_s_max
        received = b""
        while len(received) <= _FRAME_BYTES_MAX:
            left_s = max(0.0, deadline - self._monotonic())
            if not select.select([descriptor], [], [], left_s)[0]:
                break
            received += self._receive(descriptor)
            answer = self._whole(received, request)
            if answer:
                return answer
        raise NoAnswerError(
            f"no answer on {self._line.path} within {self._line.answer_s_max * 1000:.0f} ms"
            f" ({len(received)} bytes came): check power, speed and address of the board"
        )

    def _whole(self, received: bytes, request: bytes) -> bytes | None:
        """The answer if it is all there, sound, and to this request."""
        try:
            _, address, _, answer = self._framer.decode(received)
        except (ModbusException, IndexError, struct.error):
            return None
        if not answer or address != self._line.address:
            return None
        if answer[0] == request[0] | _EXCEPTION:
            raise NoAnswerError(
                f"the board on {self._line.path} refuses function {request[0]} with exception"
                f" {answer[1]}: compare the profile with the board's register table"
            )
        fits = answer[0] == request[0] and len(answer) == _answer_bytes(request)
        return answer if fits else None

    def _receive(self, descriptor: int) -> bytes:
        received = os.read(descriptor, _READ_BYTES_MAX)
        if not received:
            raise OSError("end of file: the device was unplugged")
        self._quiet_until = self._monotonic() + self._line.silence_s
        return received


def _look_request(board: Board, wires: Wires) -> bytes:
    """One read that covers every wired input: levels, then counters up to the last needed."""
    inputs = [wires.passage_a, wires.passage_b, wires.home, wires.fire_loop]
    last = max((terminal for terminal in inputs if terminal is not None), default=0)
    count = 1
    if board.inputs_function == _DISCRETE_INPUTS:
        count = last + 1
    elif board.counters_address is not None:
        counted = [place for place in (wires.passage_a, wires.passage_b) if place is not None]
        count = board.counters_address - board.inputs_address + max(counted, default=0) + 1
    return struct.pack(">BHH", board.inputs_function, board.inputs_address, count)


def _answer_bytes(request: bytes) -> int:
    """How long the answer to one of our requests is: an echo, or a counted content."""
    count = int.from_bytes(request[3:])
    match request[0]:
        case 2:
            return 2 + (count + 7) // 8
        case 4:
            return 2 + 2 * count
        case _:
            return len(request)


def _bits(word: int) -> tuple[bool, ...]:
    return tuple(bool(word >> place & 1) for place in range(16))
