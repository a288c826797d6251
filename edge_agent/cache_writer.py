"""The sync process's pen: deltas, snapshots, marks and counters into the cache."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from core.ids import EpochId
from core.instants import to_ms
from edge_agent.cache import HubClock, read_clock, read_marks
from edge_agent.cache_file import (
    ASIDE,
    CACHE_LINK,
    PARTIAL,
    CacheError,
    current_name,
    open_writing,
    remove,
    sync,
)
from edge_agent.cache_rows import Applied, Standing, apply, checked, read_standing
from edge_agent.cache_snapshot import AtStep, Snapshot
from wire.messages import Rows

Told = Callable[[str], None]
"""Takes one clear sentence about a file that could not be used."""


class CacheWriter:
    """The one writer of a directory's cache; every public method is one transaction."""

    def __init__(self, directory: Path, name: str, at_step: AtStep) -> None:
        self._directory = directory
        self._name = name
        self._at_step = at_step
        self._connection = open_writing(directory / name)

    @classmethod
    def opened(
        cls, directory: Path, *, told: Told = lambda _: None, at_step: AtStep = lambda _: None
    ) -> Self:
        """The cache of `directory`; one that is unusable is moved aside, told, and begun anew."""
        name = current_name(directory)
        _remove_others(directory, name)
        if name is not None:
            try:
                return cls(directory, name, at_step)
            except CacheError as error:
                told(error.diagnostics())
                _move_aside(directory, name)
        name = Snapshot(directory).seal(at_step)
        _link(directory, name)
        at_step("linked")
        return cls(directory, name, at_step)

    def standing(self) -> Standing:
        return read_standing(self._connection)

    def apply(self, rows: Rows) -> Applied:
        """Bring the rows to `to_version`, or change nothing; rows and `included` show together."""
        changes = checked(rows.rows)
        # A right that was taken away must stay so after a power cut: only bookkeeping may be lost.
        with self._transaction(durable=bool(changes)):
            return apply(self._connection, rows, changes)

    def snapshot(self) -> Snapshot:
        """A new file to be filled; it replaces one that was begun before."""
        return Snapshot(self._directory)

    def adopt(self, snapshot: Snapshot) -> None:
        """Let a whole snapshot count; a crash at any step leaves the old or the new one."""
        snapshot.carry_over(self._connection)
        name = snapshot.seal(self._at_step)
        _link(self._directory, name)
        self._at_step("linked")
        self._connection.close()
        remove(self._directory / self._name)
        self._at_step("removed")
        self._name, self._connection = name, open_writing(self._directory / name)

    def marks(self) -> Mapping[EpochId, int]:
        return read_marks(self._connection)

    def put_marks(self, marks: Mapping[EpochId, int]) -> None:
        """Set the marks of these epochs, also to less: a hub may have been restored."""
        with self._transaction():
            self._connection.executemany(
                "INSERT OR REPLACE INTO marks VALUES (?, ?)", marks.items()
            )

    def keep_marks(self, epochs: Iterable[EpochId]) -> None:
        """Forget the marks of all other epochs."""
        kept = msgspec.json.encode(list(epochs)).decode()
        with self._transaction():
            self._connection.execute(
                "DELETE FROM marks WHERE epoch NOT IN (SELECT value FROM json_each(?))", (kept,)
            )

    def grew(self, name: str, value: int) -> bool:
        """True, and kept, if `value` is above all that this counter has had."""
        with self._transaction():
            changed = self._connection.execute(
                "INSERT INTO counters VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2"
                " WHERE value < ?2",
                (name, value),
            ).rowcount
        return changed == 1

    def counter(self, name: str) -> int:
        """The last value of a counter, -1 if it never had one."""
        row = self._connection.execute(
            "SELECT value FROM counters WHERE name = ?", (name,)
        ).fetchone()
        return row[0] if row else -1

    def clock(self) -> HubClock | None:
        return read_clock(self._connection)

    def put_clock(self, clock: HubClock) -> None:
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO hub_clock VALUES (1, ?, ?, ?, ?, ?)",
                (
                    to_ms(clock.hub_at),
                    clock.offset_ms,
                    clock.uncertainty_ms,
                    clock.boot_id,
                    clock.monotonic_ms,
                ),
            )

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _transaction(self, *, durable: bool = False) -> Iterator[None]:
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _link(directory: Path, name: str) -> None:
    """Let the file `name` count, in one step."""
    new = directory / f"{CACHE_LINK}{PARTIAL}"
    new.unlink(missing_ok=True)
    new.symlink_to(name)
    new.replace(directory / CACHE_LINK)
    sync(directory)


def _move_aside(directory: Path, name: str) -> None:
    """Keep an unusable file for a person to look at; only the last one is kept."""
    (directory / CACHE_LINK).unlink()
    if (directory / name).exists():
        (directory / name).rename(directory / f"{CACHE_LINK}{ASIDE}")
    remove(directory / name)
    sync(directory)


def _remove_others(directory: Path, name: str | None) -> None:
    """Remove what a crash in the middle of a replacement left."""
    for path in (*directory.glob("cache-*.db"), *directory.glob(f"*{PARTIAL}")):
        if path.name != name:
            remove(path)
