"""The journal through its bad days: what cannot be recorded is told, and tried again at a pace."""

import contextlib
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.entries import Alarmed, Body, Entry
from core.ids import DoorId, EdgeId, EpochId, RandomBytes
from edge_agent.clock import Reading
from edge_agent.journal import (
    Journal,
    JournalDamagedError,
    JournalError,
    JournalReader,
    JournalUnwritableError,
)
from wire.codec import decode_entry
from wire.errors import WireError

OWED_MAX = 1_000
"""Movements and alarms that wait in memory for a journal that can be written."""

UNTIDIED_MAX = 32
"""So many records lie in the write-ahead log before they are moved into the file."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Owed:
    body: Body
    reading: Reading


class Recorder:
    """One journal file for as long as the agent lives.

    `problem` says why nothing can be recorded now, None when it can. `newest_at` is the time of
    the last entry before this start.
    """

    def __init__(
        self, path: Path, *, edge: EdgeId, random_bytes: RandomBytes, software: str
    ) -> None:
        self.problem: str | None = None
        self.newest_at = _newest_at(path)
        self._path = path
        self._edge = edge
        self._random_bytes = random_bytes
        self._software = software
        self._journal: Journal | None = None
        self._damaged = False
        self._refused = 0
        self._untidied = 0
        self._owed: deque[_Owed] = deque(maxlen=OWED_MAX)

    @property
    def journal(self) -> Journal:
        """The open journal; JournalUnwritableError if there is none."""
        if self._journal is None:
            raise JournalUnwritableError(self.problem or f"{self._path}: not open")
        return self._journal

    @property
    def is_open(self) -> bool:
        return self._journal is not None

    @property
    def last_seq(self) -> int:
        """Of the epoch under way, 0 while there is none."""
        return self._journal.last_seq if self._journal is not None else 0

    def open(self, reading: Reading) -> bool:
        """Open the journal if it is not; False if it cannot be, which `problem` then explains."""
        if self._journal is not None:
            return True
        try:
            self._journal = Journal.opened(
                self._path,
                edge=self._edge,
                random_bytes=self._random_bytes,
                moment=reading.moment,
                monotonic_ms=reading.monotonic_ms,
                software=self._software,
                is_damaged=self._damaged,
            )
        except JournalError as error:
            self._failed(error)
            return False
        self._damaged = False
        self._worked()
        if self._journal.moved_aside:
            self.owe(alarm("journal", "replaced", self._journal.moved_aside.name), reading)
        return True

    def record(
        self,
        body: Body,
        reading: Reading,
        *,
        also: Sequence[Body] = (),
        door: DoorId | None = None,
    ) -> Entry:
        """The durable entry of `body`; JournalError if nothing was recorded."""
        try:
            self._pay()
            return self._record(body, reading, also=also, door=door)
        except JournalError:
            self._refused += 1
            raise

    def owe(self, body: Body, reading: Reading) -> None:
        """Record `body` now, or as soon as it can be: it has happened whatever the disk says."""
        if len(self._owed) == OWED_MAX:
            _logger.error("entry_lost body=%s", self._owed[0].body)
        self._owed.append(_Owed(body, reading))
        try:
            self._pay()
        except JournalError:
            _logger.warning("entry_owed kind=%s", type(body).__name__)

    def recover(self, reading: Reading) -> None:
        """Try again what failed; once a second or so, never in a loop."""
        problem = self.problem
        if problem is None or not self.open(reading):
            return
        try:
            self._pay()
            told = alarm("journal", "recovered", f"{self._refused} not recorded; {problem}")
            self._record(told, reading)
            self._refused = 0
        except JournalError:
            _logger.debug("journal_still_failing")

    def tidy(self) -> None:
        """Checkpoint the journal when it is time; a failure shows at the next record."""
        if self._journal is None or self._untidied < UNTIDIED_MAX:
            return
        self._untidied = 0
        with contextlib.suppress(JournalError):
            self._journal.checkpoint()

    def trim(
        self, older_than: datetime, marks: Mapping[EpochId, int], included: Mapping[EpochId, int]
    ) -> int:
        """Forget some old entries; returns how many, 0 when done or impossible."""
        if self._journal is None:
            return 0
        try:
            return self._journal.trim(older_than=older_than, marks=marks, included=included)
        except JournalError as error:
            _logger.warning("journal_not_trimmed detail=%s", error)
            return 0

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _pay(self) -> None:
        while self._owed:
            owed = self._owed[0]
            self._record(owed.body, owed.reading)
            self._owed.popleft()

    def _record(
        self,
        body: Body,
        reading: Reading,
        *,
        also: Sequence[Body] = (),
        door: DoorId | None = None,
    ) -> Entry:
        try:
            entry = self.journal.record(
                body, reading.moment, reading.monotonic_ms, also=also, door=door
            )
        except JournalDamagedError as error:
            # What is damaged is not written again: the next opening replaces the file.
            self.close()
            self._damaged = True
            self._failed(error)
            raise
        except JournalError as error:
            self._failed(error)
            raise
        self._untidied += 1
        self._worked()
        return entry

    def _failed(self, error: JournalError) -> None:
        if self.problem is None:
            _logger.error("journal_failed detail=%s", error.diagnostics())
        self.problem = error.diagnostics()

    def _worked(self) -> None:
        if self.problem is not None:
            _logger.warning("journal_recovered detail=%s", self.problem)
        self.problem = None


def alarm(part: str, kind: str, detail: str) -> Alarmed:
    """An alarm whose detail fits an entry."""
    return Alarmed(part=part, alarm=kind, detail=detail[:_DETAIL_CHARACTERS_MAX])


_DETAIL_CHARACTERS_MAX = 200


def _newest_at(path: Path) -> datetime | None:
    """When the newest entry was made; None if there is none, or nobody can tell."""
    reader = JournalReader(path)
    try:
        contents = reader.newest(1)
        return decode_entry(contents[0]).moment.at if contents else None
    except (JournalError, WireError):
        return None
    finally:
        reader.close()
