"""Frames between host and chip on the serial line: build them, find them in a stream of bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

ACK = bytes.fromhex("0000ff00ff00")
NACK = bytes.fromhex("0000ffff0000")
ERROR = bytes.fromhex("0000ff01ff7f8100")
START = b"\x00\xff"
HOST_TO_CHIP, CHIP_TO_HOST = 0xD4, 0xD5
BODY_BYTES_MAX = 265
"""Longest body, identifier included: 264 bytes of command and parameters."""
_NORMAL_BODY_BYTES_MAX = 255
_HEAD_BYTES, _EXTENDED_HEAD_BYTES = 2, 5
_TAIL_BYTES = 1  # DCS; the postamble is not waited for


class Signal(Enum):
    """A frame without a body."""

    ACK = auto()
    NACK = auto()


@dataclass(frozen=True, slots=True)
class Body:
    """A frame's body with correct checksums: identifier, code, parameters; perhaps too short."""

    content: bytes


def frame(body: bytes) -> bytes:
    """A normal frame, or an extended one where the body is longer than 255 bytes."""
    tail = bytes([checksum(body), 0])
    if len(body) <= _NORMAL_BODY_BYTES_MAX:
        return b"\0" + START + bytes([len(body), -len(body) & 0xFF]) + body + tail
    length = len(body).to_bytes(2)
    return b"\0" + START + b"\xff\xff" + length + bytes([checksum(length)]) + body + tail


def checksum(content: bytes) -> int:
    """What makes the sum of content and checksum zero in its low byte."""
    return -sum(content) & 0xFF


class FrameFinder:
    """Finds frames in a stream; what has a wrong checksum is dropped without a word."""

    def __init__(self) -> None:
        self._held = bytearray()

    def forget(self) -> None:
        self._held.clear()

    def feed(self, received: bytes) -> Iterator[Signal | Body]:
        """The frames that are complete with `received`, in order."""
        self._held += received
        while True:
            self._skip_to_start()
            found = self._first()
            if found is None:
                return
            item, length = found
            del self._held[:length]
            if item is not None:
                yield item

    def _skip_to_start(self) -> None:
        place = self._held.find(START)
        if place < 0:
            place = len(self._held) - self._held.endswith(START[:1])
        del self._held[:place]

    def _first(self) -> tuple[Signal | Body | None, int] | None:
        """The frame at the start code and its length; None: more bytes are needed."""
        head = bytes(self._held[len(START) : len(START) + _EXTENDED_HEAD_BYTES])
        if len(head) < _HEAD_BYTES:
            return None
        signal = _SIGNALS.get(head[:_HEAD_BYTES])
        if signal:
            return signal, len(START) + _HEAD_BYTES
        extended = head[:_HEAD_BYTES] == b"\xff\xff"
        if extended and len(head) < _EXTENDED_HEAD_BYTES:
            return None
        length = int.from_bytes(head[2:4]) if extended else head[0]
        if sum(head[2:5] if extended else head[:2]) & 0xFF or length > BODY_BYTES_MAX:
            return None, len(START)
        return self._body(len(START) + (_EXTENDED_HEAD_BYTES if extended else _HEAD_BYTES), length)

    def _body(self, start: int, length: int) -> tuple[Body | None, int] | None:
        end = start + length + _TAIL_BYTES
        if len(self._held) < end:
            return None
        content = bytes(self._held[start:end])
        if sum(content) & 0xFF:
            return None, len(START)
        return Body(content[:-_TAIL_BYTES]), end


_SIGNALS = {ACK[3:5]: Signal.ACK, NACK[3:5]: Signal.NACK}
