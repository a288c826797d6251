"""What travels on the air between reader and card: bytes, odd bits, the type A checksum."""

from dataclasses import dataclass

CRC_BYTES = 2
_CRC_A_START = 0x6363
_CRC_POLYNOMIAL_REFLECTED = 0x8408


@dataclass(frozen=True, slots=True)
class AirFrame:
    """Bits as sent, least significant first; parity bits are left out.

    `last_bits`: how many bits of the last byte were sent. `first_bit`: the bit of the first
    byte with which the frame starts (an anticollision answer goes on where the reader stopped).
    """

    data: bytes
    last_bits: int = 8
    first_bit: int = 0

    @property
    def whole(self) -> bool:
        return self.last_bits == 8 and self.first_bit == 0  # noqa: PLR2004 - bits of a byte


def crc_a(data: bytes) -> bytes:
    """CRC_A of ISO 14443-3, two bytes, low byte first."""
    crc = _CRC_A_START
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ _CRC_POLYNOMIAL_REFLECTED if crc & 1 else crc >> 1
    return crc.to_bytes(CRC_BYTES, "little")


def with_crc(data: bytes) -> AirFrame:
    return AirFrame(data + crc_a(data))


def without_crc(frame: AirFrame) -> bytes | None:
    """The bytes before a correct CRC_A; None where it is missing or wrong."""
    body, crc = frame.data[:-CRC_BYTES], frame.data[-CRC_BYTES:]
    return body if frame.whole and body and crc == crc_a(body) else None


def collision(answers: list[AirFrame]) -> int | None:
    """The first bit position at which simultaneous answers differ; None where they agree."""
    first = answers[0].data
    for other in answers[1:]:
        for place, (one, two) in enumerate(zip(first, other.data, strict=False)):
            if one != two:
                return place * 8 + lowest_bit(one ^ two)
    lengths = {len(answer.data) for answer in answers}
    return min(lengths) * 8 if len(lengths) > 1 else None


def lowest_bit(value: int) -> int:
    return (value & -value).bit_length() - 1
