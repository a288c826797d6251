"""Proving a journal whole, within each epoch and from epoch to epoch, or naming what is not."""

import sqlite3
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from core.chain import GENESIS, link
from core.entries import Opened
from core.ids import EpochId
from edge_agent.journal.errors import named_errors
from edge_agent.journal.reader import read_only
from edge_agent.journal.schema import check_version
from wire.codec import decode_entry
from wire.errors import WireError

_ROWS = "SELECT epoch, seq, content, hash FROM entries ORDER BY epoch, seq"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first entry that does not follow from what stands before it, and how."""

    epoch: EpochId
    seq: int
    problem: str


@dataclass(frozen=True, slots=True)
class _End:
    """Where the chain stands: the newest entry so far."""

    epoch: EpochId
    seq: int
    hash: bytes


def first_broken(path: Path) -> tuple[int, Broken | None]:
    """How many entries hold, and the first that does not. Raises JournalError.

    The oldest entry kept is taken as it is where what stood before it has been trimmed.
    """
    with named_errors(path):
        connection = read_only(path)
        try:
            check_version(connection, path)
            return _first_broken(connection.execute(_ROWS))
        finally:
            connection.close()


def _first_broken(rows: sqlite3.Cursor) -> tuple[int, Broken | None]:
    whole = 0
    end: _End | None = None
    for epoch, entries in groupby(rows, key=lambda row: EpochId(row[0])):
        previous = end
        end = None
        for _, seq, content, written in entries:
            problem = _problem(end, previous, (seq, content, written))
            if problem:
                return whole, Broken(epoch=epoch, seq=seq, problem=problem)
            end = _End(epoch, seq, written)
            whole += 1
    return whole, None


def _problem(
    before: _End | None, previous_epoch: _End | None, row: tuple[int, bytes, bytes]
) -> str | None:
    """What is wrong with an entry after `before`, or as the first kept of its epoch."""
    seq, content, written = row
    if before is None and seq > 1:
        return _cut_problem(previous_epoch)
    if before is not None and seq != before.seq + 1:
        return f"follows seq {before.seq}: entries are missing"
    if link(before.hash if before else GENESIS, content) != written:
        return "its hash does not follow from its content and the entry before"
    return _opening_problem(content, previous_epoch) if before is None else None


def _cut_problem(previous_epoch: _End | None) -> str | None:
    # Only the oldest epoch kept loses its beginning, by trimming.
    return None if previous_epoch is None else "entries are missing before it"


def _opening_problem(content: bytes, previous: _End | None) -> str | None:
    try:
        body = decode_entry(content).body
    except WireError as error:
        return f"cannot be read: {error}"
    if not isinstance(body, Opened):
        return "an epoch must begin with the entry that opens it"
    if previous is None:
        return None
    told = (body.previous, body.last_seq, body.last_hash)
    if told != (previous.epoch, previous.seq, previous.hash.hex()):
        return f"says that {told[0]} ended at {told[1]}, kept is {previous.epoch}/{previous.seq}"
    return None
