"""What may be asked of taps, passages, punches and alarms, and whether the chains are whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from core.chain import GENESIS, link
from core.ids import EdgeId, EpochId, HolderId
from hub.people import service as people
from hub.taps.intake import Aside
from hub.taps.store import journal, judged
from hub.taps.store.judged import Filter

__all__ = ["Broken", "ChainReport", "Filter", "listed", "verify_chains"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first entry of an epoch that does not follow from the one before."""

    edge: EdgeId
    epoch: EpochId
    seq: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """What was checked and what is broken; whole if nothing is."""

    epochs: int
    entries: int
    broken: tuple[Broken, ...]

    @property
    def whole(self) -> bool:
        return not self.broken


def listed(
    connection: Connection, kind: str, wanted: Filter
) -> tuple[Sequence[Any], Mapping[HolderId, str]]:
    """Rows of `taps`, `passages`, `punches` or `alarms`, newest first, and the names in them."""
    rows = judged.listed(connection, kind, wanted)
    holders = {HolderId(row.holder) for row in rows if getattr(row, "holder", None)}
    return rows, people.names_of(connection, holders)


def verify_chains(connection: Connection) -> ChainReport:
    """Every entry of every edge hashed again; the first broken one of each epoch is named.

    After numbers that are noted as lost a chain begins anew with what comes next.
    """
    starts = {(lost.edge, lost.epoch, lost.last + 1) for lost in journal.lost(connection)}
    broken: dict[tuple[EdgeId, EpochId], Broken] = {}
    place: tuple[EdgeId, EpochId] | None = None
    previous: bytes | None = GENESIS
    seq = epochs = entries = 0
    for each in journal.chains(connection):
        if (each.edge, each.epoch) != place:
            place, previous, seq, epochs = (each.edge, each.epoch), GENESIS, 0, epochs + 1
        if (*place, each.seq) in starts:
            previous, seq = None, each.seq - 1
        entries += 1
        problem = _problem(each, expected=seq + 1, previous=previous)
        if problem and place not in broken:
            broken[place] = Broken(edge=each.edge, epoch=each.epoch, seq=seq + 1, problem=problem)
        previous, seq = each.hash, each.seq
    for edge, epoch, mark in _cut_short(connection):
        broken.setdefault((edge, epoch), mark)
    return ChainReport(epochs=epochs, entries=entries, broken=tuple(broken.values()))


def _problem(each: journal.Stored, *, expected: int, previous: bytes | None) -> str:
    if each.seq != expected:
        return f"entry {expected} is missing"
    follows = previous is None or link(previous, each.content) == each.hash
    if not follows and each.aside is not Aside.BROKEN_CHAIN:
        return f"entry {each.seq} does not follow from the one before: it, or that one, was changed"
    return ""


def _cut_short(connection: Connection) -> list[tuple[EdgeId, EpochId, Broken]]:
    """Epochs whose last entries are gone: their mark says that there were more."""
    found = []
    for edge, epoch, mark_seq, last_seq in journal.ends(connection):
        if last_seq < mark_seq:
            problem = f"the chain ends at {last_seq}, but was acknowledged up to {mark_seq}"
            broken = Broken(edge=edge, epoch=epoch, seq=last_seq + 1, problem=problem)
            found.append((edge, epoch, broken))
    return found
