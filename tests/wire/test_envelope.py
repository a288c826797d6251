"""Envelopes: only the right bytes, of the right sender, on the right topic, open."""

import hashlib
import hmac
import zlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.examples import ADDRESS, MAC_KEY, PRIVATE_KEY
from wire.envelope import (
    BODY_BYTES_MAX,
    DEFLATE_FROM_BYTES,
    ENVELOPE_BYTES_MAX,
    authenticate,
    open_keyed,
    open_signed,
    sign,
)
from wire.errors import (
    ForgedError,
    MalformedError,
    TooLargeError,
    UnknownVersionError,
    WireError,
)
from wire.topics import Down, Up

UP, DOWN = ADDRESS.up(Up.STATE), ADDRESS.down(Down.HELLO)
PUBLIC_KEY = PRIVATE_KEY.public_key()
bodies = st.binary(max_size=60) | st.binary(min_size=30, max_size=60).map(lambda b: b * 60)


@given(body=bodies)
def test_what_is_sealed_opens_to_the_same_body(body: bytes) -> None:
    assert open_signed(PUBLIC_KEY, UP, sign(PRIVATE_KEY, UP, body)) == body
    assert open_keyed(MAC_KEY, DOWN, authenticate(MAC_KEY, DOWN, body)) == body


@pytest.mark.must("P-011", "P-012")
@given(body=bodies, at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_any_changed_byte_is_refused(body: bytes, at: int, flip: int) -> None:
    with pytest.raises(WireError):
        open_signed(PUBLIC_KEY, UP, _flipped(sign(PRIVATE_KEY, UP, body), at, flip))
    with pytest.raises(WireError):
        open_keyed(MAC_KEY, DOWN, _flipped(authenticate(MAC_KEY, DOWN, body), at, flip))


@pytest.mark.must("P-011")
@given(body=bodies, length=st.integers(0, 200))
def test_a_cut_or_grown_envelope_is_refused(body: bytes, length: int) -> None:
    sealed = authenticate(MAC_KEY, DOWN, body)
    for changed in (sealed[: length % len(sealed)], sealed + b"x"):
        with pytest.raises(WireError):
            open_keyed(MAC_KEY, DOWN, changed)


@pytest.mark.must("P-011")
def test_an_envelope_opens_on_no_other_topic_and_under_no_other_key() -> None:
    up, down = sign(PRIVATE_KEY, UP, b"x"), authenticate(MAC_KEY, DOWN, b"x")
    with pytest.raises(ForgedError):
        open_signed(PUBLIC_KEY, ADDRESS.up(Up.BIRTH), up)
    with pytest.raises(ForgedError):
        open_keyed(MAC_KEY, ADDRESS.down(Down.ACK), down)
    with pytest.raises(ForgedError):
        open_signed(Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key(), UP, up)
    with pytest.raises(ForgedError):
        open_keyed(bytes(32), DOWN, down)


@pytest.mark.must("P-012")
def test_an_envelope_of_the_other_direction_is_refused() -> None:
    with pytest.raises(ForgedError, match="method"):
        open_signed(PUBLIC_KEY, UP, authenticate(MAC_KEY, UP, b"x" * 64))
    with pytest.raises(ForgedError, match="method"):
        open_keyed(MAC_KEY, DOWN, sign(PRIVATE_KEY, DOWN, b"x"))


@pytest.mark.must("P-012")
def test_another_version_or_flag_is_refused_and_the_remedy_named() -> None:
    sealed = authenticate(MAC_KEY, DOWN, b"x")
    with pytest.raises(UnknownVersionError, match="update"):
        open_keyed(MAC_KEY, DOWN, bytes((sealed[0], 2)) + sealed[2:])
    with pytest.raises(ForgedError, match="flags"):
        open_keyed(MAC_KEY, DOWN, sealed[:3] + b"\x02" + sealed[4:])


@pytest.mark.must("P-011")
def test_the_leading_bytes_are_authenticated_too() -> None:
    sealed = authenticate(MAC_KEY, DOWN, zlib.compress(b"x"))
    with pytest.raises(ForgedError, match="authenticator"):
        open_keyed(MAC_KEY, DOWN, sealed[:3] + b"\x01" + sealed[4:])


def test_bodies_from_a_kilobyte_on_are_deflated() -> None:
    small = authenticate(MAC_KEY, DOWN, b"x" * (DEFLATE_FROM_BYTES - 1))
    large = authenticate(MAC_KEY, DOWN, b"x" * DEFLATE_FROM_BYTES)
    assert (small[3], large[3]) == (0, 1)
    assert len(large) < len(small)


@pytest.mark.must("P-013")
def test_a_body_as_large_as_allowed_passes_and_one_byte_more_does_not() -> None:
    largest = b"x" * BODY_BYTES_MAX
    assert open_keyed(MAC_KEY, DOWN, authenticate(MAC_KEY, DOWN, largest)) == largest
    with pytest.raises(TooLargeError):
        authenticate(MAC_KEY, DOWN, largest + b"x")
    with pytest.raises(TooLargeError):
        open_keyed(MAC_KEY, DOWN, _deflated(zlib.compress(largest + b"x")))


@pytest.mark.must("P-013")
def test_a_bomb_is_refused_before_it_grows() -> None:
    bomb = zlib.compress(bytes(64 * BODY_BYTES_MAX), 9)
    with pytest.raises(TooLargeError):
        open_keyed(MAC_KEY, DOWN, _deflated(bomb))


@pytest.mark.must("P-013")
def test_an_envelope_over_the_limit_is_refused_on_both_sides(random_bytes: bytes) -> None:
    with pytest.raises(TooLargeError):
        authenticate(MAC_KEY, DOWN, random_bytes)
    with pytest.raises(TooLargeError):
        open_keyed(MAC_KEY, DOWN, bytes(ENVELOPE_BYTES_MAX + 1))


@pytest.mark.parametrize("body", [b"", b"junk", zlib.compress(b"x" * 99)[:-5]])
def test_deflated_data_that_is_none_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        open_keyed(MAC_KEY, DOWN, _deflated(body))


def test_bytes_after_the_deflated_data_are_malformed() -> None:
    with pytest.raises(MalformedError, match="after"):
        open_keyed(MAC_KEY, DOWN, _deflated(zlib.compress(b"x") + b"more"))


@given(junk=st.binary(max_size=300))
def test_junk_is_refused_with_a_named_error(junk: bytes) -> None:
    with pytest.raises(WireError) as caught:
        open_keyed(MAC_KEY, DOWN, junk)
    assert caught.value.field
    assert caught.value.remedy in caught.value.diagnostics()


@pytest.fixture
def random_bytes() -> bytes:
    """What cannot be deflated below the limit of an envelope."""
    return b"".join(hashlib.sha256(bytes((n % 256, n // 256))).digest() for n in range(9_000))


def _flipped(sealed: bytes, at: int, flip: int) -> bytes:
    changed = bytearray(sealed)
    changed[at % len(sealed)] ^= flip
    return bytes(changed)


def _deflated(body: bytes) -> bytes:
    """An envelope with `body` as the deflated body, rightly authenticated."""
    header = b"V\x01\x02\x01"
    text = b"vratar-envelope\0" + DOWN.encode() + b"\0" + header + body
    return header + hmac.digest(MAC_KEY, text, "sha256") + body
