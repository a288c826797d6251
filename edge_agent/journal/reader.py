"""Reading the journal from another process, while the agent writes it."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.chain import GENESIS
from core.ids import EpochId
from edge_agent.journal.errors import named_errors
from edge_agent.journal.schema import check_version
from wire.messages import BATCH_BYTES_MAX, ENTRIES_PER_BATCH_MAX, EpochSpan

_SPANS = """
SELECT epoch, first, last, (
    SELECT hash FROM entries WHERE entries.epoch = spans.epoch AND seq = last
)
FROM (
    SELECT
        epoch,
        (SELECT min(seq) FROM entries WHERE entries.epoch = epochs.epoch) AS first,
        (SELECT max(seq) FROM entries WHERE entries.epoch = epochs.epoch) AS last
    FROM epochs
) AS spans
WHERE last IS NOT NULL
ORDER BY epoch
"""


class JournalReader:
    """A read-only view of a journal file, which may not exist yet or be replaced meanwhile.

    Every method raises JournalError; one thread only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    def spans(self) -> list[EpochSpan]:
        """What is kept of each epoch, oldest first."""
        return [
            EpochSpan(epoch=epoch, first=first, last=last, last_hash=last_hash.hex())
            for epoch, first, last, last_hash in self._rows(_SPANS)
        ]

    def last(self) -> tuple[EpochId, int] | None:
        """Epoch and seq of the newest entry; None while there is none."""
        sql = "SELECT epoch, seq FROM entries ORDER BY epoch DESC, seq DESC LIMIT 1"
        rows = self._rows(sql)
        return (EpochId(rows[0][0]), rows[0][1]) if rows else None

    def contents(
        self,
        epoch: EpochId,
        after_seq: int,
        limit_entries: int = ENTRIES_PER_BATCH_MAX,
        limit_bytes: int = BATCH_BYTES_MAX,
    ) -> list[bytes]:
        """Contents in order after `after_seq`, at least one if there is one, within the limits."""
        sql = "SELECT content FROM entries WHERE epoch = ? AND seq > ? ORDER BY seq LIMIT ?"
        taken: list[bytes] = []
        size = 0
        for (content,) in self._rows(sql, (epoch, after_seq, limit_entries)):
            size += len(content)
            if taken and size > limit_bytes:
                break
            taken.append(content)
        return taken

    def hash_of(self, epoch: EpochId, seq: int) -> bytes | None:
        """The hash of an entry, that of nothing for seq 0; None if it is not kept."""
        if seq == 0:
            return GENESIS
        sql = "SELECT hash FROM entries WHERE epoch = ? AND seq = ?"
        rows = self._rows(sql, (epoch, seq))
        return bytes(rows[0][0]) if rows else None

    def newest(self, limit: int) -> list[bytes]:
        """The contents of the newest entries of all epochs, oldest of them first."""
        sql = "SELECT content FROM entries ORDER BY epoch DESC, seq DESC LIMIT ?"
        return [content for (content,) in reversed(self._rows(sql, (limit,)))]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with named_errors(self._path):
            connection = self._current()
            return connection.execute(sql, values).fetchall() if connection else []

    def _current(self) -> sqlite3.Connection | None:
        """The connection to the file that now has the path's name."""
        try:
            inode = self._path.stat().st_ino
        except FileNotFoundError:
            self.close()
            return None
        if self._connection is None or inode != self._inode:
            self.close()
            self._connection = self._opened()
            self._inode = inode
        return self._connection

    def _opened(self) -> sqlite3.Connection | None:
        connection = read_only(self._path)
        # The agent has made the file, but not yet its tables.
        if check_version(connection, self._path) == 0:
            connection.close()
            return None
        return connection


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; its path may hold any character."""
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, timeout=1.0
    )
