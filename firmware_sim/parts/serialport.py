"""A serial port on a pty with a simulated part behind it: speed, line time, faults, plugging."""

import contextlib
import os
import pty
import selectors
import termios
import threading
import tty
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

Fault = Callable[[bytes], bytes | None]
"""Sees each chunk on its way; returns what arrives, None for nothing. It may block to delay."""

SERIAL_BITS_PER_BYTE = 10  # start, eight data bits, stop
_READ_BYTES_MAX = 4096
_JOIN_S_MAX = 5.0
_OSPEED = 5  # place of the output speed in what tcgetattr returns
_BAUD_OF = {
    value: int(name[1:])
    for name, value in vars(termios).items()
    if name.startswith("B") and name[1:].isdigit()
}


class Part(Protocol):
    """What sits behind the connector; called on the port's thread only, never blocks."""

    def tune(self, host_speed: int) -> int:
        """The part's own bits per second, told the host's; a difference makes garbage."""

    def receive(self, received: bytes, at: float) -> None:
        """Take bytes that arrived at `at` (seconds, monotonic)."""

    def send(self, at: float) -> list[bytes]:
        """What the part has to say by `at`, one chunk per frame; it moves on to its next due."""

    def due_at(self) -> float | None:
        """When `send` wants to be called next; None: not before something is received."""


class UnpluggedError(Exception):
    """The port was asked for its pty while nothing is plugged in."""


def no_fault(chunk: bytes) -> bytes | None:
    return chunk


class SerialPort:
    """A part's serial port; `path` is what the host opens. Use as a context manager."""

    def __init__(
        self,
        part: Part,
        *,
        monotonic: Callable[[], float],
        link: Path | None = None,
        line_time: bool = False,
    ) -> None:
        """`link`: symlink kept over replugging; `line_time`: bytes take ten bits' time each."""
        self.to_part: Fault = no_fault
        self.to_host: Fault = no_fault
        self._part = part
        self._monotonic = monotonic
        self._link = link
        self._line_time = line_time
        self._plugged: _Plugged | None = None

    @property
    def path(self) -> str:
        """The path for the host: the stable link where there is one, else the pty."""
        return str(self._link) if self._link else self._pty.name

    @property
    def host_speed(self) -> int:
        """Bits per second the host has set; 0 where it is no standard speed."""
        return self._pty.host_speed()

    def plug(self) -> None:
        """Offer a new pty under the same link; raises ValueError while one is plugged in."""
        if self._plugged:
            raise ValueError("the port is already plugged in; unplug it first")
        end = _Pty.open(self._link)
        wake, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        thread = threading.Thread(
            target=self._serve, args=(end, wake), name=f"serialport {end.name}", daemon=True
        )
        self._plugged = _Plugged(end=end, wake=wake, waker=waker, thread=thread)
        thread.start()

    def unplug(self) -> None:
        """Pull the plug: the host's next call fails with EIO, as with a USB adapter; idempotent."""
        plugged, self._plugged = self._plugged, None
        if plugged is None:
            return
        if self._link:
            self._link.unlink(missing_ok=True)
        os.write(plugged.waker, b"x")
        plugged.thread.join(_JOIN_S_MAX)
        plugged.end.close()
        os.close(plugged.wake)
        os.close(plugged.waker)

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    @property
    def _pty(self) -> "_Pty":
        if self._plugged is None:
            raise UnpluggedError("the port is unplugged: call plug() first")
        return self._plugged.end

    def _serve(self, end: "_Pty", wake: int) -> None:
        """Carry bytes between pty and part until `wake` becomes readable."""
        lines = _Lines(timed=self._line_time)
        with selectors.DefaultSelector() as selector:
            selector.register(end.master, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            while True:
                self._carry(end, lines)
                ready = {key.fd for key, _ in selector.select(self._wait_s(lines))}
                if wake in ready:
                    return
                if end.master in ready:
                    self._take(end, lines)

    def _wait_s(self, lines: "_Lines") -> float | None:
        dues = [due for due in (self._part.due_at(), lines.due_at()) if due is not None]
        return max(0.0, min(dues) - self._monotonic()) if dues else None

    def _take(self, end: "_Pty", lines: "_Lines") -> None:
        """Read what the host wrote onto the incoming line."""
        try:
            written = os.read(end.master, _READ_BYTES_MAX)
        except OSError:
            return
        arriving = self.to_part(written)
        if arriving:
            lines.incoming.put(arriving, end.host_speed(), self._monotonic())

    def _carry(self, end: "_Pty", lines: "_Lines") -> None:
        """Hand over everything that is due, in both directions."""
        for chunk, host_speed in lines.incoming.arrived(self._monotonic()):
            speed = self._part.tune(host_speed)
            self._part.receive(
                garbled(chunk, sent_at=host_speed, heard_at=speed), self._monotonic()
            )
        for chunk in self._part.send(self._monotonic()):
            leaving = self.to_host(chunk)
            if leaving:
                speed = self._part.tune(end.host_speed())
                lines.outgoing.put(leaving, speed, self._monotonic())
        for chunk, speed in lines.outgoing.arrived(self._monotonic()):
            end.write(garbled(chunk, sent_at=speed, heard_at=end.host_speed()))


def garbled(chunk: bytes, *, sent_at: int, heard_at: int) -> bytes:
    """What a receiver at `heard_at` bits per second makes of bytes sent at `sent_at`."""
    if sent_at == heard_at:
        return chunk
    if not sent_at or not heard_at:
        return bytes(len(chunk))
    return bytes(_sampled(_bits(chunk), sent_at / heard_at))


def _bits(chunk: bytes) -> list[int]:
    """The line's levels, one per bit: start low, least significant bit first, stop high."""
    return [
        level for byte in chunk for level in (0, *((byte >> shift) & 1 for shift in range(8)), 1)
    ]


def _sampled(levels: list[int], ratio: float) -> Iterator[int]:
    """Bytes as a receiver samples them in mid-bit; `ratio`: sender's bits per receiver's bit."""
    level_count, at = len(levels), 0
    while at < level_count:
        if levels[at]:
            at += 1
            continue
        samples = [int(at + (bit + 1.5) * ratio) for bit in range(8)]
        yield sum(
            (levels[place] if place < level_count else 1) << bit
            for bit, place in enumerate(samples)
        )
        at = int(at + 9.5 * ratio) + 1


class _Line:
    """One direction of the wire; chunks arrive in order, after their time on the line."""

    def __init__(self, *, timed: bool) -> None:
        self._timed = timed
        self._chunks: deque[tuple[float, bytes, int]] = deque()
        self._free_at = 0.0

    def put(self, chunk: bytes, speed: int, at: float) -> None:
        takes_s = len(chunk) * SERIAL_BITS_PER_BYTE / speed if self._timed and speed else 0.0
        self._free_at = max(self._free_at, at) + takes_s
        self._chunks.append((self._free_at, chunk, speed))

    def arrived(self, at: float) -> Iterator[tuple[bytes, int]]:
        while self._chunks and self._chunks[0][0] <= at:
            _, chunk, speed = self._chunks.popleft()
            yield chunk, speed

    def due_at(self) -> float | None:
        return self._chunks[0][0] if self._chunks else None


class _Lines:
    def __init__(self, *, timed: bool) -> None:
        self.incoming = _Line(timed=timed)
        self.outgoing = _Line(timed=timed)

    def due_at(self) -> float | None:
        dues = [due for due in (self.incoming.due_at(), self.outgoing.due_at()) if due is not None]
        return min(dues) if dues else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pty:
    """Both ends of a raw pty; the slave is held open, or the master would read EIO at once."""

    master: int
    slave: int
    name: str

    @classmethod
    def open(cls, link: Path | None) -> Self:
        master, slave = pty.openpty()
        os.set_blocking(master, False)
        tty.setraw(slave)
        name = os.ttyname(slave)
        if link:
            _point(link, name)
        return cls(master=master, slave=slave, name=name)

    def host_speed(self) -> int:
        try:
            settings = termios.tcgetattr(self.slave)
        except termios.error:
            return 0
        return _BAUD_OF.get(settings[_OSPEED], 0)

    def write(self, chunk: bytes) -> None:
        """Write for the host; a UART has no flow control, so what finds no room is lost."""
        with contextlib.suppress(OSError):
            os.write(self.master, chunk)

    def close(self) -> None:
        os.close(self.master)
        os.close(self.slave)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plugged:
    end: _Pty
    wake: int
    waker: int
    thread: threading.Thread


def _point(link: Path, target: str) -> None:
    """Make `link` point to `target` in one step, so that no host sees it half made."""
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
