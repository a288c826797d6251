"""The terminal: every punch is kept, whoever it belongs to."""

from pathlib import Path

import pytest

from core.credential import Credential, CredentialKind, from_uid
from core.entries import Punched
from core.punch import PunchKind
from core.reasons import Reason
from tests.edge_agent.agent_bench import ANA, BOR_CARD, STAFF, STRANGER, Bench
from tests.edge_agent.journal_bench import no_space


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_first_punch_is_an_arrival_and_the_next_a_departure(bench: Bench) -> None:
    assert bench.tap(at=STAFF) is Reason.PUNCHED_IN
    bench.clock.go_on(8 * 3600)
    assert bench.tap(at=STAFF) is Reason.PUNCHED_OUT
    bodies = bench.bodies()[-2:]
    assert all(isinstance(body, Punched) and body.holder == ANA for body in bodies)


def test_tapping_twice_because_one_is_not_sure_repeats_the_punch(bench: Bench) -> None:
    assert bench.tap(at=STAFF) is Reason.PUNCHED_IN
    bench.clock.go_on(5)
    assert bench.tap(at=STAFF) is Reason.PUNCHED_IN
    assert len(bench.entries()) == 3


def test_the_last_punch_is_known_after_a_restart(bench: Bench) -> None:
    assert bench.tap(at=STAFF) is Reason.PUNCHED_IN
    bench.clock.go_on(3600)
    bench.restart()
    assert bench.tap(at=STAFF) is Reason.PUNCHED_OUT


def test_each_holder_has_a_last_punch_of_their_own(bench: Bench) -> None:
    assert bench.tap(at=STAFF) is Reason.PUNCHED_IN
    bench.clock.go_on(60)
    assert bench.tap(BOR_CARD, at=STAFF) is Reason.PUNCHED_IN


@pytest.mark.parametrize(
    ("card", "kind"),
    [(STRANGER, CredentialKind.NFC_UID), (from_uid(b"\x08abc"), CredentialKind.MALFORMED)],
)
def test_an_unknown_card_is_stored_unassigned_and_told_so(
    bench: Bench, card: Credential, kind: CredentialKind
) -> None:
    assert bench.tap(card, at=STAFF) is Reason.PUNCHED_UNASSIGNED
    punched = bench.last()
    assert isinstance(punched, Punched)
    assert (punched.holder, punched.kind, punched.credential_kind) == (None, PunchKind.IN, kind)


def test_a_terminal_whose_cache_was_never_filled_records_all_the_same(bench: Bench) -> None:
    bench.cache.is_filled = False
    assert bench.tap(at=STAFF) is Reason.PUNCHED_UNASSIGNED
    assert isinstance(bench.last(), Punched)


def test_a_terminal_with_an_unknown_clock_records_all_the_same(bench: Bench) -> None:
    bench.cache.compared = None
    bench.restart()
    assert bench.tap(at=STAFF) is Reason.PUNCHED_IN


def test_a_punch_that_could_not_be_recorded_is_not_shown_as_recorded(bench: Bench) -> None:
    with no_space():
        assert bench.tap(at=STAFF) is Reason.NOT_RECORDED


def test_a_punch_releases_no_door(bench: Bench) -> None:
    bench.tap(at=STAFF)
    assert bench.door.released == []
