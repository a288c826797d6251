"""Rows of a tenant's audit chain."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, Row, select

from hub.columns import TENANT, Whole, table

audit = table(
    TENANT,
    "audit",
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
# The end of the chain, kept apart: entries cut off its end would not show otherwise.
audit_head = table(
    TENANT,
    "audit_head",
    Column("only", Whole, primary_key=True, autoincrement=False),
    Column("seq", Whole, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)


def head(connection: Connection) -> tuple[int, bytes] | None:
    row = connection.execute(select(audit_head)).one_or_none()
    return (row.seq, row.hash) if row else None


def append(connection: Connection, *, seq: int, content: bytes, hash_: bytes) -> None:
    connection.execute(audit.insert().values(seq=seq, content=content, hash=hash_))
    connection.execute(audit_head.delete())
    connection.execute(audit_head.insert().values(only=1, seq=seq, hash=hash_))


def entries(connection: Connection) -> Iterator[Row[Any, Any, Any]]:
    """The whole chain, first first, a part at a time."""
    query = select(audit.c.seq, audit.c.content, audit.c.hash).order_by(audit.c.seq)
    yield from connection.execution_options(yield_per=1_000).execute(query)


def newest(connection: Connection, *, before: int | None, limit: int) -> list[tuple[int, bytes]]:
    query = select(audit.c.seq, audit.c.content).order_by(audit.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.seq < before)
    return [(row.seq, row.content) for row in connection.execute(query)]
