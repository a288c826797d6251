"""The chip on its serial line: sleep and waking, acknowledging, answering, changing speed."""

import threading

from firmware_sim.parts.pn532 import initiator, miscellaneous, radio, target
from firmware_sim.parts.pn532.antenna import Antenna
from firmware_sim.parts.pn532.firmware import CommandSyntaxError, Firmware, NotYet
from firmware_sim.parts.pn532.frames import (
    ACK,
    CHIP_TO_HOST,
    ERROR,
    HOST_TO_CHIP,
    Body,
    FrameFinder,
    Signal,
    frame,
)
from firmware_sim.parts.pn532.timing import NO_TIME, Timing

COMMANDS = miscellaneous.COMMANDS | radio.COMMANDS | initiator.COMMANDS | target.COMMANDS
"""Every command of the chip by its code; whatever a driver sends is answered from here."""
WAKING_EDGES = 5
_WAKE_BY_SERIAL = 0x10
_BODY_BYTES_MIN = 2


class Pn532:
    """A PN532 as a part behind a serial port; `antenna` is where cards are laid."""

    _firmware: Firmware
    _asleep: bool
    _edges: int
    _wakes_by_serial: bool
    _received_at: float
    _running: bytes
    _run_at: float
    _outgoing: list[tuple[float, bytes]]
    _answered: bytes

    def __init__(self, antenna: Antenna, timing: Timing = NO_TIME) -> None:
        self.antenna = antenna
        self._timing = timing
        self._lock = threading.RLock()
        self._finder = FrameFinder()
        self._restart()

    def brown_out(self) -> None:
        """The supply dips: the chip starts anew, asleep and at 115,200; any thread may call."""
        with self._lock:
            self._restart()

    @property
    def asleep(self) -> bool:
        return self._asleep

    def tune(self, host_speed: int) -> int:
        """After SetSerialBaudRate a host already at the new speed counts as its ACK."""
        with self._lock:
            if host_speed == self._firmware.speed_next:
                self._change_speed()
            return self._firmware.speed

    def receive(self, received: bytes, at: float) -> None:
        """Take bytes from the host, some of which a sleeping chip loses while it wakes."""
        with self._lock:
            if at - self._received_at > self._timing.frame_gap_s:
                self._finder.forget()
            self._received_at = at
            for found in self._finder.feed(self._waking(received)):
                if isinstance(found, Body):
                    self._start(found.content, at)
                else:
                    self._signalled(found, at)

    def send(self, at: float) -> list[bytes]:
        """The frames due by `at`."""
        with self._lock:
            while self._running and self._run_at <= at:
                self._run(self._running, at)
            ready = [chunk for due_at, chunk in self._outgoing if due_at <= at]
            self._outgoing = [item for item in self._outgoing if item[0] > at]
            if ready and not self._outgoing and not self._running:
                self._fall_asleep()
            return ready

    def due_at(self) -> float | None:
        with self._lock:
            dues = [due_at for due_at, _ in self._outgoing]
            if self._running:
                dues.append(self._run_at)
            return min(dues, default=None)

    def _restart(self) -> None:
        self._firmware = Firmware(self.antenna, self._timing)
        self._finder.forget()
        self._asleep = True
        self._edges = 0
        self._wakes_by_serial = True
        self._received_at = 0.0
        self._running = b""
        self._run_at = 0.0
        self._outgoing = []
        self._answered = b""

    def _waking(self, received: bytes) -> bytes:
        """What a sleeping chip does not lose: what follows the byte with the fifth rising edge."""
        if not self._asleep:
            return received
        for place, byte in enumerate(received):
            self._edges += rising_edges(byte)
            if self._edges >= WAKING_EDGES and self._wakes_by_serial:
                self._asleep = False
                return received[place + 1 :]
        return b""

    def _signalled(self, signal: Signal, at: float) -> None:
        """ACK ends what is running, or confirms a new speed; NACK wants the answer once more."""
        if signal is Signal.NACK:
            if self._answered:
                self._outgoing.append((at, self._answered))
        elif self._firmware.speed_next and not self._running:
            self._change_speed()
        else:
            self._abort()

    def _start(self, body: bytes, at: float) -> None:
        """Acknowledge a command; one that still runs is given up."""
        self._abort()
        self._firmware.attempts = 0
        self._firmware.air.spent_s = 0.0
        acknowledged_at = at + self._timing.acknowledge_s
        self._outgoing.append((acknowledged_at, ACK))
        self._running, self._run_at = body, acknowledged_at

    def _run(self, body: bytes, at: float) -> None:
        """Run the command, or go on with it; the answer is due when its time has passed."""
        result = _result(self._firmware, body)
        spent_s, self._firmware.air.spent_s = self._firmware.air.spent_s, 0.0
        if isinstance(result, NotYet):
            self._firmware.attempts += 1
            self._run_at = at + spent_s + result.wait_s
            return
        self._running, self._answered = b"", result
        self._outgoing.append((at + spent_s + self._timing.command_s, result))

    def _abort(self) -> None:
        self._running = b""
        self._outgoing.clear()

    def _change_speed(self) -> None:
        if self._firmware.speed_next:
            self._firmware.speed, self._firmware.speed_next = self._firmware.speed_next, None

    def _fall_asleep(self) -> None:
        """After PowerDown's answer; only a wake source that was named wakes the chip."""
        sources, self._firmware.wake_sources = self._firmware.wake_sources, None
        if sources is not None:
            self._asleep, self._edges = True, 0
            self._wakes_by_serial = bool(sources & _WAKE_BY_SERIAL)
            self._finder.forget()


def rising_edges(byte: int) -> int:
    """How often the line rises while a byte is sent: start bit low, stop bit high."""
    levels = byte << 1 | 0x200
    return (levels & ~(levels << 1)).bit_count()


def _result(firmware: Firmware, body: bytes) -> bytes | NotYet:
    """The answer's frame; an error frame where the command's form is wrong."""
    command = COMMANDS.get(body[1]) if len(body) >= _BODY_BYTES_MIN else None
    parameters = body[_BODY_BYTES_MIN:]
    if command is None or body[0] != HOST_TO_CHIP or len(parameters) not in command.parameters:
        return ERROR
    try:
        answer = command.handler(firmware, parameters)
    except CommandSyntaxError:
        return ERROR
    if isinstance(answer, NotYet):
        return answer
    return frame(bytes([CHIP_TO_HOST, body[1] + 1]) + answer)
