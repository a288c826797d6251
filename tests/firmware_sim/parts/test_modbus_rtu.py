"""Frames of Modbus-RTU: checksum and silence."""

import minimalmodbus
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.parts.modbus_rtu import (
    FRAME_BYTES_MAX,
    Listening,
    crc16,
    sealed,
    silence_s,
    unsealed,
)


def test_the_checksum_is_the_catalogued_one() -> None:
    assert crc16(b"123456789") == 0x4B37


@given(st.binary(max_size=FRAME_BYTES_MAX))
def test_the_checksum_agrees_with_a_foreign_driver(body: bytes) -> None:
    foreign = minimalmodbus._calculate_crc(body)
    assert crc16(body).to_bytes(2, "little") == bytes(foreign)


@given(st.binary(min_size=2, max_size=40), st.integers(0, 10_000))
def test_a_frame_with_one_flipped_bit_is_not_opened(body: bytes, place: int) -> None:
    frame = bytearray(sealed(body))
    assert unsealed(bytes(frame)) == body
    frame[place // 8 % len(frame)] ^= 1 << place % 8
    assert unsealed(bytes(frame)) is None


def test_a_frame_beyond_the_longest_is_not_opened() -> None:
    assert unsealed(sealed(bytes(FRAME_BYTES_MAX - 1))) is None


def test_a_frame_is_over_when_the_line_is_silent_and_not_before() -> None:
    listening = Listening(silence_s=0.004)
    listening.hear(b"ab", 1.000)
    listening.hear(b"cd", 1.003)
    assert listening.frame(1.0069) is None
    assert listening.frame(1.0071) == b"abcd"
    assert listening.frame(2.0) is None


def test_endless_noise_is_not_collected_endlessly() -> None:
    listening = Listening(silence_s=0.004)
    for _ in range(100):
        listening.hear(bytes(100), 0.0)
    frame = listening.frame(1.0)
    assert frame is not None
    assert len(frame) == FRAME_BYTES_MAX + 1


@pytest.mark.parametrize(("baud", "expected_ms"), [(9600, 3.65), (19_200, 1.82), (115_200, 1.75)])
def test_silence_is_three_and_a_half_characters_or_fixed(baud: int, expected_ms: float) -> None:
    assert silence_s(baud) * 1000 == pytest.approx(expected_ms, abs=0.01)
