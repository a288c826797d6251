"""Frames of the PN532's serial line."""

from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.parts.pn532.frames import (
    ACK,
    BODY_BYTES_MAX,
    ERROR,
    NACK,
    Body,
    FrameFinder,
    Signal,
    frame,
)

bodies = st.binary(min_size=1, max_size=BODY_BYTES_MAX)


@given(st.lists(bodies, max_size=4), st.data())
def test_frames_are_found_again_however_the_stream_is_cut(
    contents: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(frame(content) for content in contents)
    cut = data.draw(st.integers(0, len(stream)))
    finder = FrameFinder()
    found = [*finder.feed(stream[:cut]), *finder.feed(stream[cut:])]
    assert found == [Body(content) for content in contents]


@given(bodies, st.data())
def test_a_frame_with_one_wrong_bit_is_never_taken_for_another(
    content: bytes, data: st.DataObject
) -> None:
    sent = bytearray(frame(content))
    place = data.draw(st.integers(0, len(sent) - 1))
    sent[place] ^= 1 << data.draw(st.integers(0, 7))
    found = [item for item in FrameFinder().feed(bytes(sent)) if isinstance(item, Body)]
    assert all(content.startswith(item.content) or item.content in content for item in found)


@given(st.binary(max_size=600))
def test_any_bytes_are_survived_and_little_is_held(soup: bytes) -> None:
    finder = FrameFinder()
    for item in finder.feed(soup):
        assert isinstance(item, Body | Signal)
    assert len(finder._held) <= BODY_BYTES_MAX + 8


def test_signals_are_told_from_bodies() -> None:
    assert list(FrameFinder().feed(ACK + NACK)) == [Signal.ACK, Signal.NACK]


def test_the_error_frame_is_a_body_of_one_byte() -> None:
    assert list(FrameFinder().feed(ERROR)) == [Body(b"\x7f")]


def test_a_body_of_256_bytes_needs_an_extended_frame() -> None:
    assert frame(bytes(255))[:5] == bytes.fromhex("0000ffff01")
    assert frame(bytes(256))[:8] == bytes.fromhex("0000ffffff0100ff")


def test_a_frame_after_a_broken_one_is_found() -> None:
    broken = bytearray(frame(b"\xd4\x02"))
    broken[-2] ^= 1
    assert list(FrameFinder().feed(bytes(broken) + frame(b"\xd4\x04"))) == [Body(b"\xd4\x04")]
