"""Opening a journal file for writing; one that is damaged is moved aside and read out."""

import logging
import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from core.chain import GENESIS, link
from edge_agent.journal.errors import JournalDamagedError, named_errors
from edge_agent.journal.reader import read_only
from edge_agent.journal.schema import migrate

# A checkpoint costs several syncs: the agent makes one while nobody taps, this is the backstop.
_CHECKPOINT_PAGES_MAX = 4_000
_BUSY_MS_MAX = 1_000
_RESERVE_BYTES = 512 * 1024
"""Room that is taken at every start: a commit that lengthens no file syncs in half the time."""

_CHECKED_WHOLE_BYTES_MAX = 64 * 1024 * 1024
"""Up to this size a file is checked page by page at every start: a second or two on a Pi."""

# What a later tap needs of the time before; the entries are read out by their chain.
_SALVAGED = ("usages", "presences", "grants", "stamps", "commands")
# A seq that nothing follows.
_BROKEN = -1
_logger = logging.getLogger(__name__)


def connected_or_replaced(
    path: Path, *, is_damaged: bool = False
) -> tuple[sqlite3.Connection, Path | None]:
    """A writing connection with all tables, and where a damaged file went. Raises JournalError."""
    if not is_damaged:
        try:
            return _connected(path), None
        except JournalDamagedError as error:
            _logger.error("journal_damaged detail=%s", error)  # noqa: TRY400 - an expected state
    aside = _move_aside(path)
    connection = _connected(path)
    kept = _salvage(aside, connection)
    _logger.warning("journal_replaced aside=%s entries_kept=%d", aside, kept)
    return connection, aside


def _connected(path: Path) -> sqlite3.Connection:
    with named_errors(path):
        connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_MS_MAX / 1000)
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES_MAX}")
            migrate(connection, path)
            _check(connection, path)
            _take_room(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if path.stat().st_size > _CHECKED_WHOLE_BYTES_MAX:
        return
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise JournalDamagedError(f"{path}: {found}; it is moved aside and kept for inspection")


def _take_room(connection: sqlite3.Connection) -> None:
    """Lengthen the write-ahead log and the file once, for all the commits until the next start."""
    try:
        connection.execute("DROP TABLE IF EXISTS reserve")
        connection.execute("CREATE TABLE reserve (content BLOB) STRICT")
        connection.execute("INSERT INTO reserve VALUES (zeroblob(?))", (_RESERVE_BYTES,))
        connection.execute("DROP TABLE reserve")
        connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
    except sqlite3.OperationalError as error:
        # A disk that is nearly full may still take entries, which matter more.
        _logger.warning("journal_room_not_taken detail=%s", error)


def _move_aside(path: Path) -> Path:
    """Rename the file with its companions to the first free `<name>.damaged-<n>`."""
    with named_errors(path):
        aside = next(
            candidate
            for number in count(1)
            if not (candidate := path.with_name(f"{path.name}.damaged-{number}")).exists()
        )
        path.rename(aside)
        for suffix in ("-wal", "-shm"):
            companion = path.with_name(path.name + suffix)
            if companion.exists():
                companion.rename(aside.with_name(aside.name + suffix))
    return aside


def _salvage(damaged: Path, connection: sqlite3.Connection) -> int:
    """Copy what can still be read and proven; returns the number of entries."""
    source = read_only(damaged)
    connection.execute("BEGIN IMMEDIATE")
    kept = 0
    try:
        kept = _salvage_entries(source, connection)
        for table in _SALVAGED:
            _salvage_table(source, connection, table)
    except sqlite3.Error as error:
        _logger.warning("journal_salvage_ended kept=%d detail=%s", kept, error)
    finally:
        source.close()
    connection.execute("COMMIT")
    return kept


def _salvage_entries(source: sqlite3.Connection, target: sqlite3.Connection) -> int:
    """Of each epoch as far as its chain holds, from the first entry that is kept of it."""
    kept = 0
    rows = source.execute(
        "SELECT epoch, seq, at_ms, content, hash FROM entries ORDER BY epoch, seq"
    )
    end: tuple[str, int, bytes] | None = None
    for epoch, seq, at_ms, content, written in _readable(rows):
        if end is None or end[0] != epoch:
            target.execute("INSERT OR IGNORE INTO epochs VALUES (?, ?)", (epoch, at_ms))
            follows = seq > 1 or link(GENESIS, content) == written
        else:
            follows = seq == end[1] + 1 and link(end[2], content) == written
        end = (epoch, seq if follows else _BROKEN, written)
        if follows:
            row = (epoch, seq, at_ms, content, written)
            target.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", row)
            kept += 1
    return kept


def _salvage_table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    for row in _readable(source.execute(f"SELECT * FROM {table}")):  # noqa: S608 - names of ours
        places = ", ".join("?" * len(row))
        target.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", row)  # noqa: S608


def _readable(rows: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
    """The rows up to the damage."""
    try:
        yield from rows
    except sqlite3.Error as error:
        _logger.warning("journal_salvage_ended detail=%s", error)
