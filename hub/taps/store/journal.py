"""Batches as received, their entries in order, epochs with their marks, what is kept aside."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)

from core.entries import Opened
from core.ids import EdgeId, EpochId
from hub.columns import TENANT, Instant, Whole, table
from hub.taps.intake import Aside, Link, Mark, Tie

_batches = table(
    TENANT,
    "batches",
    Column("id", Whole, primary_key=True),
    Column("edge", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("received_at", Instant, nullable=False),
)

_entries = table(
    TENANT,
    "entries",
    # Counts in the order of arrival: the projector's offset.
    Column("position", Whole, primary_key=True),
    Column("edge", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("seq", Whole, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("aside", Text),
    Column("batch", Whole, nullable=False),
    UniqueConstraint("edge", "epoch", "seq"),
)

_quarantine = table(
    TENANT,
    "quarantine",
    Column("id", Whole, primary_key=True),
    Column("edge", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("seq", Whole, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("batch", Whole, nullable=False),
    UniqueConstraint("edge", "epoch", "seq", "hash"),
)

_epochs = table(
    TENANT,
    "epochs",
    Column("edge", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("seq", Whole, nullable=False),
    Column("hash", LargeBinary),
    Column("tie", Text),
    Column("previous", Text),
    Column("previous_seq", Whole),
    Column("previous_hash", Text),
    # Hub time minus the edge's monotonic clock, in ms: the least of all that were seen.
    Column("anchor_ms", Whole),
    PrimaryKeyConstraint("edge", "epoch"),
)

_lost = table(
    TENANT,
    "lost_entries",
    Column("edge", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("first", Whole, nullable=False),
    Column("last", Whole, nullable=False),
    Column("noted_at", Instant, nullable=False),
    PrimaryKeyConstraint("edge", "epoch", "first"),
)
Index(None, _entries.c.batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One epoch of an edge as far as the hub has it."""

    epoch: EpochId
    mark: Mark
    tie: Tie | None
    previous: EpochId | None
    previous_seq: int | None
    previous_hash: str | None
    anchor_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An entry as it is kept; `aside` says why it has no effect."""

    position: int
    edge: EdgeId
    epoch: EpochId
    seq: int
    hash: bytes
    content: bytes
    aside: Aside | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Entries that no longer exist anywhere."""

    edge: EdgeId
    epoch: EpochId
    first: int
    last: int
    noted_at: datetime


def add_batch(
    connection: Connection, *, edge: EdgeId, topic: str, envelope: bytes, at: datetime
) -> int:
    """Keep what was received, signature and all; returns its number."""
    result = connection.execute(
        insert(_batches).values(edge=edge, topic=topic, envelope=envelope, received_at=at)
    )
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def add_entries(
    connection: Connection, edge: EdgeId, epoch: EpochId, links: Iterable[Link], batch: int
) -> None:
    connection.execute(
        insert(_entries),
        [_values(edge, epoch, each, batch) | {"aside": each.aside} for each in links],
    )


def add_to_quarantine(
    connection: Connection, edge: EdgeId, epoch: EpochId, each: Link, batch: int
) -> bool:
    """True if it was not there already."""
    known = select(_quarantine.c.id).where(
        _quarantine.c.edge == edge,
        _quarantine.c.epoch == epoch,
        _quarantine.c.seq == each.seq,
        _quarantine.c.hash == each.hash,
    )
    if connection.execute(known).first() is not None:
        return False
    connection.execute(insert(_quarantine).values(**_values(edge, epoch, each, batch)))
    return True


def hashes(
    connection: Connection, edge: EdgeId, epoch: EpochId, first: int, last: int
) -> dict[int, bytes]:
    """The hashes of the stored entries from `first` to `last`."""
    query = select(_entries.c.seq, _entries.c.hash).where(
        _entries.c.edge == edge, _entries.c.epoch == epoch, _entries.c.seq.between(first, last)
    )
    return {row.seq: row.hash for row in connection.execute(query)}


def epoch(connection: Connection, edge: EdgeId, name: EpochId) -> Epoch | None:
    query = select(_epochs).where(_epochs.c.edge == edge, _epochs.c.epoch == name)
    row = connection.execute(query).first()
    return None if row is None else _epoch(row)


def epochs(connection: Connection, edge: EdgeId) -> list[Epoch]:
    """All epochs of an edge by name."""
    query = select(_epochs).where(_epochs.c.edge == edge).order_by(_epochs.c.epoch)
    return [_epoch(row) for row in connection.execute(query)]


def set_mark(connection: Connection, edge: EdgeId, name: EpochId, mark: Mark) -> None:
    values = {"seq": mark.seq, "hash": mark.hash}
    place = (_epochs.c.edge == edge, _epochs.c.epoch == name)
    if connection.execute(update(_epochs).where(*place).values(**values)).rowcount == 0:
        connection.execute(insert(_epochs).values(edge=edge, epoch=name, **values))


def set_opening(
    connection: Connection, edge: EdgeId, name: EpochId, opened: Opened, tie: Tie
) -> None:
    """What the first entry of an epoch says of the one before, and what the hub makes of it."""
    connection.execute(
        update(_epochs)
        .where(_epochs.c.edge == edge, _epochs.c.epoch == name)
        .values(
            tie=tie,
            previous=opened.previous,
            previous_seq=opened.last_seq,
            previous_hash=opened.last_hash,
        )
    )


def set_tie(connection: Connection, edge: EdgeId, name: EpochId, tie: Tie) -> None:
    connection.execute(
        update(_epochs).where(_epochs.c.edge == edge, _epochs.c.epoch == name).values(tie=tie)
    )


def lower_anchor(connection: Connection, edge: EdgeId, name: EpochId, anchor_ms: int) -> None:
    """Keep the least difference: it is the message that came quickest."""
    connection.execute(
        update(_epochs)
        .where(
            _epochs.c.edge == edge,
            _epochs.c.epoch == name,
            _epochs.c.anchor_ms.is_(None) | (_epochs.c.anchor_ms > anchor_ms),
        )
        .values(anchor_ms=anchor_ms)
    )


def note_lost(connection: Connection, lost: Lost) -> None:
    connection.execute(
        insert(_lost).values(
            edge=lost.edge,
            epoch=lost.epoch,
            first=lost.first,
            last=lost.last,
            noted_at=lost.noted_at,
        )
    )


def lost(connection: Connection, edge: EdgeId | None = None) -> list[Lost]:
    query = select(_lost).order_by(_lost.c.edge, _lost.c.epoch, _lost.c.first)
    if edge is not None:
        query = query.where(_lost.c.edge == edge)
    return [
        Lost(
            edge=EdgeId(row.edge),
            epoch=EpochId(row.epoch),
            first=row.first,
            last=row.last,
            noted_at=row.noted_at,
        )
        for row in connection.execute(query)
    ]


def entries_after(connection: Connection, position: int, limit: int) -> list[Stored]:
    """Entries in the order of their arrival."""
    query = (
        select(_entries)
        .where(_entries.c.position > position)
        .order_by(_entries.c.position)
        .limit(limit)
    )
    return [_stored(row) for row in connection.execute(query)]


def chains(connection: Connection) -> Iterator[Stored]:
    """Every entry, by edge, epoch and seq, streamed."""
    query = select(_entries).order_by(_entries.c.edge, _entries.c.epoch, _entries.c.seq)
    for row in connection.execute(query.execution_options(yield_per=1000)):
        yield _stored(row)


def ends(connection: Connection) -> list[tuple[EdgeId, EpochId, int, int]]:
    """For each epoch its mark, and the last number that is stored or noted as lost."""
    last = (
        select(func.max(_entries.c.seq))
        .where(_entries.c.edge == _epochs.c.edge, _entries.c.epoch == _epochs.c.epoch)
        .scalar_subquery()
    )
    gone = (
        select(func.max(_lost.c.last))
        .where(_lost.c.edge == _epochs.c.edge, _lost.c.epoch == _epochs.c.epoch)
        .scalar_subquery()
    )
    query = select(_epochs.c.edge, _epochs.c.epoch, _epochs.c.seq, last, gone)
    return [
        (EdgeId(edge), EpochId(name), mark, max(stored or 0, lost_to or 0))
        for edge, name, mark, stored, lost_to in connection.execute(query)
    ]


def quarantined(connection: Connection) -> list[tuple[EdgeId, EpochId, int]]:
    query = select(_quarantine).order_by(_quarantine.c.id)
    return [(EdgeId(row.edge), EpochId(row.epoch), row.seq) for row in connection.execute(query)]


def count_entries(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(_entries)).scalar_one()


def batches(connection: Connection, edge: EdgeId) -> Sequence[tuple[str, bytes]]:
    """Topic and envelope of every batch kept, in the order of arrival."""
    query = select(_batches).where(_batches.c.edge == edge).order_by(_batches.c.id)
    return [(row.topic, row.envelope) for row in connection.execute(query)]


def _values(edge: EdgeId, name: EpochId, each: Link, batch: int) -> dict[str, Any]:
    return {
        "edge": edge,
        "epoch": name,
        "seq": each.seq,
        "hash": each.hash,
        "content": each.content,
        "batch": batch,
    }


def _epoch(row: Any) -> Epoch:  # SQLAlchemy's rows have no type of their own
    return Epoch(
        epoch=EpochId(row.epoch),
        mark=Mark(seq=row.seq, hash=row.hash),
        tie=Tie(row.tie) if row.tie else None,
        previous=EpochId(row.previous) if row.previous else None,
        previous_seq=row.previous_seq,
        previous_hash=row.previous_hash,
        anchor_ms=row.anchor_ms,
    )


def _stored(row: Any) -> Stored:  # SQLAlchemy's rows have no type of their own
    return Stored(
        position=row.position,
        edge=EdgeId(row.edge),
        epoch=EpochId(row.epoch),
        seq=row.seq,
        hash=row.hash,
        content=row.content,
        aside=Aside(row.aside) if row.aside else None,
    )
