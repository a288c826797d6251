"""Ids and credentials: how they look, and what a card's number becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.credential import (
    UID_BYTES,
    VALUE_BYTES_MAX,
    Credential,
    CredentialKind,
    from_uid,
    key_of,
)
from core.ids import is_id, new_id, next_epoch
from core.instants import from_ms, to_ms, to_text, whole_ms
from tests.core.build import NOW

KEY = bytes(range(32))


@given(st.binary(min_size=13, max_size=13))
def test_a_new_id_fits_into_topics(chance: bytes) -> None:
    assert is_id(new_id("h", lambda count: chance[:count]))


@pytest.mark.parametrize("text", ["", "-a", "A", "a/b", "a+", "č", "a" * 65, "a\n", "a b"])
def test_what_could_break_a_topic_is_no_id(text: str) -> None:
    assert not is_id(text)


def test_epochs_count_and_carry_chance() -> None:
    first = next_epoch(None, bytes)
    second = next_epoch(first, lambda count: b"\xff" * count)
    assert (first, second) == ("00000001-0000000000000000", "00000002-ffffffffffffffff")


@pytest.mark.parametrize("size", sorted(UID_BYTES))
def test_a_card_is_known_by_its_uid(size: int) -> None:
    assert from_uid(bytes(range(1, size + 1))).kind is CredentialKind.NFC_UID


@pytest.mark.parametrize("uid", [b"", b"\x01" * 3, b"\x01" * 8, b"\x08\x01\x02\x03"])
def test_a_uid_that_no_card_keeps_is_malformed(uid: bytes) -> None:
    assert from_uid(uid).kind is CredentialKind.MALFORMED


def test_a_long_uid_may_start_like_a_random_one() -> None:
    assert from_uid(b"\x08" + bytes(6)).kind is CredentialKind.NFC_UID


@given(st.binary(min_size=7, max_size=7), st.binary(min_size=7, max_size=7))
def test_different_cards_have_different_keys_and_kinds_do_not_mix(one: bytes, two: bytes) -> None:
    assert (key_of(KEY, from_uid(one)) == key_of(KEY, from_uid(two))) == (one == two)
    token = Credential(kind=CredentialKind.QR_TOKEN, value=one)
    assert key_of(KEY, token) != key_of(KEY, from_uid(one))


def test_a_key_depends_on_the_site() -> None:
    card = from_uid(b"\x04" * 7)
    assert key_of(KEY, card) != key_of(bytes(32), card)


def test_an_endless_credential_is_refused() -> None:
    with pytest.raises(ValueError, match="value"):
        Credential(kind=CredentialKind.QR_TOKEN, value=bytes(VALUE_BYTES_MAX + 1))


@given(st.integers(0, 10**13))
def test_instants_keep_their_milliseconds(ms: int) -> None:
    at = from_ms(ms)
    assert to_ms(at) == ms
    assert whole_ms(at) == at


def test_an_instant_is_written_in_utc_with_milliseconds() -> None:
    assert to_text(NOW.replace(microsecond=1999)) == "2026-11-23T17:00:00.001Z"
