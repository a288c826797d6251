"""Writing the journal: each call of `record` is one durable transaction, or nothing."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from core.chain import GENESIS, link
from core.entries import Body, Entry, Grant, Opened, content_of
from core.ids import (
    CommandId,
    DoorId,
    EdgeId,
    EntitlementId,
    EntryKey,
    EpochId,
    HolderId,
    RandomBytes,
    next_epoch,
)
from core.instants import Moment, to_ms
from core.punch import Stamp
from edge_agent.journal import effects
from edge_agent.journal.effects import OpenGrant, OwnPresence, Usage
from edge_agent.journal.errors import named_errors
from edge_agent.journal.opening import connected_or_replaced
from edge_agent.journal.trimming import trim

_INSERT_ENTRY = "INSERT INTO entries (epoch, seq, at_ms, content, hash) VALUES (?, ?, ?, ?, ?)"
_NEWEST = "SELECT epoch, seq, hash FROM entries ORDER BY epoch DESC, seq DESC LIMIT 1"


class Journal:
    """The one writer; every method raises JournalError and then nothing has changed.

    `moved_aside` names the damaged file that this one replaces, if so.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, edge: EdgeId, epoch: EpochId
    ) -> None:
        """Use `Journal.opened`."""
        self.epoch = epoch
        self.moved_aside: Path | None = None
        self._connection = connection
        self._path = path
        self._edge = edge
        self._last_seq = 0
        self._last_hash = GENESIS

    @classmethod
    def opened(
        cls,
        path: Path,
        *,
        edge: EdgeId,
        random_bytes: RandomBytes,
        moment: Moment,
        monotonic_ms: int,
        software: str,
        is_damaged: bool = False,
    ) -> "Journal":
        """Open or make the file and begin a new epoch; a damaged file is moved aside and told.

        `is_damaged` says that it is, should opening not notice.
        """
        connection, aside = connected_or_replaced(path, is_damaged=is_damaged)
        try:
            with named_errors(path):
                opening = _opening(connection, software)
            journal = cls(connection, path, edge, next_epoch(opening.previous, random_bytes))
            journal.record(opening, moment, monotonic_ms)
        except BaseException:
            connection.close()
            raise
        journal.moved_aside = aside
        return journal

    @property
    def last_seq(self) -> int:
        return self._last_seq

    def record(
        self,
        body: Body,
        moment: Moment,
        monotonic_ms: int,
        *,
        also: Sequence[Body] = (),
        door: DoorId | None = None,
    ) -> Entry:
        """The entry of `body`, durable with all its effects, and those of `also` after it.

        `door` is what a grant releases; it comes back in `open_grants`.
        """
        entries = self._numbered((body, *also), moment, monotonic_ms)
        with named_errors(self._path), self._transaction():
            last_hash = self._write(entries, door)
        self._last_seq, self._last_hash = entries[-1].key.seq, last_hash
        return entries[0]

    def usage(self, entitlements: Sequence[EntitlementId]) -> list[Usage]:
        """What own entries took of these, an entry each; trimmed only when the hub has them."""
        with named_errors(self._path):
            return effects.usages(self._connection, entitlements)

    def presence(self, holder: HolderId) -> OwnPresence | None:
        with named_errors(self._path):
            return effects.presence(self._connection, holder)

    def pending(self, holder: HolderId) -> list[Grant]:
        """The holder's releases that have not ended."""
        with named_errors(self._path):
            return effects.pending(self._connection, holder)

    def last_stamp(self, holder: HolderId) -> Stamp | None:
        with named_errors(self._path):
            return effects.last_stamp(self._connection, holder)

    def open_grant(self, grant: Grant) -> OpenGrant | None:
        with named_errors(self._path):
            return effects.open_grant(self._connection, grant)

    def open_grants(self) -> list[OpenGrant]:
        """All releases that have not ended, oldest first."""
        with named_errors(self._path):
            return effects.open_grants(self._connection)

    def knows_command(self, command: CommandId) -> bool:
        """True if an outcome of this command is recorded."""
        with named_errors(self._path):
            return effects.knows_command(self._connection, command)

    def trim(
        self,
        *,
        older_than: datetime,
        marks: Mapping[EpochId, int],
        included: Mapping[EpochId, int],
    ) -> int:
        """Forget some old entries that the hub has acknowledged; returns how many, 0 when done."""
        with named_errors(self._path), self._transaction():
            return trim(self._connection, to_ms(older_than), marks, included)

    def checkpoint(self) -> None:
        """Move committed pages into the main file, as far as no reader holds them."""
        with named_errors(self._path):
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def close(self) -> None:
        self._connection.close()

    def _numbered(self, bodies: Sequence[Body], moment: Moment, monotonic_ms: int) -> list[Entry]:
        return [
            Entry(
                key=EntryKey(edge=self._edge, epoch=self.epoch, seq=seq),
                moment=moment,
                monotonic_ms=monotonic_ms,
                body=body,
            )
            for seq, body in enumerate(bodies, start=self._last_seq + 1)
        ]

    def _write(self, entries: Sequence[Entry], door: DoorId | None) -> bytes:
        """Write entries and effects inside a transaction; returns the last hash."""
        written = self._last_hash
        for entry in entries:
            content = content_of(entry)
            written = link(written, content)
            at_ms = to_ms(entry.moment.at)
            if entry.key.seq == 1:
                sql = "INSERT INTO epochs (epoch, opened_at_ms) VALUES (?, ?)"
                self._connection.execute(sql, (self.epoch, at_ms))
            row = (self.epoch, entry.key.seq, at_ms, content, written)
            self._connection.execute(_INSERT_ENTRY, row)
            effects.write(self._connection, entry, door)
        return written

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # A failed COMMIT may have rolled back by itself.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


def _opening(connection: sqlite3.Connection, software: str) -> Opened:
    """The first entry of a new epoch: it carries the end of the one before."""
    row = connection.execute(_NEWEST).fetchone()
    epoch, seq, last_hash = row or (None, 0, GENESIS)
    return Opened(previous=epoch, last_seq=seq, last_hash=last_hash.hex(), software=software)
