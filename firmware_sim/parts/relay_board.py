"""An eight-relay, eight-input Modbus-RTU board: its memory map, its relays, its input counters."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from firmware_sim.parts.modbus_rtu import Listening, sealed, silence_s, unsealed

RELAYS = 8
INPUTS = 8
BROADCAST = 0

PULSE_COIL = 0x0200  # function 05 here: relay on for so many tenths of a second
PULSE_REGISTER = 0x0000  # holding: tenths of a second left; a write starts or ends the pulse
BAUD_REGISTER = 0x2000
ADDRESS_REGISTER = 0x4000
VERSION_REGISTER = 0x8000
INPUT_WORD = 0  # input registers: levels of the inputs, states of the relays, then counters
RELAY_WORD = 1
COUNTERS = 2
VERSION = 100
BAUDS = (4800, 9600, 19_200, 38_400, 57_600, 115_200)

_ON, _OFF = 0xFF00, 0x0000
_TENTH_S = 0.1
_WORD = 0x10000
_BITS_MAX = 2000
_WRITTEN_BITS_MAX = 1968
_REGISTERS_MAX = 125
_WRITTEN_REGISTERS_MAX = 123
_ADDRESS_MAX = 247
_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS, _ILLEGAL_VALUE = 1, 2, 3
_READS = frozenset({1, 2, 3, 4})


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSettings:
    """What the board remembers without power; `silence_s`: None for the standard's."""

    address: int = 1
    baud: int = 9600
    silence_s: float | None = None


class RelayBoard:
    """The board as a `Part` of a serial port; relays and inputs may be used from any thread."""

    def __init__(self, settings: BoardSettings) -> None:
        self._lock = threading.Lock()
        self._stored = settings
        self._powered_with = settings
        self._listening = Listening(_silence_of(settings))
        self._map = _Map()
        self._answers: list[bytes] = []

    def power_up(self) -> None:
        """Power comes (back): relays off, counters zero, stored address and speed in force."""
        with self._lock:
            self._powered_with = self._stored
            self._listening = Listening(_silence_of(self._stored))
            self._map = _Map(inputs=self._map.inputs)
            self._answers = []

    def relays(self, at: float) -> tuple[bool, ...]:
        """Which relays are pulled at `at` (seconds, monotonic)."""
        with self._lock:
            return self._map.relays(at)

    def set_inputs(self, levels: tuple[bool, ...]) -> None:
        """The voltages at the inputs, first input first; a rising one is counted."""
        with self._lock:
            self._map.set_inputs(levels)

    def tune(self, host_speed: int) -> int:  # noqa: ARG002 - the board's speed is its own
        return self._powered_with.baud

    def receive(self, received: bytes, at: float) -> None:
        with self._lock:
            self._listening.hear(received, at)

    def send(self, at: float) -> list[bytes]:
        with self._lock:
            frame = self._listening.frame(at)
            answer = self._answer(frame, at) if frame else None
        return [answer] if answer else []

    def due_at(self) -> float | None:
        return self._listening.over_at()

    def _answer(self, frame: bytes, at: float) -> bytes | None:
        """What goes back for a frame: nothing where it is broken, for others, or for everybody."""
        request = unsealed(frame)
        if request is None or request[0] not in {BROADCAST, self._powered_with.address}:
            return None
        address, function, content = request[0], request[1], request[2:]
        if address == BROADCAST and function in _READS:
            return None
        try:
            answer = bytes([function]) + self._do(function, content, at)
        except _RefusedError as refused:
            answer = bytes([function | 0x80, refused.code])
        return None if address == BROADCAST else sealed(bytes([address]) + answer)

    def _do(self, function: int, content: bytes, at: float) -> bytes:
        doing = self._functions().get(function)
        if doing is None:
            raise _RefusedError(_ILLEGAL_FUNCTION)
        return doing(content, at)

    def _functions(self) -> "dict[int, Callable[[bytes, float], bytes]]":
        return {
            0x01: self._read_coils,
            0x02: self._read_discrete_inputs,
            0x03: self._read_holding_registers,
            0x04: self._read_input_registers,
            0x05: self._write_coil,
            0x06: self._write_register,
            0x0F: self._write_coils,
            0x10: self._write_registers,
        }

    def _read_coils(self, content: bytes, at: float) -> bytes:
        return _bits(content, self._map.relays(at))

    def _read_discrete_inputs(self, content: bytes, at: float) -> bytes:  # noqa: ARG002 - one form
        return _bits(content, self._map.inputs)

    def _read_holding_registers(self, content: bytes, at: float) -> bytes:
        first, count = _span(content, _REGISTERS_MAX)
        return _words([self._held(place, at) for place in range(first, first + count)])

    def _read_input_registers(self, content: bytes, at: float) -> bytes:
        first, count = _span(content, _REGISTERS_MAX)
        return _words(_slice(self._map.input_registers(at), first, count))

    def _write_coil(self, content: bytes, at: float) -> bytes:
        place, value = _two_words(content)
        if PULSE_COIL <= place < PULSE_COIL + RELAYS:
            self._map.pulse(place - PULSE_COIL, value, at)
            return content
        _within(place, 1, RELAYS)
        if value not in {_ON, _OFF}:
            raise _RefusedError(_ILLEGAL_VALUE)
        self._map.switch(place, on=value == _ON)
        return content

    def _write_coils(self, content: bytes, at: float) -> bytes:  # noqa: ARG002 - one form for all
        first, count = _span(content[:4], _WRITTEN_BITS_MAX)
        written = content[4:]
        if len(written) != 1 + (count + 7) // 8 or written[0] != len(written) - 1:
            raise _RefusedError(_ILLEGAL_VALUE)
        _within(first, count, RELAYS)
        for place in range(count):
            on = bool(written[1 + place // 8] >> (place % 8) & 1)
            self._map.switch(first + place, on=on)
        return content[:4]

    def _write_register(self, content: bytes, at: float) -> bytes:
        place, value = _two_words(content)
        self._writable(place, value)
        self._hold(place, value, at)
        return content

    def _write_registers(self, content: bytes, at: float) -> bytes:
        first, count = _span(content[:4], _WRITTEN_REGISTERS_MAX)
        written = content[4:]
        if len(written) != 1 + 2 * count or written[0] != 2 * count:
            raise _RefusedError(_ILLEGAL_VALUE)
        values = [int.from_bytes(written[1 + 2 * n : 3 + 2 * n]) for n in range(count)]
        # All are looked at before the first is written: a refused request changes nothing.
        for place, value in enumerate(values, first):
            self._writable(place, value)
        for place, value in enumerate(values, first):
            self._hold(place, value, at)
        return content[:4]

    def _held(self, place: int, at: float) -> int:
        match place:
            case _ if place < PULSE_REGISTER + RELAYS:
                return self._map.tenths_left(place, at)
            case _ if place == BAUD_REGISTER:
                return BAUDS.index(self._stored.baud)
            case _ if place == ADDRESS_REGISTER:
                return self._stored.address
            case _ if place == VERSION_REGISTER:
                return VERSION
        raise _RefusedError(_ILLEGAL_ADDRESS)

    def _writable(self, place: int, value: int) -> None:
        """Raise unless `value` may be written to `place`."""
        if place not in {*range(RELAYS), BAUD_REGISTER, ADDRESS_REGISTER}:
            raise _RefusedError(_ILLEGAL_ADDRESS)
        bad_baud = place == BAUD_REGISTER and value >= len(BAUDS)
        bad_address = place == ADDRESS_REGISTER and not 1 <= value <= _ADDRESS_MAX
        if bad_baud or bad_address:
            raise _RefusedError(_ILLEGAL_VALUE)

    def _hold(self, place: int, value: int, at: float) -> None:
        if place == ADDRESS_REGISTER:
            self._stored = replace(self._stored, address=value)
        elif place == BAUD_REGISTER:
            self._stored = replace(self._stored, baud=BAUDS[value])
        else:
            self._map.pulse(place, value, at)


@dataclass(slots=True)
class _Map:
    """Relays (each is on until an instant), levels of the inputs, edges counted modulo 65,536."""

    on_until: list[float] = field(default_factory=lambda: [-math.inf] * RELAYS)
    inputs: tuple[bool, ...] = (False,) * INPUTS
    edges: list[int] = field(default_factory=lambda: [0] * INPUTS)

    def relays(self, at: float) -> tuple[bool, ...]:
        return tuple(at < until for until in self.on_until)

    def switch(self, relay: int, *, on: bool) -> None:
        self.on_until[relay] = math.inf if on else -math.inf

    def pulse(self, relay: int, tenths: int, at: float) -> None:
        self.on_until[relay] = at + tenths * _TENTH_S if tenths else -math.inf

    def tenths_left(self, relay: int, at: float) -> int:
        """Of a pulse; 0 for a relay that is off or switched on for good."""
        left_s = self.on_until[relay] - at
        return math.ceil(left_s / _TENTH_S) if 0 < left_s < math.inf else 0

    def set_inputs(self, levels: tuple[bool, ...]) -> None:
        assert len(levels) == INPUTS
        for place, (before, after) in enumerate(zip(self.inputs, levels, strict=True)):
            if after and not before:
                self.edges[place] = (self.edges[place] + 1) % _WORD
        self.inputs = levels

    def input_registers(self, at: float) -> list[int]:
        return [_word(self.inputs), _word(self.relays(at)), *self.edges]


class _RefusedError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"Modbus exception {code}")
        self.code = code


def _silence_of(settings: BoardSettings) -> float:
    return silence_s(settings.baud) if settings.silence_s is None else settings.silence_s


def _two_words(content: bytes) -> tuple[int, int]:
    if len(content) != 4:  # noqa: PLR2004 - two words
        raise _RefusedError(_ILLEGAL_VALUE)
    return int.from_bytes(content[:2]), int.from_bytes(content[2:])


def _span(content: bytes, count_max: int) -> tuple[int, int]:
    first, count = _two_words(content)
    if not 1 <= count <= count_max:
        raise _RefusedError(_ILLEGAL_VALUE)
    return first, count


def _within(first: int, count: int, size: int) -> None:
    if first + count > size:
        raise _RefusedError(_ILLEGAL_ADDRESS)


def _slice(values: list[int], first: int, count: int) -> list[int]:
    _within(first, count, len(values))
    return values[first : first + count]


def _bits(content: bytes, levels: tuple[bool, ...]) -> bytes:
    first, count = _span(content, _BITS_MAX)
    _within(first, count, len(levels))
    size = (count + 7) // 8
    return bytes([size]) + _word(levels[first : first + count]).to_bytes(size, "little")


def _words(values: list[int]) -> bytes:
    return bytes([2 * len(values)]) + b"".join(value.to_bytes(2) for value in values)


def _word(levels: tuple[bool, ...]) -> int:
    return sum(level << place for place, level in enumerate(levels))
