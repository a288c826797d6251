"""Modbus-RTU as a slave hears it: checksum, frames parted by silence."""

from dataclasses import dataclass

FRAME_BYTES_MIN = 4  # address, function, checksum
FRAME_BYTES_MAX = 256  # Modbus over serial line, section 2.5.1
_BITS_PER_CHARACTER = 10  # 8N1
_SILENCE_CHARACTERS = 3.5
# Above 19,200 baud the standard recommends one fixed silence: shorter cost too many interrupts.
_FIXED_SILENCE_ABOVE_BAUD = 19_200
_FIXED_SILENCE_S = 0.00175
_POLYNOMIAL = 0xA001


def crc16(body: bytes) -> int:
    """CRC-16/MODBUS; 0x4B37 for the ASCII digits 1 to 9."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ _POLYNOMIAL if crc & 1 else crc >> 1
    return crc


def sealed(body: bytes) -> bytes:
    """The frame for address, function and content: checksum appended, low byte first."""
    return body + crc16(body).to_bytes(2, "little")


def unsealed(frame: bytes) -> bytes | None:
    """What is inside a whole frame; None if too short, too long or not as its checksum says."""
    if not FRAME_BYTES_MIN <= len(frame) <= FRAME_BYTES_MAX:
        return None
    body = frame[:-2]
    return body if sealed(body) == frame else None


def silence_s(baud: int) -> float:
    """How long the line must be quiet for a frame to be over, by the standard."""
    if baud > _FIXED_SILENCE_ABOVE_BAUD:
        return _FIXED_SILENCE_S
    return _SILENCE_CHARACTERS * _BITS_PER_CHARACTER / baud


@dataclass(slots=True)
class Listening:
    """Bytes collected until the line has been silent for `silence_s`."""

    silence_s: float
    _collected: bytes = b""
    _over_at: float | None = None

    def hear(self, received: bytes, at: float) -> None:
        # One byte beyond the longest frame is enough to know that it is none.
        self._collected = (self._collected + received)[: FRAME_BYTES_MAX + 1]
        self._over_at = at + self.silence_s

    def over_at(self) -> float | None:
        return self._over_at

    def frame(self, at: float) -> bytes | None:
        """The frame that silence has ended by `at`, once."""
        if self._over_at is None or at < self._over_at:
            return None
        frame, self._collected, self._over_at = self._collected, b"", None
        return frame
