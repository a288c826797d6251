"""A snapshot on its way: a new cache file beside the one that counts, until it is whole."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from core.ids import EpochId
from edge_agent.cache_file import PARTIAL, create, new_name, remove, seal, sync
from edge_agent.cache_rows import (
    Applied,
    Standing,
    add,
    apply,
    checked,
    read_standing,
    write_standing,
)
from wire.codec import SET_HASH_EMPTY, SET_HASH_MODULUS, set_hash_text
from wire.messages import Chunk, Rows

AtStep = Callable[[str], None]
"""Called after each step of replacing the file, so that a test can end the process there."""

_NAME = f"snapshot{PARTIAL}"


class Snapshot:
    """Chunks become a file; it counts only once its rows are exactly the hub's."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._partial = directory / _NAME
        remove(self._partial)
        self._set_hash = SET_HASH_EMPTY
        self.connection = create(self._partial)

    def add(self, chunk: Chunk) -> None:
        """Take over the rows of one chunk; chunks come in order, each once."""
        changes = checked(chunk.rows)
        self.connection.execute("BEGIN")
        self._set_hash = (self._set_hash + add(self.connection, changes)) % SET_HASH_MODULUS
        self.connection.execute("COMMIT")

    def close_with(self, last: Chunk) -> bool:
        """True if the rows are exactly the hub's; the figures of the snapshot are then set."""
        if set_hash_text(self._set_hash) != last.set_hash:
            return False
        write_standing(
            self.connection,
            Standing(
                version=last.version,
                set_hash=self._set_hash,
                as_of=last.as_of,
                included={EpochId(epoch): seq for epoch, seq in last.included.items()},
                filled=True,
            ),
        )
        return True

    def apply(self, rows: Rows) -> Applied:
        """A delta that came while the snapshot was on its way."""
        return apply(self.connection, rows, checked(rows.rows))

    def carry_over(self, old: sqlite3.Connection) -> None:
        """Take along what is not the hub's rows: marks, counters, the clock."""
        for table, columns in (("marks", 2), ("counters", 2), ("hub_clock", 6)):
            values = ", ".join("?" * columns)
            self.connection.executemany(
                f"INSERT INTO {table} VALUES ({values})",  # noqa: S608 - our own names
                old.execute(f"SELECT * FROM {table}"),  # noqa: S608 - our own names
            )

    def seal(self, at_step: AtStep) -> str:
        """Make the file durable under a name of its own, which is returned."""
        name = new_name(self._directory, read_standing(self.connection).version)
        seal(self.connection, self._partial)
        at_step("sealed")
        self._partial.rename(self._directory / name)
        sync(self._directory)
        at_step("named")
        return name

    def discard(self) -> None:
        """Give up; nothing of it has counted."""
        self.connection.close()
        remove(self._partial)
