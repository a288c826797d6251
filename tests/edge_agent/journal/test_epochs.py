"""Epochs: every start opens one, tied to the end of the one before; copies and damage show."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.entries import Opened
from core.ids import EpochId
from edge_agent.journal import (
    Broken,
    Journal,
    JournalDamagedError,
    JournalFromFutureError,
    JournalReader,
    JournalUnwritableError,
    first_broken,
)
from edge_agent.journal.schema import VERSION
from tests.edge_agent.journal_bench import moment, open_journal, tapped
from wire.codec import decode_entry


def test_the_first_epoch_follows_nothing(tmp_path: Path) -> None:
    open_journal(tmp_path / "journal.db").close()
    opening = _openings(tmp_path / "journal.db")[0]
    assert (opening.previous, opening.last_seq, opening.last_hash) == (None, 0, "0" * 64)


def test_every_start_opens_an_epoch_that_carries_the_end_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    first = open_journal(path)
    first.record(tapped(), moment(), 0)
    first.close()
    second = open_journal(path, seed=1)
    with closing(JournalReader(path)) as reader:
        ends = {span.epoch: (span.last, span.last_hash) for span in reader.spans()}
    opening = _openings(path)[-1]
    assert opening.previous == first.epoch
    assert (opening.last_seq, opening.last_hash) == ends[first.epoch]
    assert second.epoch > first.epoch
    assert first_broken(path) == (3, None)


def test_a_restored_old_copy_never_reuses_a_key(tmp_path: Path) -> None:
    path, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    journal = open_journal(path)
    journal.close()
    shutil.copy(path, copy)
    first_life = open_journal(path, seed=1)
    first_life.record(tapped(), moment(), 0)
    first_life.close()
    second_life = open_journal(copy, seed=2)
    assert second_life.epoch != first_life.epoch
    assert second_life.epoch[:8] == first_life.epoch[:8]


def test_a_journal_from_the_future_is_refused_with_versions_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_journal(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 2}")
    before = path.read_bytes()
    with pytest.raises(JournalFromFutureError) as refused:
        open_journal(path)
    text = refused.value.diagnostics()
    assert f"version {VERSION + 2}" in text
    assert f"up to {VERSION}" in text
    assert "install that software again" in text
    assert path.read_bytes() == before
    with pytest.raises(JournalFromFutureError), closing(JournalReader(path)) as reader:
        reader.spans()


@pytest.mark.parametrize("damage", ["header", "middle", "cut"])
def test_a_damaged_file_is_moved_aside_and_told(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    for _ in range(100):
        journal.record(tapped(), moment(), 0)
    journal.close()
    _damage(path, damage)
    fresh = open_journal(path, seed=1)
    assert fresh.moved_aside == tmp_path / "journal.db.damaged-1"
    assert fresh.moved_aside.exists()
    assert fresh.record(tapped(), moment(), 0).key.seq == 2
    assert first_broken(path)[1] is None or damage != "header"
    fresh.close()
    assert open_journal(path, seed=2).moved_aside is None


def test_entries_before_the_damage_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    for _ in range(300):
        journal.record(tapped(), moment(), 0)
    epoch = journal.epoch
    journal.close()
    _damage_entry_page(path)
    fresh = open_journal(path, seed=1)
    with closing(JournalReader(path)) as reader:
        spans = {span.epoch: span for span in reader.spans()}
        kept = spans[epoch].last
        assert 1 <= kept < 301
        assert len(reader.contents(epoch, 0, 1_000, 1 << 20)) == kept
    assert fresh.epoch in spans
    assert fresh.open_grants()


def test_a_second_damaged_file_does_not_overwrite_the_first(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for number in (1, 2):
        path.write_bytes(b"not a database, %d" % number * 50)
        journal = open_journal(path, seed=number)
        assert journal.moved_aside == tmp_path / f"journal.db.damaged-{number}"
        journal.close()
    assert b"database, 1" in (tmp_path / "journal.db.damaged-1").read_bytes()


def test_a_directory_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalUnwritableError, match="who may write"):
        open_journal(tmp_path / "absent" / "journal.db")


def test_verifying_names_the_first_broken_entry(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    epoch = _three_epochs(path)
    assert first_broken(path) == (12, None)
    _execute(path, "UPDATE entries SET content = replace(content, 'h-1', 'h-9') WHERE seq = 3")
    whole, broken = first_broken(path)
    assert whole == 2
    assert broken == Broken(
        epoch=epoch,
        seq=3,
        problem="its hash does not follow from its content and the entry before",
    )


def test_verifying_misses_no_deleted_entry(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    epoch = _three_epochs(path)
    _execute(path, "DELETE FROM entries WHERE seq = 2")
    assert first_broken(path)[1] == Broken(
        epoch=epoch, seq=3, problem="follows seq 1: entries are missing"
    )


def test_verifying_misses_no_deleted_end_of_an_epoch(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    first = _three_epochs(path)
    _execute(path, "DELETE FROM entries WHERE epoch LIKE '00000001-%' AND seq = 4")
    broken = first_broken(path)[1]
    assert broken is not None
    assert broken.seq == 1
    assert f"{first} ended at 4" in broken.problem


def test_verifying_misses_no_deleted_epoch(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    _three_epochs(path)
    _execute(path, "DELETE FROM entries WHERE epoch LIKE '00000002-%'")
    broken = first_broken(path)[1]
    assert broken is not None
    assert broken.epoch.startswith("00000003-")


def test_verifying_a_damaged_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(JournalDamagedError, match="not a database"):
        first_broken(path)


def _openings(path: Path) -> list[Opened]:
    with closing(JournalReader(path)) as reader:
        bodies = [decode_entry(content).body for content in reader.newest(1_000)]
    return [body for body in bodies if isinstance(body, Opened)]


def _three_epochs(path: Path) -> EpochId:
    """Three epochs of four entries each; returns the first."""
    journals: list[Journal] = []
    for seed in range(3):
        journal = open_journal(path, seed=seed)
        for _ in range(3):
            journal.record(tapped(), moment(), 0)
        journal.close()
        journals.append(journal)
    return journals[0].epoch


def _execute(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.create_function("replace", 3, _replaced)
        connection.execute(sql)


def _replaced(content: bytes, old: str, new: str) -> bytes:
    return content.replace(old.encode(), new.encode())


def _damage(path: Path, damage: str) -> None:
    content = bytearray(path.read_bytes())
    match damage:
        case "header":
            content[:100] = b"\xff" * 100
        case "middle":
            content[4096 : len(content) // 2] = bytes(len(content) // 2 - 4096)
        case _:
            content = content[: len(content) // 2]
    path.write_bytes(bytes(content))


def _damage_entry_page(path: Path) -> None:
    """Blank the page that holds entry 200, far from the first entries and the other tables."""
    content = bytearray(path.read_bytes())
    at = content.index(b'"seq":200,')
    start = at // 4096 * 4096
    content[start : start + 4096] = b"\xff" * 4096
    path.write_bytes(bytes(content))
