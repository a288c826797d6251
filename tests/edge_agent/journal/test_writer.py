"""The writer: durable as a whole or not at all, its rows equal to the fold over its entries."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.entries import Commanded, Entry, Grant, Passed, Tapped
from core.ids import CommandId, EntitlementId, HolderId
from core.instants import Moment
from core.ledger import State, fold
from core.punch import PunchKind, Stamp
from edge_agent.journal import JournalReader, JournalUnwritableError
from tests.edge_agent.journal_bench import (
    DOOR,
    START,
    moment,
    no_space,
    open_journal,
    passed,
    punched,
    tapped,
)
from wire.codec import decode_entry


def test_a_grant_reserves_units_and_is_pending_until_its_passage(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    tap = tapped()
    entry = journal.record(tap, moment(1), 1000, door=DOOR)
    grant = Grant(epoch=journal.epoch, seq=entry.key.seq)

    assert journal.pending(HolderId("h-1")) == [grant]
    opened = journal.open_grant(grant)
    assert opened is not None
    assert (opened.door, opened.units, opened.zone_to) == (DOOR, 1, tap.zone_to)
    assert [usage.units for usage in journal.usage([EntitlementId("e-1")])] == [1]
    assert journal.presence(HolderId("h-1")) is None

    journal.record(passed(grant, tap), moment(2), 2000)
    assert journal.pending(HolderId("h-1")) == []
    presence = journal.presence(HolderId("h-1"))
    assert presence is not None
    assert (presence.presence.zone, presence.seq) == (tap.zone_to, 3)
    assert [usage.units for usage in journal.usage([EntitlementId("e-1")])] == [1]


def test_a_no_show_gives_back_as_an_entry_of_its_own(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    tap = tapped()
    entry = journal.record(tap, moment(), 0)
    grant = Grant(epoch=journal.epoch, seq=entry.key.seq)
    journal.record(passed(grant, tap, "no-show"), moment(9), 9000)
    usages = journal.usage([EntitlementId("e-1")])
    assert [(usage.seq, usage.units) for usage in usages] == [(2, 1), (3, -1)]
    assert journal.open_grants() == []


def test_a_denied_tap_has_no_effect(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    journal.record(tapped(allow=False), moment(), 0)
    assert journal.open_grants() == []
    assert journal.usage([EntitlementId("e-1")]) == []


def test_several_bodies_are_one_transaction_in_order(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    first = journal.record(punched(), moment(), 0, also=[punched(None)])
    assert (first.key.seq, journal.last_seq) == (2, 3)


def test_the_last_stamp_of_a_holder_is_kept_and_nobodys_is_not(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    journal.record(punched(kind=PunchKind.IN), moment(), 0)
    journal.record(punched(None), moment(1), 0)
    journal.record(punched(kind=PunchKind.OUT), moment(5), 0)
    assert journal.last_stamp(HolderId("h-1")) == Stamp(kind=PunchKind.OUT, at=moment(5).at)
    assert journal.last_stamp(HolderId("h-2")) is None


def test_a_command_is_known_once_it_has_an_outcome(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    command = CommandId("c-1")
    assert not journal.knows_command(command)
    outcome = Commanded(
        command=command, action="open", access_point=None, outcome="expired", detail=""
    )
    journal.record(outcome, moment(), 0)
    assert journal.knows_command(command)


def test_what_is_written_is_synced_before_record_returns(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    (level,) = journal._connection.execute("PRAGMA synchronous").fetchone()
    (mode,) = journal._connection.execute("PRAGMA journal_mode").fetchone()
    assert (level, mode) == (2, "wal")


def test_a_full_disk_is_told_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    journal.record(tapped(), moment(), 0)
    with no_space():
        for _ in range(3):
            with pytest.raises(JournalUnwritableError, match="free space"):
                journal.record(tapped("h-2", entitlement="e-2"), moment(), 0)
    assert journal.last_seq == 2
    assert journal.usage([EntitlementId("e-2")]) == []
    after = journal.record(tapped("h-3"), moment(), 0)
    assert after.key.seq == 3
    with closing(JournalReader(path)) as reader:
        assert reader.spans()[0].last == 3


def test_a_full_database_is_told_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    (pages,) = journal._connection.execute("PRAGMA page_count").fetchone()
    journal._connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    with pytest.raises(JournalUnwritableError, match="full"):
        journal.record(tapped(), moment(), 0, also=[tapped()] * 1_000)
    last = journal.last_seq
    journal._connection.execute(f"PRAGMA max_page_count = {pages + 1_000}").fetchone()
    assert journal.record(tapped(), moment(), 0).key.seq == last + 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["tap", "deny", "pass", "no-show", "restart"]), max_size=30))
def test_after_any_history_the_rows_say_what_the_fold_says(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    path = tmp_path_factory.mktemp("fold") / "journal.db"
    history = _History(path)
    for step in steps:
        history.take(step)
    history.check()
    history.journal.close()


class _History:
    """A journal under random use: three holders with an entitlement each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = open_journal(path)
        self.open: list[tuple[Grant, Tapped]] = []
        self.taken = 0

    def take(self, step: str) -> None:
        self.taken += 1
        tap = tapped(f"h-{self.taken % 3}", entitlement=f"e-{self.taken % 3}", allow=step == "tap")
        match step:
            case "tap" | "deny":
                entry = self._record(tap)
                if step == "tap":
                    grant = Grant(epoch=entry.key.epoch, seq=entry.key.seq)
                    self.open.append((grant, tap))
            case "pass" | "no-show" if self.open:
                grant, tap = self.open.pop(self.taken % len(self.open))
                self._record(passed(grant, tap, "passed" if step == "pass" else step))
            case "restart":
                self.journal.close()
                self.journal = open_journal(self.path, seed=self.taken, at=self.taken)
            case _:
                pass

    def _record(self, body: Tapped | Passed) -> Entry:
        return self.journal.record(body, self._moment(), self.taken)

    def _moment(self) -> Moment:
        return moment(self.taken)

    def check(self) -> None:
        with closing(JournalReader(self.path)) as reader:
            entries = [decode_entry(content) for content in reader.newest(1_000)]
        state = State()
        for entry in entries:
            state = fold(state, entry)
        for number in range(3):
            entitlement, holder = EntitlementId(f"e-{number}"), HolderId(f"h-{number}")
            taken = sum(usage.units for usage in self.journal.usage([entitlement]))
            assert taken == state.taken.get(entitlement, 0)
            presence = self.journal.presence(holder)
            assert (presence.presence if presence else None) == state.presence.get(holder)
            open_of_holder = {g for g, h in state.pending.items() if h == holder}
            assert set(self.journal.pending(holder)) == open_of_holder
        assert {each.grant for each in self.journal.open_grants()} == set(state.pending)


def test_the_journal_is_strict_about_types(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    with pytest.raises(sqlite3.IntegrityError):
        journal._connection.execute("INSERT INTO epochs VALUES ('x', 'not a number')")
    assert journal.last_seq == 1


def test_instants_come_back_as_they_were(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    journal.record(punched(), moment(0.123), 0)
    stamp = journal.last_stamp(HolderId("h-1"))
    assert stamp is not None
    assert stamp.at - START == moment(0.123).at - START
