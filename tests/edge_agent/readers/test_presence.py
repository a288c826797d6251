"""When a sensed card counts as presented."""

from hypothesis import given
from hypothesis import strategies as st

from core.credential import CredentialKind
from edge_agent.readers.presence import Presence, Sensed

A, B = bytes.fromhex("04A1B2C3D4E580"), bytes.fromhex("04C767F2066180")


def card(uid: bytes, *, certain: bool = True) -> Sensed:
    return Sensed(uid=uid, certain=certain)


def presented(presence: Presence, seen: list[tuple[float, bytes | None]]) -> list[bytes]:
    found = (presence.sensed(card(uid) if uid else None, at) for at, uid in seen)
    return [credential.value for credential in found if credential]


def test_a_card_that_stays_is_presented_once() -> None:
    assert presented(Presence(), [(at / 10, A) for at in range(50)]) == [A]


def test_a_card_that_is_missed_for_a_moment_is_not_presented_again() -> None:
    assert presented(Presence(), [(0.0, A), (0.1, None), (0.4, None), (0.49, A)]) == [A]


def test_a_card_that_was_away_is_presented_again() -> None:
    assert presented(Presence(), [(0.0, A), (0.1, None), (0.5, A)]) == [A, A]


def test_a_different_card_is_presented_at_once() -> None:
    assert presented(Presence(), [(0.0, A), (0.06, B)]) == [A, B]


def test_two_cards_that_take_turns_are_presented_once_each() -> None:
    assert presented(Presence(), [(at / 10, (A, B)[at % 2]) for at in range(20)]) == [A, B]


def test_random_uids_of_one_phone_are_one_malformed_presentation() -> None:
    presence = Presence()
    found = [presence.sensed(card(bytes([0x08, 1, 2, last])), last / 10) for last in range(5)]
    assert [credential.kind for credential in found if credential] == [CredentialKind.MALFORMED]


def test_after_a_fault_a_uid_is_believed_when_it_is_read_twice() -> None:
    presence = Presence()
    presence.doubt()
    assert presented(presence, [(0.0, B), (0.1, A), (0.2, A)]) == [A]


def test_a_uid_that_contradicts_its_sens_res_is_always_read_twice() -> None:
    presence = Presence()
    assert presence.sensed(card(A, certain=False), 0.0) is None
    assert presence.sensed(card(B, certain=False), 0.1) is None
    assert presence.sensed(card(B, certain=False), 0.2) is not None


@given(st.lists(st.tuples(st.floats(0.01, 2), st.sampled_from([None, A, B])), max_size=60))
def test_a_card_is_never_presented_twice_within_its_time_away(
    steps: list[tuple[float, bytes | None]],
) -> None:
    presence, at, last = Presence(), 0.0, dict[bytes, float]()
    for wait_s, uid in steps:
        at += wait_s
        if presence.sensed(card(uid) if uid else None, at):
            assert uid is not None
            assert at - last.get(uid, -1.0) >= presence.away_s
        if uid:
            last[uid] = at
