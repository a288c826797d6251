"""Entries have one spelling, and a chain over it shows any change."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chain import GENESIS, canonical, first_broken, link
from core.entries import BODIES, Alarmed, Body, ClockJumped, Opened, content_of
from core.ids import EpochId
from tests.core.build import EDGE, EPOCH, NOW, entry
from tests.core.test_ledger import passed, tapped


def test_an_entry_is_spelled_with_sorted_keys_and_no_blanks() -> None:
    alarm = entry(Alarmed(part="čitalnik", alarm="lost", detail=""), seq=7)
    assert content_of(alarm).decode() == (
        '{"at":"2026-11-23T17:00:00.000Z","body":{"alarm":"lost","detail":"","part":"čitalnik"},'
        f'"clock":"trusted","edge":"{EDGE}","epoch":"{EPOCH}","kind":"alarm","monotonic":7000,'
        '"seq":7,"uncertainty":0}'
    )


def test_every_kind_of_entry_has_its_own_name() -> None:
    bodies: list[Body] = [
        Opened(previous=None, last_seq=0, last_hash="00" * 32, software="1"),
        tapped(),
        passed("passed"),
        ClockJumped(expected=NOW, actual=NOW + timedelta(hours=1)),
    ]
    assert [entry(body).kind for body in bodies] == ["epoch", "tap", "passage", "clock"]
    assert len(set(BODIES.values())) == len(BODIES)


def test_a_chain_is_whole_until_one_byte_changes() -> None:
    contents = [content_of(entry(tapped(), seq)) for seq in range(1, 6)]
    hashes = []
    previous = GENESIS
    for content in contents:
        previous = link(previous, content)
        hashes.append(previous)
    assert first_broken(zip(contents, hashes, strict=True)) is None
    contents[2] = contents[2].replace(b"granted", b"expired")
    assert first_broken(zip(contents, hashes, strict=True)) == 2


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.booleans()))
def test_equal_values_have_equal_bytes_whatever_their_order(value: dict[str, str]) -> None:
    backwards = dict(reversed(value.items()))
    assert canonical({**value}) == canonical({**backwards})


def test_what_has_no_place_in_an_entry_is_a_programming_error() -> None:
    nonsense = Alarmed(part=object(), alarm="", detail="")  # type: ignore[arg-type]  # the point
    with pytest.raises(AssertionError):
        content_of(entry(nonsense))


def test_an_instant_without_offset_is_refused() -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="retry_at"):
        replace(tapped(), retry_at=naive)
    with pytest.raises(ValueError, match="expected"):
        ClockJumped(expected=naive, actual=NOW)


def test_an_instant_in_a_body_is_written_like_the_entrys_own() -> None:
    denied = replace(tapped(), retry_at=NOW)
    assert b'"retry_at":"2026-11-23T17:00:00.000Z"' in content_of(entry(denied))
    settled = content_of(entry(passed("passed")))
    assert f'"grant":{{"epoch":"{EPOCH}","seq":1}}'.encode() in settled


def test_epochs_of_two_lives_that_count_alike_differ() -> None:
    assert EpochId("00000001-0123456789abcdef") != EpochId("00000001-fedcba9876543210")
