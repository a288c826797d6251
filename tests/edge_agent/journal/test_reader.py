"""The reader: another process's view, through restarts, replacement and trimming."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from core.chain import GENESIS, link
from core.ids import EntitlementId, EpochId
from edge_agent.journal import JournalReader, first_broken
from tests.edge_agent.journal_bench import START, moment, open_journal, tapped
from wire.codec import decode_entry

LATER = START + timedelta(days=40)


def test_a_missing_journal_reads_as_empty(tmp_path: Path) -> None:
    with closing(JournalReader(tmp_path / "journal.db")) as reader:
        assert (reader.spans(), reader.last(), reader.newest(5)) == ([], None, [])
        open_journal(tmp_path / "journal.db").close()
        assert len(reader.spans()) == 1


def test_what_is_recorded_is_seen_at_once(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    with closing(JournalReader(tmp_path / "journal.db")) as reader:
        assert reader.last() == (journal.epoch, 1)
        journal.record(tapped(), moment(), 0)
        assert reader.last() == (journal.epoch, 2)
        (content,) = reader.contents(journal.epoch, 1)
        assert decode_entry(content).key.seq == 2


def test_contents_chain_from_the_hash_before_them(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    for _ in range(5):
        journal.record(tapped(), moment(), 0)
    with closing(JournalReader(tmp_path / "journal.db")) as reader:
        assert reader.hash_of(journal.epoch, 0) == GENESIS
        assert reader.hash_of(journal.epoch, 99) is None
        before = reader.hash_of(journal.epoch, 2)
        assert before is not None
        for content in reader.contents(journal.epoch, 2):
            before = link(before, content)
        assert before == reader.hash_of(journal.epoch, 6)


def test_contents_keep_to_both_limits_but_give_at_least_one(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    for _ in range(9):
        journal.record(tapped(), moment(), 0)
    with closing(JournalReader(tmp_path / "journal.db")) as reader:
        assert len(reader.contents(journal.epoch, 0, limit_entries=4)) == 4
        whole = reader.contents(journal.epoch, 0)
        assert len(whole) == 10
        two = len(whole[0]) + len(whole[1])
        assert len(reader.contents(journal.epoch, 0, limit_bytes=two)) == 2
        assert len(reader.contents(journal.epoch, 0, limit_bytes=two - 1)) == 1
        assert len(reader.contents(journal.epoch, 0, limit_bytes=1)) == 1


def test_the_newest_come_oldest_first_across_epochs(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for seed in range(3):
        open_journal(path, seed=seed).close()
    with closing(JournalReader(path)) as reader:
        newest = [decode_entry(content).key.epoch for content in reader.newest(2)]
    assert [epoch[:8] for epoch in newest] == ["00000002", "00000003"]


def test_a_replaced_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_journal(path).close()
    with closing(JournalReader(path)) as reader:
        old = reader.last()
        path.rename(tmp_path / "aside.db")
        journal = open_journal(path, seed=5)
        assert reader.last() == (journal.epoch, 1) != old


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_journal(path).close()
    with closing(JournalReader(path)) as reader:
        assert reader.spans()
        assert reader._connection is not None
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader._connection.execute("DELETE FROM entries")


def test_trimming_keeps_the_entry_at_the_mark_and_whatever_is_not_acknowledged(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    for _ in range(9):
        journal.record(tapped(), moment(), 0)
    marks = {journal.epoch: 6}
    assert journal.trim(older_than=START, marks=marks, included=marks) == 0
    assert journal.trim(older_than=LATER, marks=marks, included=marks) == 5
    with closing(JournalReader(path)) as reader:
        (span,) = reader.spans()
        assert (span.first, span.last) == (6, 10)
        assert reader.hash_of(journal.epoch, 6) is not None
    assert [usage.seq for usage in journal.usage([EntitlementId("e-1")])] == [6, 7, 8, 9, 10]
    assert first_broken(path) == (5, None)
    assert journal.record(tapped(), moment(), 0).key.seq == 11


def test_effects_that_the_hub_has_not_counted_outlive_their_entries(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    for _ in range(4):
        journal.record(tapped(), moment(), 0)
    epoch = journal.epoch
    assert journal.trim(older_than=LATER, marks={epoch: 5}, included={epoch: 3}) == 4
    assert [usage.seq for usage in journal.usage([EntitlementId("e-1")])] == [4, 5]


def test_trimming_takes_whole_epochs_from_the_front_only(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    epochs = []
    for seed in range(4):
        journal = open_journal(path, seed=seed)
        journal.record(tapped(), moment(), 0)
        epochs.append(journal.epoch)
    acknowledged = {EpochId(epoch): 2 for epoch in (epochs[0], epochs[2], epochs[3])}
    assert journal.trim(older_than=LATER, marks=acknowledged, included={}) == 2
    with closing(JournalReader(path)) as reader:
        assert [span.epoch for span in reader.spans()] == epochs[1:]
    everything = {EpochId(epoch): 2 for epoch in epochs}
    assert journal.trim(older_than=LATER, marks=everything, included={}) == 5
    assert journal.trim(older_than=LATER, marks=everything, included={}) == 0
    with closing(JournalReader(path)) as reader:
        assert [(span.epoch, span.first) for span in reader.spans()] == [(epochs[3], 2)]
    assert first_broken(path) == (1, None)


def test_trimming_goes_a_little_at_a_time(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    journal.record(tapped(), moment(), 0, also=[tapped()] * 1_200)
    marks = {journal.epoch: journal.last_seq}
    trimmed = [journal.trim(older_than=LATER, marks=marks, included=marks) for _ in range(4)]
    assert trimmed == [500, 500, 201, 0]
